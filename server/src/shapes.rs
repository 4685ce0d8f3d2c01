//! What `centre` says to programs, as the API's document describes it.
//!
//! The centre knows no document, so each shape has a twin here of the same name; a test sends one of each and compares
//! it with the document (`described`). Not here: what fills them (`centre`), the document itself (`routes::document`).

pub mod alert;
pub mod judged;
pub mod people;

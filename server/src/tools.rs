//! What a person may do on this machine besides running the server: enrol, images, faults that stand.
//!
//! Each answers as the API does. Not here: the command line itself (`cli`).

pub mod enrol;
pub mod faults;
pub mod image;

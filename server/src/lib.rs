//! The watch room: what the centre does, composed, and shown to people and programs by HTTP and the command line.
//!
//! The rooms are listed here; [`run`] is the whole of the program, so that the demo can be a server too.
//! Not here: what an alarm receiving centre does (`centre`), rows and SQL (`records`), judgement (`care`).

pub mod api_error;
pub mod app;
pub mod assets;
pub mod check;
pub mod cli;
pub mod csv;
pub mod pages;
pub mod router;
pub mod routes;
pub mod session;
pub mod shapes;
pub mod tools;
pub mod words;

pub use cli::run;

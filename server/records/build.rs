//! Tells cargo that the migrations are part of the program: a file that is added builds the crate anew.
//!
//! `sqlx::migrate!` reads the folder while the crate is compiled, and cargo watches only files that it already knows.
//! Not here: the migrations themselves, and who runs them (`lib.rs`).

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}

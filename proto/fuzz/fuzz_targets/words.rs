//! The fuzzer's door to `read_all`: `cargo +nightly fuzz run words` in `proto`.
//!
//! Its seeds are in `corpus/words`. Not here: what the bytes mean.
#![no_main]

#[path = "../read_all.rs"]
mod read_all;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_all::read_all(bytes));

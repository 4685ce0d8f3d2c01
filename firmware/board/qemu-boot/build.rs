//! Tells the linker where the memory map of this board lies.
//!
//! Words: none. Not here: the map itself (`memory.x`).

fn main() {
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=memory.x");
}

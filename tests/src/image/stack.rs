//! How deep the stack of the image gets: painted before the start, looked at after the work.
//!
//! The loader of the machine paints, so the code is what ships: only the file's claim on the stack's memory, which the
//! loader would fill with zeros, is taken back. Not here: what work it does meanwhile.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::image::size;
use crate::qemu::machine::Plan;
use crate::qemu::monitor::Monitor;
use crate::trouble::Outcome;

/// A byte that no program writes by habit.
const PAINT: u8 = 0xC5;

/// A painted stack.
pub struct Painted {
    stack: Range<u32>,
    port: PathBuf,
    seen: PathBuf,
}

impl Painted {
    /// Lets a plan start with its stack painted.
    pub fn prepare(plan: &mut Plan, stack: Range<u32>) -> Outcome<Self> {
        let name = |name: &str| plan.dir.join(name);
        let (paint, port, seen) = (name("paint"), name("monitor"), name("stack"));
        std::fs::write(&paint, vec![PAINT; stack.len()])?;
        let image = name("image");
        std::fs::write(&image, size::without_stack(std::fs::read(&plan.image)?, &stack)?)?;
        plan.image = image;
        let loader = loader(&paint, stack.start);
        plan.more.extend(["-device".to_owned(), loader]);
        plan.more.extend(Monitor::arguments(&port));
        Ok(Self { stack, port, seen })
    }

    /// Bytes of the stack that the machine has used since its start.
    pub fn used(&self) -> Outcome<usize> {
        let bytes = Monitor::open(&self.port)?.memory(self.stack.clone(), &self.seen)?;
        Ok(bytes.iter().skip_while(|byte| **byte == PAINT).count())
    }
}

fn loader(file: &Path, at: u32) -> String {
    format!("loader,file={},addr={at:#x},force-raw=on", file.display())
}

//! QEMU's own monitor: looks into the memory of a machine that runs.
//!
//! It speaks JSON lines over a socket. Not here: starting the machine (`machine`).

use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::trouble::{Outcome, Trouble};

/// A connection to the monitor of one machine.
pub struct Monitor {
    socket: BufReader<UnixStream>,
}

impl Monitor {
    /// QEMU's arguments that open a monitor at this path.
    pub fn arguments(path: &Path) -> [String; 2] {
        ["-qmp".to_owned(), format!("unix:{},server=on,wait=off", path.display())]
    }

    /// Connects to a machine that was started with these arguments.
    pub fn open(path: &Path) -> Outcome<Self> {
        let mut monitor = Self { socket: BufReader::new(UnixStream::connect(path)?) };
        monitor.hear()?;
        monitor.order("qmp_capabilities", &json!({}))?;
        Ok(monitor)
    }

    /// The bytes of the machine's memory in this range; `file` is where QEMU puts them.
    pub fn memory(&mut self, range: Range<u32>, file: &Path) -> Outcome<Vec<u8>> {
        let (start, size) = (range.start, range.len());
        let what = json!({ "val": start, "size": size, "filename": file });
        self.order("pmemsave", &what)?;
        Ok(std::fs::read(file)?)
    }

    fn order(&mut self, what: &str, arguments: &Value) -> Outcome {
        let order = json!({ "execute": what, "arguments": arguments });
        writeln!(self.socket.get_mut(), "{order}")?;
        loop {
            let answer = self.hear()?;
            if answer.get("return").is_some() {
                return Ok(());
            }
            if let Some(error) = answer.get("error") {
                return Err(Trouble::new(format!("QEMU's {what}: {error}")));
            }
        }
    }

    fn hear(&mut self) -> Outcome<Value> {
        let mut line = String::new();
        self.socket.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

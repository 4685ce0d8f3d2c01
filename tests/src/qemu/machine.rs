//! One machine: a QEMU process with a flash file, a network and a bench.
//!
//! Its network sees this host as [`HOST`]; nothing else is in reach. Killing it is a power cut.
//! Not here: what is on the bench, or what flash holds (`image`).

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::clock::Watch;
use crate::qemu::bench::Bench;
use crate::tools::{self, Tool};
use crate::trouble::{Outcome, Trouble};

pub use crate::qemu::bench::Story;

/// This host, as the machine sees it.
pub const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
/// Seconds until the machine must have opened its serial port.
const OPEN_S: f64 = 20.0;

/// How a machine is made; it can be done again and again.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program.
    pub image: PathBuf,
    /// The flash.
    pub flash: PathBuf,
    /// Folder for the serial port and the log.
    pub dir: PathBuf,
    /// Added to QEMU's own arguments.
    pub more: Vec<String>,
}

/// A running machine. Dropping it cuts its power.
pub struct Machine {
    /// What is around the board.
    pub bench: Bench,
    child: Child,
    log: PathBuf,
}

impl Plan {
    /// Switches the machine on; none means "skip, it has been said" where there is no QEMU.
    pub fn start(&self) -> Outcome<Machine> {
        let qemu = tools::need(Tool::Qemu).ok_or_else(|| Trouble::new("no QEMU"))?;
        std::fs::create_dir_all(&self.dir)?;
        let (port, log) = (self.dir.join("port"), self.dir.join("qemu.log"));
        // The socket of the machine before this one.
        let _ = std::fs::remove_file(&port);
        let listener = UnixListener::bind(&port)?;
        listener.set_nonblocking(true)?;
        let mut command = Command::new(qemu);
        command.args(self.arguments(&port)).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::options().create(true).append(true).open(&log)?);
        let mut child = command.spawn()?;
        let watch = Watch::start();
        loop {
            match listener.accept() {
                Ok((port, _)) => {
                    port.set_nonblocking(false)?;
                    return Ok(Machine { bench: Bench::open(port)?, child, log });
                }
                Err(e) if e.kind() != std::io::ErrorKind::WouldBlock => return Err(e.into()),
                Err(_) if child.try_wait()?.is_some() || watch.secs() > OPEN_S => {
                    let said = std::fs::read_to_string(&log).unwrap_or_default();
                    return Err(Trouble::new(format!("the machine does not start: {said}")));
                }
                Err(_) => std::thread::park_timeout(Duration::from_millis(2)),
            }
        }
    }

    fn arguments(&self, port: &Path) -> Vec<String> {
        let words =
            format!("enable=on,target=native,arg=image,arg=flash={}", self.flash.display(),);
        let serial = format!("unix:{},server=off", port.display());
        let program = format!("loader,file={},cpu-num=0", self.image.display());
        let fixed = [
            ["-machine", "virt"],
            ["-smp", "1"],
            ["-m", "16M"],
            ["-bios", "none"],
            ["-display", "none"],
            ["-monitor", "none"],
            ["-global", "virtio-mmio.force-legacy=false"],
            ["-object", "rng-random,filename=/dev/urandom,id=r0"],
            ["-device", "virtio-rng-device,rng=r0"],
            ["-netdev", "user,id=n0,restrict=off"],
            ["-device", "virtio-net-device,netdev=n0"],
            ["-serial", &serial],
            ["-semihosting-config", &words],
            ["-device", &program],
        ];
        fixed.into_iter().flatten().map(str::to_owned).chain(self.more.iter().cloned()).collect()
    }
}

impl Machine {
    /// What has been seen and heard of it until now.
    pub fn story(&self) -> Story {
        self.bench.story()
    }

    /// Waits until its story shows something; `what` completes "waited for".
    pub async fn until(
        &self,
        what: &str,
        seconds: u64,
        mut shows: impl FnMut(&Story) -> bool,
    ) -> Outcome {
        let mut story = self.bench.follow();
        let wait = story.wait_for(|story| shows(story));
        match tokio::time::timeout(Duration::from_secs(seconds), wait).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(self.failure(&format!("waited {seconds} s for {what}"))),
        }
    }

    /// Waits until the light shows, or has shown since power-up, this word.
    pub async fn light(&self, word: &str, seconds: u64) -> Outcome {
        self.until(&format!("the light `{word}`"), seconds, |story| story.shown(word)).await
    }

    /// Number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Cuts the power, and waits until it is gone.
    pub fn kill(&mut self) -> Outcome {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// What went wrong, with all that the machine has said.
    pub fn failure(&self, what: &str) -> Trouble {
        let qemu = std::fs::read_to_string(&self.log).unwrap_or_default();
        Trouble::new(format!("{what}\n-- machine\n{}-- QEMU\n{qemu}", self.story()))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // It may have ended already; either way nothing is left running.
        let _ = self.kill();
    }
}

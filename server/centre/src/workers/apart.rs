//! A thread of its own for what must not queue behind a crowd: judging what was said, and the ladder.
//!
//! Sessions of gateways, streams and pages share the other threads fairly, so ten thousand gateways that come back in one
//! moment stand before every step of whoever is among them. Here only few are. It ends with the runtime that started it,
//! and with it all that runs on it. Not here: which workers run on it (`app::start`).

use std::future::pending;
use std::io;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread and its end: dropped, it has ended.
struct Ends {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts the thread; what is spawned on it lives as long as the runtime that this is called in.
pub fn start(name: &str) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    // The tasks are dropped with the runtime, on the thread that has run them.
    let run = move || drop(runtime.block_on(stopped));
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run)?;
    let ends = Ends { stop: Some(stop), thread: Some(thread) };
    tokio::spawn(async move {
        let _ends = ends;
        pending::<()>().await;
    });
    Ok(handle)
}

impl Drop for Ends {
    fn drop(&mut self) {
        drop(self.stop.take());
        // Whoever starts again on the same files finds nobody at work on them.
        let ended = self.thread.take().is_none_or(|thread| thread.join().is_ok());
        if !ended {
            tracing::error!("the thread of the judgement has panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_runs_apart_has_another_thread_and_ends_with_the_runtime_that_started_it() {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let life = Arc::new(());
        let (said, hears) = oneshot::channel();
        let held = Arc::clone(&life);
        let place = runtime.block_on(async move {
            start("apart").unwrap().spawn(async move {
                let _held = held;
                said.send(thread::current().name().map(str::to_owned)).unwrap();
                pending::<()>().await;
            });
            hears.await.unwrap()
        });
        assert_eq!(place.as_deref(), Some("apart"));
        assert_eq!(Arc::strong_count(&life), 2, "it lives on");
        drop(runtime);
        assert_eq!(Arc::strong_count(&life), 1, "it has ended with the runtime");
    }
}

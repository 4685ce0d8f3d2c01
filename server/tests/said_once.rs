//! A row that cannot be read is in the log once until it changes, however often it is looked at, and each look is counted.
//!
//! One test alone, for it reads the log of its whole process. Not here: that such a row keeps no other (`poison`), what
//! is told at the desk (`upkeep`), or how much is remembered (`door::once`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
#![expect(clippy::disallowed_methods, reason = "the room waits for a condition, and ends")]

#[path = "apart/room.rs"]
mod room;

use std::io::Write;
use std::sync::{Arc, Mutex};

use records::refusal::left_out;
use records::{desk, notify};
use room::Room;

/// The log of this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Lines that name a row.
    fn lines(&self) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains("a row of the records is left out")).count()
    }
}

/// Two lists that hold a row each that cannot be read: one by its text, one by its kind.
async fn look(room: &Room, times: u64) {
    let mut reader = room.app.records.reader().await.unwrap();
    for _ in 0..times {
        notify::due(&mut reader, "far", (100, 10), |_| false).await.unwrap();
        desk::after(&mut reader, 0, 10).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_row_is_logged_once_until_it_changes_and_counted_at_each_look() {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false);
    tracing::subscriber::set_global_default(lines.finish()).unwrap();
    let room = Room::open(1).await;
    room.sql(
        "INSERT INTO outbox (id, channel, alert, reason, round, urgent, body, state, tries, due_mono, created_mono, \
         created_wall) VALUES ('1', 'far', 'a', 'unclaimed', 0, 1, CAST(x'ff' AS TEXT), 0, 0, 1, 1, 1); \
         INSERT INTO alert (id, home, incident, kind, severity, count, trust, late, raised_wall, raised_mono, cursor, \
         state, fence) VALUES ('a', 77, 1, 'help', 3, 1, 0, 0, 1, 1, 1, 3, 1)",
    );
    // The server has its own loops, which may be at it too: what they say first is said.
    look(&room, 1).await;
    let (said, counted) = (log.lines(), left_out());
    assert!(said >= 2, "each is said");
    look(&room, 40).await;
    assert_eq!(log.lines(), said, "and not again");
    assert!(left_out() >= counted + 80, "each look is counted");
    room.sql("UPDATE alert SET kind = 'call' WHERE id = 'a'");
    look(&room, 40).await;
    assert_eq!(log.lines(), said + 1, "it has changed");
}

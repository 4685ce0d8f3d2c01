//! What a wall clock that is wrong can do to the spool: nothing.
//!
//! Not here: how spool time goes on over a reboot (unit tests of `clock`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

use gateway::clock::{Clock, Mark};
use gateway::spool::{Bounds, Entry, Place, RowId, Spool};
use proto::frame::Lane;
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::relay::RelayKind;
use proto::unit::Millis;

const HOUR: Millis = Millis::secs(3600);
const DAYS_20: i64 = 20 * 24 * 3_600_000;

fn entry(seq: u32, place: Place) -> Entry<'static> {
    let (device, boot) = (DeviceId::new(3).unwrap(), BootId::new(1, 1));
    let id = PressId { device, boot, seq: Seq::new(seq) };
    Entry { lane: Lane::Telemetry, place, kind: RelayKind::Open, id, bytes: b"reading" }
}

#[test]
fn a_wall_clock_that_ran_ahead_over_a_reboot_deletes_nothing_before_its_measured_time() {
    let dir = tempfile::tempdir().unwrap();
    let bounds =
        Bounds { spool_bytes: 64 << 20, reserve_bytes: 1 << 20, raw_for: HOUR, sent_for: HOUR };
    let first = Clock::resume(None);
    let spool = Spool::open(dir.path(), bounds).unwrap();
    spool.begin(first.clone(), 7).unwrap();
    let mut fates = Vec::new();
    spool.keep(first.now(), &[entry(1, Place::Raw), entry(2, Place::Up)], &mut fates);
    let rows = spool.reader().unwrap().waiting(Lane::Telemetry, RowId::START, 9).unwrap();
    spool.mark_sent(first.now(), &[rows[0].row]).unwrap();
    drop(spool);

    let mark = first.mark(first.now());
    let mark = Mark { machine_boot: "another".into(), wall: mark.wall - DAYS_20, ..mark };
    let ahead = Clock::resume(Some(&mark));
    assert!(ahead.unmeasured() >= DAYS_20.unsigned_abs());
    let spool = Spool::open(dir.path(), bounds).unwrap();
    spool.begin(ahead.clone(), 7).unwrap();
    for restarted in [false, true] {
        while spool.tidy(ahead.now()).unwrap() {}
        assert_eq!(spool.usage().unwrap().raw, 1, "restarted: {restarted}");
        // A restart of the program alone adds nothing, and forgets nothing.
        spool.begin(Clock::resume(Some(&ahead.mark(ahead.now()))), 7).unwrap();
    }
    while spool.tidy(ahead.now().after(Millis::new(HOUR.get() + 60_000))).unwrap() {}
    assert_eq!(spool.usage().unwrap().raw, 0, "an hour that was measured is an hour");
}

//! Calls of the household in the box's own name, as the watch room hears them.

use proto::frame::{Lane, read_open, verify_end};
use proto::id::PressId;
use proto::relay::RelayKind;
use proto::up::{EventKind, Up};

use super::{EPOCH, Home, WatchRoom};

/// The calls that the watch room has heard in the box's own name; the room can verify each.
pub fn calls_heard(room: &WatchRoom, home: &Home) -> Vec<PressId> {
    let mut calls: Vec<PressId> = Vec::new();
    for heard in room.heard().iter().filter(|heard| heard.lane == Lane::Emergency) {
        let Ok((header, _)) = read_open(&heard.bytes) else { continue };
        if header.id.device != home.gateway.as_device() {
            continue;
        }
        let seal = home.key.end(EPOCH).boot(header.id.boot);
        let (header, body) = verify_end(&heard.bytes, &seal).expect("the box's own seal");
        let Ok(Up::Event(event)) = Up::from_body(header.class, body) else { panic!("an event") };
        assert_eq!((event.kind, heard.kind), (EventKind::Press, RelayKind::Open));
        calls.push(header.id);
    }
    calls.sort_unstable();
    calls.dedup();
    calls
}

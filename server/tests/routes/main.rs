//! The HTTP side as its callers meet it: a real app on real stores in a temporary folder.
//!
//! One file a place of the API; [`room`] is the watch room that every test opens. Not here: pictures
//! of pages, which a browser test looks at, and the door for gateways.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

mod addressed;
mod alerts;
mod beds;
mod by_right;
mod described;
mod duty;
mod entry;
mod events;
mod forms;
mod glass;
mod guard;
mod hand;
mod images;
#[path = "../../../proto/door/tests/convention/missing.rs"]
mod missing;
mod names;
mod own_tls;
mod people;
mod problems;
mod rehearse;
mod rights;
mod room;
mod session;
mod spans;
mod story;
mod stream;
mod times;
mod tokens;
mod tokens_page;
mod watch;

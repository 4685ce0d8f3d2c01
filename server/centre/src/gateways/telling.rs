//! What a gateway is told when it begins to listen: roster, open alarms, rungs of open presses. In pages.
//!
//! A roster that is short is told at once. Of a long one homes that ring come first, device before alarm, then the other
//! devices; then rungs. All of it is stored state, so telling it again is harmless. Half of the gateway's line stays
//! free for what happens meanwhile, however much there is to tell; the rest waits until it has taken what came before.
//! Not here: the gate, and what records a gateway lacks (`replay`).

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use proto::down::Rung;
use proto::id::{BootId, GatewayId, HomeId, PressId, Seq};
use proto::relay::GatewayDown;

use super::Gateways;
use crate::provision::DeviceInfo;
use records::column::{device_of, number};
use records::open::{self, Known, Page};

/// Presses that are read at one time.
const PAGE: i64 = 512;
/// A look whether there is room again.
const PACE: Duration = Duration::from_millis(20);

/// One thing to tell.
enum Word {
    Enrol(Box<DeviceInfo>),
    Alarm(HomeId),
    Rung(PressId, Rung),
}

/// How far a round of telling has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// All that was at hand is told.
    Through,
    /// The gateway has to take what it was told before.
    Full,
    /// Nobody listens.
    Absent,
}

struct Telling {
    room: Arc<Gateways>,
    gateway: GatewayId,
    turn: u64,
    words: VecDeque<Word>,
    page: Page,
}

/// Tells a gateway all that it must know; the same again changes nothing. What does not fit now follows by itself.
pub async fn tell(room: &Arc<Gateways>, gateway: GatewayId) -> Result<(), records::Error> {
    let turn = room.receipts.tellings.begin(gateway);
    let homes = room.registry.homes(gateway);
    let numbers: Vec<i64> = homes.iter().map(|home| number(home.get())).collect();
    let mut roster = room.registry.roster(gateway);
    if roster.len() < room.down_waiting / 4 {
        // Who is let in waits for no store: a line that is cut in the next moment has told it.
        roster.drain(..).for_each(|device| room.receipts.enrol(&device));
    }
    let alerted = open::alerted(&mut *room.records.reader().await?, &numbers).await?;
    let alarmed = alerted.iter().filter(|(_, emergency)| *emergency);
    let alarmed: BTreeSet<_> =
        alarmed.filter_map(|(home, _)| HomeId::new(home.unsigned_abs())).collect();
    let words = first_words(roster, &alarmed);
    // Most homes have no alert: a storm of gateways asks for the presses of the others only.
    let page = Page::of(alerted.into_iter().map(|(home, _)| home).collect());
    let mut telling = Telling { room: Arc::clone(room), gateway, turn, words, page };
    telling.turn_page().await?;
    room.replay.listening(gateway);
    if telling.say() != Way::Absent {
        tokio::spawn(telling.go_on());
    }
    Ok(())
}

/// Devices of homes that ring, their alarms, all other devices.
fn first_words(roster: Vec<DeviceInfo>, alarmed: &BTreeSet<HomeId>) -> VecDeque<Word> {
    let rings = |device: &DeviceInfo| device.home.is_some_and(|home| alarmed.contains(&home));
    let (first, then): (Vec<_>, Vec<_>) = roster.into_iter().partition(rings);
    let enrol = |device| Word::Enrol(Box::new(device));
    let alarms = alarmed.iter().copied().map(Word::Alarm);
    first.into_iter().map(enrol).chain(alarms).chain(then.into_iter().map(enrol)).collect()
}

impl Telling {
    /// Says what there is room for.
    fn say(&mut self) -> Way {
        let spare = self.room.down_waiting / 2;
        while let Some(word) = self.words.front() {
            match self.room.receipts.room(self.gateway) {
                None => return Way::Absent,
                Some(left) if left <= spare => return Way::Full,
                Some(_) => {}
            }
            match word {
                Word::Enrol(device) => self.room.receipts.enrol(device),
                Word::Alarm(home) => {
                    let word = GatewayDown::Alarm { home: *home, open: true };
                    self.room.receipts.say(self.gateway, &word);
                }
                Word::Rung(press, rung) => self.room.receipts.tell(*press, *rung),
            }
            self.words.pop_front();
        }
        Way::Through
    }

    /// Says the rest, at the pace of the gateway, while it is the same that listens.
    async fn go_on(mut self) {
        while self.room.receipts.tellings.is_latest(self.gateway, self.turn) {
            match self.say() {
                Way::Absent => return,
                Way::Full => tokio::time::sleep(PACE).await,
                Way::Through => match self.turn_page().await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        tracing::error!(gateway = %self.gateway, error = %error, "gateway was not told all");
                        // It connects again, and asks again.
                        return self.room.receipts.cut(self.gateway);
                    }
                },
            }
        }
    }

    /// Reads the next page of rungs; false: there is none.
    async fn turn_page(&mut self) -> Result<bool, records::Error> {
        let mut reader = self.room.records.reader().await?;
        let Some(known) = open::rungs(&mut reader, &mut self.page, PAGE).await? else {
            return Ok(false);
        };
        self.words.extend(known.iter().filter_map(rung_of));
        Ok(true)
    }
}

fn rung_of(known: &Known) -> Option<Word> {
    let (device, boot, seq) = known.name;
    let (device, seq) = device_of(device).zip(u32::try_from(seq).ok())?;
    let boot = BootId::from_raw(boot.cast_unsigned());
    let rung = known.rung.max(Rung::Received);
    Some(Word::Rung(PressId { device, boot, seq: Seq::new(seq) }, rung))
}

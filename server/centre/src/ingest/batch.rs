//! One batch from rows of the inbox to committed rows of the records, and what follows the commit.
//!
//! Order: open and believe, drop copies, judge on copies of the homes, one
//! transaction, screens, receipts, inbox. Memory takes over what the batch changed only after the commit.
//! Not here: the loop (`ingest`), and what rows look like (`records`).

mod alone;
mod anew;
mod attempt;
mod backlog;
mod boxes;
mod commit;
mod deadline;
mod ended;
mod error;
mod hear;
mod known;
mod orders;
mod owing;
mod recall;
mod shown;
mod step;
mod upkeep;
mod way;
mod word;

pub use self::boxes::reconnects;
pub use self::error::IngestError;
pub use self::known::gateway_twice;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use care::GatewayWatch;
use proto::frame::Lane;
use proto::id::{DeviceId, GatewayId};
use proto::unit::Mono;

use self::backlog::Backlog;
pub use self::hear::{points_of, values_of};
use crate::history::Note;
use crate::inbox::InboxRow;
use crate::ingest::Ingest;
use crate::ingest::boxes::Boxes;
use crate::ingest::dating::Dating;
use crate::ingest::homes::{Homes, Work};
use crate::ingest::judge::Sheet;
use crate::ingest::read::{Loud, Reader, STRANGERS, Said, opened_call, speaker};
use crate::ingest::seen::{Book, Window};
use crate::ingest::voices::Voices;
use crate::ingest::way::Ways;
use records::column::number;
use records::refusal::is_of_row;
use records::state::Quarantined;
use records::{box_heard, care as care_rows, open};
use series::Point;

/// Everything ingest remembers.
pub struct Batcher {
    room: Arc<Ingest>,
    reader: Reader,
    book: Book,
    dating: Dating,
    voices: Voices,
    homes: Homes,
    watches: HashMap<GatewayId, GatewayWatch>,
    silent: HashMap<GatewayId, String>,
    ways: Ways,
    boxes: Boxes,
    lost: upkeep::Lost,
    enrolled: HashSet<DeviceId>,
    taken: [i64; 2],
    /// Measured values of rows that are about to be done.
    points: Vec<Point>,
    backlog: Backlog,
    /// Gateways whose turn is refused, and when it is tried again.
    resting: HashMap<GatewayId, Mono>,
    /// Times in a row that the records refused the first record that waits.
    tries: u32,
}

/// What one batch has gathered.
#[derive(Default)]
struct Pending {
    sheet: Sheet,
    work: Work,
    points: Vec<Point>,
    seen: Vec<(DeviceId, proto::id::BootId, Window)>,
    answers: Vec<(proto::id::PressId, proto::down::Rung)>,
    /// Emergencies that people have and that get no rung: their gateways are told.
    accepted: Vec<(GatewayId, proto::id::PressId)>,
    /// Presses that came by another gateway than their device's own.
    elsewhere: Vec<(GatewayId, proto::id::PressId)>,
    aside: Vec<Quarantined>,
    /// Gateways of which something is put aside without an alert of its own.
    unheard: BTreeSet<GatewayId>,
    silent: Vec<(GatewayId, Option<String>)>,
    turned: Vec<(GatewayId, GatewayWatch)>,
    /// Boxes that are heard for the first time.
    installed: Vec<GatewayId>,
    enrolled: Vec<DeviceId>,
    notes: Vec<(i64, Note)>,
    marks: Vec<crate::replay::Marked>,
    ended: Vec<ended::EndedPress>,
    /// Presses that are older than was thought.
    anew: Vec<crate::ingest::dating::Anew>,
    /// How many of these are in the rows.
    dated: usize,
    /// Homes, by a device of theirs, in which an alert ended again.
    hushed: Vec<(i64, DeviceId)>,
}

impl Batcher {
    /// Reads what the records hold. Every home hears that nobody listened until now.
    pub async fn new(room: Arc<Ingest>) -> Result<Self, IngestError> {
        let now = room.clock.now();
        let mut reader = room.records.reader().await?;
        let counted = care_rows::counted(&mut reader).await.or_else(none_if_of_row)?;
        let found = care_rows::all(&mut reader).await?;
        let (mut homes, unfit) = Homes::load(found, &counted, now.mono);
        homes.show_in(Arc::clone(&room.mirror));
        room.mirror.begin(now.mono);
        unfit.iter().for_each(|home| attempt::tell(&room.faults, *home));
        let told = open::silent_gateways(&mut reader).await?;
        let heard = box_heard::all(&mut reader).await?;
        drop(reader);
        let heard = heard.into_iter().filter_map(|g| GatewayId::new(g.unsigned_abs()));
        let boxes = Boxes::new(heard);
        let silent: HashMap<_, _> = told
            .into_iter()
            .filter_map(|(g, alert)| Some((GatewayId::new(g.unsigned_abs())?, alert)))
            .collect();
        let watch = |gateway: GatewayId| match silent.contains_key(&gateway) {
            true => GatewayWatch::down(now.mono),
            false => GatewayWatch::new(now.mono),
        };
        // One that was never heard waits for its fitter: nobody misses it yet.
        let known = room.registry.gateways().into_iter();
        let known = known.filter(|g| boxes.has_heard(*g) || silent.contains_key(g));
        let watches = known.map(|g| (g, watch(g))).collect();
        let ways = way::load(&room).await?;
        Ok(Self {
            ways,
            boxes,
            lost: upkeep::Lost::default(),
            room,
            reader: Reader::default(),
            book: Book::default(),
            dating: Dating::default(),
            voices: Voices::default(),
            homes,
            watches,
            silent,
            enrolled: HashSet::new(),
            taken: [0; 2],
            points: Vec::new(),
            backlog: Backlog::default(),
            resting: HashMap::new(),
            tries: 0,
        })
    }

    /// Highest row of a lane that has been taken.
    pub fn taken(&self, lane: Lane) -> i64 {
        self.taken[lane as usize]
    }

    async fn batch(&mut self, lane: Lane, rows: &[InboxRow]) -> Result<(), IngestError> {
        let now = self.room.clock.now();
        let mut pending = Pending::default();
        let mut said = Vec::with_capacity(rows.len());
        for row in rows {
            let read = std::panic::catch_unwind(AssertUnwindSafe(|| {
                self.reader.read(row, &self.room.registry)
            }));
            said.push((row, read.map_err(|_| IngestError::Panic(None))?));
        }
        let known = self.known(&said).await?;
        self.recall(now, &said).await?;
        for (row, said) in said {
            self.heard(row.gateway, row.mono);
            self.installed(row.gateway, &mut pending);
            if let Some(press) = opened_call(&row.bytes).filter(|_| said.is_rungless()) {
                pending.accepted.push((row.gateway, press));
            }
            match said {
                Said::Word(word) => self.word(now, row, word, &known, &mut pending).await?,
                Said::Nothing => {}
                Said::Mark(mark) => {
                    let gateway = row.gateway;
                    pending.marks.push(crate::replay::Marked { gateway, lane, mark });
                }
                Said::Unreadable { device, home, hash, press } => {
                    let what = (hash.as_slice(), press);
                    self.unreadable(now, row, (device, home), what, &mut pending).await?;
                }
                Said::Petition(request) => self.room.certificates.petition(row.gateway, request),
                Said::Aside(reason, loud) => {
                    self.room.health.put_aside();
                    pending.aside.push(self.aside(row, reason));
                    let shouts = match loud {
                        Loud::Yes => true,
                        Loud::No => false,
                        Loud::ByLane => lane == Lane::Emergency,
                    };
                    if !shouts && reason != STRANGERS {
                        pending.unheard.insert(row.gateway);
                    }
                    if shouts {
                        let speaker = speaker(&row.bytes, &self.room.registry);
                        self.nameless(now, row, speaker, &mut pending).await?;
                    }
                }
            }
        }
        self.commit(now, pending).await
    }

    fn heard(&mut self, gateway: GatewayId, at: Mono) {
        self.ways.heard(gateway);
        self.room.mirror.heard(gateway, at);
        self.watches.entry(gateway).or_insert_with(|| GatewayWatch::new(at)).heard(at);
    }

    fn aside(&self, row: &InboxRow, reason: &str) -> Quarantined {
        Quarantined {
            id: crate::alert::name::row_id(self.room.clock.now()),
            gateway: number(row.gateway.get()),
            wall: row.wall_ms,
            reason: reason.to_owned(),
            bytes: row.bytes.clone(),
        }
    }
}

/// What is good to know and cannot be read is done without.
fn none_if_of_row<T>(error: records::Error) -> Result<Vec<T>, records::Error> {
    if !is_of_row(&error) {
        return Err(error);
    }
    tracing::error!(%error, "rows that cannot be read are done without");
    Ok(Vec::new())
}

//! What the judgement would have said of a past: pure, from runs and rules to alarms.
//!
//! Words come in the order in which they were heard; between them every deadline is answered. Nobody is there to
//! close what opens, so each alarm counts as closed after [`CLOSED_AFTER`], and what follows is an alarm of its own.
//! Not here: where the past is kept (`history`), and what differs (`compare`).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use care::policy::Rules;
use care::{Evidence, Home, Input, Kind, OUTPUTS_MAX, Output, Severity, Trust};
use proto::id::{BootId, DeviceId, HomeId, PressId, Seq};
use proto::unit::{Millis, Mono};
use proto::up::{Role, Up};

use crate::history::{Run, Said, Stretch};

/// An alarm counts as closed after this: about what a visit takes.
pub const CLOSED_AFTER: Millis = Millis::minutes(30);
/// Of a run of the same words at least one in this time is heard again, ms: within the patience with any device.
const THINNED: u32 = 120_000;
/// The same for a device that speaks more often than twice in it: the shortest patience is 120 s.
const THINNED_FAST: u32 = 100_000;
/// The judgement is told the time of day this often.
const CLOCK_EVERY: Millis = Millis::minutes(60);
/// Most steps of one rehearsal: ninety days of the busiest home that is kept, twice.
const STEPS_MAX: u64 = 6_000_000;
/// Makes way for others after so many steps.
const STEPS_AT_ONCE: u64 = 4_096;

/// What is judged again.
#[derive(Debug)]
pub struct Past {
    /// What the home said, oldest first.
    pub stretches: Vec<Stretch>,
    /// Who belongs to the home.
    pub devices: Vec<(DeviceId, Role)>,
    /// Alarms count from here; what was said before only teaches.
    pub since: Mono,
    /// The present.
    pub now: Mono,
    /// Local minutes after midnight now.
    pub minute_of_day: u16,
}

/// One alarm that the judgement would have raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// What it is about.
    pub kind: Kind,
    /// Whose, if one device's.
    pub device: Option<DeviceId>,
    /// How grave it was at first.
    pub severity: Severity,
    /// How grave it became.
    pub worst: Severity,
    /// When what it is about happened.
    pub at: Mono,
    /// When it would have been raised.
    pub raised: Mono,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// What came of a past.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judged {
    /// Alarms in the order in which they would have been raised.
    pub alarms: Vec<Alarm>,
    /// How often the home would have been asked.
    pub asked: u32,
    /// How often somebody would have answered.
    pub answered: u32,
    /// Steps that the judgement took.
    pub steps: u64,
    /// Whether it stopped before the present: the past was too long.
    pub cut: bool,
}

/// Judges a past by these rules.
pub fn replay(past: &Past, rules: Rules) -> Judged {
    let mut stage = Stage::new(past, rules);
    let mut words = Words::of(&past.stretches);
    while let Some((at, voice, run)) = words.next() {
        if at > past.now || stage.judged.cut {
            break;
        }
        stage.until(at);
        stage.hear(voice, words.run(run));
    }
    stage.until(past.now);
    stage.judged
}

/// The words of all runs in the order in which they came.
struct Words<'a> {
    stretches: &'a [Stretch],
    heap: BinaryHeap<Reverse<(u64, usize, usize, u32)>>,
}

/// Where a run is: stretch, place.
type Place = (usize, usize);
/// Who speaks, and whether a gateway does it for them.
type Voice = (DeviceId, bool);

impl<'a> Words<'a> {
    fn of(stretches: &'a [Stretch]) -> Self {
        let mut heap = BinaryHeap::new();
        for (n, stretch) in stretches.iter().enumerate() {
            for (place, run) in stretch.runs.iter().enumerate() {
                heap.push(Reverse((stretch.from + u64::from(run.at), n, place, 0)));
            }
        }
        Self { stretches, heap }
    }

    fn run(&self, (stretch, place): Place) -> &'a Run {
        &self.stretches[stretch].runs[place]
    }

    fn next(&mut self) -> Option<(Mono, Voice, Place)> {
        let Reverse((at, stretch, place, nth)) = self.heap.pop()?;
        let run = self.run((stretch, place));
        let thinned = if run.pace * 2 >= THINNED { THINNED } else { THINNED_FAST };
        let stride = (thinned / run.pace.max(1)).max(1);
        let next = if nth + stride <= u32::from(run.more) { nth + stride } else { run.more.into() };
        if next > nth {
            let when = self.stretches[stretch].from + u64::from(run.at);
            let when = when + u64::from(run.pace) * u64::from(next);
            self.heap.push(Reverse((when, stretch, place, next)));
        }
        match self.stretches[stretch].voice(run.voice) {
            Some(voice) => Some((Mono::from_millis(at), voice, (stretch, place))),
            None => self.next(),
        }
    }
}

/// Heads or tails, the same in each rehearsal.
const fn coin(seq: u32) -> bool {
    let mixed = seq.wrapping_mul(0x9E37_79B9);
    (mixed ^ (mixed >> 15)).wrapping_mul(0x85EB_CA6B) >> 31 == 1
}

struct Stage<'a> {
    past: &'a Past,
    home: Home,
    now: Mono,
    clocked: Mono,
    seq: u32,
    /// The words that runs stand for, each made once.
    words: HashMap<(Said, bool, bool), Option<Up>>,
    out: heapless::Vec<Output, OUTPUTS_MAX>,
    /// Open incidents: which alarm, and when it counts as closed.
    open: HashMap<u32, usize>,
    closes: BinaryHeap<Reverse<(Mono, u32)>>,
    judged: Judged,
}

impl<'a> Stage<'a> {
    fn new(past: &'a Past, rules: Rules) -> Self {
        let begin = past.stretches.first().map_or(past.now, |s| Mono::from_millis(s.from));
        let mut stage = Self {
            past,
            home: Home::new(),
            now: begin,
            clocked: begin,
            seq: 0,
            words: HashMap::new(),
            out: heapless::Vec::new(),
            open: HashMap::new(),
            closes: BinaryHeap::new(),
            judged: Judged::default(),
        };
        stage.step(Input::Rules(rules));
        for (device, role) in &past.devices {
            stage.step(Input::Enrolled { device: *device, role: *role });
        }
        stage.step(Input::Resumed);
        stage.clock();
        stage
    }

    fn clock(&mut self) {
        const DAY: u64 = 24 * 60;
        self.clocked = self.now;
        let back = self.past.now.since(self.now).get() / 60_000 % DAY;
        let minute = (u64::from(self.past.minute_of_day) + DAY - back) % DAY;
        let minute_of_day = u16::try_from(minute).unwrap_or(0);
        self.step(Input::Clock { minute_of_day });
    }

    /// Lets time pass: deadlines, the hour, alarms that count as closed.
    fn until(&mut self, at: Mono) {
        loop {
            let closes = self.closes.peek().map(|Reverse((due, _))| *due);
            let hour = Some(self.clocked.after(CLOCK_EVERY));
            let due = [self.home.next_deadline(), closes, hour].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= at && !self.judged.cut) else { break };
            self.now = self.now.max(due);
            if closes.is_some_and(|closes| closes <= self.now) {
                self.close();
            } else if hour.is_some_and(|hour| hour <= self.now) {
                self.clock();
            } else {
                self.step(Input::Tick);
            }
        }
        self.now = self.now.max(at);
    }

    fn close(&mut self) {
        let Some(Reverse((_, incident))) = self.closes.pop() else { return };
        if self.open.remove(&incident).is_some() {
            self.step(Input::Closed { incident, outcome: None });
        }
    }

    fn hear(&mut self, (device, summed): Voice, run: &Run) {
        if let Said::Gateway { up } = run.said {
            return self.step(Input::Gateway { up });
        }
        self.seq = self.seq.wrapping_add(1);
        let turn = coin(self.seq);
        let home = HomeId::new(0).filter(|_| summed);
        let key = (run.said, summed, turn);
        let Some(up) = self.words.entry(key).or_insert_with(|| run.said.up(home, turn)).take()
        else {
            return;
        };
        let id = PressId { device, boot: BootId::new(1, 1), seq: Seq::new(self.seq) };
        let at = Mono::from_millis(self.now.millis().saturating_sub(run.age_ms.into()));
        self.step(Input::Heard { id, at, trust: Trust::Verified, up: &up });
        self.words.insert(key, Some(up));
    }

    fn step(&mut self, input: Input<'_>) {
        self.judged.steps += 1;
        self.judged.cut |= self.judged.steps >= STEPS_MAX;
        if self.judged.steps.is_multiple_of(STEPS_AT_ONCE) {
            std::thread::yield_now();
        }
        self.home.step(self.now, input, &mut self.out);
        // Most steps say nothing, and moving an empty list costs more than the step.
        if !self.out.is_empty() {
            let said = core::mem::take(&mut self.out);
            said.iter().for_each(|output| self.say(output));
        }
    }

    fn say(&mut self, output: &Output) {
        let counts = self.now >= self.past.since;
        match output {
            Output::Raise(finding) if finding.opens => {
                self.closes.push(Reverse((self.now.after(CLOSED_AFTER), finding.incident)));
                if counts {
                    self.open.insert(finding.incident, self.judged.alarms.len());
                    self.judged.alarms.push(Alarm {
                        kind: finding.kind,
                        device: finding.device,
                        severity: finding.severity,
                        worst: finding.severity,
                        at: finding.at,
                        raised: self.now,
                        evidence: finding.evidence.to_vec(),
                    });
                } else {
                    self.open.insert(finding.incident, usize::MAX);
                }
            }
            Output::Raise(finding) => self.worsens(finding.incident, finding.severity),
            Output::Grade { incident, severity, .. } => self.worsens(*incident, *severity),
            Output::Ask { .. } => self.judged.asked += u32::from(counts),
            Output::Answered { .. } => self.judged.answered += u32::from(counts),
            Output::Ease { .. } | Output::Annotate { .. } | Output::Turn { .. } => {}
        }
    }

    fn worsens(&mut self, incident: u32, severity: Severity) {
        let alarm = self.open.get(&incident).and_then(|n| self.judged.alarms.get_mut(*n));
        if let Some(alarm) = alarm {
            alarm.worst = alarm.worst.max(severity);
        }
    }
}

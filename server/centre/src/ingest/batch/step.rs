//! One step of one home's judgement, and what comes of it.
//!
//! A home is first told what it must know: that nobody listened, how it is judged, the time of day. A panic of the
//! judgement names its home. Not here: the judgement itself (`care`), and what is done with a panic (`attempt`).

use std::panic::AssertUnwindSafe;

use care::{Input, OUTPUTS_MAX, Output, Trust};
use heapless::Vec as Few;
use proto::id::{DeviceId, HomeId};
use proto::unit::Millis;

use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::history::Note;
use crate::ingest::judge::{Cause, Sheet};
use records::column::number;
use records::open;

/// A home is told the time of day this often.
const CLOCK_EVERY: Millis = Millis::minutes(60);

impl Batcher {
    /// One step of one home's judgement and what comes of it.
    pub(super) async fn step(
        &mut self,
        now: Now,
        home: i64,
        input: &Input<'_>,
        cause: Option<&Cause<'_>>,
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        let mut out: Few<Output, OUTPUTS_MAX> = Few::new();
        self.prepare(now, home, pending)?;
        let mut rounds = 0;
        loop {
            let open = pending.work.home(&self.homes, home, now.mono);
            let stepped = std::panic::catch_unwind(AssertUnwindSafe(|| {
                open.step(now.mono, *input, &mut out);
            }));
            stepped.map_err(|_| IngestError::Panic(Some(home)))?;
            let over = self.ended(home, &out, &mut pending.sheet).await?;
            rounds += 1;
            let Some(incident) = over.filter(|_| rounds < 3) else { break };
            // The desk has closed that incident and the judgement has not heard of it: tell it, ask again.
            let open = pending.work.home(&self.homes, home, now.mono);
            let mut none: Few<Output, OUTPUTS_MAX> = Few::new();
            open.step(now.mono, Input::Closed { incident, outcome: None }, &mut none);
        }
        pending.notes.extend(Note::of(now.mono, input).map(|note| (home, note)));
        let none = Cause {
            press: None,
            trust: Trust::Verified,
            hash: &[],
            stored: now.mono,
            late: false,
            gateway: None,
            uptime: None,
        };
        for output in &out {
            pending.sheet.put(now, home, output, cause.unwrap_or(&none));
        }
        Ok(())
    }

    /// Tells a home what it must know before anything else: that nobody listened, how it is judged, the time of day.
    fn prepare(&self, now: Now, home: i64, pending: &mut Pending) -> Result<(), IngestError> {
        let open = pending.work.home(&self.homes, home, now.mono);
        let told = *open.clocked();
        let wants = told.is_none_or(|at| now.mono.since(at) >= CLOCK_EVERY);
        let behind = self.is_behind(now.mono);
        if !wants && !behind {
            return Ok(());
        }
        let mut inputs = Vec::new();
        if told.is_none() || behind {
            inputs.push(Input::Resumed);
        }
        if told.is_none() {
            inputs.push(Input::Rules(self.room.rules.of(home)));
            if open.is_fresh() {
                inputs.extend(self.members(home));
            }
        }
        if wants {
            *open.clocked() = Some(now.mono);
            let minute_of_day = self.room.zone.minute_of_day(now.wall_ms);
            inputs.push(Input::Clock { minute_of_day });
        }
        let stepped = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let mut out: Few<Output, OUTPUTS_MAX> = Few::new();
            inputs.into_iter().for_each(|input| open.step(now.mono, input, &mut out));
        }));
        stepped.map_err(|_| IngestError::Panic(Some(home)))
    }

    /// Who belongs to a home, for one that has lost what it knew.
    fn members(&self, home: i64) -> Vec<Input<'static>> {
        let Some(home) = HomeId::new(home.unsigned_abs()) else { return Vec::new() };
        let registry = &self.room.registry;
        let all = registry.gateways_of(home).into_iter().flat_map(|g| registry.roster(g));
        let own = all.filter(|d| d.home == Some(home) && d.role != proto::up::Role::Gateway);
        own.map(|d| Input::Enrolled { device: d.device, role: d.role }).collect()
    }

    /// Finds the alerts of incidents that these outputs name; gives one that is over but wants more.
    async fn ended(
        &self,
        home: i64,
        out: &[Output],
        sheet: &mut Sheet,
    ) -> Result<Option<u32>, IngestError> {
        for output in out {
            let (incident, raises) = match output {
                Output::Raise(finding) if finding.opens => continue,
                Output::Ask { .. } | Output::Answered { .. } => continue,
                Output::Raise(finding) => (finding.incident, true),
                Output::Ease { incident, .. }
                | Output::Annotate { incident, .. }
                | Output::Turn { incident, .. }
                | Output::Grade { incident, .. } => (*incident, false),
            };
            if sheet.place(home, incident).is_some() {
                continue;
            }
            let mut reader = self.room.records.reader().await?;
            match open::alert_of(&mut reader, home, i64::from(incident)).await? {
                Some(found) if !found.over => sheet.found(home, incident, found),
                Some(_) | None if raises => return Ok(Some(incident)),
                Some(_) | None => {}
            }
        }
        Ok(None)
    }

    /// Makes sure that a home's judgement knows a device that speaks.
    pub(super) async fn know(
        &mut self,
        now: Now,
        home: HomeId,
        (device, role): (DeviceId, proto::up::Role),
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        if !self.enrolled.contains(&device) && !pending.enrolled.contains(&device) {
            pending.enrolled.push(device);
            let input = Input::Enrolled { device, role };
            self.step(now, number(home.get()), &input, None, pending).await?;
        }
        Ok(())
    }
}

//! What time alone does to a home: what waits for it is judged, and when the next of it is due.
//!
//! Absence is judged only while somebody listens, and after a backlog has had its time. Not here: how each detector
//! judges (`detect`), and the hour of the day (`detect::LocalTime`).

use proto::unit::Mono;
use proto::up::Role;

use super::Home;
use crate::detect::{silence, waver};
use crate::policy::CATCH_UP;
use crate::roster::{Mark, Member};
use crate::triage::Triage;

impl Home {
    /// When to call again with [`crate::contract::Input::Tick`] if nothing else happens before.
    pub fn next_deadline(&self) -> Option<Mono> {
        let listens = self.link.up;
        let absence = listens.then(|| self.absence_deadline()).flatten();
        let silence =
            listens.then(|| silence::next_deadline(&self.roster, self.link.since)).flatten();
        let steady = listens
            .then(|| waver::next_deadline(&self.wavers, &self.starts, &self.roster, &self.book));
        let judged = listens.then(|| self.judged_from());
        let open = Triage::next_deadline(&self.book, judged);
        [self.help.next_deadline(), open, silence, absence, steady.flatten()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Applies time to everything that waits for it.
    pub(super) fn check(&mut self, triage: &mut Triage<'_>) {
        self.help.tick(triage);
        let judged = self.link.up && triage.now >= self.judged_from();
        triage.tick(judged);
        if !self.link.up {
            return;
        }
        silence::tick(&mut self.roster, self.link.since, &mut self.wavers, triage);
        waver::tick(&mut self.wavers, &self.starts, &self.roster, triage);
        if !judged {
            return;
        }
        let rules = self.rules.unwrap_or_default();
        self.stillness.check(&rules, self.clock, triage);
        let context = self.stillness.context(triage.now);
        self.dwell.check(&rules, self.stillness.watched(), context, triage);
        let clock = self.clock;
        self.nights().check(&rules, clock, triage);
        self.beds.check(&rules, self.clock, self.seeing(), context, triage);
        let home = self.beds.all_taken(&self.roster);
        self.wander.check(home, context, triage);
    }

    /// Whether somebody who is up would be seen: a motion sensor speaks that is believed, and nobody has left by the
    /// door.
    fn seeing(&self) -> bool {
        let speaks = |m: &Member| {
            let heard = m.is(Mark::Spoke) && !m.is(Mark::Silent);
            m.role == Role::Motion && heard && !m.is(Mark::Doubted)
        };
        !self.stillness.is_away() && self.roster.watched().any(speaks)
    }

    /// Absence is judged when the backlog of an interruption has had its time.
    fn judged_from(&self) -> Mono {
        if self.link.since == Mono::default() {
            Mono::default()
        } else {
            self.link.since.after(CATCH_UP)
        }
    }

    fn absence_deadline(&self) -> Option<Mono> {
        let rules = self.rules.unwrap_or_default();
        let still = self.stillness.next_deadline(&rules, self.clock);
        let bed = self.beds.next_deadline(&rules, self.clock, self.seeing());
        let dwell = self.dwell.next_deadline(&rules, self.stillness.watched());
        let wander = self.wander.next_deadline(rules.ask);
        let due = [still, dwell, bed, wander].into_iter().flatten().min()?;
        Some(due.max(self.judged_from()))
    }
}

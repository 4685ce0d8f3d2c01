//! How programs come to the bus and leave it: take-over, sessions that are kept, wills.
//!
//! Who comes with the client id of somebody who is here takes over: the older visit is over before
//! the newer one is told that it is in, and its will is said before anything the newer one says.
//! A will with a delay is not said if its program is back in time with its session.
//! Not here: messages (`fanout`), the words of MQTT (`session`).

use proto::unit::{Millis, Mono};

use super::{AWAY_MAX, Act, EXPIRY_MAX, Fanout, Hangup};
use crate::bus::message::Will;
use crate::bus::seat::{Farewell, Join, Joined, Key, Seat};

impl Fanout {
    /// A program comes. None if there is no place for it.
    pub fn join(&mut self, now: Mono, join: Join) -> Option<Joined> {
        let former = self.clients.get(&join.client).copied();
        let here = former.and_then(|former| self.seats.get(&former)?.visit);
        let others = self.seats.values().filter(|seat| counts(seat)).count();
        if !join.internal && here.is_none() && others >= self.limits.clients {
            return None;
        }
        let join = Join { expiry: join.expiry.min(EXPIRY_MAX), ..join };
        if let Some(former) = former {
            self.make_way(now, former, &join);
        }
        self.numbers.1 += 1;
        let visit = self.numbers.1;
        let expiry = join.expiry;
        let known = former.and_then(|former| Some((former, self.seats.get_mut(&former)?)));
        let joined = if let Some((number, seat)) = known {
            let lost = std::mem::take(&mut seat.lost);
            if lost > 0 {
                let client = join.client.clone();
                self.acts.push_back(Act::Lost { client, messages: lost });
            }
            seat.visit(join, visit);
            Joined { key: Key { seat: number, visit }, present: true, expiry, lost }
        } else {
            self.numbers.0 += 1;
            let number = self.numbers.0;
            self.clients.insert(join.client.clone(), number);
            self.seats.insert(number, Seat::new(join, visit));
            Joined { key: Key { seat: number, visit }, present: false, expiry, lost: 0 }
        };
        Some(joined)
    }

    /// Ends the former visit of a client id, and its session unless that goes on.
    fn make_way(&mut self, now: Mono, former: u64, join: &Join) {
        let Some(seat) = self.seats.get_mut(&former) else { return };
        let goes_on = !join.clean && seat.join.expiry > 0;
        if goes_on && seat.join.will.as_ref().is_some_and(|will| will.delay > 0) {
            seat.join.will = None;
        }
        if let Some(visit) = seat.visit {
            self.counters.taken_over += 1;
            self.acts.push_back(Act::HangUp(visit, Hangup::TakenOver));
            self.part(now, former, Farewell::Lost);
        }
        if !goes_on {
            self.end(former);
        }
        self.settle(now);
    }

    /// A visit is over.
    pub fn leave(&mut self, now: Mono, key: Key, farewell: Farewell) {
        if self.here(key).is_some() {
            self.part(now, key.seat, farewell);
            self.crowd_out(key.seat);
            self.settle(now);
        }
    }

    /// A subscriber that does not take what is acknowledged is asked to leave.
    pub(super) fn show_out(&mut self, now: Mono, number: u64) {
        let Some(visit) = self.seats.get(&number).and_then(|seat| seat.visit) else { return };
        self.counters.shown_out += 1;
        self.acts.push_back(Act::HangUp(visit, Hangup::Overflow));
        self.part(now, number, Farewell::Lost);
        self.crowd_out(number);
    }

    /// The visit of a session is over: what it leaves behind.
    fn part(&mut self, now: Mono, number: u64, farewell: Farewell) {
        let Some(seat) = self.seats.get_mut(&number) else { return };
        seat.visit = None;
        let waiters = std::mem::take(&mut seat.waiters);
        self.acts.extend(waiters.into_iter().map(Act::Ring));
        seat.mailbox.part();
        seat.replays.clear();
        (seat.late, seat.full_since) = (false, None);
        if let Farewell::Goodbye(Some(expiry)) | Farewell::WithWill(Some(expiry)) = farewell {
            seat.join.expiry = expiry.min(EXPIRY_MAX);
        }
        if let Farewell::Goodbye(_) = farewell {
            seat.join.will = None;
        }
        let expiry = seat.join.expiry;
        if expiry == 0 {
            return self.end(number);
        }
        seat.ends = Some(now.after(Millis::secs(u64::from(expiry))));
        match seat.join.will.take_if(|will| will.delay == 0) {
            Some(Will { message, .. }) => self.wills.push_back((number, message)),
            None => {
                let delay = seat.join.will.as_ref().map(|will| will.delay.min(expiry));
                seat.will_due = delay.map(|delay| now.after(Millis::secs(u64::from(delay))));
            }
        }
    }

    /// Ends the session that has least left when too many are kept.
    fn crowd_out(&mut self, last: u64) {
        let away = || self.seats.iter().filter(|(_, seat)| seat.visit.is_none());
        if away().count() > AWAY_MAX {
            let others = away().filter(|(number, _)| **number != last);
            let least = others.min_by_key(|(_, seat)| seat.ends).map(|(number, _)| *number);
            least.into_iter().for_each(|number| self.end(number));
        }
    }

    /// A session ends; a will that was still to come is due now.
    fn end(&mut self, number: u64) {
        let Some(mut seat) = self.seats.remove(&number) else { return };
        self.clients.remove(&seat.join.client);
        for filter in seat.filters.keys() {
            self.trie.remove(filter, number);
        }
        if let Some(will) = seat.join.will.take() {
            self.wills.push_back((number, will.message));
        }
        let kept = if seat.join.expiry > 0 { seat.mailbox.len() as u64 } else { 0 };
        self.counters.lost += kept;
        let messages = seat.lost + kept;
        if messages > 0 {
            self.acts.push_back(Act::Lost { client: seat.join.client, messages });
        }
    }

    /// Says the wills that are due: nobody waits for them, so nobody is waited for.
    pub(super) fn settle(&mut self, now: Mono) {
        while let Some((of, message)) = self.wills.pop_front() {
            let hits = self.trie.find(&message.topic, Some(of));
            self.deliver(now, hits, message);
        }
    }

    /// Ends sessions whose time is over, and says wills whose time has come.
    pub fn handle_timeout(&mut self, now: Mono) {
        let over = |seat: &Seat| seat.ends.is_some_and(|at| at <= now);
        let ended: Vec<_> = self.seats.iter().filter(|(_, seat)| over(seat)).collect();
        let ended: Vec<_> = ended.into_iter().map(|(number, _)| *number).collect();
        ended.into_iter().for_each(|number| self.end(number));
        for (number, seat) in &mut self.seats {
            if seat.will_due.take_if(|at| *at <= now).is_some() {
                let will = seat.join.will.take();
                self.wills.extend(will.map(|will| (*number, will.message)));
            }
        }
        self.settle(now);
    }

    /// Begins anew after a fault of its own: what is retained stays, everybody comes again.
    pub fn begin_anew(&mut self) {
        for seat in std::mem::take(&mut self.seats).into_values() {
            let visit = seat.visit.map(|visit| Act::HangUp(visit, Hangup::BusLost));
            self.acts.extend(visit);
        }
        self.trie = Default::default();
        self.clients.clear();
        self.wills.clear();
    }
}

/// Whether a session takes one of the places for programs.
fn counts(seat: &Seat) -> bool {
    seat.visit.is_some() && !seat.join.internal
}

//! What the judgement of a home knows of its devices, for whoever says how far the home is protected.
//!
//! Not here: gateway, server and watch room, of which a home knows nothing ([`crate::protection`]).

use heapless::Vec;
use proto::unit::Mono;

use crate::contract::DEVICES_MAX;
use crate::fault_bits;
use crate::finding::Kind;
use crate::home::Home;
use crate::protection::{Trouble, Voice, Word};
use crate::roster::{Mark, Member};

impl Home {
    /// Each device by its own limit, and what is wrong with it. Its gateway is the caller's to add.
    pub fn watch(&self, now: Mono) -> Vec<Voice, DEVICES_MAX> {
        self.roster.watched().map(|member| self.voice(member, now)).collect()
    }

    fn voice(&self, member: &Member, now: Mono) -> Voice {
        let spoke = member.is(Mark::Spoke);
        let late = now >= member.heard().after(member.patience());
        let word = match (spoke, late, member.is(Mark::Silent)) {
            (false, ..) => Word::Never,
            (true, false, _) => Word::Heard,
            (true, true, true) => Word::Silent,
            (true, true, false)
                if now >= self.roster.due(member, self.link.since) && self.link.up =>
            {
                Word::Silent
            }
            (true, true, false) => Word::Unheard,
        };
        let find = |kind| self.book.find(kind, Some(member.device));
        let mut bits = find(Kind::Fault).map_or(0, |incident| incident.causes);
        if member.is(Mark::Dark) {
            bits |= fault_bits::MAINS;
        }
        if find(Kind::Stuck).is_some() {
            bits |= fault_bits::STUCK;
        }
        let unsteady = find(Kind::Unsteady).is_some() || find(Kind::Boots).is_some();
        let heard = spoke.then(|| member.heard());
        Voice { id: member.device, gateway: None, word, heard, trouble: Trouble(bits, unsteady) }
    }
}

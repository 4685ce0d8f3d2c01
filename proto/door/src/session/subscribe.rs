//! SUBSCRIBE and UNSUBSCRIBE: a device or gateway has its own down tree and nothing else.
//!
//! A program on the local bus has free filters, which its seat there holds; it is answered when they
//! are in force. Not here: delivery (`session` down window, `bus`).

use super::{Action, Ask, Fault, Filter, Session, Version, v4, v5};
use crate::bus::{Wish, filter};
use crate::{Who, identity};

/// How a shared subscription begins, in both versions.
const SHARED: &str = "$share";

const NOT_AUTHORIZED: u8 = 0x87;
const FILTER_INVALID: u8 = 0x8F;
const NO_SHARED: u8 = 0x9E;
const NO_WILDCARDS: u8 = 0xA2;

impl Session {
    pub(super) fn handle_subscribe(
        &mut self,
        packet_id: u16,
        filters: Vec<Filter>,
        id: Option<u32>,
    ) -> Result<(), Fault> {
        if self.is_local() {
            let filters = filters.into_iter().map(|filter| wanted(filter, id)).collect();
            self.actions.push_back(Action::Bus(Ask::Subscribe { packet_id, filters }));
            self.asking = true;
            return Ok(());
        }
        if id.is_some() {
            return Err(Fault::SubscriptionId);
        }
        let granted: Vec<_> = filters.iter().map(|filter| self.grant(filter)).collect();
        self.handle_subscribed(packet_id, &granted);
        for qos in granted.into_iter().flatten() {
            self.down_qos = Some(qos);
            self.actions.push_back(Action::Listening);
        }
        Ok(())
    }

    /// Each filter is in force with this quality of service, or refused for this reason.
    pub fn handle_subscribed(&mut self, packet_id: u16, granted: &[Result<u8, u8>]) {
        self.asking = false;
        match self.version {
            Version::V4 => v4::suback(&mut self.output, packet_id, granted),
            Version::V5 => v5::suback(&mut self.output, packet_id, granted),
        }
    }

    pub(super) fn is_local(&self) -> bool {
        self.pass.is_some_and(|pass| matches!(pass.who, Who::Local(_)))
    }

    /// What a filter of a device or gateway is granted, or why not.
    fn grant(&self, filter: &Filter) -> Result<u8, u8> {
        let path = check(&filter.path)?;
        if filter::wild(path) {
            return Err(NO_WILDCARDS);
        }
        let own = self.pass.and_then(|pass| identity::down(pass.who));
        if own.is_some_and(|own| path.parse() == Ok(own)) {
            Ok(filter.qos.min(1))
        } else {
            Err(NOT_AUTHORIZED)
        }
    }

    pub(super) fn handle_unsubscribe(&mut self, packet_id: u16, filters: Vec<String>) {
        if self.is_local() {
            let ask = Ask::Unsubscribe { packet_id, filters };
            self.asking = true;
            return self.actions.push_back(Action::Bus(ask));
        }
        let existed: Vec<_> = filters.iter().map(|filter| self.leave(filter)).collect();
        self.handle_unsubscribed(packet_id, &existed);
    }

    /// Whether each filter was a subscription; none is any more.
    pub fn handle_unsubscribed(&mut self, packet_id: u16, existed: &[bool]) {
        self.asking = false;
        match self.version {
            Version::V4 => v4::unsuback(&mut self.output, packet_id),
            Version::V5 => v5::unsuback(&mut self.output, packet_id, existed),
        }
    }

    fn leave(&mut self, filter: &str) -> bool {
        let own = self.pass.and_then(|pass| identity::down(pass.who));
        let subscribed =
            self.down_qos.is_some() && own.is_some_and(|own| filter.parse() == Ok(own));
        if subscribed {
            self.down_qos = None;
            self.down_waiting.clear();
            self.actions.push_back(Action::Deaf);
        }
        subscribed
    }
}

/// A filter that a program of the household may have, or why not.
fn wanted(filter: Filter, id: Option<u32>) -> Result<(String, Wish), u8> {
    let Filter { path, qos, no_local, as_published, retain_handling } = filter;
    check(&path)?;
    let wish = Wish { qos: qos.min(1), no_local, as_published, handling: retain_handling, id };
    Ok((path, wish))
}

fn check(path: &str) -> Result<&str, u8> {
    if path.starts_with(SHARED) {
        return Err(NO_SHARED);
    }
    if filter::sound(path) { Ok(path) } else { Err(FILTER_INVALID) }
}

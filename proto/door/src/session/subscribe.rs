//! SUBSCRIBE and UNSUBSCRIBE: a device or gateway has its own down tree and nothing else.
//!
//! A program on the local bus has free filters, granted at QoS 0 since nothing that lives only on
//! the bus is ever acknowledged. Not here: delivery (`session` down window, `bus`).

use super::{Action, Filter, Session, Version, v4, v5};
use crate::bus::Wish;
use crate::{Who, identity};

/// Filters that one session may hold on the local bus.
const FILTERS_MAX: usize = 256;
/// How a shared subscription begins, in both versions.
const SHARED: &str = "$share";

const QUOTA: u8 = 0x97;
const NOT_AUTHORIZED: u8 = 0x87;
const FILTER_INVALID: u8 = 0x8F;
const NO_SHARED: u8 = 0x9E;
const NO_WILDCARDS: u8 = 0xA2;

impl Session {
    pub(super) fn handle_subscribe(&mut self, packet_id: u16, filters: Vec<Filter>) {
        let mut wanted = Vec::new();
        let mut granted = Vec::with_capacity(filters.len());
        for filter in filters {
            let known = self.filters.contains(&filter.path);
            let grant = self.grant(&filter);
            granted.push(grant);
            if grant.is_ok() {
                wanted.push((filter, known));
            }
        }
        match self.version {
            Version::V4 => v4::suback(&mut self.output, packet_id, &granted),
            Version::V5 => v5::suback(&mut self.output, packet_id, &granted),
        }
        for (Filter { path, qos, no_local, as_published, retain_handling }, known) in wanted {
            if self.is_local() {
                let retained = retain_handling == 0 || (retain_handling == 1 && !known);
                let wish = Wish { no_local, as_published, retained };
                self.actions.push_back(Action::BusSubscribe { filter: path, wish });
            } else {
                self.down_qos = Some(qos.min(1));
                self.actions.push_back(Action::Listening);
            }
        }
    }

    fn is_local(&self) -> bool {
        self.pass.is_some_and(|pass| matches!(pass.who, Who::Local(_)))
    }

    /// What a filter is granted, or why not.
    fn grant(&mut self, filter: &Filter) -> Result<u8, u8> {
        let path = filter.path.as_str();
        if path.starts_with(SHARED) {
            return Err(NO_SHARED);
        }
        if !rumqttc::mqttbytes::valid_filter(path) {
            return Err(FILTER_INVALID);
        }
        if self.is_local() {
            if self.filters.len() >= FILTERS_MAX && !self.filters.contains(path) {
                return Err(QUOTA);
            }
            self.filters.insert(path.to_owned());
            return Ok(0);
        }
        if rumqttc::mqttbytes::has_wildcards(path) {
            return Err(NO_WILDCARDS);
        }
        let own = self.pass.and_then(|pass| identity::down(pass.who));
        if own.is_some_and(|own| path.parse() == Ok(own)) {
            Ok(filter.qos.min(1))
        } else {
            Err(NOT_AUTHORIZED)
        }
    }

    pub(super) fn handle_unsubscribe(&mut self, packet_id: u16, filters: &[String]) {
        let mut existed = Vec::with_capacity(filters.len());
        for filter in filters {
            existed.push(self.leave(filter));
        }
        match self.version {
            Version::V4 => v4::unsuback(&mut self.output, packet_id),
            Version::V5 => v5::unsuback(&mut self.output, packet_id, &existed),
        }
    }

    fn leave(&mut self, filter: &str) -> bool {
        if self.filters.remove(filter) {
            self.actions.push_back(Action::BusUnsubscribe(filter.to_owned()));
            return true;
        }
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

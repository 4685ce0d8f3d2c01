//! From CONNECT to a seat: the gate is asked, the edge's own rules are added, the seat is taken.
//!
//! Not here: the gate's keys, or the words of CONNACK (`session`).

use std::sync::Arc;

use proto::frame::Lane;

use super::Connection;
use crate::admission::Rank;
use crate::bus::Join;
use crate::identity::Cut;
use crate::inside::Rule;
use crate::session::{Connect, Version};
use crate::{Deny, Hello, Pass, Who};

/// Answers the session's question who it is.
pub(super) fn admit<S>(connection: &mut Connection<S>, connect: &Connect) {
    let answer = enter(connection, connect);
    if let Ok(pass) = answer {
        connection.inside.count(|counters| {
            counters.admitted += 1;
            counters.sessions += 1;
        });
        tracing::debug!(who = ?pass.who, peer = %connection.caller.peer, "session open");
    }
    let assigned = assigned(connection.number);
    connection.session.handle_admission(answer, &assigned);
    if let (Ok(pass), None) = (answer, connection.session.pass()) {
        // The session has refused what the gate admitted, as for a will in a foreign tree.
        connection.inside.roster.leave(pass, connection.number);
        connection.inside.count(|counters| {
            counters.admitted -= 1;
            counters.sessions -= 1;
        });
    }
}

fn enter<S>(connection: &mut Connection<S>, connect: &Connect) -> Result<Pass, Deny> {
    let inside = Arc::clone(&connection.inside);
    let hello = Hello {
        peer: connection.caller.peer,
        client_id: &connect.client_id,
        login: connect.login.as_deref(),
        password: connect.password.as_deref(),
        certificate: connection.caller.certificate.as_deref(),
    };
    let cut_number = inside.roster.cut_number();
    let watchdog = connection.caller.own && inside.pulse.admits(&hello);
    let pass = if watchdog {
        Pass { who: Who::Watchdog, lane: Some(Lane::Emergency) }
    } else if inside.rule == Rule::Certified && hello.certificate.is_none() {
        return Err(Deny::NotAuthorized);
    } else {
        inside.gate.admit(&hello)?
    };
    let fits = match (inside.rule, pass.who) {
        (Rule::Own | Rule::Certified, _) | (_, Who::Watchdog) => true,
        (Rule::Sealed, who) => matches!(who, Who::Device(_) | Who::Stranger(_)),
        (Rule::Household, who) => matches!(who, Who::Local(_)) && hello.password.is_some(),
    };
    if !fits {
        return Err(Deny::NotAuthorized);
    }
    if !connection.ticket.prove(rank(pass), inside.roster.holder(pass)) {
        return Err(Deny::Busy);
    }
    take_seat(connection, pass, cut_number).map_err(|Cut| Deny::NotAuthorized)?;
    if let Who::Local(_) = pass.who
        && connection.session.may_will(pass, connect)
        && let Err(deny) = join_bus(connection, connect)
    {
        connection.inside.roster.leave(pass, connection.number);
        return Err(deny);
    }
    Ok(pass)
}

/// A seat at the bus; who has the same client id makes way before this returns.
fn join_bus<S>(connection: &mut Connection<S>, connect: &Connect) -> Result<(), Deny> {
    let bus = connection.inside.bus.as_ref().ok_or(Deny::NotAuthorized)?;
    let nameless = connect.client_id.is_empty();
    let join = Join {
        client: if nameless { assigned(connection.number) } else { connect.client_id.clone() },
        clean: connect.clean,
        expiry: connect.expiry,
        will: connect.will.clone(),
        window: connection.inside.limits.down_in_flight.min(connect.receive_maximum).into(),
        packet_max: connect.packet_maximum,
        version_5: connect.version == Version::V5,
        internal: false,
    };
    let (member, joined) = bus.join(&connection.line, join).ok_or(Deny::Busy)?;
    connection.session.handle_seat(&joined);
    connection.member = Some(member);
    Ok(())
}

/// The client id of who brings none.
fn assigned(connection: u64) -> String {
    format!("auto-{connection}")
}

/// How a place is given: a device may press at any time, a session of the telemetry lane cannot.
fn rank(pass: Pass) -> Rank {
    match (pass.who, pass.lane) {
        (Who::Stranger(_), _) => Rank::Stranger,
        (Who::Local(_), _) => Rank::Local,
        (Who::Gateway(_), Some(Lane::Telemetry)) => Rank::Ordinary,
        (Who::Device(_) | Who::Gateway(_) | Who::Watchdog, _) => Rank::Urgent,
    }
}

fn take_seat<S>(connection: &Connection<S>, pass: Pass, cut_number: u64) -> Result<(), Cut> {
    let Connection { inside, line, number, .. } = connection;
    if let Who::Stranger(_) = pass.who {
        inside.roster.enter_stranger(*number, line);
    } else if inside.roster.enter(pass, *number, line, cut_number)? {
        inside.count(|counters| counters.taken_over += 1);
    }
    Ok(())
}

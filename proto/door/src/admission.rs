//! From CONNECT to a seat: the gate is asked, the edge's own rules are added, the seat is taken.
//!
//! Not here: the gate's keys, or the words of CONNACK (`session`).

use std::sync::Arc;

use proto::frame::Lane;

use crate::connection::Connection;
use crate::identity::{NoEntry, StrangerLimits};
use crate::session::Connect;
use crate::{Deny, Hello, Pass, Who};

/// Answers the session's question who it is.
pub(crate) fn admit<S>(connection: &mut Connection<S>, connect: &Connect) {
    let answer = enter(connection, connect);
    if let Ok(pass) = answer {
        connection.ticket.admitted();
        connection.inside.count(|counters| {
            counters.admitted += 1;
            counters.sessions += 1;
        });
        tracing::debug!(who = ?pass.who, peer = %connection.caller.peer, "session open");
    }
    let assigned = format!("auto-{}", connection.number);
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
    } else if inside.certified && hello.certificate.is_none() {
        return Err(Deny::NotAuthorized);
    } else {
        inside.gate.admit(&hello)?
    };
    let sealed = matches!(pass.who, Who::Device(_) | Who::Stranger(_) | Who::Watchdog);
    if inside.exposed && !sealed {
        return Err(Deny::NotAuthorized);
    }
    let urgent = pass.lane == Some(Lane::Emergency) || matches!(pass.who, Who::Stranger(_));
    if !urgent && inside.entrance.crowded(&inside.limits) {
        return Err(Deny::Busy);
    }
    if let Who::Local(_) = pass.who {
        let bus = inside.bus.as_ref().ok_or(Deny::NotAuthorized)?;
        connection.member = Some(bus.join(&connection.line).ok_or(Deny::Busy)?);
    }
    take_seat(connection, pass, cut_number).map_err(|no| match no {
        NoEntry::Cut => Deny::NotAuthorized,
        NoEntry::Busy => Deny::Busy,
    })?;
    Ok(pass)
}

fn take_seat<S>(
    connection: &mut Connection<S>,
    pass: Pass,
    cut_number: u64,
) -> Result<(), NoEntry> {
    let Connection { inside, line, number, caller, .. } = connection;
    if let Who::Stranger(_) = pass.who {
        let limits = StrangerLimits {
            sessions: inside.limits.strangers,
            per_minute: inside.limits.strangers_per_minute,
        };
        let visit = (caller.peer.ip(), inside.clock.now());
        return inside.roster.enter_stranger(visit, *number, line, limits);
    }
    if inside.roster.enter(pass, *number, line, cut_number)? {
        inside.count(|counters| counters.taken_over += 1);
    }
    Ok(())
}

//! What people have ordered, told to the judgement of their homes: a group is one transaction.
//!
//! A county that is enrolled in a day orders thousands of times; a commit for each would keep presses waiting. A group
//! that fails is told one by one, so that an order which a home refuses keeps no other from being heard.
//! Not here: the rows of what was ordered, which the routes have written before.

use care::Input;

use super::attempt::{Unit, tell};
use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::command::Command;
use records::column::number;
use records::turned;

impl Batcher {
    /// Does what people have ordered. What was ordered is also in the rows.
    pub async fn commands(&mut self, orders: &[Command]) {
        for order in orders {
            self.take_note(order);
        }
        if orders.len() > 1 {
            match self.attempt(Unit::Orders(orders)).await {
                Ok(()) => {
                    for order in orders {
                        self.obeyed(order).await;
                    }
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, orders = orders.len(), "orders failed, one by one")
                }
            }
        }
        for order in orders {
            self.command_alone(order).await;
        }
    }

    fn take_note(&mut self, order: &Command) {
        match order {
            Command::Enrolled { device, .. } => {
                self.enrolled.insert(*device);
                self.reader.forget();
            }
            Command::Released { device, .. } => {
                self.enrolled.remove(device);
                self.reader.forget();
            }
            Command::Closed { .. } | Command::Rules { .. } | Command::Residents { .. } => {}
        }
    }

    async fn command_alone(&mut self, order: &Command) {
        match self.attempt(Unit::Orders(std::slice::from_ref(order))).await {
            Ok(()) => self.obeyed(order).await,
            Err(error) => {
                let cause = &error as &dyn std::error::Error;
                tracing::error!(error = cause, "the judgement was not told what people did");
                if error.is_of_row() {
                    tell(&self.room.faults, home_of(order));
                }
            }
        }
    }

    async fn obeyed(&self, order: &Command) {
        if let Command::Residents { home } = order {
            self.turned_over(*home).await;
        }
    }

    /// The judgement of a home knows that other people live there; told twice, it forgets twice.
    async fn turned_over(&self, home: i64) {
        let done = async {
            let mut writer = self.room.records.begin().await?;
            turned::told(&mut writer, home).await?;
            writer.commit().await
        };
        if let Err(error) = done.await {
            tracing::error!(%error, home, "a home will be told again that others live there");
        }
    }

    /// Tells the judgement of homes in which other people have come to live while it was away.
    pub async fn catch_up(&mut self) {
        let room = std::sync::Arc::clone(&self.room);
        let turning = async { turned::all(&mut *room.records.reader().await?).await };
        match turning.await {
            Ok(homes) => {
                let orders: Vec<_> =
                    homes.into_iter().map(|home| Command::Residents { home }).collect();
                self.commands(&orders).await;
            }
            Err(error) => tracing::error!(%error, "who has moved is not known yet"),
        }
    }

    pub(super) async fn order(&mut self, now: Now, orders: &[Command]) -> Result<(), IngestError> {
        let mut pending = Pending::default();
        for order in orders {
            let Some(input) = input(order) else { continue };
            self.step(now, home_of(order), &input, None, &mut pending).await?;
        }
        self.commit(now, pending).await
    }
}

/// What a home hears of an order; nothing of the end of an incident that no home can have counted.
fn input(order: &Command) -> Option<Input<'static>> {
    Some(match order {
        Command::Closed { incident, outcome, .. } => {
            Input::Closed { incident: u32::try_from(*incident).ok()?, outcome: *outcome }
        }
        Command::Rules { rules, .. } => Input::Rules(*rules),
        Command::Residents { .. } => Input::Residents,
        Command::Enrolled { device, role, .. } => Input::Enrolled { device: *device, role: *role },
        Command::Released { device, .. } => Input::Released { device: *device },
    })
}

fn home_of(order: &Command) -> i64 {
    match order {
        Command::Closed { home, .. } | Command::Residents { home } => *home,
        Command::Rules { home, .. }
        | Command::Enrolled { home, .. }
        | Command::Released { home, .. } => number(home.get()),
    }
}

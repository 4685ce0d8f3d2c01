//! What devices say of their images, answered: an offer, the pieces that were asked for, "heard".
//!
//! One loop, one word at a time, behind ingest. Pieces to one gateway are paced, so that a village that updates never
//! crowds out the receipts of a press; a device whose piece did not come asks again. An image on trial is told that it
//! was heard, whatever is on offer: its word was verified, and that is what it must prove.
//! Not here: what a device believes (`firmware`), who is offered what (`shelf`).

use std::collections::HashMap;
use std::sync::Arc;

use proto::id::{DeviceId, GatewayId};
use proto::unit::{Millis, Mono};
use proto::update::{CHUNK_MAX, CHUNKS_MAX, Chunk, Order, Progress, Release, Stage};
use tokio::sync::OwnedMutexGuard;

use super::{Heard, Image, Known, Updates, Words, board_row};
use crate::clock::Clock;
use crate::provision::{Registry, column};
use crate::receipts::Receipts;
use records::Records;
use records::image::{self, OfferRow};

/// Pieces that one gateway is sent a second. Source: technical, 40 kB/s, a tenth of a slow uplink.
const PIECES_PER_S: u64 = 64;
/// Gateways whose pace is remembered; forgetting one lets it have a second's worth at once.
const PACED_MAX: usize = 16_384;

/// How much each gateway may still be sent.
#[derive(Debug, Default)]
struct Pace(HashMap<GatewayId, (u64, Mono)>);

impl Pace {
    /// How many of `asked` pieces may go to a gateway now.
    fn take(&mut self, now: Mono, gateway: GatewayId, asked: u64) -> u64 {
        if self.0.len() >= PACED_MAX {
            self.0.clear();
        }
        let (left, since) = self.0.entry(gateway).or_insert((PIECES_PER_S, now));
        if now.since(*since) >= Millis::secs(1) {
            (*left, *since) = (PIECES_PER_S, now);
        }
        let taken = asked.min(*left);
        *left -= taken;
        taken
    }
}

/// Answers devices about their images.
pub struct Talk {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Where images and what devices said of them are kept.
    pub records: Records,
    /// Whose gateway carries it.
    pub registry: Arc<Registry>,
    /// By which devices are told.
    pub receipts: Arc<Receipts>,
    /// Which device is to run which image.
    pub updates: Arc<Updates>,
}

/// Runs until the process ends.
pub async fn run(talk: Arc<Talk>, mut words: OwnedMutexGuard<Words>) {
    let mut pace = Pace::default();
    while let Some((device, heard)) = words.0.recv().await {
        let done = match heard {
            Heard::Alive(running) => alive(&talk, device, running).await,
            Heard::Progress(progress) => progressed(&talk, &mut pace, device, &progress).await,
        };
        if let Err(error) = done {
            tracing::warn!(%device, error = %error, "a device's update waits for the records");
        }
    }
}

/// Tells a device what it is to run, if it has not begun to.
pub async fn offer(talk: &Talk, device: DeviceId) -> Result<(), records::Error> {
    let open = talk.updates.known(device).offer.filter(super::Offer::is_open);
    let Some(offer) = open else { return Ok(()) };
    if let Some(image) = talk.updates.image(&talk.records, offer.release).await? {
        talk.receipts.order(device, &Order::Offer(image.manifest));
    }
    Ok(())
}

async fn alive(talk: &Talk, device: DeviceId, running: u32) -> Result<(), records::Error> {
    talk.updates.change(device, |known| known.running = Some(running));
    offer(talk, device).await
}

async fn progressed(
    talk: &Talk,
    pace: &mut Pace,
    device: DeviceId,
    progress: &Progress,
) -> Result<(), records::Error> {
    if progress.stage == Stage::Trial {
        talk.receipts.order(device, &Order::Heard(progress.release));
    }
    let before = talk.updates.known(device);
    let now = learn(talk, device, progress);
    write(talk, device, &before, &now).await?;
    let offered = now.offer.is_some_and(|offer| offer.release == progress.release);
    let Some((next, chunks)) = progress.next.zip(progress.chunks).filter(|_| offered) else {
        return Ok(());
    };
    if let Some(image) = talk.updates.image(&talk.records, progress.release).await? {
        send(talk, pace, device, &image, (next, chunks));
    }
    Ok(())
}

/// What a device has said, in memory.
fn learn(talk: &Talk, device: DeviceId, progress: &Progress) -> Known {
    let wall = talk.clock.now().wall_ms;
    talk.updates.change(device, |known| {
        // What names no version leaves the one that is known.
        known.running = u32::try_from(progress.running).ok().or(known.running);
        known.board = progress.hardware.or(known.board);
        let mine = known.offer.as_mut().filter(|offer| offer.release == progress.release);
        if let Some(offer) = mine {
            offer.stage = Some(progress.stage);
            offer.refusal = progress.refusal;
            offer.next = progress.next;
            offer.told_wall = Some(wall);
        }
    });
    talk.updates.known(device)
}

/// Writes what has changed for good; how many bytes are there is not worth a commit.
async fn write(
    talk: &Talk,
    device: DeviceId,
    before: &Known,
    now: &Known,
) -> Result<(), records::Error> {
    let stage =
        |known: &Known| known.offer.map(|offer| (offer.release, offer.stage, offer.refusal));
    let board = |known: &Known| (known.board, known.running);
    let (staged, boarded) = (stage(before) != stage(now), board(before) != board(now));
    if !staged && !boarded {
        return Ok(());
    }
    let mut writer = talk.records.begin().await?;
    if let Some(offer) = now.offer.filter(|_| staged) {
        let row = OfferRow {
            device: column(device.get()),
            release: offer.release.to_string(),
            offered_wall: offer.offered_wall,
            stage: offer.stage.map(|stage| stage.number().into()),
            refusal: offer.refusal.map(|refusal| refusal.number().into()),
            told_wall: offer.told_wall,
        };
        image::put_stage(&mut writer, &row).await?;
        tracing::info!(%device, release = %offer.release, stage = ?offer.stage, refusal = ?offer.refusal, "update");
    }
    if let Some((board, running)) = now.board.zip(now.running).filter(|_| boarded) {
        image::put_board(&mut writer, &board_row(device, board, running)).await?;
    }
    writer.commit().await
}

fn send(talk: &Talk, pace: &mut Pace, device: DeviceId, image: &Image, (next, chunks): (u32, u8)) {
    let Some(gateway) = talk.registry.device(device).and_then(|info| info.gateway) else { return };
    let asked = u64::from(chunks.min(CHUNKS_MAX));
    let may = pace.take(talk.clock.mono(), gateway, asked);
    let release: Release = image.manifest.release();
    let from = image.bytes.get(next as usize..).unwrap_or_default();
    let pieces = (next..).step_by(CHUNK_MAX).zip(from.chunks(CHUNK_MAX));
    for (offset, bytes) in pieces.take(usize::try_from(may).unwrap_or(0)) {
        talk.receipts.order(device, &Order::Chunk(Chunk { release, offset, bytes: bytes.into() }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_gets_so_many_pieces_a_second_and_no_more() {
        let (mut pace, start) = (Pace::default(), Mono::from_millis(5));
        let (one, other) = (GatewayId::new(1).unwrap(), GatewayId::new(2).unwrap());
        let sent: u64 = (0..100).map(|_| pace.take(start, one, 4)).sum();
        assert_eq!(sent, PIECES_PER_S);
        assert_eq!(pace.take(start, other, 4), 4, "one village does not slow another");
        assert_eq!(pace.take(start.after(Millis::secs(1)), one, 8), 8);
    }
}

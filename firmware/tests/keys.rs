//! Keys change while a device hangs in its home: it is told, keeps the new epoch in flash, and only then speaks under it.
//!
//! What lies in flash stays the same bytes, goes under the gateway's key of now, and its answer is understood whichever
//! epoch sealed it. Not here: who decides that keys change (`server`), and how a box lets both in (`gateway`).

use firmware::device::{ConnectAs, Input, LinkEvent};
use firmware::flash_model::FlashModel;
use firmware::provision::{Blank, Identity, Voucher};
use firmware::queue::FlashQueue;
use proto::down::{Down, DownBuf, DownSeal, Keys, Rung};
use proto::frame::{self, Header};
use proto::id::{HomeId, KeyEpoch};
use proto::unit::Millis;
use proto::up::{Role, Up};

use crate::bench::{Bench, Gateway, id, key, now_or_never, receipt};

const OLD: KeyEpoch = KeyEpoch::new(1);
const NEW: KeyEpoch = KeyEpoch::new(2);

fn renew(under: KeyEpoch, to: KeyEpoch) -> DownBuf {
    let seal = DownSeal::server(&key().end(under));
    seal.seal_keys(id(), [9; 24], &Keys::Renew(to)).unwrap()
}

fn word(under: KeyEpoch, word: &Down) -> DownBuf {
    DownSeal::server(&key().end(under)).seal(id(), [8; 24], word).unwrap()
}

/// A device that is connected and at rest.
fn bench() -> Bench {
    let mut bench = Bench::of(Role::HelpButton);
    bench.run_for(Millis::secs(5));
    bench
}

fn last_proof_fits(bench: &Bench, epoch: KeyEpoch) -> bool {
    match bench.connects.last() {
        Some((_, ConnectAs::Enrolled { password })) => {
            key().hop(epoch).check_connect_proof(password).is_some()
        }
        Some((_, ConnectAs::Stranger)) | None => false,
    }
}

fn hop_opens(hop: &[u8], epoch: KeyEpoch) -> bool {
    let (header, _) = Header::parse(hop).unwrap();
    frame::open_hop(hop, &key().hop(epoch).boot(header.id.boot)).is_ok()
}

fn kept(bench: &mut Bench) {
    bench.device.renewed(bench.now, true);
    bench.input(Input::Tick);
    bench.run_for(Millis::secs(5));
}

#[test]
fn a_new_epoch_is_in_flash_before_a_word_is_said_under_it() {
    let mut bench = bench();
    bench.input(Input::Down(&renew(OLD, NEW)));
    assert_eq!(bench.device.renewal(), Some(NEW));
    bench.press();
    let connects = bench.connects.len();
    let header = Header::parse(&bench.published.last().unwrap().hop).unwrap().0;
    assert_eq!(header.epoch, OLD, "flash does not hold the new one yet");
    // Flash fails: nothing has changed, and the next word is taken.
    bench.device.renewed(bench.now, false);
    bench.input(Input::Tick);
    assert_eq!((bench.device.renewal(), bench.connects.len()), (None, connects));
    bench.input(Input::Down(&renew(OLD, NEW)));
    kept(&mut bench);
    assert_eq!((bench.disconnects, bench.connects.len()), (1, connects + 1), "it connects anew");
    assert!(last_proof_fits(&bench, NEW) && !last_proof_fits(&bench, OLD));
    let health = bench.published.iter().rfind(|p| matches!(p.up, Up::Health(_))).unwrap();
    assert_eq!(Header::parse(&health.hop).unwrap().0.epoch, NEW, "the answer is under the new one");
    assert!(hop_opens(&health.hop, NEW));
}

#[test]
fn a_press_of_before_stays_the_same_bytes_and_its_answer_is_understood_from_either_epoch() {
    for sealed in [OLD, NEW] {
        let mut bench = bench();
        let press = bench.press();
        let before = bench.kept.last().unwrap().clone();
        bench.input(Input::Down(&renew(OLD, NEW)));
        kept(&mut bench);
        let again = bench.of_press(press).last().copied().unwrap().clone();
        assert!(hop_opens(&again.hop, NEW) && !hop_opens(&again.hop, OLD), "the new box opens it");
        let seal = key().hop(NEW).boot(press.boot);
        assert_eq!(frame::open_hop(&again.hop, &seal).unwrap()[..], before[..]);
        bench.input(Input::Down(&word(sealed, &receipt(press, Rung::Received))));
        assert_eq!(bench.forgotten, [press]);
        assert_eq!(bench.device.waiting(), 0);
    }
}

#[test]
fn without_a_press_of_before_the_old_keys_say_nothing_any_more() {
    let mut bench = bench();
    bench.input(Input::Down(&renew(OLD, NEW)));
    kept(&mut bench);
    let press = bench.press();
    let wrong = bench.device.trace().counters.wrong_seal;
    bench.input(Input::Down(&word(OLD, &receipt(press, Rung::Received))));
    let by_old_box = DownSeal::gateway(&key().hop(OLD));
    let stored = by_old_box.seal(id(), [7; 24], &receipt(press, Rung::Stored)).unwrap();
    bench.input(Input::Down(&stored));
    assert_eq!(bench.device.trace().counters.wrong_seal, wrong + 2);
    assert_eq!(bench.device.waiting(), 1);
}

#[test]
fn only_the_server_renews_and_only_upwards() {
    let mut bench = bench();
    let by_gateway = DownSeal::gateway(&key().hop(OLD));
    let forged = by_gateway.seal_keys(id(), [9; 24], &Keys::Renew(NEW)).unwrap();
    for bytes in [&forged, &renew(OLD, OLD), &renew(OLD, KeyEpoch::new(0)), &renew(NEW, NEW)] {
        bench.input(Input::Down(bytes));
        assert_eq!(bench.device.renewal(), None);
    }
}

#[test]
fn a_call_for_help_is_not_held_up_by_new_keys() {
    let mut bench = Bench::of(Role::HelpButton);
    bench.gateway = Gateway::Away;
    bench.run_for(Millis::secs(5));
    let press = bench.press();
    bench.gateway = Gateway::Stores;
    bench.run_for(Millis::secs(40));
    bench.input(Input::Down(&renew(OLD, NEW)));
    kept(&mut bench);
    // A box that knows the new key only takes it at once.
    let again = bench.of_press(press).last().copied().unwrap().clone();
    assert!(hop_opens(&again.hop, NEW));
    bench.link(LinkEvent::Down);
    bench.run_for(Millis::secs(40));
    assert!(last_proof_fits(&bench, NEW));
}

#[test]
fn a_cut_in_any_flash_operation_leaves_the_old_epoch_or_the_new_one_and_never_half_a_key() {
    let voucher = Voucher { device: id(), key: key(), role: Role::BedMat };
    let who = Blank.claim(voucher).enrol(OLD, HomeId::new(12));
    let mut cuts = 0;
    // Enough renewals that pages fill and turn over.
    for operation in (0..400).step_by(3) {
        let mut queue = open(FlashModel::erased(vec![0; 6 * 512], operation));
        now_or_never(queue.store_identity(&who.to_bytes())).unwrap();
        let mut flash = queue.release();
        flash.cut_after(operation);
        let mut reached = OLD;
        let mut queue = open(flash);
        for epoch in 2..40 {
            if now_or_never(queue.renew(KeyEpoch::new(epoch))).is_err() {
                break;
            }
            reached = KeyEpoch::new(epoch);
        }
        let mut flash = queue.release();
        if !flash.is_cut() {
            break;
        }
        flash.power_on();
        let mut queue = open(flash);
        let Ok(Identity::Enrolled(back)) = now_or_never(queue.identity()) else {
            panic!("cut in operation {operation}: nobody any more")
        };
        let next = KeyEpoch::new(reached.get() + 1);
        let now = back.keys().epoch;
        assert!(now == reached || now == next, "cut in operation {operation}: {now:?}");
        assert_eq!((back.keys().key.expose(), back.keys().home), (key().expose(), HomeId::new(12)));
        cuts += 1;
    }
    assert!(cuts > 100, "renewals keep flash busy: {cuts}");
}

fn open(flash: FlashModel<Vec<u8>, 512>) -> FlashQueue<FlashModel<Vec<u8>, 512>> {
    let layout = FlashQueue::halves(&flash).unwrap();
    FlashQueue::new(flash, layout).unwrap()
}

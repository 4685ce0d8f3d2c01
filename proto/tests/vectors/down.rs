//! What devices are told, from words to the bytes that come on their down topic.

use proto::down::{Down, DownSeal, Keys, Receipt, Rung, Sealer, SettingsOrder, Word};
use proto::down::{DownBuf, sealer_of};
use proto::id::{KeyEpoch, PressId, Seq};
use serde_json::{Value, json};

use super::{Speaker, hex, hold, speakers, with};

enum Said {
    Plain(Down),
    Keys(Keys),
}

fn words(speaker: &Speaker) -> Vec<(&'static str, Sealer, Said, Value)> {
    let press = PressId { device: speaker.device, boot: speaker.boot, seq: Seq::new(1) };
    let name = json!([speaker.device.get(), speaker.boot.get(), 1]);
    let receipt = |rung| Said::Plain(Down::Receipt(Receipt { press, rung }));
    let settings = SettingsOrder { number: 4, health_s: Some(600), reading_s: None };
    vec![
        ("stored", Sealer::Gateway, receipt(Rung::Stored), json!([0, [[name, 1]]])),
        ("received", Sealer::Server, receipt(Rung::Received), json!([0, [[name, 2]]])),
        ("seen", Sealer::Server, receipt(Rung::Seen), json!([0, [[name, 3]]])),
        (
            "settings",
            Sealer::Server,
            Said::Plain(Down::Settings(settings)),
            json!([1, [{ "0": 4, "1": 600 }]]),
        ),
        ("test", Sealer::Server, Said::Plain(Down::Test(7)), json!([2, [7]])),
        ("identify", Sealer::Server, Said::Plain(Down::Identify(30)), json!([3, [30]])),
        ("renew", Sealer::Server, Said::Keys(Keys::Renew(KeyEpoch::new(9))), json!([7, [9]])),
    ]
}

fn case(
    speaker: &Speaker,
    n: u8,
    (name, sealer, said, says): (&str, Sealer, Said, Value),
) -> Value {
    let seal = match sealer {
        Sealer::Gateway => DownSeal::gateway(&speaker.key.hop(speaker.epoch)),
        Sealer::Server => DownSeal::server(&speaker.key.end(speaker.epoch)),
    };
    let mut nonce = [n; 24];
    nonce[0] = 0xA5;
    let sealed = match &said {
        Said::Plain(word) => seal.seal(speaker.device, nonce, word),
        Said::Keys(word) => seal.seal_keys(speaker.device, nonce, word),
    };
    let sealed = sealed.expect("short enough");
    let mut body = DownBuf::new();
    let read = seal.open_any(speaker.device, &sealed, &mut body).expect("our own");
    match (read, said) {
        (Word::Plain(read), Said::Plain(said)) => assert_eq!(read, said),
        (Word::Keys(read), Said::Keys(said)) => assert_eq!(read, said),
        (read, _) => panic!("{name} is read as {read:?}"),
    }
    assert_eq!(sealer_of(&sealed), Some(sealer));
    with(
        speaker.told(),
        json!({
            "what": name,
            "sealer": sealer as u8,
            "says": says,
            "body": hex(&body),
            "nonce": hex(nonce),
            "associated_data": hex(&sealed[..10]),
            "down_frame": hex(&sealed),
        }),
    )
}

#[test]
fn words_to_devices_are_sealed_as_the_vectors_say() {
    let mut made = Vec::new();
    for speaker in &speakers() {
        for (n, word) in (1..).zip(words(speaker)) {
            made.push(case(speaker, n, word));
        }
    }
    hold("down.json", &json!({ "down": made }));
}

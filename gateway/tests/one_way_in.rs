//! What the server says is read by the one reader that golden and hostile bytes are held against.
//!
//! Not here: what the words do (`event_loop`), and the bytes themselves (`proto`).

use bytes::Bytes;
use gateway::uplink::driver::read_word;
use proto::id::DeviceId;
use proto::relay::GatewayDown;

#[test]
fn a_word_of_the_server_is_read_to_its_last_byte() {
    let word = GatewayDown::Release { device: DeviceId::new(5).unwrap() };
    let sound = minicbor::to_vec(&word).unwrap();
    assert_eq!(read_word(&Bytes::from(sound.clone())), Some(word));
    assert_eq!(read_word(&Bytes::from([sound, vec![0]].concat())), None);
}

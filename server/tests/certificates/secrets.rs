//! Secrets that somebody changes while the server runs count from then on.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use proto::id::{DeviceId, HomeId};
use proto::up::Quantity;
use series::influx::{Influx, InfluxConfig, Settings};
use series::{Point, Series};

/// An InfluxDB that knows one token.
fn influx(token: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = vec![0; 8192];
            let read = stream.read(&mut asked).unwrap_or(0);
            let known = String::from_utf8_lossy(&asked[..read]).contains(&format!("Token {token}"));
            let status = if known { "204 No Content" } else { "401 Unauthorized" };
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
        }
    });
    address
}

#[tokio::test]
async fn a_token_that_was_changed_on_the_disk_counts_without_a_new_start() {
    let dir = tempfile::tempdir().unwrap();
    let token_file = dir.path().join("token");
    std::fs::write(&token_file, "first\n").unwrap();
    let settings = Settings {
        url: format!("http://{}", influx("second")),
        org: "o".to_owned(),
        bucket: "b".to_owned(),
        token_file: token_file.clone(),
    };
    let config = InfluxConfig::of(&settings, dir.path()).unwrap();
    let store = Influx::open(InfluxConfig { tries: 1, ..config }).unwrap();
    let point = Point {
        home: HomeId::new(5).unwrap(),
        device: DeviceId::new(7).unwrap(),
        quantity: Quantity::Heart,
        at_ms: super::day(1),
        value: Ok(60.0),
    };
    assert!(store.write(vec![point]).await.is_err());
    std::fs::write(&token_file, "second\n").unwrap();
    store.write(vec![point]).await.unwrap();
    std::fs::remove_file(&token_file).unwrap();
    store.write(vec![point]).await.unwrap();
}

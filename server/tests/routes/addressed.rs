//! Whom a request is for is said once: as raw requests over a connection, which no client library would send.
//!
//! Not here: which names are this server's (`router::address`).

use std::sync::Arc;

use server::router::serve;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::room::Room;

#[tokio::test]
async fn a_request_that_does_not_say_once_whom_it_is_for_is_refused() {
    let room = Room::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(serve(Arc::clone(&room.app), listener, None, std::future::pending()));
    for (line, hosts, status) in [
        ("GET /setup HTTP/1.1", vec![at.to_string()], "200"),
        ("GET /setup HTTP/1.0", vec![], "200"),
        (&format!("GET http://{at}/setup HTTP/1.1"), vec![at.to_string()], "200"),
        ("GET /setup HTTP/1.1", vec![], "400"),
        ("GET /setup HTTP/1.1", vec![at.to_string(), "evil.example".to_owned()], "400"),
        ("GET http://evil.example/setup HTTP/1.1", vec![at.to_string()], "400"),
        ("GET http://evil.example/setup HTTP/1.1", vec!["evil.example".to_owned()], "421"),
        ("GET /setup HTTP/1.1", vec!["evil.example".to_owned()], "421"),
    ] {
        let hosts: String = hosts.iter().map(|host| format!("host: {host}\r\n")).collect();
        let mut socket = TcpStream::connect(at).await.unwrap();
        let ask = format!("{line}\r\n{hosts}connection: close\r\n\r\n");
        socket.write_all(ask.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let told = answer.split(' ').nth(1).unwrap_or_default();
        assert_eq!(told, status, "{ask}{answer}");
    }
}

//! Files that somebody changes while the box runs: what is of use counts at once, what is not is told and changes nothing.
//!
//! The box is a process. Not here: papers that the server sends (`renewal.rs`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;

use gateway::reload::LOOK;
use rumqttc::{AsyncClient, MqttOptions};
use rustls::pki_types::ServerName;
use scene::{ANY, Home, Running, until, within};
use tokio::time::Instant;

/// Changes in a row: more than a machine that is slow can be late for.
const ROUNDS: u32 = 16;

async fn enters(at: SocketAddr, password: &str) -> bool {
    let mut options = MqttOptions::new("display", at.ip().to_string(), at.port());
    options.set_credentials("display", password);
    let (_client, mut socket) = AsyncClient::new(options, 8);
    within(socket.poll()).await.is_ok()
}

async fn until_enters(at: SocketAddr, password: &str) {
    within(async {
        while !enters(at, password).await {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn hang_up(running: &Running) {
    let pid = running.pid().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_no_use_is_told_by_the_page_and_the_old_one_stays_in_force() {
    let home = Home::new(ANY);
    let file = home.path("bus-password");
    std::fs::write(&file, "display:first\n").unwrap();
    let running = home.start(&format!("[bus]\npassword_file = {file:?}"));
    assert!(enters(running.bus, "first").await);
    std::fs::write(&file, "no name and no password\n").unwrap();
    until("it is told", || running.says("file_unread")).await;
    assert!(enters(running.bus, "first").await, "the old one stays");
    assert!(!enters(running.bus, "none").await, "and the bus is open to no other");
    // Its own first rounds may be late on a slow machine.
    until("it works all the same", || running.report()["ok"] == true).await;
    std::fs::write(&file, "display:second\n").unwrap();
    until_enters(running.bus, "second").await;
    until("it is over", || !running.says("file_unread")).await;
    assert!(!enters(running.bus, "first").await);
    std::fs::remove_file(&file).unwrap();
    until("it is told", || running.says("file_unread")).await;
    assert!(enters(running.bus, "second").await, "the old one stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_ends_nobody_and_asks_for_a_look_at_once() {
    let home = Home::new(ANY);
    let file = home.path("bus-password");
    std::fs::write(&file, "display:first\n").unwrap();
    let running = home.start(&format!("[bus]\npassword_file = {file:?}"));
    assert!(enters(running.bus, "first").await);
    let since = Instant::now();
    for round in 0..ROUNDS {
        let password = format!("word-{round}");
        std::fs::write(&file, format!("display:{password}\n")).unwrap();
        hang_up(&running);
        until_enters(running.bus, &password).await;
    }
    // Without being asked it looks after each of its pauses, and each round begins with one.
    assert!(since.elapsed() < LOOK * ROUNDS / 2, "{:?} for {ROUNDS} rounds", since.elapsed());
    assert!(running.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_configuration_says_that_it_needs_a_new_start_and_a_broken_one_that_it_is_of_no_use()
 {
    let home = Home::new(ANY);
    let running = home.start("");
    let file = home.path("gateway.toml");
    let first = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{first}\n# a remark\n")).unwrap();
    until("it is told", || running.says("config_changed")).await;
    std::fs::write(&file, format!("{first}\n[limits]\nraw_dayz = 3\n")).unwrap();
    until("it is told", || running.says("file_unread")).await;
    std::fs::write(&file, &first).unwrap();
    until("it is over", || !running.says("file_unread") && !running.says("config_changed")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_no_use_are_told_by_the_page() {
    let home = Home::new(ANY);
    let running = home.start("");
    let file = home.path("gateway.json");
    let first = std::fs::read_to_string(&file).unwrap();
    for other in ["{ half".to_owned(), first.replace("\"epoch\":1", "\"epoch\":2")] {
        assert_ne!(other, first);
        std::fs::write(&file, other).unwrap();
        until("it is told", || running.says("file_unread")).await;
        std::fs::write(&file, &first).unwrap();
        until("it is over", || !running.says("file_unread")).await;
    }
}

/// Writes a certificate of its own for the bus and gives it.
fn paper(home: &Home) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(home.path("bus.crt"), made.cert.pem()).unwrap();
    let key = home.path("bus.key");
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    made.cert.der().to_vec()
}

/// The certificate that the bus shows now.
async fn shown(at: SocketAddr) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(anybody::Anybody(Arc::clone(&provider)));
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(at).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let tls = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = tls.connect(name, stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

mod anybody {
    use std::sync::Arc;

    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::crypto::CryptoProvider;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    /// Takes any certificate: which one is shown is what the test looks at.
    #[derive(Debug)]
    pub(crate) struct Anybody(pub(crate) Arc<CryptoProvider>);

    impl ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            told: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let known = &self.0.signature_verification_algorithms;
            rustls::crypto::verify_tls12_signature(message, cert, told, known)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            told: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let known = &self.0.signature_verification_algorithms;
            rustls::crypto::verify_tls13_signature(message, cert, told, known)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_of_the_bus_is_shown_without_a_new_start() {
    let home = Home::new(ANY);
    let first = paper(&home);
    let (chain, key) = (home.path("bus.crt"), home.path("bus.key"));
    let running = home.start(&format!("[bus]\ncertificate = {chain:?}\nkey = {key:?}"));
    assert_eq!(shown(running.bus).await, first);
    std::fs::write(&key, "half a key").unwrap();
    until("it is told", || running.says("file_unread")).await;
    assert_eq!(shown(running.bus).await, first, "the old one stays");
    let second = paper(&home);
    within(async {
        while shown(running.bus).await != second {
            tokio::task::yield_now().await;
        }
    })
    .await;
    until("it is over", || !running.says("file_unread")).await;
}

//! Durable before acknowledged, seen from the kernel: between a PUBLISH that is read and its PUBACK lies an fdatasync.
//!
//! Server and gateway run under strace while one client publishes message after message. The same
//! check must fail when the store is told to be careless; otherwise it would prove nothing.
//! Not here: what the messages say.

mod trace {
    //! Reads a trace: which PUBACK left without a completed fdatasync since its PUBLISH came in.

    /// PUBACKs that were checked, and those that left too early.
    #[derive(Debug, Default)]
    pub(crate) struct Found {
        pub(crate) acks: usize,
        pub(crate) early: Vec<String>,
    }

    /// Descriptor of a call `name(fd, …`, also where another thread interrupted its line.
    fn descriptor(line: &str, names: &[&str]) -> Option<u32> {
        let call = names.iter().find_map(|name| line.split_once(&format!(" {name}(")))?.1;
        call.split(',').next()?.trim().parse().ok()
    }

    /// Checks every PUBACK that follows a PUBLISH on `topic`.
    pub(crate) fn check(trace: &str, topic: &str) -> Found {
        let (mut found, mut waiting) = (Found::default(), std::collections::HashMap::new());
        let mut synced = 0usize;
        for (n, line) in trace.lines().enumerate() {
            let ended = line.contains("fdatasync(") && line.trim_end().ends_with("= 0")
                || line.contains("fdatasync resumed") && line.trim_end().ends_with("= 0");
            if ended {
                synced = n + 1;
            }
            let reads = ["recvfrom", "read"];
            if let Some(fd) = descriptor(line, &reads).or_else(|| resumed(line, trace, n))
                && line.contains(topic)
            {
                waiting.insert(fd, n);
            }
            let sends = ["sendto", "write", "writev", "sendmsg"];
            let Some(fd) = descriptor(line, &sends) else { continue };
            if line.contains("\"@\\2")
                && let Some(since) = waiting.remove(&fd)
            {
                found.acks += 1;
                if synced <= since {
                    found.early.push(line.to_owned());
                }
            }
        }
        found
    }

    /// Descriptor of a read whose line was interrupted: its beginning is above, on the same thread.
    fn resumed(line: &str, trace: &str, n: usize) -> Option<u32> {
        if !line.contains("<... recvfrom resumed>") && !line.contains("<... read resumed>") {
            return None;
        }
        let thread = line.split_whitespace().next()?;
        let above: Vec<&str> = trace.lines().take(n).collect();
        let began =
            above.iter().rev().find(|l| l.starts_with(thread) && l.contains("unfinished"))?;
        descriptor(began, &["recvfrom", "read"])
    }

    #[test]
    fn an_early_puback_is_found() {
        let trace = "1 recvfrom(9, \"2D\\0\\31hl/up\", 4096, 0, NULL, NULL) = 70\n\
                     2 fdatasync(5) = 0\n1 sendto(9, \"@\\2\\0\\1\", 4, 0, NULL, 0) = 4\n\
                     1 recvfrom(9, \"2D\\0\\31hl/up\", 4096, 0, NULL, NULL) = 70\n\
                     1 sendto(9, \"@\\2\\0\\2\", 4, 0, NULL, 0) = 4\n";
        let found = check(trace, "hl/up");
        assert_eq!((found.acks, found.early.len()), (2, 1));
    }
}

use std::net::SocketAddr;
use std::path::Path;

use proto::frame::{Lane, seal_hop};
use proto::seat::Seat;
use proto::topic::Topic;
use proto::up::Role;
use tests::enrol;
use tests::mqtt::{Link, Login, Said};
use tests::speaker::{Speaker, fresh_boot, login, relay};
use tests::stage::{Setting, Stage};
use tests::tools::{Tool, need};
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
/// Messages of each run.
const MESSAGES: u32 = 8;

fn traced(dir: &Path, careless: bool) -> Option<Setting> {
    let strace = need(Tool::Strace)?;
    let calls = "trace=read,recvfrom,write,writev,sendto,sendmsg,fsync,fdatasync";
    let file = dir.join("trace");
    // One file for all threads: the order of lines is the order of events.
    let wrap = vec![
        strace.into(),
        "-f".into(),
        "-s".into(),
        "200".into(),
        "-e".into(),
        calls.into(),
        "-o".into(),
        file.into(),
    ];
    let environment = if careless {
        vec![("HEARTHLINE_SYNCHRONOUS".into(), "NORMAL".into())]
    } else {
        Vec::new()
    };
    Some(Setting { wrap, environment, ..Setting::default() })
}

async fn publish(
    door: SocketAddr,
    login: &Login,
    messages: Vec<(String, bytes::Bytes)>,
) -> Outcome {
    let mut link = Link::plain(door, login).await?;
    for (topic, payload) in messages {
        let packet = link.publish(&topic, payload);
        link.flush().await?;
        while link.next().await? != Said::Acked(packet) {}
    }
    Ok(())
}

/// Runs the server under strace and gives what its trace shows.
async fn server(careless: bool) -> Outcome<Option<trace::Found>> {
    let dir = tempfile::tempdir()?;
    let Some(setting) = traced(dir.path(), careless) else { return Ok(None) };
    let mut stage = Stage::open(Path::new(PROGRAM), dir.path(), setting)?;
    let organisation = enrol::organisation(&stage.admin, "trace")?;
    let place = enrol::many(&stage.admin, &organisation, 1, &[Role::HelpButton])?.remove(0);
    let (of, boot) = (&place.gateway, fresh_boot()?);
    let mut speaker = Speaker::new(of.gateway.as_device(), &of.key, of.epoch, boot);
    let topic = Topic::GatewayUp(of.gateway, Lane::Telemetry).to_string();
    let mut messages = Vec::new();
    for n in 0..MESSAGES {
        let frame = speaker.health(u64::from(n) * 1000, Role::Gateway)?;
        messages.push((topic.clone(), relay(&frame)?));
    }
    publish(stage.server.gateways, &login(of, Lane::Telemetry, boot, 1), messages).await?;
    stage.server.process.end()?;
    Ok(Some(trace::check(&std::fs::read_to_string(dir.path().join("trace"))?, &topic)))
}

/// Runs the gateway under strace and gives what its trace shows.
async fn gateway(careless: bool) -> Outcome<Option<trace::Found>> {
    let dir = tempfile::tempdir()?;
    let Some(setting) = traced(dir.path(), careless) else { return Ok(None) };
    let plain = Setting::default();
    let stage = Stage::open(Path::new(PROGRAM), &dir.path().join("stage"), plain)?;
    let organisation = enrol::organisation(&stage.admin, "trace")?;
    let enrolled = enrol::gateway(&stage.admin, &organisation, "trace")?;
    let home = enrol::home(&stage.admin, &organisation, "trace", "trace")?;
    let button = enrol::device(&stage.admin, home, enrolled.gateway, Role::HelpButton)?;
    let mut gateway = stage.gateway_in(&enrolled, stage.server.gateways, &setting)?;
    let boot = fresh_boot()?;
    let hop = button.key.hop(button.epoch);
    let mut speaker = Speaker::new(button.device, &button.key, button.epoch, boot);
    let topic = Topic::DeviceUp(button.device, Lane::Emergency).to_string();
    let mut messages = Vec::new();
    for n in 0..MESSAGES {
        let (_, open) = speaker.press(u64::from(n) * 1000)?;
        let sealed = seal_hop(&open, &hop.boot(boot))?;
        messages.push((topic.clone(), bytes::Bytes::copy_from_slice(&sealed)));
    }
    let login = |counter| Login {
        client: Seat::Device(button.device).to_string(),
        user: button.device.to_string(),
        password: Some(hop.connect_proof(boot, counter).to_vec()),
        keep_alive_s: 20,
    };
    let wait = tests::clock::Watch::start();
    // The roster reaches the gateway a moment after it is ready.
    let mut counter = 1;
    while Link::plain(gateway.devices, &login(counter)).await.is_err() && wait.secs() < 20.0 {
        counter += 1;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    publish(gateway.devices, &login(counter + 1), messages).await?;
    gateway.process.end()?;
    Ok(Some(trace::check(&std::fs::read_to_string(dir.path().join("trace"))?, &topic)))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_syncs_before_each_puback() -> Outcome {
    let Some(found) = server(false).await? else { return Ok(()) };
    assert_eq!(found.acks, MESSAGES as usize, "{found:?}");
    assert!(found.early.is_empty(), "{found:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careless_server_is_caught() -> Outcome {
    let Some(found) = server(true).await? else { return Ok(()) };
    assert!(!found.early.is_empty(), "synchronous=NORMAL must show: {found:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_syncs_before_each_puback() -> Outcome {
    let Some(found) = gateway(false).await? else { return Ok(()) };
    assert_eq!(found.acks, MESSAGES as usize, "{found:?}");
    assert!(found.early.is_empty(), "{found:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careless_gateway_is_caught() -> Outcome {
    let Some(found) = gateway(true).await? else { return Ok(()) };
    assert!(!found.early.is_empty(), "synchronous=NORMAL must show: {found:?}");
    Ok(())
}

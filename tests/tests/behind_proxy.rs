//! The console behind a real nginx and a real Caddy with their defaults, and with a certificate of its own.
//!
//! Five operators come through one proxy by TLS: they log in while a stranger guesses, their streams are not kept back,
//! and what is refused is refused for its true reason. Not here: the rules of log-in (`server/tests/routes/entry.rs`).

use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::clock::Watch;
use tests::stage::{Setting, Stage};
use tests::tools::{Tool, need};
use tests::trouble::{Outcome, Trouble};
use ureq::tls::TlsConfig;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");
/// Operators at other computers.
const OPERATORS: usize = 5;
/// Seconds within which a beat must come through: it is sent every few.
const BEAT_S: f64 = 12.0;

/// A browser's side: everything by TLS to one address.
struct Far {
    agent: ureq::Agent,
    address: String,
}

/// What came back.
struct Told {
    status: u16,
    cookie: String,
    body: Value,
}

impl Far {
    fn new(port: u16) -> Self {
        // The certificate is the test's own; that a browser must know it is not the question.
        let tls = TlsConfig::builder().disable_verification(true).build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .tls_config(tls)
            .timeout_global(Some(Duration::from_secs(60)))
            .proxy(None)
            .build();
        Self { agent: config.new_agent(), address: format!("https://localhost:{port}") }
    }

    fn post(&self, path: &str, cookie: &str, origin: &str, body: &Value) -> Outcome<Told> {
        let request = self.agent.post(format!("{}{path}", self.address));
        let request = request.content_type("application/json").header("x-hearthline", "1");
        let request = request.header("cookie", cookie).header("origin", origin);
        let mut answer = request.send(body.to_string())?;
        let set = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = set.unwrap_or("").to_owned();
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string()?;
        Ok(Told { status, cookie, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
    }

    fn get(&self, path: &str, cookie: &str) -> Outcome<(u16, String)> {
        let request = self.agent.get(format!("{}{path}", self.address)).header("cookie", cookie);
        let mut answer = request.call()?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }

    /// Reads a stream until it has beaten; gives the seconds that took.
    fn beat(&self, cookie: &str) -> Outcome<f64> {
        let wait = Watch::start();
        let request = self.agent.get(format!("{}/api/stream", self.address));
        let mut answer = request.header("cookie", cookie).call()?;
        let mut reader = answer.body_mut().as_reader();
        let (mut heard, mut part) = (String::new(), [0; 1024]);
        while !heard.contains("event: beat") {
            match reader.read(&mut part)? {
                0 => return Err(Trouble::new(format!("the stream ended: {heard}"))),
                n => heard.push_str(&String::from_utf8_lossy(&part[..n])),
            }
        }
        Ok(wait.secs())
    }
}

/// A port that nobody has now.
fn port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A certificate of the test's own, as chain and key.
fn certificate(dir: &Path) -> Outcome<(PathBuf, PathBuf)> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let (chain, key) = (dir.join("desk.crt"), dir.join("desk.key"));
    std::fs::write(&chain, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    Ok((chain, key))
}

/// A running proxy; dropping it ends it.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(program: &Path, arguments: &[&str], dir: &Path, port: u16) -> Outcome<Proxy> {
    let log = std::fs::File::create(dir.join("proxy.log"))?;
    let mut proxy = Proxy(
        Command::new(program)
            .args(arguments)
            .env("HOME", dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?,
    );
    let wait = Watch::start();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if wait.secs() > 20.0 || proxy.0.try_wait()?.is_some() {
            let log = std::fs::read_to_string(dir.join("proxy.log"))?;
            return Err(Trouble::new(format!("the proxy does not run: {log}")));
        }
        pause();
    }
    Ok(proxy)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a foreign program's listener has no event to wait for"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn nginx(program: &Path, dir: &Path, port: u16, stage: &Stage) -> Outcome<Proxy> {
    let (chain, key) = certificate(dir)?;
    let (console, dir_text) = (stage.server.console, dir.display());
    let text = format!(
        "daemon off; pid {dir_text}/pid; error_log stderr; user root;\n\
         events {{}}\n\
         http {{ access_log off;\n\
           client_body_temp_path {dir_text}/body; proxy_temp_path {dir_text}/temp;\n\
           fastcgi_temp_path {dir_text}/f; uwsgi_temp_path {dir_text}/u; scgi_temp_path {dir_text}/s;\n\
           server {{ listen 127.0.0.1:{port} ssl;\n\
             ssl_certificate {}; ssl_certificate_key {};\n\
             location / {{ proxy_pass http://{console}; }} }} }}\n",
        chain.display(),
        key.display(),
    );
    let config = dir.join("nginx.conf");
    std::fs::write(&config, text)?;
    run(program, &["-c", &config.display().to_string()], dir, port)
}

fn caddy(program: &Path, dir: &Path, port: u16, stage: &Stage) -> Outcome<Proxy> {
    let (chain, key) = certificate(dir)?;
    let text = format!(
        "{{\n admin off\n auto_https off\n}}\nhttps://localhost:{port} {{\n tls {} {}\n reverse_proxy {}\n}}\n",
        chain.display(),
        key.display(),
        stage.server.console,
    );
    let config = dir.join("Caddyfile");
    std::fs::write(&config, text)?;
    let config = config.display().to_string();
    run(program, &["run", "--adapter", "caddyfile", "--config", &config], dir, port)
}

/// Five operators at work through whatever stands in front, and a stranger beside them.
fn work(far: &Far, stage: &Stage) -> Outcome {
    let home = far.address.as_str();
    let guess = json!({ "name": "desk0", "password": "a-wrong-guess" });
    let mut waits = 0;
    for _ in 0..40 {
        waits += usize::from(far.post("/api/login", "", home, &guess)?.status == 429);
    }
    assert!(waits > 20, "{waits} of 40 wrong tries were told to wait");
    let mut cookies = Vec::new();
    for n in 0..OPERATORS {
        let name = format!("desk{n}");
        let wanted = json!({ "name": name, "display": name, "role": "operator", "password": "a-long-desk-password" });
        stage.admin.post("/api/staff", &wanted)?.good()?;
        let login = json!({ "name": name, "password": "a-long-desk-password" });
        let told = far.post("/api/login", "", home, &login)?;
        assert_eq!(told.status, 200, "{name}: {}", told.body);
        assert!(told.cookie.starts_with("__Host-hl_session="), "{}", told.cookie);
        assert!(told.cookie.contains("; Secure"), "{}", told.cookie);
        cookies.push(told.cookie.split(';').next().unwrap_or("").to_owned());
    }
    std::thread::scope(|scope| {
        let beats: Vec<_> =
            cookies.iter().map(|cookie| scope.spawn(move || far.beat(cookie))).collect();
        for beat in beats {
            let took = beat.join().map_err(|_| Trouble::new("a reader has panicked"))??;
            assert!(took < BEAT_S, "a stream was kept back for {took} s");
        }
        Ok::<_, Trouble>(())
    })?;
    let presence = json!({ "sound": true });
    let told = far.post("/api/presence", &cookies[0], "https://evil.example", &presence)?;
    assert_eq!(told.body["error"]["code"], "origin", "{}", told.body);
    let (status, text) = far.get("/api/alerts/none", &cookies[0])?;
    assert!(status == 404 && text.contains("\"alert\""), "{status} {text}");
    assert_eq!(far.get("/metrics", "")?.0, 404, "counters are not for everybody");
    Ok(())
}

fn staged(dir: &TempDir, port: u16, more: &str) -> Outcome<Stage> {
    let server =
        format!("names = ['https://localhost:{port}']\noperations = '127.0.0.1:0'\n{more}\n");
    Stage::open(
        Path::new(PROGRAM),
        &dir.path().join("stage"),
        Setting { server, ..Setting::default() },
    )
}

#[test]
fn five_operators_work_behind_nginx_with_its_defaults() -> Outcome {
    let Some(program) = need(Tool::Nginx) else { return Ok(()) };
    let (dir, port) = (tempfile::tempdir()?, port()?);
    let stage = staged(&dir, port, "")?;
    let _proxy = nginx(&program, dir.path(), port, &stage)?;
    work(&Far::new(port), &stage)
}

#[test]
fn five_operators_work_behind_caddy_with_its_defaults() -> Outcome {
    let Some(program) = need(Tool::Caddy) else { return Ok(()) };
    let (dir, port) = (tempfile::tempdir()?, port()?);
    let stage = staged(&dir, port, "")?;
    let _proxy = caddy(&program, dir.path(), port, &stage)?;
    work(&Far::new(port), &stage)
}

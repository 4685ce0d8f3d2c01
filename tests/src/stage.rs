//! A server and its gateways on one machine, in a folder: configured, started, enrolled.
//!
//! Ports are chosen by the system at the first start and kept at every later one, so that whoever
//! was connected finds the way back. Not here: who lives in the homes (`home`), or what goes wrong.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::api::Api;
use crate::enrol::GatewayBox;
use crate::process::{Process, Recipe};
use crate::trouble::{Outcome, Trouble};

/// First administrator of a stage.
const ADMIN: &str = "admin";
/// Its password, good for a stage on this machine only.
const ADMIN_PASSWORD: &str = "demo-stage-password";
/// File beside the data that keeps the ports of a stage.
const PORTS: &str = "ports.json";
/// Configuration of the server, and that of its later starts, which know the ports: a file that is in use stays as it is.
const CONFIG: &str = "server.toml";
const CONFIG_AGAIN: &str = "server-again.toml";

/// How a stage differs from the ordinary.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Whether gateways come by mutual TLS.
    pub tls: bool,
    /// Lives of certificates, where they are not the ordinary ones.
    pub lives: Option<Lives>,
    /// Put in front of every program: a tracer.
    pub wrap: Vec<OsString>,
    /// Added to the environment of every program.
    pub environment: Vec<(OsString, OsString)>,
    /// Added to the configuration of the server.
    pub server: String,
    /// Added to it before its first section.
    pub top: String,
}

/// First and last second of certificates, counted from now.
#[derive(Debug, Clone, Copy)]
pub struct Lives {
    /// Of the server, if it is not to have an ordinary one.
    pub server: Option<(i64, i64)>,
    /// Of the gateway.
    pub gateway: (i64, i64),
}

/// A folder with a server in it.
pub struct Stage {
    /// Where everything lies.
    pub dir: PathBuf,
    /// The server.
    pub server: Server,
    /// The administrator's session.
    pub admin: Api,
    program: PathBuf,
    setting: Setting,
}

/// The running server.
pub struct Server {
    /// The process.
    pub process: Process,
    /// Door of gateways.
    pub gateways: SocketAddr,
    /// Console and API.
    pub console: SocketAddr,
}

/// A running gateway.
pub struct Gateway {
    /// The process.
    pub process: Process,
    /// Door of devices.
    pub devices: SocketAddr,
    /// Local bus.
    pub bus: SocketAddr,
    /// Page for support.
    pub health: SocketAddr,
    /// File that is 1 while the local alarm sounds.
    pub alarm: PathBuf,
}

impl Stage {
    /// Starts a server in `dir` with the binary `program`, and makes or finds its administrator.
    pub fn open(program: &Path, dir: &Path, setting: Setting) -> Outcome<Self> {
        std::fs::create_dir_all(dir)?;
        let mut process = server_recipe(program, dir, &setting, CONFIG)?.start()?;
        let (gateways, console) = (address(&process, "gateways")?, address(&process, "console")?);
        // From now on the ports stay as they are.
        let ports = serde_json::json!({ "gateways": gateways, "console": console });
        std::fs::write(dir.join(PORTS), ports.to_string())?;
        process.next(server_recipe(program, dir, &setting, CONFIG_AGAIN)?);
        let mut admin = Api::new(console);
        match process.ready.get("setup_token").and_then(Value::as_str) {
            Some(token) => admin.set_up(token, ADMIN, ADMIN_PASSWORD)?,
            None => {
                admin.log_in(&serde_json::json!({ "name": ADMIN, "password": ADMIN_PASSWORD }))?
            }
        }
        let server = Server { process, gateways, console };
        let (dir, program) = (dir.to_owned(), program.to_owned());
        Ok(Self { dir, server, admin, program, setting })
    }

    /// Starts the program of an enrolled gateway; `uplink` is where it finds the server.
    pub fn gateway(&self, enrolled: &GatewayBox, uplink: SocketAddr) -> Outcome<Gateway> {
        self.gateway_in(enrolled, uplink, &self.setting)
    }

    /// The same with the door of its devices at a port that another box had.
    pub fn gateway_at(
        &self,
        enrolled: &GatewayBox,
        uplink: SocketAddr,
        devices: u16,
    ) -> Outcome<Gateway> {
        self.box_in(enrolled, uplink, devices, &self.setting)
    }

    /// The same in a setting of its own.
    pub fn gateway_in(
        &self,
        enrolled: &GatewayBox,
        uplink: SocketAddr,
        setting: &Setting,
    ) -> Outcome<Gateway> {
        self.box_in(enrolled, uplink, 0, setting)
    }

    fn box_in(
        &self,
        enrolled: &GatewayBox,
        uplink: SocketAddr,
        devices: u16,
        setting: &Setting,
    ) -> Outcome<Gateway> {
        let name = format!("gateway-{}", enrolled.gateway);
        let dir = self.dir.join(&name);
        std::fs::create_dir_all(&dir)?;
        let first = ("gateway.toml", [devices, 0, 0], setting);
        let mut process = self.gateway_recipe(enrolled, uplink, &dir, first)?.start()?;
        let (devices, bus) = (address(&process, "devices")?, address(&process, "bus")?);
        let health = address(&process, "health")?;
        let ports = [devices, bus, health].map(|a| a.port());
        let later = ("gateway-again.toml", ports, setting);
        process.next(self.gateway_recipe(enrolled, uplink, &dir, later)?);
        process.ready = Value::Null;
        Ok(Gateway { process, devices, bus, health, alarm: dir.join("alarm") })
    }

    fn gateway_recipe(
        &self,
        enrolled: &GatewayBox,
        uplink: SocketAddr,
        dir: &Path,
        (name, [devices, bus, health], setting): (&str, [u16; 3], &Setting),
    ) -> Outcome<Recipe> {
        let mut credentials = enrolled.credentials.clone();
        if credentials.get("server").is_none() {
            let host = uplink.ip().to_string();
            let server = serde_json::json!({ "host": host, "port": uplink.port(), "tls": false });
            credentials["server"] = server;
        }
        let papers = dir.join("credentials.json");
        std::fs::write(&papers, credentials.to_string())?;
        let text = format!(
            "data = {:?}\ncredentials = {papers:?}\n\
             [devices]\nbind = \"127.0.0.1:{devices}\"\n[bus]\nbind = \"127.0.0.1:{bus}\"\n\
             [health]\nbind = \"127.0.0.1:{health}\"\n\
             [server]\nhost = \"{}\"\nport = {}\n[alarm]\nfile = {:?}\n",
            dir.join("data"),
            uplink.ip(),
            uplink.port(),
            dir.join("alarm"),
        );
        let config = dir.join(name);
        std::fs::write(&config, text)?;
        Ok(recipe("gateway", &self.program, &config, dir, setting))
    }

    /// A new operator's session: only an owner may write, and nothing is done by right.
    pub fn operator(&self, name: &str) -> Outcome<Api> {
        let proof = serde_json::json!({ "name": name, "password": ADMIN_PASSWORD });
        let mut wanted = proof.clone();
        wanted["display"] = name.into();
        wanted["role"] = "operator".into();
        self.admin.post("/api/staff", &wanted)?.good()?;
        let mut api = Api::new(self.server.console);
        api.log_in(&proof)?;
        Ok(api)
    }

    /// A second session of the administrator, for a thread of its own.
    pub fn session(&self) -> Outcome<Api> {
        let mut api = Api::new(self.server.console);
        api.log_in(&serde_json::json!({ "name": ADMIN, "password": ADMIN_PASSWORD }))?;
        Ok(api)
    }
}

fn server_recipe(program: &Path, dir: &Path, setting: &Setting, name: &str) -> Outcome<Recipe> {
    let kept = std::fs::read_to_string(dir.join(PORTS)).unwrap_or_default();
    let ports: Value = serde_json::from_str(&kept).unwrap_or_default();
    let bind =
        |part: &str| ports.get(part).and_then(Value::as_str).unwrap_or("127.0.0.1:0").to_owned();
    let tls = if setting.tls { "tls = true\n" } else { "" };
    let text = format!(
        "data = {:?}\n{}[gateways]\nbind = \"{}\"\n{tls}[console]\nbind = \"{}\"\n{}",
        dir.join("server"),
        setting.top,
        bind("gateways"),
        bind("console"),
        setting.server,
    );
    let config = dir.join(name);
    std::fs::write(&config, text)?;
    Ok(recipe("server", program, &config, dir, setting))
}

fn recipe(part: &str, program: &Path, config: &Path, dir: &Path, setting: &Setting) -> Recipe {
    Recipe {
        name: part.to_owned(),
        wrap: setting.wrap.clone(),
        program: program.to_owned(),
        arguments: vec![part.into(), "run".into(), "--config".into(), config.into()],
        environment: setting.environment.clone(),
        log: dir.join(format!("{part}.log")),
    }
}

fn address(process: &Process, part: &str) -> Outcome<SocketAddr> {
    let told = process.ready.get(part).and_then(Value::as_str);
    let told = told.ok_or_else(|| Trouble::new(format!("no `{part}` in {}", process.ready)))?;
    Ok(told.parse()?)
}

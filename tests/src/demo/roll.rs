//! Who lives and works in the demo: entered once, kept beside the data, the same whenever that is opened again.
//!
//! A folder whose first start was broken off is cleared and begun anew. Not here: what they do (`home`, `robot`).

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use proto::id::HomeId;
use proto::up::Role;
use serde_json::{Value, json};

use crate::api::{Api, text};
use crate::enrol::{self, Enrolled, GatewayBox};
use crate::trouble::{Outcome, Trouble};

/// What each home has.
const ROLES: [Role; 6] =
    [Role::HelpButton, Role::PullCord, Role::BedMat, Role::Motion, Role::Door, Role::Pendant];
/// The dozen: where they live. Residents are numbered, never named.
const NUMBERS: [&str; 12] =
    ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"];
/// Who works there: name, as shown, role.
const STAFF: [[&str; 3]; 2] =
    [["operator", "值班坐席", "operator"], ["supervisor", "值班班长", "supervisor"]];
/// File beside the data. It holds keys, so only its owner reads it.
const FILE: &str = "demo.json";
/// What a first start makes in the folder.
const PARTS: [&str; 5] = ["server", "server.toml", "server-again.toml", "server.log", "ports.json"];

/// One home.
#[derive(Debug, Clone)]
pub struct Lived {
    /// Which.
    pub home: HomeId,
    /// Where, for a reader.
    pub label: String,
    /// Who lives there.
    pub person: String,
    /// The devices.
    pub devices: Vec<Enrolled>,
}

/// All of them.
#[derive(Debug, Clone)]
pub struct Roll {
    /// The box.
    pub gateway: GatewayBox,
    /// The homes.
    pub homes: Vec<Lived>,
    /// Ids of who works there, as in `STAFF`.
    staff: Vec<String>,
    entered: Value,
}

/// Finds who was entered in a folder; a folder that was begun and not finished is cleared.
pub fn find(dir: &Path) -> Outcome<Option<Roll>> {
    let Ok(text) = std::fs::read_to_string(dir.join(FILE)) else { return Ok(None) };
    let entered: Value = serde_json::from_str(&text).unwrap_or_default();
    if entered.get("homes").is_some() {
        return Ok(Some(Roll::read(entered)?));
    }
    for entry in std::fs::read_dir(dir)?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if PARTS.contains(&&*name) || name.starts_with("gateway-") {
            let at = entry.path();
            if at.is_dir() { std::fs::remove_dir_all(at)? } else { std::fs::remove_file(at)? }
        }
    }
    Ok(None)
}

/// Notes that a folder is begun.
pub fn begin(dir: &Path) -> Outcome {
    write(dir, &json!({}))
}

/// Enters everybody.
pub fn enter(admin: &Api) -> Outcome<Roll> {
    let organisation = enrol::organisation(admin, "演示街道")?;
    let gateway = enrol::gateway(admin, &organisation, "演示网关")?;
    let mut homes = Vec::new();
    for (building, number) in (1..).zip(NUMBERS) {
        let (label, person) = (format!("{building}-101"), format!("演示{number}号"));
        let home = enrol::home(admin, &organisation, &label, &person)?;
        let devices = ROLES
            .iter()
            .map(|role| enrol::device_card(admin, home, gateway.gateway, *role))
            .collect::<Outcome<Vec<_>>>()?;
        let home = home.to_string();
        homes.push(json!({ "home": home, "label": label, "person": person, "devices": devices }));
    }
    let mut staff = Vec::new();
    for [name, display, role] in STAFF {
        let wanted = json!({ "name": name, "display": display, "role": role });
        staff.push(admin.post("/api/staff", &wanted)?.good()?["id"].clone());
    }
    Roll::read(json!({ "gateway": gateway.credentials, "homes": homes, "staff": staff }))
}

impl Roll {
    /// Keeps it: from now on the folder is finished.
    pub fn keep(&self, dir: &Path) -> Outcome {
        write(dir, &self.entered)
    }

    /// Id of who has ended what was found in the past.
    pub fn operator(&self) -> &str {
        self.staff.first().map_or("", String::as_str)
    }

    /// A one-time code for each who works there, with how they are called.
    pub fn codes(&self, admin: &Api) -> Outcome<Vec<(&'static str, String)>> {
        let code = |([_, display, _], id): ([&'static str; 3], &String)| {
            let made = admin.post(&format!("/api/staff/{id}/code"), &json!({}))?.good()?;
            Ok((display, text(&made, "code")?.to_owned()))
        };
        STAFF.into_iter().zip(&self.staff).map(code).collect()
    }

    fn read(entered: Value) -> Outcome<Self> {
        let homes = list(&entered, "homes").map(lived).collect::<Outcome<_>>()?;
        let staff = list(&entered, "staff").filter_map(Value::as_str).map(str::to_owned).collect();
        let gateway = entered.get("gateway").ok_or_else(|| Trouble::new("no box in the demo"))?;
        Ok(Self { gateway: enrol::box_of(gateway)?, homes, staff, entered })
    }
}

fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn lived(value: &Value) -> Outcome<Lived> {
    Ok(Lived {
        home: text(value, "home")?.parse()?,
        label: text(value, "label")?.to_owned(),
        person: text(value, "person")?.to_owned(),
        devices: list(value, "devices").map(enrol::card).collect::<Outcome<_>>()?,
    })
}

/// The whole file or none of it.
fn write(dir: &Path, value: &Value) -> Outcome {
    let (new, at) = (dir.join("demo.json.new"), dir.join(FILE));
    let mut open = std::fs::OpenOptions::new();
    let mut file = open.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(value.to_string().as_bytes())?;
    file.sync_all()?;
    Ok(std::fs::rename(new, at)?)
}

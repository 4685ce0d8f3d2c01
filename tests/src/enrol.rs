//! Who exists: organisations, homes, gateways and devices made by the API, and their keys as types.
//!
//! The server mints every id and key; this room only asks for them and reads the answers. Not here:
//! what the enrolled things then say (`speaker`, `device`).

use proto::id::{DeviceId, GatewayId, HomeId, KeyEpoch};
use proto::key::DeviceKey;
use proto::up::Role;
use serde_json::{Value, json};

use crate::api::{Api, text};
use crate::trouble::{Outcome, Trouble};

/// Homes that the server makes in one call.
const BATCH: usize = 1000;

/// A device and the key that it was born with.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// Who.
    pub device: DeviceId,
    /// `K_dev`.
    pub key: DeviceKey,
    /// Generation of its keys.
    pub epoch: KeyEpoch,
    /// As what.
    pub role: Role,
    /// In which home.
    pub home: HomeId,
}

/// A gateway and the key that it was born with.
#[derive(Debug, Clone)]
pub struct GatewayBox {
    /// Who.
    pub gateway: GatewayId,
    /// `K_dev` of the box itself.
    pub key: DeviceKey,
    /// Generation of its keys.
    pub epoch: KeyEpoch,
    /// The credentials file as the server wrote it.
    pub credentials: Value,
}

/// A home with a gateway of its own.
#[derive(Debug, Clone)]
pub struct Place {
    /// The home.
    pub home: HomeId,
    /// Its box.
    pub gateway: GatewayBox,
    /// Its devices.
    pub devices: Vec<Enrolled>,
}

/// Makes an organisation; gives its id as the API prints it.
pub fn organisation(admin: &Api, name: &str) -> Outcome<Value> {
    let made = admin.post("/api/organisations", &json!({ "name": name }))?.good()?;
    let id = made.get("organisation").or_else(|| made.get("id")).cloned();
    id.ok_or_else(|| Trouble::new(format!("no organisation in {made}")))
}

/// Makes a home, its bed and its resident.
pub fn home(admin: &Api, organisation: &Value, label: &str, resident: &str) -> Outcome<HomeId> {
    let address = format!("演示区 演示路 88弄 {label}");
    let wanted = json!({ "organisation": organisation, "label": label, "address": address });
    let made = admin.post("/api/homes", &wanted)?.good()?;
    let home = text(&made, "home").or_else(|_| text(&made, "id"))?.parse()?;
    admin.post(&format!("/api/homes/{home}/beds"), &json!({ "label": "1" }))?.good()?;
    let who = json!({
        "name": resident, "sex": "f", "born": 1944, "alone": true, "call_as": "演示奶奶",
        "phone": "00000000001", "talk": "听力差，请慢说", "health": "高血压\n服抗凝药，易出血",
        "entry": "备用钥匙在驿站 1号柜",
        "contacts": [
            { "name": "演示家属", "relation": "女儿", "phone": "00000000002", "note": "有钥匙" },
            { "name": "演示邻居", "relation": "邻居", "phone": "00000000003", "note": "同楼" },
        ],
    });
    admin.post(&format!("/api/homes/{home}/resident"), &who)?.good()?;
    Ok(home)
}

/// Makes a gateway.
pub fn gateway(admin: &Api, organisation: &Value, label: &str) -> Outcome<GatewayBox> {
    let wanted = json!({ "organisation": organisation, "label": label });
    box_of(&admin.post("/api/gateways", &wanted)?.good()?)
}

/// Makes a device of a home that speaks through a gateway.
pub fn device(admin: &Api, home: HomeId, gateway: GatewayId, role: Role) -> Outcome<Enrolled> {
    card(&device_card(admin, home, gateway, role)?)
}

/// The same as a card that can be kept.
pub fn device_card(admin: &Api, home: HomeId, gateway: GatewayId, role: Role) -> Outcome<Value> {
    let wanted = json!({
        "home": home.to_string(), "gateway": gateway.to_string(), "role": role.word(),
        "label": place_word(role),
    });
    let mut card = admin.post("/api/devices", &wanted)?.good()?;
    card["home"] = home.to_string().into();
    Ok(card)
}

/// Where a device of a role hangs in the homes of a simulation.
const fn place_word(role: Role) -> &'static str {
    match role {
        Role::HelpButton => "卧室床头按钮",
        Role::PullCord => "卫生间拉绳",
        Role::BedMat => "床垫",
        Role::Motion => "客厅活动",
        Role::Door => "入户门",
        Role::Pendant => "挂坠",
        Role::Gateway => "网关",
        Role::Other => "其他",
    }
}

/// Makes homes in thousands, each with a gateway and a device of each role.
pub fn many(
    admin: &Api,
    organisation: &Value,
    homes: usize,
    roles: &[Role],
) -> Outcome<Vec<Place>> {
    let roles: Vec<&str> = roles.iter().map(|role| role.word()).collect();
    let mut places = Vec::with_capacity(homes);
    while places.len() < homes {
        let count = BATCH.min(homes - places.len());
        let wanted = json!({ "organisation": organisation, "homes": count, "roles": roles });
        let made = admin.post("/api/provision/batch", &wanted)?.good()?;
        let made = made.get("homes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if made.is_empty() {
            return Err(Trouble::new("the batch made no homes"));
        }
        for place in made {
            places.push(place_of(place)?);
        }
    }
    Ok(places)
}

fn place_of(value: &Value) -> Outcome<Place> {
    let home = text(value, "home")?.parse()?;
    let gateway = box_of(value.get("gateway").unwrap_or(&Value::Null))?;
    let devices = value.get("devices").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let devices = devices.iter().map(|d| device_of(d, home)).collect::<Outcome<_>>()?;
    Ok(Place { home, gateway, devices })
}

/// A box from the credentials that the server wrote.
pub fn box_of(value: &Value) -> Outcome<GatewayBox> {
    let gateway = text(value, "gateway")?.parse()?;
    let (key, epoch) = key_of(value)?;
    Ok(GatewayBox { gateway, key, epoch, credentials: value.clone() })
}

/// A device as `server enrol device` prints it, which names its home.
pub fn card(value: &Value) -> Outcome<Enrolled> {
    device_of(value, text(value, "home")?.parse()?)
}

fn device_of(value: &Value, home: HomeId) -> Outcome<Enrolled> {
    let device = text(value, "device")?.parse()?;
    let (key, epoch) = key_of(value)?;
    let role = role_of(text(value, "role")?)?;
    Ok(Enrolled { device, key, epoch, role, home })
}

fn key_of(value: &Value) -> Outcome<(DeviceKey, KeyEpoch)> {
    let digits = text(value, "key_hex")?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes)?;
    let epoch = value.get("epoch").and_then(Value::as_u64).unwrap_or(0);
    Ok((DeviceKey::from_bytes(bytes), KeyEpoch::new(u16::try_from(epoch)?)))
}

fn role_of(word: &str) -> Outcome<Role> {
    Role::from_word(word).ok_or_else(|| Trouble::new(format!("unknown role {word}")))
}

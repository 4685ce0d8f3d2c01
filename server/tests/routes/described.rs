//! The document describes what `centre` says: a field or a word that is added there without its schema fails here.

use care::{Kind, Severity};
use serde_json::{Map, Value, json};

use crate::room::Room;
use centre::auth::role::{Role, Scope};
use centre::live::view::{Activation, AlertView, Holder};
use centre::notify::events::EventBody;
use centre::rehearsal::compare::{Comparison, Moved, Sum, Told};
use centre::rules::{BedForm, RoomForm, RulesForm, WatchForm};
use records::event::EventRow;

async fn schemas() -> Value {
    let room = Room::open().await;
    room.get("/openapi.json", "").await.json()["components"]["schemas"].clone()
}

/// Properties of a schema, also of those that it is put together from.
fn properties(schemas: &Value, schema: &Value) -> Map<String, Value> {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return properties(schemas, &schemas[name]);
    }
    let mut found = schema["properties"].as_object().cloned().unwrap_or_default();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(properties(schemas, part));
    }
    found
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}

/// What differs between a value as it is sent and its schema.
fn differences(schemas: &Value, name: &str, sent: &Value) -> Vec<String> {
    let told = properties(schemas, &schemas[name]);
    let sent = sent.as_object().unwrap();
    let mut found = Vec::new();
    found.extend(sent.keys().filter(|key| !told.contains_key(*key)).map(|key| format!("+{key}")));
    for (key, schema) in &told {
        let Some(value) = sent.get(key) else {
            found.push(format!("-{key}"));
            continue;
        };
        let kinds = &schema["type"];
        let kinds: Vec<&str> = match kinds.as_str() {
            Some(kind) => vec![kind],
            None => kinds.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        };
        // Reasons are told as an object, whatever they are.
        let fits = kinds.iter().any(|kind| is_of(value, kind)) || key == "evidence";
        if !kinds.is_empty() && !fits {
            found.push(format!("{key}: {value} is none of {kinds:?}"));
        }
    }
    found
}

fn held(schemas: &Value, name: &str, sent: &impl serde::Serialize) {
    let sent = serde_json::to_value(sent).unwrap();
    let found = differences(schemas, name, &sent);
    assert!(found.is_empty(), "{name}: {found:?}: mend its twin in `shapes`");
}

fn words(schemas: &Value, name: &str, sent: Vec<Value>) {
    assert_eq!(schemas[name]["enum"], Value::Array(sent), "{name}: mend its twin in `shapes`");
}

fn alert() -> AlertView {
    let holder = || Holder { id: "u1".to_owned(), display: "王".to_owned() };
    let text = || "x".to_owned();
    let press = Activation { device: text(), boot: text(), seq: 7 };
    AlertView {
        id: text(),
        cursor: 1,
        kind: Kind::Help.word(),
        severity: Severity::Emergency.word(),
        state: "open",
        interrupted: false,
        home: text(),
        home_label: text(),
        person: text(),
        device: Some(text()),
        device_label: text(),
        gateway: Some(text()),
        gateway_label: text(),
        gateway_homes: vec![text()],
        gateway_homes_count: 1,
        count: 1,
        trust: "verified",
        late: false,
        raised_ms: 1,
        mono_ms: 1,
        age_ms: 1,
        handling_ms: Some(1),
        suspended_ms: Some(1),
        overdue_in_ms: Some(1),
        actions: 1,
        band: 1,
        owner: Some(holder()),
        taken_from: Some(holder()),
        ended_by: Some(holder()),
        step: 15,
        told: Some("told"),
        visible: true,
        outcome: Some(1),
        activations: vec![press],
        evidence: json!([]),
    }
}

#[tokio::test]
async fn an_alert_is_described_with_each_of_its_fields() {
    let (schemas, alert) = (schemas().await, alert());
    held(&schemas, "AlertView", &alert);
    held(&schemas, "Holder", alert.owner.as_ref().unwrap());
    held(&schemas, "Activation", &alert.activations[0]);
}

#[tokio::test]
async fn an_event_is_described_with_each_of_its_fields() {
    let schemas = schemas().await;
    let row = EventRow {
        id: "e".to_owned(),
        home: 1,
        n: 2,
        after: 1,
        alert: "a".to_owned(),
        event: "closed".to_owned(),
        kind: Kind::Help,
        severity: Severity::Emergency,
        who: Some("u1".to_owned()),
        outcome: Some(3),
        wall: 1,
        made_mono: 1,
        due_mono: 1,
        tries: 0,
    };
    held(&schemas, "EventBody", &EventBody::of(&row));
}

#[tokio::test]
async fn rules_are_described_with_each_of_their_fields() {
    let schemas = schemas().await;
    held(&schemas, "RulesForm", &RulesForm::default());
    held(&schemas, "BedForm", &BedForm::default());
    held(&schemas, "RoomForm", &RoomForm { sensor: "x".to_owned(), least_s: 60 });
    // Each word is listed here once; the compiler asks for a new one.
    let watch = |form: WatchForm| match form {
        WatchForm::Calm | WatchForm::Alert => serde_json::to_value(form).unwrap(),
    };
    words(&schemas, "WatchForm", vec![watch(WatchForm::Calm), watch(WatchForm::Alert)]);
}

#[tokio::test]
async fn a_rehearsal_is_described_with_each_of_its_fields() {
    let schemas = schemas().await;
    let sum = || Sum { alarms: 1, emergencies: 1, asked: 1, answered: 1 };
    let told = || Told {
        kind: Kind::Help.word(),
        severity: Severity::Emergency.word(),
        worst: Severity::Emergency.word(),
        device: Some("d".to_owned()),
        at_ms: 1,
        raised_ms: 1,
        evidence: Vec::new(),
    };
    let moved = || Moved { alarm: told(), later_ms: -1, was: Severity::General.word() };
    let comparison = Comparison {
        days: 1.5,
        present: sum(),
        changed: sum(),
        gained: 1,
        lost: 1,
        moved: 1,
        gained_alarms: vec![told()],
        lost_alarms: vec![told()],
        moved_alarms: vec![moved()],
        closed_after_min: 1,
        cut: false,
    };
    held(&schemas, "Comparison", &comparison);
    held(&schemas, "Sum", &sum());
    held(&schemas, "Told", &told());
    held(&schemas, "Moved", &moved());
}

#[tokio::test]
async fn roles_and_scopes_are_described_with_each_of_their_words() {
    let schemas = schemas().await;
    let role = |role: Role| match role {
        Role::Admin | Role::Supervisor | Role::Operator | Role::Installer | Role::Official => {
            serde_json::to_value(role).unwrap()
        }
        Role::Program => panic!("it is nobody's role, and cannot be sent"),
    };
    let known = [Role::Admin, Role::Supervisor, Role::Operator, Role::Installer, Role::Official];
    words(&schemas, "Role", known.map(role).to_vec());
    words(&schemas, "Scope", Scope::ALL.map(|scope| serde_json::to_value(scope).unwrap()).to_vec());
}

#[tokio::test]
async fn a_field_without_its_schema_and_a_schema_without_its_field_are_told() {
    let schemas = schemas().await;
    let mut sent = serde_json::to_value(alert()).unwrap();
    let fields = sent.as_object_mut().unwrap();
    fields.insert("new".to_owned(), json!(1));
    fields.remove("late");
    fields.insert("count".to_owned(), json!("many"));
    let found = differences(&schemas, "AlertView", &sent);
    assert_eq!(found.len(), 3, "{found:?}");
}

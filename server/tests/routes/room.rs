//! A watch room in a temporary folder, with people to act in it and alerts to act on.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use centre::alert::life::stored;
use centre::alert::story::What;
use centre::config::Config;
use centre::live::Change;
use centre::live::view::AlertView;
use records::chain::{self, Batch, Growth, Line, NewActivation, NewAlert};
use records::desk;
use records::story::SignalRow;
use serde_json::{Value, json};
use server::app::{self, App, Running};
use server::router::router;
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const SECRET: &str = "a long enough secret";

/// A server without a listener: requests go straight into its router.
pub(crate) struct Room {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) setup: String,
    _running: Running,
    _folder: TempDir,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

impl Room {
    pub(crate) async fn open() -> Self {
        Self::open_in(tempfile::tempdir().unwrap()).await
    }

    /// A room whose data lies in this folder already.
    pub(crate) async fn open_in(folder: TempDir) -> Self {
        Self::told_in(folder, "names = ['http://desk.local']").await
    }

    /// A room whose console is told something else.
    pub(crate) async fn told(console: &str) -> Self {
        Self::told_in(tempfile::tempdir().unwrap(), console).await
    }

    async fn told_in(folder: TempDir, console: &str) -> Self {
        let config = format!(
            "data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n[console]\nbind = '127.0.0.1:0'\n{console}\n",
            folder.path()
        );
        let config: Config = toml::from_str(&config).unwrap();
        config.prepare_data().unwrap();
        let running = app::start(config).await.unwrap();
        let app = Arc::clone(&running.app);
        let setup = app.auth.open_setup().unwrap();
        Self { router: router(Arc::clone(&app)), app, setup, _running: running, _folder: folder }
    }

    /// A room with an administrator in it; gives their cookie as well.
    pub(crate) async fn staffed() -> (Self, String) {
        Self::staffed_in(tempfile::tempdir().unwrap()).await
    }

    /// The same on data that lies in a folder already.
    pub(crate) async fn staffed_in(folder: TempDir) -> (Self, String) {
        let room = Self::open_in(folder).await;
        let body =
            json!({ "token": room.setup, "name": "1000", "password": SECRET, "display": "管理员" });
        assert_eq!(room.post("/api/setup", "", body).await.status, StatusCode::NO_CONTENT);
        let cookie = room.login("1000").await;
        (room, cookie)
    }

    pub(crate) async fn raw(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        cookie: &str,
        body: Option<Value>,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(COOKIE, cookie)
            .header("x-hearthline", "1")
            .body(body.map_or_else(Body::empty, |json| Body::from(json.to_string())))
            .unwrap();
        let answer = self.raw(request).await;
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(body, 4 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, body: Value) -> Answer {
        self.call(Method::POST, path, cookie, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.call(Method::GET, path, cookie, None).await
    }

    pub(crate) async fn login(&self, name: &str) -> String {
        self.enter(json!({ "name": name, "password": SECRET })).await
    }

    /// Logs in with whatever is shown; gives the cookie.
    pub(crate) async fn enter(&self, shown: Value) -> String {
        let answer = self.post("/api/login", "", shown).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        cookie_of(&answer.headers)
    }

    /// A colleague of a role, logged in by a one-time code, since hashing a password takes its time.
    pub(crate) async fn colleague(&self, admin: &str, name: &str, role: &str) -> String {
        let body = json!({ "name": name, "display": format!("坐席 {name}"), "role": role });
        let made = self.post("/api/staff", admin, body).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        let answer = self.post("/api/login", "", json!({ "code": made.json()["code"] })).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        cookie_of(&answer.headers)
    }

    /// Raises emergencies as ingest does: rows first, then the stream. Gives their ids.
    pub(crate) async fn raise(&self, from: i64, many: i64) -> Vec<String> {
        let places: Vec<_> = (from..from + many).map(|n| (1000 + n, 1, 5000 + n)).collect();
        self.raise_at(&places).await
    }

    /// Raises an emergency in a home that is entered.
    pub(crate) async fn raise_in(&self, home: &str, incident: i64) -> String {
        let home: proto::id::HomeId = home.parse().unwrap();
        self.raise_at(&[(home.get().cast_signed(), incident, 5000 + incident)]).await.remove(0)
    }

    /// Raises emergencies: home, incident, device.
    async fn raise_at(&self, places: &[(i64, i64, i64)]) -> Vec<String> {
        let now = self.app.clock.now();
        let mono = stored(now.mono);
        let mut batch = Batch::default();
        for (home, incident, device) in places.iter().copied() {
            let id = uuid::Uuid::now_v7().to_string();
            batch.alerts.push(NewAlert {
                id: id.clone(),
                home,
                incident,
                kind: care::Kind::Help,
                severity: care::Severity::Emergency,
                device: Some(device),
                gateway: None,
                count: 1,
                trust: care::Trust::Verified,
                late: false,
                raised_wall: now.wall_ms,
                raised_mono: mono,
                evidence: b"[]".to_vec(),
                cursor: 0,
            });
            batch.activations.push(NewActivation {
                device,
                boot: -7,
                seq: 8 + incident,
                trust: care::Trust::Verified,
                hash: Vec::new(),
                alert: id,
                kind: care::Kind::Help,
                rung: proto::down::Rung::Received,
                pressed_mono: mono,
                pressed_wall: now.wall_ms,
                stored_mono: mono,
                received_wall: now.wall_ms,
                late: false,
                uptime: None,
            });
        }
        let mut writer = self.app.records.begin().await.unwrap();
        chain::write(&mut writer, &mut batch, now.wall_ms).await.unwrap();
        writer.commit().await.unwrap();
        let mut reader = self.app.records.reader().await.unwrap();
        // A change of a home without a name goes out without bytes, and each screen reads the row.
        let homes = batch.alerts.iter().map(|alert| alert.home);
        centre::live::read::learn(&self.app.names, &mut reader, homes).await.unwrap();
        for alert in &batch.alerts {
            let row = desk::find(&mut reader, &alert.id).await.unwrap().unwrap();
            let view = AlertView::of(&row, &[], &self.app.names, now.mono);
            self.app.live.publish(Change { cursor: row.cursor, view });
        }
        batch.alerts.into_iter().map(|alert| alert.id).collect()
    }

    /// The home of an alert of [`Room::raise`] calls again, as ingest writes it: rows first, then the stream.
    pub(crate) async fn call_again(&self, id: &str, times: i64) {
        let mut writer = self.app.records.begin().await.unwrap();
        let row = desk::find(&mut writer, id).await.unwrap().unwrap();
        let now = self.app.clock.now();
        let mono = stored(now.mono);
        let mut batch = Batch::default();
        batch.grown.push(Growth {
            id: id.to_owned(),
            count: times,
            severity: Some(care::Severity::Emergency),
            wakes: true,
            ..Growth::default()
        });
        for n in 0..times {
            batch.activations.push(NewActivation {
                device: row.device.unwrap().get().cast_signed(),
                boot: -7,
                seq: 9 + row.count + n,
                trust: care::Trust::Verified,
                hash: Vec::new(),
                alert: id.to_owned(),
                kind: care::Kind::Help,
                rung: proto::down::Rung::Received,
                pressed_mono: mono + n,
                pressed_wall: now.wall_ms,
                stored_mono: mono,
                received_wall: now.wall_ms,
                late: false,
                uptime: None,
            });
            batch.lines.push(Line {
                alert: id.to_owned(),
                wall: now.wall_ms,
                mono,
                what: What::Again.number(),
                detail: None,
                signal: Some(SignalRow {
                    kind: care::Kind::Help,
                    device: row.device,
                    at_wall: now.wall_ms,
                    late: false,
                    trust: care::Trust::Verified,
                }),
            });
        }
        chain::write(&mut writer, &mut batch, now.wall_ms).await.unwrap();
        let row = desk::find(&mut writer, id).await.unwrap().unwrap();
        writer.commit().await.unwrap();
        let view = AlertView::of(&row, &[], &self.app.names, now.mono);
        self.app.live.publish(Change { cursor: row.cursor, view });
    }

    /// The judgement says how grave an alert is from now on.
    pub(crate) async fn graded(&self, id: &str, severity: care::Severity) {
        let mut writer = self.app.records.begin().await.unwrap();
        let graded = Some(severity);
        let grown = vec![Growth { id: id.to_owned(), graded, ..Growth::default() }];
        let mut batch = Batch { grown, ..Batch::default() };
        chain::write(&mut writer, &mut batch, self.app.clock.now().wall_ms).await.unwrap();
        writer.commit().await.unwrap();
    }
}

fn cookie_of(headers: &HeaderMap) -> String {
    let set = headers.get(SET_COOKIE).unwrap().to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

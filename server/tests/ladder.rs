//! The ladder on a running server: rounds, steps, what leaves the house, and what a reboot makes due.
//!
//! Alerts are raised as ingest raises them; a step is made due by moving its row, so that nothing waits for minutes.
//! Not here: the calls themselves (`webhook`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use care::Severity;
use care::alert::Step;
use care::protection::Outside;
use centre::alert::life::{mono, stored};
use centre::alert::story::What;
use centre::auth::Staff;
use centre::auth::role::Role;
use centre::clock::{Clock, Stored};
use centre::config::Config;
use centre::desk::{claim, hand};
use centre::lang::Lang;
use proto::unit::{Millis, Mono};
use records::chain::{self, Batch, Growth, NewAlert};
use records::desk::{self, AlertState, DeskRow};
use records::due::{self, DueStep};
use records::told::Told;
use records::{Records, state, story};
use server::app::{self, App, Running};
use tempfile::TempDir;
use tokio::net::TcpListener;

const EXTERNAL: Step = Step::External;

/// Notices as a receiver has them: id, alert, reason.
type Heard = Arc<Mutex<Vec<(String, String, String)>>>;

struct Room {
    app: Arc<App>,
    heard: Heard,
    _running: Running,
    folder: TempDir,
}

fn config(folder: &TempDir, port: u16) -> Config {
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a secret of this test only").unwrap();
    let text = format!(
        "data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n[notify.webhook]\nurl = 'http://127.0.0.1:{port}/'\nsecret_file = {secret:?}\n",
        folder.path().join("data")
    );
    let config: Config = toml::from_str(&text).unwrap();
    config.prepare_data().unwrap();
    config
}

fn receive(listener: TcpListener) -> Heard {
    let heard = Heard::default();
    let into = Arc::clone(&heard);
    let hear = move |body: String| {
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let word = |key: &str| body[key].as_str().unwrap().to_owned();
        into.lock().unwrap().push((word("id"), word("alert"), word("reason")));
        async { "noted" }
    };
    let app = Router::new().route("/", post(hear));
    tokio::spawn(async move { axum::serve(listener, app).await });
    heard
}

impl Room {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = receive(listener);
        let running = app::start(config(&folder, port)).await.unwrap();
        Self { app: Arc::clone(&running.app), heard, _running: running, folder }
    }

    /// Raises an emergency whose first step is due in so many ms.
    async fn raise(&self, id: &str, in_ms: i64) {
        let now = self.app.clock.now();
        let due = stored(now.mono) + in_ms;
        let mut batch = alert(id, stored(now.mono), due);
        let mut writer = self.app.records.begin().await.unwrap();
        chain::write(&mut writer, &mut batch, now.wall_ms).await.unwrap();
        writer.commit().await.unwrap();
    }

    /// A signal joins the alert, as ingest writes it.
    async fn press(&self, id: &str) {
        let now = self.app.clock.now();
        let due = now.mono.after(Millis::secs(3));
        let grown = Growth {
            id: id.to_owned(),
            count: 1,
            severity: Some(Severity::Emergency),
            ..Growth::default()
        };
        let mut batch = Batch {
            grown: vec![grown],
            ladder: vec![(id.to_owned(), Step::CheckVisible, due)],
            ..Batch::default()
        };
        let mut writer = self.app.records.begin().await.unwrap();
        chain::write(&mut writer, &mut batch, now.wall_ms).await.unwrap();
        writer.commit().await.unwrap();
    }

    /// Makes the waiting step of an alert due that long ago, and with it what follows within that time.
    async fn hasten(&self, id: &str, ago: Millis) {
        let step = self.waiting(id).await.unwrap();
        let past = Mono::from_millis(self.app.clock.mono().millis() - ago.get());
        let mut writer = self.app.records.begin().await.unwrap();
        due::put_off(&mut writer, &step, past).await.unwrap();
        writer.commit().await.unwrap();
    }

    /// The step of an alert that is not done.
    async fn waiting(&self, id: &str) -> Option<DueStep> {
        let mut reader = self.app.records.reader().await.unwrap();
        let steps =
            due::steps(&mut reader, Mono::from_millis(i64::MAX as u64), 1_000).await.unwrap();
        steps.into_iter().find(|step| step.alert == id)
    }

    async fn row(&self, id: &str) -> DeskRow {
        desk::find(&mut self.app.records.reader().await.unwrap(), id).await.unwrap().unwrap()
    }

    /// Steps that its story tells, in order.
    async fn told(&self, id: &str) -> Vec<String> {
        let mut reader = self.app.records.reader().await.unwrap();
        let lines = story::timeline(&mut reader, id, What::Again.number()).await.unwrap();
        let steps = lines.into_iter().filter(|line| line.what == What::Step.number());
        steps.filter_map(|line| line.detail).collect()
    }

    fn heard(&self, id: &str) -> Vec<(String, String)> {
        let heard = self.heard.lock().unwrap();
        let own = heard.iter().filter(|(_, alert, _)| alert == id);
        own.map(|(id, _, reason)| (id.clone(), reason.clone())).collect()
    }

    /// Somebody takes it and is never heard of again.
    async fn take_and_vanish(&self, id: &str) {
        let claim =
            claim::claim(&self.app.desk, id, &hand::of(&staff(), None, None)).await.unwrap();
        let fence = i64::try_from(claim.fence).unwrap();
        let mut writer = self.app.records.begin().await.unwrap();
        assert!(desk::renew(&mut writer, id, fence, 0).await.unwrap());
        writer.commit().await.unwrap();
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1_500 {
        if holds().await {
            return;
        }
        let pause = Duration::from_millis(20);
        tokio::time::timeout(pause, std::future::pending::<()>()).await.ok();
    }
    panic!("never: {what}");
}

fn staff() -> Staff {
    Staff {
        id: "s1".into(),
        name: "1001".into(),
        display: "坐席".into(),
        role: Role::Operator,
        theme: "day".into(),
        scopes: Vec::new(),
        lang: Lang::Zh,
        session: String::new(),
    }
}

fn alert(id: &str, raised: i64, due: i64) -> Batch {
    static RAISED: AtomicI64 = AtomicI64::new(1);
    let alert = NewAlert {
        id: id.to_owned(),
        home: 77,
        incident: RAISED.fetch_add(1, Ordering::AcqRel),
        kind: care::Kind::Help,
        severity: Severity::Emergency,
        device: None,
        gateway: None,
        count: 1,
        trust: care::Trust::Verified,
        late: false,
        raised_wall: 1,
        raised_mono: raised,
        evidence: b"[]".to_vec(),
        cursor: 0,
    };
    let ladder = vec![(id.to_owned(), Step::CheckVisible, mono(due))];
    Batch { alerts: vec![alert], ladder, ..Batch::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_screen_has_painted_climbs_at_once_and_what_one_has_keeps_its_times() {
    let room = Room::open().await;
    room.raise("painted", 60_000).await;
    claim::visible(&room.app.desk, "painted").await.unwrap();
    room.hasten("painted", Millis::new(0)).await;
    room.raise("unseen", 0).await;
    until("all steps", async || room.told("unseen").await.len() == 5).await;
    assert_eq!(room.told("unseen").await, ["0", "1", "2", "3", "4"]);
    let next = room.waiting("painted").await.unwrap();
    let wait = stored(next.due) - stored(room.app.clock.mono());
    assert_eq!(next.step, Some(Step::RingAll));
    assert!(wait > 5_000, "rings 12 s after the check, not in {wait} ms");
    assert_eq!(room.told("painted").await, Vec::<String>::new(), "nothing to tell of a good check");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_a_round_is_recorded_once_and_the_last_one_leaves_the_house() {
    let room = Room::open().await;
    room.raise("a", 60_000).await;
    claim::visible(&room.app.desk, "a").await.unwrap();
    room.hasten("a", Millis::secs(200)).await;
    until("outside", async || room.heard("a").len() == 1).await;
    assert_eq!(room.told("a").await, ["1", "2", "3", "4"]);
    assert_eq!(room.row("a").await.step, Some(EXTERNAL));
    assert_eq!(room.waiting("a").await, None, "nothing after the last step");
    // Looked at again and again, it is told once.
    for _ in 0..5 {
        centre::escalation::step(&room.app.escalation).await.unwrap();
    }
    assert_eq!(room.heard("a").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lapse_the_ladder_begins_anew_and_the_outside_is_told_again() {
    let room = Room::open().await;
    room.raise("a", 0).await;
    until("outside", async || room.heard("a").len() == 1).await;
    room.take_and_vanish("a").await;
    until("back", async || room.waiting("a").await.is_some_and(|step| step.round == 1)).await;
    let row = room.row("a").await;
    assert_eq!((row.state, row.step, row.visible_mono), (AlertState::Open, None, None));
    room.hasten("a", Millis::secs(0)).await;
    until("outside again", async || room.heard("a").len() == 2).await;
    let heard = room.heard("a");
    assert_ne!(heard[0].0, heard[1].0, "a round has its own notice");
    assert_eq!(room.told("a").await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_never_puts_a_running_ladder_back_and_begins_a_round_after_its_last_step() {
    let room = Room::open().await;
    room.raise("a", 60_000).await;
    claim::visible(&room.app.desk, "a").await.unwrap();
    room.hasten("a", Millis::secs(40)).await;
    until("supervisor", async || room.row("a").await.step == Some(Step::Supervisor)).await;
    let before = room.waiting("a").await.unwrap();
    room.press("a").await;
    let after = room.waiting("a").await.unwrap();
    assert_eq!((before.step, before.due, before.round), (after.step, after.due, after.round));
    assert!(room.row("a").await.visible_mono.is_some());

    room.hasten("a", Millis::secs(200)).await;
    until("outside", async || room.heard("a").len() == 1).await;
    room.press("a").await;
    let anew = room.waiting("a").await.unwrap();
    assert_eq!((anew.round, anew.step), (1, Some(Step::CheckVisible)));
    room.hasten("a", Millis::secs(0)).await;
    until("outside again", async || room.heard("a").len() == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_told_hears_that_it_is_over_and_whoever_was_not_hears_nothing() {
    let room = Room::open().await;
    room.raise("told", 0).await;
    room.raise("untold", 600_000).await;
    until("outside", async || room.heard("told").len() == 1).await;
    for id in ["told", "untold"] {
        let passed = Growth { id: id.to_owned(), passed: true, ..Growth::default() };
        let mut batch = Batch { grown: vec![passed], ..Batch::default() };
        let mut writer = room.app.records.begin().await.unwrap();
        chain::write(&mut writer, &mut batch, 5).await.unwrap();
        writer.commit().await.unwrap();
    }
    until("over", async || room.heard("told").len() == 2).await;
    assert_eq!(room.heard("told")[1].1, "over");
    assert_eq!(room.heard("untold"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_does_not_answer_is_a_fault_until_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let running = app::start(config(&folder, port)).await.unwrap();
    let room =
        Room { app: Arc::clone(&running.app), heard: Heard::default(), _running: running, folder };
    for id in ["a", "b", "c", "d"] {
        room.raise(id, 0).await;
    }
    let word = "receiver_dead";
    until("dead", async || room.app.faults.words().contains(&word)).await;
    let heard = receive(TcpListener::bind(("127.0.0.1", port)).await.unwrap());
    until("alive", async || !room.app.faults.words().contains(&word)).await;
    until("all told", async || heard.lock().unwrap().len() == 4).await;
    assert!(room.folder.path().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_out_is_proved_by_a_receipt_also_of_a_trial_and_after_a_restart() {
    let room = Room::open().await;
    let outside = |app: &App| app.outbox.outside(app.clock.mono());
    assert_eq!(outside(&room.app), Outside::Unproved(None), "that there is one proves nothing");
    assert_eq!(centre::notify::proof::trial(&room.app.notices).await.unwrap(), 1);
    until("the receipt", async || outside(&room.app) == Outside::Proved).await;
    assert_eq!(room.heard(""), [(room.heard("")[0].0.clone(), "test".to_owned())]);
    let anew = || centre::notify::Outbox::of(&room.app.config.notify);
    assert_eq!(anew().outside(room.app.clock.mono()), Outside::Unproved(None));
    until("the rows", async || {
        let known = anew().knowing(&room.app.records).await.unwrap();
        known.outside(room.app.clock.mono()) == Outside::Proved
    })
    .await;
}

/// What the story of an alert says of who was told, in order: kinds of lines with the step that they name.
async fn receipts(app: &App, id: &str) -> Vec<(&'static str, String)> {
    let mut reader = app.records.reader().await.unwrap();
    let lines = story::timeline(&mut reader, id, What::Again.number()).await.unwrap();
    let told = lines.into_iter().filter(|line| line.what >= What::Nobody.number());
    let step = |detail: Option<String>| detail.unwrap().chars().take(1).collect();
    told.map(|line| (What::word_key(line.what), step(line.detail))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_says_told_only_with_a_receipt_and_says_who_is_not_there() {
    let room = Room::open().await;
    room.raise("a", 0).await;
    until("the receipt", async || room.row("a").await.told == Some(Told::Confirmed)).await;
    let story = receipts(&room.app, "a").await;
    let step = |n: Step| n.number().to_string();
    assert_eq!(
        story,
        [
            ("what.nobody", step(Step::Supervisor)),
            ("what.nobody", step(Step::SecondSite)),
            ("what.sent", step(Step::External)),
            ("what.told", step(Step::External)),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_step_without_a_receiver_has_nobody_to_tell() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        format!("data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\n", folder.path().join("data"));
    let config: Config = toml::from_str(&text).unwrap();
    config.prepare_data().unwrap();
    let running = app::start(config).await.unwrap();
    let (app, heard) = (Arc::clone(&running.app), Heard::default());
    let room = Room { app, heard, _running: running, folder };
    room.raise("a", 0).await;
    until("all steps", async || room.row("a").await.step == Some(EXTERNAL)).await;
    let story = receipts(&room.app, "a").await;
    assert!(story.iter().all(|(word, _)| *word == "what.nobody"), "{story:?}");
    assert_eq!((story.len(), room.row("a").await.told), (3, Some(Told::Nobody)));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reboot_what_waits_is_due_at_once_and_no_claim_or_rest_counts() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder, 9);
    let records = Records::open(&config.data).await.unwrap();
    let high = stored(Clock::resume(None).mono());
    let mut writer = records.begin().await.unwrap();
    for (home, id) in [(1, "open"), (2, "held"), (3, "aside")] {
        let mut batch = alert(id, high, high + 3_600_000);
        batch.alerts[0].home = home;
        chain::write(&mut writer, &mut batch, 1).await.unwrap();
        desk::visible(&mut writer, id, (high, 1)).await.unwrap();
        let mut row = desk::find(&mut writer, id).await.unwrap().unwrap();
        (row.state, row.owner) = match id {
            "held" => (AlertState::Claimed, Some("s1".into())),
            "aside" => (AlertState::Suspended, Some("s1".into())),
            _ => continue,
        };
        (row.lease_mono, row.suspended_until) =
            (Some(mono(high + 20_000)), Some(mono(high + 900_000)));
        assert!(desk::save(&mut writer, &row, (0, AlertState::Open), 1).await.unwrap().is_some());
    }
    let (boot, offset) = ("another machine's boot".to_owned(), 0);
    state::put_clock(&mut writer, &Stored { boot, offset, high }).await.unwrap();
    writer.commit().await.unwrap();
    records.close().await;

    let running = app::start(config).await.unwrap();
    let app = Arc::clone(&running.app);
    assert!(app.clock.rebooted());
    let room = Room { app, heard: Heard::default(), _running: running, folder };
    until("the step is taken", async || {
        room.waiting("open").await.is_some_and(|step| step.step == Some(Step::RingAll))
    })
    .await;
    for id in ["held", "aside"] {
        until("back in the queue", async || room.row(id).await.state == AlertState::Open).await;
    }
}

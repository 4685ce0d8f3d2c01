//! Records on a PostgreSQL that is set up wrongly, killed, stopped, full, or loses a connection.
//!
//! Each test has a database of its own in one PostgreSQL of the run, or a PostgreSQL of its own where it is hurt. What
//! records mean is tested by their own tests, which run on both databases. Not here: a server on it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
#![allow(clippy::disallowed_methods, reason = "a test measures what it waits for")]

#[path = "../../../tests/src/postgres.rs"]
mod postgres;
#[path = "../../../tests/src/tools.rs"]
#[allow(dead_code, unreachable_pub, reason = "only what a missing PostgreSQL needs")]
mod tools;

use std::borrow::Borrow;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use postgres::Cluster;
use records::clock::Stored;
use records::engine::address::Address;
use records::{Engine, Error, Records, RecordsError, Work, desk, is_full, state};
use sqlx::Executor;
use tempfile::TempDir;

/// The one that those share who do it no harm; it ends with the last of them.
static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
static MADE: AtomicU32 = AtomicU32::new(0);

struct Store<C> {
    cluster: C,
    name: String,
    folder: TempDir,
    url: String,
}

impl Store<Arc<Cluster>> {
    fn new() -> Option<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = match shared.upgrade() {
            Some(cluster) => cluster,
            None => Arc::new(Cluster::start()?),
        };
        *shared = Arc::downgrade(&cluster);
        drop(shared);
        let name = format!("records_{}", MADE.fetch_add(1, Relaxed));
        let url = cluster.database(&name, &[]);
        Some(Self { cluster, name, folder: tempfile::tempdir().unwrap(), url })
    }
}

impl Store<Cluster> {
    /// One of its own, that is hurt.
    fn own() -> Option<Self> {
        let (cluster, name) = (Cluster::start()?, "records".to_owned());
        let url = cluster.database(&name, &[]);
        Some(Self { cluster, name, folder: tempfile::tempdir().unwrap(), url })
    }
}

impl<C: Borrow<Cluster>> Store<C> {
    fn ask(&self, sql: &str) -> String {
        self.cluster.borrow().ask(&self.name, sql)
    }

    async fn open(&self) -> Records {
        self.open_at(&self.url).await.unwrap()
    }

    async fn open_at(&self, url: &str) -> Result<Records, RecordsError> {
        let address: Address = url.parse().unwrap();
        Records::open_at(Engine::of(Some(&address), self.folder.path())).await
    }
}

fn time(high: i64) -> Stored {
    Stored { boot: "b".into(), offset: 0, high }
}

async fn put(records: &Records, high: i64) -> Result<(), Error> {
    let mut writer = records.begin().await?;
    state::put_clock(&mut writer, &time(high)).await?;
    writer.commit().await
}

async fn seen(records: &Records) -> Result<i64, Error> {
    let mut reader = records.reader().await?;
    Ok(state::clock(&mut reader).await?.map_or(0, |seen| seen.high))
}

/// What a sweep of a server does while its database is away: asks again until it answers.
async fn until(records: &Records, high: i64, most: Duration) -> Duration {
    let begun = Instant::now();
    while let Err(error) = put(records, high).await {
        assert!(begun.elapsed() < most, "it does not heal: {error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}

#[tokio::test]
async fn a_database_that_is_set_up_wrongly_is_refused_in_one_sentence_with_what_to_do() {
    let Some(store) = Store::new() else { return };
    let cluster = &store.cluster;
    cluster.database("bytes", &["-T", "template0", "-E", "SQL_ASCII", "--locale=C"]);
    cluster.database("sorted", &["-T", "template0", "--locale-provider=icu", "--icu-locale=zh"]);
    cluster.database("hasty", &[]);
    cluster.ask("postgres", "ALTER DATABASE hasty SET synchronous_commit = off");
    for (name, said, remedy) in [
        ("bytes", "SQL_ASCII", "ENCODING 'UTF8'"),
        ("sorted", "order", "LOCALE 'C'"),
        ("hasty", "synchronous_commit is off", "`on`"),
    ] {
        let refused = store.open_at(&cluster.url(name)).await.unwrap_err().to_string();
        assert!(refused.contains(said) && refused.contains(remedy), "{refused}");
        assert!(refused.contains(name) && !refused.contains('\n'), "{refused}");
    }
    store.open().await.close().await;
}

#[tokio::test]
async fn a_database_that_is_not_reached_says_where_and_never_its_password() {
    let Some(store) = Store::new() else { return };
    for url in [
        store.url.replace("socket", "nobody") + "&password=hush-hush",
        "postgres://hl:hush-hush@127.0.0.1:1/records".to_owned(),
        store.cluster.url("nothing_here") + "&password=hush-hush",
    ] {
        let refused = store.open_at(&url).await.unwrap_err();
        let source = std::error::Error::source(&refused).map(ToString::to_string);
        let told = format!("{refused} {source:?} {refused:?}");
        assert!(matches!(refused, RecordsError::Unreachable { .. }), "{told}");
        assert!(told.contains("check `records`") && !told.contains("hush-hush"), "{told}");
    }
}

#[tokio::test]
async fn an_empty_database_beside_keys_that_were_used_is_refused() {
    let Some(store) = Store::new() else { return };
    store.open().await.close().await;
    std::fs::create_dir(store.folder.path().join("keys")).unwrap();
    std::fs::write(store.folder.path().join("keys/kek"), b"used").unwrap();
    let other = store.cluster.database("other", &[]);
    let refused = store.open_at(&other).await.unwrap_err();
    assert!(matches!(refused, RecordsError::Blank { .. }), "{refused}");
    store.open().await.close().await;
}

#[tokio::test]
async fn whatever_was_committed_outlives_a_kill_and_the_records_heal_by_themselves() {
    let Some(mut store) = Store::own() else { return };
    let records = store.open().await;
    for n in 1..=3 {
        let mut last = seen(&records).await.unwrap();
        let writes = tokio::spawn({
            let records = records.clone();
            async move {
                // Until it is killed under it.
                while put(&records, last + 1).await.is_ok() {
                    last += 1;
                }
                last
            }
        });
        let begun = Instant::now();
        let from = 100 * n;
        while seen(&records).await.unwrap() < from && begun.elapsed() < Duration::from_secs(30) {
            tokio::task::yield_now().await;
        }
        store.cluster.kill();
        let acknowledged = writes.await.unwrap();
        assert!(put(&records, 0).await.is_err(), "nothing is acknowledged while it is gone");
        store.cluster.begin().unwrap();
        let begun = Instant::now();
        let found = loop {
            match seen(&records).await {
                Ok(found) => break found,
                Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
            }
        };
        assert!((acknowledged..=acknowledged + 1).contains(&found), "{acknowledged} {found}");
        until(&records, found + 1, Duration::from_secs(20)).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_in_a_transaction_commits_nothing_and_holds_nobody_up() {
    let Some(store) = Store::new() else { return };
    let records = store.open().await;
    put(&records, 1).await.unwrap();
    let mut writer = records.begin().await.unwrap();
    state::put_clock(&mut writer, &time(2)).await.unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND state = 'idle in transaction'";
    assert_eq!(store.ask(cut), "t");
    assert!(writer.commit().await.is_err());
    put(&records, 3).await.unwrap();
    assert_eq!(seen(&records).await.unwrap(), 3);
}

#[tokio::test]
async fn a_transaction_of_which_a_part_was_refused_is_not_called_committed() {
    let Some(store) = Store::new() else { return };
    let records = store.open().await;
    let mut writer = records.begin().await.unwrap();
    state::put_clock(&mut writer, &time(1)).await.unwrap();
    assert!(writer.execute("SELECT 1 / 0").await.is_err());
    assert!(writer.commit().await.is_err(), "PostgreSQL itself says that all is well");
    assert_eq!(seen(&records).await.unwrap(), 0);
}

#[tokio::test]
async fn a_database_that_stands_still_is_given_up_in_time_and_heals() {
    let Some(store) = Store::own() else { return };
    let records = store.open().await;
    put(&records, 1).await.unwrap();
    store.cluster.signal("-STOP");
    let begun = Instant::now();
    let refused = put(&records, 2).await;
    let waited = begun.elapsed();
    store.cluster.signal("-CONT");
    assert!(refused.is_err() && waited < Duration::from_secs(9), "{waited:?}");
    until(&records, 3, Duration::from_secs(20)).await;
    assert_eq!(seen(&records).await.unwrap(), 3);
}

#[tokio::test]
async fn a_server_that_goes_silent_holds_the_others_up_for_seconds_only() {
    let Some(store) = Store::new() else { return };
    let (silent, other) = (store.open().await, store.open().await);
    let mut held = silent.begin().await.unwrap();
    state::put_clock(&mut held, &time(1)).await.unwrap();
    let waited = until(&other, 2, Duration::from_secs(20)).await;
    assert!(waited < Duration::from_secs(6), "{waited:?}");
    assert!(held.commit().await.is_err(), "it was ended for its silence");
    assert_eq!(seen(&other).await.unwrap(), 2);
}

#[tokio::test]
async fn only_work_of_one_kind_waits_for_each_other() {
    let Some(store) = Store::new() else { return };
    let (one, two) = (store.open().await, store.open().await);
    let queue = one.begin_for(Work::Queue).await.unwrap();
    for work in [Work::Edit, Work::Other] {
        two.begin_for(work).await.unwrap().commit().await.unwrap();
    }
    let asked = Instant::now();
    let waits = tokio::spawn(async move { two.begin_for(Work::Queue).await.map(drop) });
    queue.commit().await.unwrap();
    waits.await.unwrap().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_full_disk_is_known_as_one_and_blames_no_row() {
    let Some(store) = Store::new() else { return };
    let records = store.open().await;
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$; \
                CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON clock EXECUTE FUNCTION full_disk()";
    store.ask(full);
    let refused = put(&records, 1).await.unwrap_err();
    assert!(is_full(&refused) && !records::refusal::is_of_row(&refused), "{refused}");
    store.ask("DROP TRIGGER full_disk ON clock");
    put(&records, 2).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_misses_no_change_of_three_servers_that_write_at_once() {
    let Some(store) = Store::new() else { return };
    let follower = store.open().await;
    let mut writers = Vec::new();
    for server in 0..3 {
        let records = store.open().await;
        writers.push(tokio::spawn(async move {
            for n in 0..40 {
                let mut writer = records.begin().await.unwrap();
                let mut batch = records::chain::Batch::default();
                batch.alerts.push(alert(server, n));
                records::chain::write(&mut writer, &mut batch, n).await.unwrap();
                writer.commit().await.unwrap();
            }
        }));
    }
    let (mut last, mut cursors) = (0, Vec::new());
    while cursors.len() < 120 {
        let mut reader = follower.reader().await.unwrap();
        let found = desk::after(&mut reader, last, 50).await.unwrap();
        cursors.extend(found.iter().map(|row| row.cursor));
        last = cursors.last().copied().unwrap_or(0);
        if found.is_empty() && writers.iter().all(tokio::task::JoinHandle::is_finished) {
            let rest = desk::after(&mut reader, last, 50).await.unwrap();
            assert!(!rest.is_empty(), "{} of 120 were seen", cursors.len());
        }
    }
    assert_eq!(cursors, (1..=120).collect::<Vec<i64>>(), "each number once, in order");
}

fn alert(server: i64, n: i64) -> records::chain::NewAlert {
    records::chain::NewAlert {
        id: format!("{server}-{n}"),
        home: server + 1,
        incident: n,
        kind: care::Kind::Help,
        severity: care::Severity::Emergency,
        device: None,
        gateway: None,
        count: 1,
        trust: care::Trust::Verified,
        late: false,
        raised_wall: n,
        raised_mono: n,
        evidence: Vec::new(),
        cursor: 0,
    }
}

#[tokio::test]
async fn a_row_that_is_refused_keeps_no_other_nor_what_is_written_beside_it() {
    let Some(store) = Store::new() else { return };
    let records = store.open().await;
    let refuse = "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$; \
                  CREATE TRIGGER no BEFORE DELETE ON heard FOR EACH ROW WHEN (OLD.home = 2) EXECUTE FUNCTION no()";
    store.ask(refuse);
    let heard = |home| records::heard::HeardRow { home, from: 1, to: 2, inputs: vec![1] };
    let mut writer = records.begin().await.unwrap();
    records::heard::put(&mut writer, &[1, 2, 3].map(heard)).await.unwrap();
    records::heard::forget(&mut writer, 10).await.unwrap();
    state::put_clock(&mut writer, &time(7)).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(store.ask("SELECT home FROM heard"), "2");
    assert_eq!(seen(&records).await.unwrap(), 7);
}

#[tokio::test]
async fn records_of_a_newer_server_are_refused_with_words() {
    let Some(store) = Store::new() else { return };
    store.open().await.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', true, '\\x00', 0)";
    store.ask(newer);
    let refused = store.open_at(&store.url).await.unwrap_err().to_string();
    assert!(refused.contains("newer server") && refused.contains("9999"), "{refused}");
}

#[tokio::test]
async fn lines_of_a_story_stand_as_they_were_written_though_all_are_of_one_moment() {
    let Some(store) = Store::new() else { return };
    let records = store.open().await;
    let mut writer = records.begin().await.unwrap();
    let words: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    for word in &words {
        records::told::line(&mut writer, "a", (5, 5), (3, word)).await.unwrap();
    }
    writer.commit().await.unwrap();
    let mut reader = records.reader().await.unwrap();
    let found = records::story::timeline(&mut reader, "a", 0).await.unwrap();
    let found: Vec<String> = found.into_iter().filter_map(|line| line.detail).collect();
    assert_eq!(found, words);
}

//! The whole chain with its records on a PostgreSQL, which is killed while people press.
//!
//! What is acknowledged while it is gone is in the server's inbox; the server heals without a restart. All other tests
//! of server and chain run on it as well where `on_postgres` starts them. Not here: records alone on it.

use std::process::Command;

use tests::postgres::Cluster;
use tests::scene::Scene;
use tests::stage::Setting;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

fn on(url: &str) -> Setting {
    Setting { top: format!("records = {url:?}\n"), ..Setting::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn presses_while_postgresql_is_killed_are_acknowledged_and_none_is_lost_or_doubled() -> Outcome
{
    let Some(mut cluster) = Cluster::start() else { return Ok(()) };
    let url = cluster.database("records", &[]);
    let mut scene = Scene::open(PROGRAM, 3, on(&url)).await?;
    scene.press(0).await?;
    scene
        .until("the first press", 20, |book| book.made().count() == 1 && book.all_on_screen())
        .await?;
    for round in 0..2 {
        cluster.kill();
        for home in 0..3 {
            scene.press(home).await?;
        }
        let made = 1 + 3 * (round + 1);
        scene
            .until("presses acknowledged without it", 20, |book| {
                book.made().filter(|(_, life)| life.stored.is_some()).count() == made
            })
            .await?;
        cluster.begin()?;
        scene
            .until("all presses on a screen once it is back", 60, |book| {
                book.made().count() == made && book.all_on_screen()
            })
            .await?;
    }
    assert!(scene.stage.server.process.is_alive(), "it heals by itself");
    let verdict = scene.verdict()?;
    assert_eq!((verdict.presses, verdict.lost, verdict.doubled), (7, 0, 0));
    Ok(())
}

#[test]
fn a_server_whose_database_cannot_be_had_says_so_in_one_sentence_and_nothing_of_a_password()
-> Outcome {
    let Some(cluster) = Cluster::start() else { return Ok(()) };
    let hasty = cluster.database("hasty", &[]);
    cluster.ask("postgres", "ALTER DATABASE hasty SET synchronous_commit = off");
    let dir = tempfile::tempdir()?;
    let config = dir.path().join("server.toml");
    for (url, code, word) in [
        ("postgres://hl:hush@127.0.0.1:1/records", 74, "check `records`"),
        (hasty.as_str(), 74, "synchronous_commit"),
        ("postgres://hl:hush@db.example/records", 64, "sslmode=verify-full"),
    ] {
        let data = dir.path().join("data");
        let binds = "[gateways]\nbind = '127.0.0.1:0'\n[console]\nbind = '127.0.0.1:0'\n";
        std::fs::write(&config, format!("data = {data:?}\nrecords = {url:?}\n{binds}"))?;
        let run = |what: &str| {
            Command::new(PROGRAM).args(["server", what, "--config"]).arg(&config).output()
        };
        let (ended, checked) = (run("run")?, run("check")?);
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(code), "{told}");
        let said: Vec<&str> = told.lines().filter(|line| line.contains("failed to")).collect();
        assert!(said.len() == 1 && said[0].contains(word), "{told}");
        let checks = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(!checked.status.success() && checks.contains(word), "{checks}");
        assert!(!told.contains("hush") && !checks.contains("hush"), "{told}{checks}");
    }
    Ok(())
}

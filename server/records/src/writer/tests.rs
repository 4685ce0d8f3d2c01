//! A transaction counts whole or not at all, whatever became of the one before it.
//!
//! On PostgreSQL as well where whoever runs the tests has started one. Not here: what other rooms write.

use crate::clock::Stored;
use crate::{Records, Work, state};
use sqlx::Executor;

async fn open() -> (Records, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Records::open(folder.path()).await.unwrap(), folder)
}

fn time(high: i64) -> Stored {
    Stored { boot: "b".into(), offset: 0, high }
}

async fn seen(records: &Records) -> Option<i64> {
    let mut reader = records.reader().await.unwrap();
    state::clock(&mut reader).await.unwrap().map(|seen| seen.high)
}

#[tokio::test]
async fn after_the_database_has_rolled_back_by_itself_each_commit_counts_again() {
    let (records, _folder) = open().await;
    let mut writer = records.begin().await.unwrap();
    state::put_clock(&mut writer, &time(1)).await.unwrap();
    // What SQLite does on a full disk or an I/O error.
    writer.execute("ROLLBACK").await.unwrap();
    assert!(writer.commit().await.is_err(), "nothing was left to commit");
    // A refused wish: a transaction that is dropped.
    drop(records.begin().await.unwrap());
    let mut writer = records.begin().await.unwrap();
    state::put_clock(&mut writer, &time(2)).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(seen(&records).await, Some(2), "a reader sees what was committed");
}

#[tokio::test]
async fn whatever_is_taken_from_a_running_server_its_records_are_back_with_the_next_commit() {
    for taken in [&["", "-wal", "-shm"][..], &[""], &["-wal"], &["-shm"]] {
        let (records, folder) = open().await;
        if !records.engine().is_file() {
            return;
        }
        let put = async |high| {
            let mut writer = records.begin().await?;
            state::put_clock(&mut writer, &time(high)).await?;
            writer.commit().await
        };
        put(1).await.unwrap();
        assert_eq!(seen(&records).await, Some(1));
        for end in taken {
            std::fs::remove_file(folder.path().join(format!("records.db{end}"))).unwrap();
        }
        for high in 2..=4 {
            put(high).await.unwrap();
            assert_eq!(seen(&records).await, Some(high), "who reads goes on too: {taken:?}");
        }
        // What the next start finds.
        let cut = tempfile::tempdir().unwrap();
        for name in ["records.db", "records.db-wal"] {
            std::fs::copy(folder.path().join(name), cut.path().join(name)).unwrap();
        }
        let next = Records::open(cut.path()).await.unwrap();
        assert_eq!(seen(&next).await, Some(4), "{taken:?}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_takes_no_commit_until_it_can() {
    let (records, folder) = open().await;
    if !records.engine().is_file() {
        return;
    }
    let put = async |high| {
        let mut writer = records.begin().await?;
        state::put_clock(&mut writer, &time(high)).await?;
        writer.commit().await
    };
    put(1).await.unwrap();
    let data = folder.path().to_owned();
    std::fs::remove_dir_all(&data).unwrap();
    // A file where the folder was: nothing can be made there.
    std::fs::write(&data, b"").unwrap();
    assert!(put(2).await.is_err(), "what goes into it now is lost with the program");
    assert!(put(3).await.is_err(), "and again");
    std::fs::remove_file(&data).unwrap();
    put(4).await.unwrap();
    assert_eq!(seen(&records).await, Some(4));
}

#[tokio::test]
async fn a_transaction_never_begins_inside_another() {
    let (records, _folder) = open().await;
    let mut writer = records.begin().await.unwrap();
    state::put_clock(&mut writer, &time(1)).await.unwrap();
    writer.execute("COMMIT; BEGIN").await.unwrap();
    // It ends with a transaction open that nobody will ever commit.
    writer.execute("COMMIT; BEGIN; SAVEPOINT within").await.unwrap();
    writer.execute("RELEASE within").await.unwrap();
    let seat = records.writer.clone();
    let link = writer.link.take().unwrap();
    **writer.seat.as_mut().unwrap() = super::Seat::Idle(link);
    drop(writer);
    assert!(seat.begin(Work::Queue).await.is_err(), "a connection inside a transaction is refused");
    let mut writer = seat.begin(Work::Queue).await.unwrap();
    state::put_clock(&mut writer, &time(3)).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(seen(&records).await, Some(3));
}

#[tokio::test]
async fn whoever_panics_in_the_middle_of_a_transaction_leaves_a_writer_that_commits() {
    let (records, _folder) = open().await;
    for n in 1..=3 {
        let falls = records.clone();
        let fallen = tokio::spawn(async move {
            let mut writer = falls.begin().await.unwrap();
            state::put_clock(&mut writer, &time(99)).await.unwrap();
            panic!("planted");
        });
        assert!(fallen.await.is_err());
        let mut writer = records.begin().await.unwrap();
        state::put_clock(&mut writer, &time(n)).await.unwrap();
        writer.commit().await.unwrap();
        assert_eq!(seen(&records).await, Some(n), "a reader sees this one and not the other");
    }
}

#[tokio::test]
async fn a_commit_that_nobody_waits_for_any_more_leaves_a_writer_that_commits() {
    let (records, _folder) = open().await;
    for n in 1..=3 {
        let mut writer = records.begin().await.unwrap();
        state::put_clock(&mut writer, &time(10 * n)).await.unwrap();
        {
            let mut commit = std::pin::pin!(writer.commit());
            let waker = std::task::Waker::noop();
            let asked = commit.as_mut().poll(&mut std::task::Context::from_waker(waker));
            assert!(asked.is_pending(), "it is at the disk");
        }
        let mut writer = records.begin().await.unwrap();
        state::put_clock(&mut writer, &time(10 * n + 1)).await.unwrap();
        writer.commit().await.unwrap();
        assert_eq!(seen(&records).await, Some(10 * n + 1));
    }
}

#[tokio::test]
async fn a_dropped_transaction_never_was_and_holds_nobody_up() {
    let (records, _folder) = open().await;
    let mut writer = records.begin().await.unwrap();
    state::put_clock(&mut writer, &time(1)).await.unwrap();
    drop(writer);
    let writer = records.begin().await.unwrap();
    assert_eq!(seen(&records).await, None);
    writer.commit().await.unwrap();
    records.close().await;
    assert!(records.begin().await.is_err(), "closed records take nothing");
}

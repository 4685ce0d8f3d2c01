//! Cursors of the queue go on where an older build has left them, each number once.
//!
//! Not here: several servers that take them at once (`postgres`).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use care::alert::Step;
use proto::unit::Mono;
use records::chain::{Batch, Growth, write};
use records::{Records, desk};

async fn taken(records: &Records, grown: usize) -> Vec<i64> {
    let mut writer = records.begin().await.unwrap();
    let growth = |n| Growth { id: format!("alert {n}"), count: 1, ..Growth::default() };
    let mut batch = Batch { grown: (0..grown).map(growth).collect(), ..Batch::default() };
    batch.ladder.push(("alert 0".to_owned(), Step::from_number(0).unwrap(), Mono::from_millis(1)));
    write(&mut writer, &mut batch, 1).await.unwrap();
    writer.commit().await.unwrap();
    batch.grown.iter().map(|grown| grown.cursor).collect()
}

async fn newest(records: &Records) -> i64 {
    desk::newest(&mut records.reader().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn each_change_has_the_next_number_and_what_changes_nothing_takes_none() {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::open(folder.path()).await.unwrap();
    assert_eq!(newest(&records).await, 0);
    assert_eq!(taken(&records, 3).await, [1, 2, 3]);
    assert_eq!(taken(&records, 0).await, [0; 0]);
    drop(records.begin().await.unwrap());
    assert_eq!(taken(&records, 2).await, [4, 5]);
    assert_eq!(newest(&records).await, 5);
}

#[tokio::test]
async fn cursors_go_on_where_an_older_build_has_left_them() {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::open(folder.path()).await.unwrap();
    records.close().await;
    if !records.engine().is_file() {
        // There never was an older build on the other database.
        return;
    }
    let file = rusqlite::Connection::open(folder.path().join("records.db")).unwrap();
    file.execute_batch(
        "DROP TABLE head; ALTER TABLE change DROP COLUMN topic; \
         ALTER TABLE change RENAME COLUMN id TO alert; DELETE FROM _sqlx_migrations WHERE version = 38; \
         INSERT INTO change (cursor, alert, wall) VALUES (41, 'alert 0', 1)",
    )
    .unwrap();
    drop(file);
    let records = Records::open(folder.path()).await.unwrap();
    assert_eq!(newest(&records).await, 41);
    assert_eq!(taken(&records, 2).await, [42, 43]);
}

//! In a debug build alone: the records of a data folder on a PostgreSQL that whoever runs the tests has started.
//!
//! `HEARTHLINE_RECORDS` names the server by any database of it; each data folder has a database of its own there, named
//! after its path, so that a folder that is opened again finds its records. Not here: how that server is started.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Error, Executor};

use super::address::Address;

/// Who starts the tests says it once for all of them.
const TOLD: &str = "HEARTHLINE_RECORDS";
/// The database is there already.
const THERE: &str = "42P04";

/// The database of a data folder, if a server is named.
pub(super) fn of(data: &Path) -> Option<Address> {
    let server: Address = std::env::var(TOLD).ok()?.parse().ok()?;
    let mut hasher = DefaultHasher::new();
    std::path::absolute(data).ok()?.hash(&mut hasher);
    Some(server.database(&format!("d{:016x}", hasher.finish())))
}

/// Makes that database if it is not there yet.
pub(super) async fn make(address: &Address, data: &Path) -> Result<(), Error> {
    let Some(name) = of(data).map(|told| told.name().to_owned()) else { return Ok(()) };
    let Ok(server) = std::env::var(TOLD) else { return Ok(()) };
    if name != address.name() {
        return Ok(());
    }
    let mut c = AnyConnection::connect(&server).await?;
    let sql = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
    let made = c.execute(AssertSqlSafe(sql)).await;
    c.close().await?;
    match made {
        Err(error)
            if error.as_database_error().and_then(|told| told.code()).as_deref() == Some(THERE) =>
        {
            Ok(())
        }
        done => done.map(drop),
    }
}

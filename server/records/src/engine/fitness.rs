//! What a PostgreSQL must be set to before records are trusted to it: each refusal is one sentence with what to do.
//!
//! A commit that is acknowledged before it is on disk loses a press with the machine; another order of texts sorts
//! homes and names otherwise than the program does. Not here: how it is reached (`address`).

use sqlx::{AnyConnection, Error, Row, query};

/// The oldest version that the tests have run on.
const VERSION: i64 = 150_000;

const ASKED: &str = "SELECT CAST(pg_encoding_to_char(encoding) AS TEXT) AS encoding, CAST(datcollate AS TEXT) AS collation, \
    CAST(datlocprovider AS TEXT) AS provider, current_setting('fsync') AS fsync, \
    current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS waits, \
    CAST(pg_is_in_recovery() AS TEXT) AS standby, \
    CAST(has_schema_privilege(current_schema(), 'CREATE') AS TEXT) AS may \
    FROM pg_database WHERE datname = current_database()";

/// What is wrong with the database, if anything is.
pub(super) async fn check(c: &mut AnyConnection) -> Result<Result<(), String>, Error> {
    let sql = "SELECT CAST(current_setting('server_version_num') AS BIGINT) AS n";
    let version: i64 = query(sql).fetch_one(&mut *c).await?.try_get("n")?;
    if version < VERSION {
        let has = version / 10_000;
        return Ok(Err(format!("it is PostgreSQL {has}: use 15 or newer")));
    }
    let row = query(ASKED).fetch_one(c).await?;
    let of =
        |name: &str| Ok::<_, Error>(row.try_get::<Option<String>, _>(name)?.unwrap_or_default());
    let made = "make the database anew with `CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`";
    let (encoding, collation, provider) = (of("encoding")?, of("collation")?, of("provider")?);
    if encoding != "UTF8" {
        return Ok(Err(format!("its encoding is {encoding}: {made}")));
    }
    if provider == "i" || !matches!(&*collation, "C" | "POSIX" | "C.UTF-8" | "C.utf8") {
        return Ok(Err(format!("its texts are in the order of {collation}: {made}")));
    }
    for (name, set) in [("fsync", of("fsync")?), ("full_page_writes", of("pages")?)] {
        if set != "on" {
            return Ok(Err(format!(
                "{name} is {set}: set `{name} = on` in postgresql.conf, a power cut loses presses"
            )));
        }
    }
    let waits = of("waits")?;
    if !matches!(&*waits, "on" | "remote_apply") {
        return Ok(Err(format!(
            "synchronous_commit is {waits}: set it to `on` for this user, database and server"
        )));
    }
    if of("standby")? == "true" {
        return Ok(Err(
            "it is a standby, which takes nothing: name the primary in `records`".to_owned()
        ));
    }
    if of("may")? != "true" {
        return Ok(Err(
            "this user may make no tables in it: make them the owner of the database".to_owned()
        ));
    }
    Ok(Ok(()))
}

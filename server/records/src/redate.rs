//! A press that was said at another time than was thought: its row, the signal in the story of its alert, the alert.
//!
//! Not here: how that is found out (`ingest::dating`).

use sqlx::{Error, Row, query};

use crate::Link;

/// A new date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redate {
    /// Device number, boot (signed), frame number.
    pub name: (i64, i64, i64),
    /// Its end tag.
    pub tag: Vec<u8>,
    /// When it was said, server's clock.
    pub mono: i64,
    /// The same, wall clock.
    pub wall: i64,
    /// Whether that is too long ago.
    pub late: bool,
}

/// Dates a verified press anew; gives its alert. None: the rows do not have it.
pub async fn press(c: &mut Link, to: &Redate) -> Result<Option<String>, Error> {
    let (device, boot, seq) = to.name;
    let sql = "SELECT alert, pressed_wall FROM activation \
               WHERE device = $1 AND boot = $2 AND seq = $3 AND trust = 0 AND hash = $4";
    let asked = query(sql).bind(device).bind(boot).bind(seq).bind(to.tag.as_slice());
    let Some(row) = asked.fetch_optional(&mut *c).await? else { return Ok(None) };
    let (alert, before): (String, Option<i64>) =
        (row.try_get("alert")?, row.try_get("pressed_wall")?);
    let sql = "UPDATE activation SET pressed_mono = $5, pressed_wall = $6, late = $7 \
               WHERE device = $1 AND boot = $2 AND seq = $3 AND trust = 0 AND hash = $4";
    let asked = query(sql).bind(device).bind(boot).bind(seq).bind(to.tag.as_slice());
    asked.bind(to.mono).bind(to.wall).bind(i64::from(to.late)).execute(&mut *c).await?;
    let sql = "UPDATE timeline SET at_wall = $4, late = $5 \
               WHERE alert = $1 AND device = $2 AND at_wall = $3 AND kind IS NOT NULL";
    let asked = query(sql).bind(&alert).bind(device).bind(before.unwrap_or(i64::MIN));
    asked.bind(to.wall).bind(i64::from(to.late)).execute(&mut *c).await?;
    let sql = "UPDATE alert SET late = CASE WHEN EXISTS \
               (SELECT 1 FROM activation y WHERE y.alert = $1 AND y.late = 0) THEN 0 ELSE 1 END WHERE id = $1";
    query(sql).bind(&alert).execute(&mut *c).await?;
    Ok(Some(alert))
}

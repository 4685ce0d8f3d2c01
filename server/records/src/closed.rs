//! Alerts that have ended, over all homes: by when they were raised, how they ended, how soon they were answered.
//!
//! Not here: those of one home (`desk`).

use care::alert::Outcome;
use care::{Kind, Severity};
use sqlx::any::AnyRow;
use sqlx::{Error, Row};

use super::refusal::{fetch, readable};
use crate::Link;
use crate::column::{kind, outcome, severity};
use crate::sql::Sql;

/// How soon an alert was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answer {
    /// However soon.
    #[default]
    Any,
    /// Within so many ms.
    Within(i64),
    /// Later than within three minutes.
    Later,
    /// By nobody.
    Never,
}

impl Answer {
    /// Reads the word of a form; anything unknown asks for all.
    pub fn read(word: &str) -> Self {
        match word {
            "15" => Self::Within(15_000),
            "60" => Self::Within(60_000),
            "180" => Self::Within(180_000),
            "later" => Self::Later,
            "never" => Self::Never,
            _ => Self::Any,
        }
    }

    /// The word of a form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Within(15_000) => "15",
            Self::Within(60_000) => "60",
            Self::Within(_) => "180",
            Self::Later => "later",
            Self::Never => "never",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Raised from then, wall clock.
    pub from: i64,
    /// Raised before then, wall clock.
    pub to: i64,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// How soon it was answered.
    pub answer: Answer,
}

/// One alert that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Row id.
    pub id: String,
    /// Home number.
    pub home: i64,
    /// How its home was called.
    pub label: String,
    /// Who lived there.
    pub person: String,
    /// What it was about.
    pub kind: Kind,
    /// How soon somebody had to act.
    pub severity: Severity,
    /// Raised, wall clock.
    pub raised_wall: i64,
    /// First claim, wall clock.
    pub claimed_wall: Option<i64>,
    /// Closed, wall clock.
    pub closed_wall: Option<i64>,
    /// How a person ended it; none: it ended by itself.
    pub outcome: Option<Outcome>,
    /// Who closed it, as colleagues read it.
    pub closer: String,
    /// Last words.
    pub note: String,
}

fn wanted(sql: &mut Sql, wanted: &Wanted) {
    sql.push(" WHERE a.state = 3 AND a.raised_wall >= ").push_bind(wanted.from);
    sql.push(" AND a.raised_wall < ").push_bind(wanted.to);
    if let Some(outcome) = wanted.outcome {
        sql.push(" AND a.outcome = ").push_bind(i64::from(outcome.code()));
    }
    match wanted.answer {
        Answer::Any => {}
        Answer::Within(ms) => {
            sql.push(" AND a.claimed_wall - a.raised_wall <= ").push_bind(ms);
        }
        Answer::Later => {
            sql.push(" AND a.claimed_wall - a.raised_wall > ").push_bind(180_000i64);
        }
        Answer::Never => {
            sql.push(" AND a.claimed_wall IS NULL");
        }
    }
}

/// How many fit.
pub async fn count(c: &mut Link, of: &Wanted) -> Result<i64, Error> {
    let mut sql = Sql::new("SELECT COUNT(*) AS n FROM alert a");
    wanted(&mut sql, of);
    sql.build(c).fetch_one(c).await?.try_get("n")
}

/// Those that fit, newest first, at most `most`.
pub async fn list(c: &mut Link, of: &Wanted, most: i64) -> Result<Vec<Ended>, Error> {
    let mut sql = Sql::new(
        "SELECT a.id, a.home, COALESCE(x.label, home.label, '') AS label, COALESCE(x.person, '') AS person, \
         a.kind, a.severity, a.raised_wall, a.claimed_wall, a.closed_wall, a.outcome, \
         COALESCE(s.display, '') AS closer, a.note FROM alert a \
         LEFT JOIN alert_whose x ON x.alert = a.id LEFT JOIN home ON home.id = a.home \
         LEFT JOIN staff s ON s.id = a.closed_by",
    );
    wanted(&mut sql, of);
    sql.push(" ORDER BY a.raised_wall DESC, a.id DESC LIMIT ").push_bind(most);
    Ok(readable(&fetch(sql.build(c), c).await?, ended))
}

fn ended(row: &AnyRow) -> Result<Ended, Error> {
    Ok(Ended {
        id: row.try_get("id")?,
        home: row.try_get("home")?,
        label: row.try_get("label")?,
        person: row.try_get("person")?,
        kind: kind(row.try_get("kind")?),
        severity: severity(row.try_get("severity")?),
        raised_wall: row.try_get("raised_wall")?,
        claimed_wall: row.try_get("claimed_wall")?,
        closed_wall: row.try_get("closed_wall")?,
        outcome: outcome(row.try_get("outcome")?),
        closer: row.try_get("closer")?,
        note: row.try_get("note")?,
    })
}

//! SQL that is put together as it runs, and the values that go with it: one text for both databases.
//!
//! A value's place is a bare `?` for SQLite, which then has no names to look through, and `$n` for PostgreSQL, which
//! knows no other. Which one is asked shows only when it is built. Not here: any statement.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, Arguments, AssertSqlSafe, Encode, Type, query_with};

use crate::Link;

/// A statement whose values are being bound.
pub type Bound<'q> = Query<'q, Any, AnyArguments>;

/// A statement in the making.
#[derive(Default)]
pub(crate) struct Sql {
    text: String,
    /// Where in the text each value stands.
    places: Vec<usize>,
    values: AnyArguments,
}

impl Sql {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(crate) fn push_bind<'t, T: Encode<'t, Any> + Type<Any>>(&mut self, value: T) -> &mut Self {
        self.places.push(self.text.len());
        if let Err(error) = self.values.add(value) {
            // A place without its value: the database refuses the statement.
            tracing::error!(%error, "a value cannot be bound");
        }
        self
    }

    /// A list whose items stand apart by `between`.
    pub(crate) const fn separated(&mut self, between: &'static str) -> Separated<'_> {
        Separated { sql: self, between, first: true }
    }

    /// `VALUES (…), (…)`, one of them for each item; there is at least one.
    pub(crate) fn push_values<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut push: impl FnMut(Separated<'_>, T),
    ) -> &mut Self {
        let mut before = "VALUES (";
        for item in items {
            self.push(before);
            push(self.separated(", "), item);
            before = "), (";
        }
        self.push(")")
    }

    /// The statement for the database behind `c`.
    pub(crate) fn build(self, c: &Link) -> Bound<'static> {
        let Self { text, places, values } = self;
        query_with(AssertSqlSafe(placed(&text, &places, c.numbers())), values)
    }
}

/// A list in the making.
pub(crate) struct Separated<'s> {
    sql: &'s mut Sql,
    between: &'static str,
    first: bool,
}

impl Separated<'_> {
    pub(crate) fn push_bind<'t, T: Encode<'t, Any> + Type<Any>>(&mut self, value: T) -> &mut Self {
        if !std::mem::take(&mut self.first) {
            self.sql.push(self.between);
        }
        self.sql.push_bind(value);
        self
    }
}

/// The text with a sign at each place.
fn placed(text: &str, places: &[usize], numbers: bool) -> String {
    let mut whole = String::with_capacity(text.len() + 4 * places.len());
    let mut from = 0;
    for (n, &place) in (1..).zip(places) {
        whole.push_str(&text[from..place]);
        if numbers {
            whole.push('$');
            whole.push_str(&usize::to_string(&n));
        } else {
            whole.push('?');
        }
        from = place;
    }
    whole.push_str(&text[from..]);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_gets_the_signs_that_it_knows() {
        let mut sql = Sql::new("INSERT INTO t (a, b) ");
        sql.push_values([1i64, 2], |mut row, n| {
            row.push_bind(n).push_bind(n * 10);
        });
        sql.push(" LIMIT ").push_bind(5i64);
        let written = |numbers| placed(&sql.text, &sql.places, numbers);
        assert_eq!(written(false), "INSERT INTO t (a, b) VALUES (?, ?), (?, ?) LIMIT ?");
        assert_eq!(written(true), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) LIMIT $5");
        assert_eq!(sql.values.len(), 5);
    }
}

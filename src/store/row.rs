//! Rows and records: what a table's columns are, and how a record becomes a row and back, whatever the driver.

use std::ops::Range;

use jiff::{Timestamp, civil::Date};

use super::wkb::{self, Shape, Stored};
use crate::model::{Code, LonLat, MultiPolygon, Polygon};

/// A table as the repository sees it.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name.
    pub(super) name: &'static str,
    /// Its columns, the key's first, `street_code` first of all.
    pub(super) columns: &'static [&'static str],
    /// How many of them are the key.
    pub(super) key: usize,
    /// The last column is a shape made from other rows, for those who look at the table: written, never read back.
    pub(super) derived: bool,
}

impl Table {
    /// `SELECT` of all columns that are read.
    pub(super) fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.read_columns(), self.name)
    }

    fn read_columns(&self) -> String {
        self.columns[..self.columns.len() - usize::from(self.derived)].join(", ")
    }

    /// `INSERT` of so many rows; with `upsert` a row replaces the one of the same key. Parameters are `$1`, `$2`, … where
    /// `numbered`, else `?`: SQLite looks a named one up in a list, from its start, each time it is bound.
    pub(super) fn insert(&self, rows: usize, upsert: bool, numbered: bool) -> String {
        let mut sql = format!("INSERT INTO {} ({}) VALUES ", self.name, self.columns.join(", "));
        let width = self.columns.len();
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..width {
                sql.push_str(if column == 0 { "" } else { ", " });
                if numbered {
                    sql.push('$');
                    sql.push_str(&(row * width + column + 1).to_string());
                } else {
                    sql.push('?');
                }
            }
            sql.push(')');
        }
        if upsert {
            sql.push_str(&self.on_conflict());
        }
        sql
    }

    /// `UPDATE` of one row, its derived shape left as it is: the parameters are the columns that are read, in their order.
    pub(super) fn update(&self) -> String {
        let places = |columns: Range<usize>, between: &str| {
            columns.map(|column| format!("{} = ${}", self.columns[column], column + 1)).collect::<Vec<_>>().join(between)
        };
        let read = self.columns.len() - usize::from(self.derived);
        format!("UPDATE {} SET {} WHERE {}", self.name, places(self.key..read, ", "), places(0..self.key, " AND "))
    }

    /// `SELECT` of a column, or of all that are read, of the rows where `start` holds, a key's beginning, and `column` is one of the parameters.
    ///
    /// PostgreSQL must be led to look for them `one_by_one`: a plan that has just been put is not in its statistics, so that
    /// it takes the key's beginning for a few rows and compares each of 40,000 with each of the parameters.
    pub(super) fn select_by(&self, read: Option<&str>, start: &str, column: &str, parameters: Range<usize>, one_by_one: bool) -> String {
        let (name, read) = (self.name, read.map_or_else(|| self.read_columns(), str::to_owned));
        let places = |open: &str, close: &str| parameters.map(|place| format!("{open}${place}{close}")).collect::<Vec<_>>().join(", ");
        if one_by_one {
            let wanted = format!("(SELECT DISTINCT id FROM (VALUES {}) AS given (id)) AS wanted", places("(", ")"));
            let found = format!("(SELECT {read} FROM {name} WHERE {start} AND {column} = wanted.id OFFSET 0) AS found");
            return format!("SELECT {read} FROM {wanted} CROSS JOIN LATERAL {found}");
        }
        format!("SELECT {read} FROM {name} WHERE {start} AND {column} IN ({})", places("", ""))
    }

    /// The clause that replaces the row of the same key.
    pub(super) fn on_conflict(&self) -> String {
        let (key, rest) = self.columns.split_at(self.key);
        let set: Vec<String> = rest.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        format!(" ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), set.join(", "))
    }
}

/// A `SELECT`. It is kept prepared.
#[derive(Clone, Debug)]
pub(super) struct Select<'a> {
    /// Its text; the parameters are `$1`, `$2`, … in the order in which they first stand there.
    pub(super) sql: String,
    /// Their values.
    pub(super) keys: Vec<Key<'a>>,
    /// What is read, for messages.
    pub(super) table: &'static str,
}

/// A value that rows are looked for by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key<'a> {
    Text(&'a str),
    Integer(i64),
}

/// A value on its way into a column.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Text(Option<&'a str>),
    Integer(Option<i64>),
    Boolean(bool),
    /// The store keeps milliseconds.
    Time(Option<Timestamp>),
    Date(Option<Date>),
    Json(Option<String>),
    Shape(Shape<'a>),
}

/// A record that is one row of one table.
pub(super) trait Record: Sized + Send + Sync {
    /// The table.
    const TABLE: Table;

    /// What tells it from other records of the street; empty where the key has several columns.
    fn id(&self) -> &str;

    /// Its values, in the order of the table's columns.
    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>);

    /// The record of a row whose columns are the table's.
    fn read(row: &impl Fields) -> Result<Self, sqlx::Error>;
}

/// A row's columns by position, for either driver.
pub(super) trait Fields {
    fn optional_text(&self, column: usize) -> Result<Option<&str>, sqlx::Error>;
    fn optional_integer(&self, column: usize) -> Result<Option<i64>, sqlx::Error>;
    fn boolean(&self, column: usize) -> Result<bool, sqlx::Error>;
    fn optional_time(&self, column: usize) -> Result<Option<Timestamp>, sqlx::Error>;
    fn optional_date(&self, column: usize) -> Result<Option<Date>, sqlx::Error>;
    fn stored_shape(&self, column: usize) -> Result<Stored<'_>, sqlx::Error>;

    fn text(&self, column: usize) -> Result<&str, sqlx::Error> {
        self.optional_text(column)?.ok_or_else(|| damage(format!("column {column} is empty")))
    }

    fn owned_text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        Ok(self.optional_text(column)?.map(str::to_owned))
    }

    fn code(&self, column: usize) -> Result<Code, sqlx::Error> {
        Code::new(self.text(column)?).map_err(damage)
    }

    fn integer<T: TryFrom<i64>>(&self, column: usize) -> Result<T, sqlx::Error> {
        self.small(column)?.ok_or_else(|| damage(format!("column {column} is empty")))
    }

    /// An integer that must fit a smaller type.
    fn small<T: TryFrom<i64>>(&self, column: usize) -> Result<Option<T>, sqlx::Error> {
        self.optional_integer(column)?
            .map(|number| T::try_from(number).map_err(|_| damage(format!("{number} is out of range in column {column}"))))
            .transpose()
    }

    fn time(&self, column: usize) -> Result<Timestamp, sqlx::Error> {
        self.optional_time(column)?.ok_or_else(|| damage(format!("column {column} is empty")))
    }

    /// A word out of a fixed list.
    fn word<T>(&self, column: usize, parse: impl Fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
        let word = self.text(column)?;
        parse(word).ok_or_else(|| damage(format!("{word:?} is no known word in column {column}")))
    }

    fn point(&self, column: usize) -> Result<LonLat, sqlx::Error> {
        wkb::read_point(self.stored_shape(column)?).map_err(damage)
    }

    fn line(&self, column: usize) -> Result<Vec<LonLat>, sqlx::Error> {
        wkb::read_line(self.stored_shape(column)?).map_err(damage)
    }

    fn polygon(&self, column: usize) -> Result<Polygon, sqlx::Error> {
        wkb::read_polygon(self.stored_shape(column)?).map_err(damage)
    }

    fn multipolygon(&self, column: usize) -> Result<MultiPolygon, sqlx::Error> {
        wkb::read_multipolygon(self.stored_shape(column)?).map_err(damage)
    }
}

/// A stored value that makes no sense.
pub(super) fn damage(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(why.into())
}

/// The time a column keeps: whole milliseconds, towards the past.
pub(super) fn milliseconds(time: Timestamp) -> i64 {
    time.as_nanosecond().div_euclid(1_000_000) as i64
}

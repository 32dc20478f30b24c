//! A driver's error made understandable: what was being done, and what to do about it.

use super::Error;

/// Wraps a driver's error with what was being done. A row that does not decode and a corrupt file are damage.
pub(super) fn failed<W: Into<String>>(doing: impl FnOnce() -> W) -> impl FnOnce(sqlx::Error) -> Error {
    move |cause| {
        let doing = doing().into();
        match &cause {
            sqlx::Error::Decode(why) | sqlx::Error::ColumnDecode { source: why, .. } => {
                Error::Damaged { what: doing, why: why.to_string() }
            }
            sqlx::Error::Database(error) => match advice(error.code().as_deref().unwrap_or_default()) {
                Advice::Damaged => {
                    Error::Damaged { what: format!("database (seen while {doing})"), why: format!("{error}; restore a copy") }
                }
                Advice::Do(what) => Error::Driver { doing: format!("{doing} ({what})"), cause },
                Advice::None => Error::Driver { doing, cause },
            },
            sqlx::Error::PoolTimedOut => Error::Driver { doing: format!("{doing} (every connection is busy; try again later)"), cause },
            sqlx::Error::Io(error) if unreachable(error.kind()) => {
                Error::Driver { doing: format!("{doing} (no server answers there: start it, or check host and port)"), cause }
            }
            _ => Error::Driver { doing, cause },
        }
    }
}

fn unreachable(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind as K;
    matches!(kind, K::ConnectionRefused | K::NotFound | K::TimedOut | K::HostUnreachable | K::NetworkUnreachable)
}

/// The same for a failed migration.
pub(super) fn migration_failed(database: &str) -> impl FnOnce(sqlx::migrate::MigrateError) -> Error {
    use sqlx::migrate::MigrateError as E;
    let database = database.to_owned();
    move |error| match error {
        E::Execute(source) | E::ExecuteMigration(source, _) => failed(|| format!("migrating {database}"))(source),
        E::VersionMismatch(_) | E::VersionMissing(_) | E::Dirty(_) => {
            Error::Damaged { what: format!("schema of {database}"), why: error.to_string() }
        }
        other => failed(|| format!("migrating {database}"))(sqlx::Error::Migrate(Box::new(other))),
    }
}

enum Advice {
    Damaged,
    Do(&'static str),
    None,
}

/// SQLite gives its (extended) result code as a number, PostgreSQL a SQLSTATE of five characters.
fn advice(code: &str) -> Advice {
    if code.len() == 5 {
        return match code {
            "53100" => Advice::Do("the server's disk is full: free some space and repeat"),
            "53300" => Advice::Do("the server has no connection left: try again later or raise max_connections"),
            "25006" => Advice::Do("the server is read-only, perhaps a standby: use the primary"),
            "28P01" | "28000" => Advice::Do("the server refused the login: check user, password and pg_hba.conf"),
            "3D000" => Advice::Do("the database does not exist: create it with createdb"),
            "42501" => Advice::Do("the user may not do this: ask the owner for the right"),
            "XX001" | "XX002" => Advice::Damaged,
            _ => Advice::None,
        };
    }
    // The primary code is the low byte.
    match code.parse::<u32>().unwrap_or_default() & 0xFF {
        5 | 6 => Advice::Do("another process holds the file: try again later"),
        8 => Advice::Do("the file or its folder is read-only: make both writable"),
        10 => Advice::Do("the disk failed to read or write: check it and its free space"),
        13 => Advice::Do("the disk is full: free some space and repeat"),
        14 => Advice::Do("the file cannot be opened: check its path and permissions"),
        11 | 26 => Advice::Damaged,
        _ => Advice::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str) -> String {
        match advice(code) {
            Advice::Damaged => "damaged".into(),
            Advice::Do(what) => what.into(),
            Advice::None => String::new(),
        }
    }

    #[test]
    fn both_drivers_codes_lead_to_advice() {
        for (sqlite, postgres, word) in [("13", "53100", "disk is full"), ("1032", "25006", "read-only"), ("267", "XX001", "damaged")] {
            assert!(told(sqlite).contains(word), "{sqlite}: {}", told(sqlite));
            assert!(told(postgres).contains(word), "{postgres}: {}", told(postgres));
        }
        assert_eq!(told("23505"), "");
        assert_eq!(told("2067"), "", "a unique constraint is no fault of the disk");
        assert_eq!(told(""), "");
    }

    #[test]
    fn a_cause_is_told_once_and_a_silent_server_with_advice() {
        let refused = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "refused, alas");
        let error = anyhow::Error::from(failed(|| "connecting to postgres://h:5432/grid")(sqlx::Error::Io(refused)));
        let text = format!("{error:#}");
        assert_eq!(text.matches("refused, alas").count(), 1, "{text}");
        assert!(text.contains("no server answers there: start it"), "{text}");
    }

    #[test]
    fn a_value_that_does_not_decode_is_damage() {
        let error = failed(|| "lines L7")(sqlx::Error::Decode("no such class".into()));
        assert_eq!(error.to_string(), "stored lines L7 is damaged: no such class");
    }
}

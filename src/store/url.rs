//! Which database a URL means.

use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;

use super::Error;

/// A database to be opened.
pub(super) enum Target {
    /// A GeoPackage file.
    GeoPackage(PathBuf),
    /// A PostgreSQL database with PostGIS, and its name without credentials.
    PostGis(Box<PgConnectOptions>, String),
}

impl Target {
    /// Reads `gpkg:PATH` or `postgres://…`; what the latter leaves out comes from the PG* variables.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let not_understood = || Error::Url(without_credentials(url));
        if let Some(path) = url.strip_prefix("gpkg:") {
            return if path.is_empty() { Err(not_understood()) } else { Ok(Self::GeoPackage(path.into())) };
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(not_understood());
        }
        let options: PgConnectOptions = url.parse().map_err(|_| not_understood())?;
        let place = options.get_socket().map_or_else(|| options.get_host().to_owned(), |socket| socket.display().to_string());
        let database = options.get_database().unwrap_or_default();
        let name = format!("postgres://{place}:{}/{database}", options.get_port());
        Ok(Self::PostGis(Box::new(options), name))
    }
}

/// The URL without what stands before an @ and behind a ?: a URL that is not understood may hold a password anywhere there.
fn without_credentials(url: &str) -> String {
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    if let Some((_, place)) = rest.rsplit_once('@') {
        return format!("{scheme}://…@{}", place.split('?').next().unwrap_or_default());
    }
    url.split('?').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        match Target::parse(url) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{url} was understood"),
        }
    }

    #[test]
    fn a_path_and_a_server_are_understood() {
        assert!(
            matches!(Target::parse("gpkg:data/city.gpkg"), Ok(Target::GeoPackage(path)) if path == std::path::Path::new("data/city.gpkg"))
        );
        let Ok(Target::PostGis(_, name)) = Target::parse("postgres://me:secret@db.example:5433/grid?password=hidden") else {
            panic!("not understood")
        };
        assert_eq!(name, "postgres://db.example:5433/grid");
    }

    #[test]
    fn a_refused_url_keeps_its_secrets() {
        for url in ["", "gpkg:", "city.gpkg", "mysql://me:secret@host/db", "postgres://me:secret@host:port/db?password=secret"] {
            let message = refusal(url);
            assert!(message.contains("gpkg:PATH"), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
        assert!(!refusal("postgre://me:p@ss/word?secret@host/db").contains("ss/word"));
    }
}

//! Which database a URL means.

use std::path::{Path, PathBuf};

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
        let not_understood = || Error::Url(format!("{:?}", without_credentials(url)));
        if let Some(path) = url.strip_prefix("gpkg:") {
            return if path.is_empty() { Err(Error::Url("gpkg: (the path is missing)".into())) } else { Ok(Self::GeoPackage(path.into())) };
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

/// Whether `path` is one of the files the database at `url` lives in, by whatever way it is written: a file that is written
/// there would be the end of the database.
pub(super) fn owns_file(url: &str, path: &Path) -> bool {
    let Ok(Target::GeoPackage(database)) = Target::parse(url) else { return false };
    ["", "-wal", "-shm", "-journal"].iter().any(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        is_same_file(Path::new(&name), path)
    })
}

/// Whether two paths name one file, also through links and `..`; neither need be there yet.
pub(super) fn is_same_file(a: &Path, b: &Path) -> bool {
    if a == b || place(a).is_some_and(|a| Some(a) == place(b)) {
        return true;
    }
    // A hard link, and a name on a disk that does not tell capitals.
    #[cfg(unix)]
    if let (Ok(a), Ok(b)) = (std::fs::metadata(a), std::fs::metadata(b)) {
        use std::os::unix::fs::MetadataExt as _;
        return (a.dev(), a.ino()) == (b.dev(), b.ino());
    }
    false
}

/// The one name of a file, which need not be there yet.
fn place(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    })
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
    fn a_database_knows_its_files_by_every_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("city.gpkg");
        std::fs::write(&file, "x").unwrap();
        std::fs::create_dir(dir.path().join("w")).unwrap();
        let url = format!("gpkg:{}", file.display());
        let mut names = vec!["city.gpkg", "city.gpkg-wal", "city.gpkg-shm", "./city.gpkg", "w/../city.gpkg", "w/../city.gpkg-wal"];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&file, dir.path().join("symbolic")).unwrap();
            std::fs::hard_link(&file, dir.path().join("hard")).unwrap();
            names.extend(["symbolic", "hard"]);
        }
        for name in names {
            assert!(owns_file(&url, &dir.path().join(name)), "{name}");
        }
        for name in ["city.geojson", "w/city.gpkg", "city.gpkg-copy", "none/city.gpkg"] {
            assert!(!owns_file(&url, &dir.path().join(name)), "{name}");
        }
        assert!(!owns_file("postgres://host/city.gpkg", &file));
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

//! Indexed copies: a whole database as one GeoPackage file with spatial R-trees.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::{
    Error, Store,
    failure::failed,
    gpkg::{self, GeoPackage},
    postgis::PostGis,
    reading::Logs,
    rtree,
    url::Target,
};
use crate::model::{Change, ChangeSet, Code, StreetData, World};

/// Writes the copy beside its place and moves it there when it is whole.
pub(super) async fn export_copy(source: Target, path: &Path) -> Result<(), Error> {
    gpkg::check_place(path)?;
    let partial = Partial::beside(path);
    match source {
        Target::GeoPackage(live) => vacuum_into(&live, &partial.0).await?,
        Target::PostGis(options, name) => {
            let live = PostGis::open(*options, name).await?;
            let (world, logs) = live.snapshot_with_logs().await?;
            live.close().await;
            write_world(&partial.0, world, &logs).await?;
        }
    }
    let doing = || format!("indexing the copy {}", path.display());
    let mut connection = gpkg::copy_options(&partial.0).connect().await.map_err(failed(doing))?;
    // The source may be such a copy itself.
    rtree::drop_all(&mut connection).await.map_err(failed(doing))?;
    rtree::add_all(&mut connection).await.map_err(failed(doing))?;
    connection.close().await.map_err(failed(doing))?;
    let done = std::fs::File::open(&partial.0).and_then(|file| file.sync_all()).and_then(|()| std::fs::rename(&partial.0, path));
    done.map_err(|error| failed(|| format!("writing {}", path.display()))(error.into()))
}

/// A file that is removed, with what SQLite puts beside it, unless it was moved to its place.
struct Partial(PathBuf);

impl Partial {
    fn beside(path: &Path) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.partial", std::process::id()));
        Self(path.with_file_name(name))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.0.as_os_str().to_owned();
            name.push(suffix);
            // It is gone already when all went well.
            let _ = std::fs::remove_file(PathBuf::from(name));
        }
    }
}

async fn vacuum_into(live: &Path, copy: &Path) -> Result<(), Error> {
    if !live.exists() {
        return Err(Error::File { path: format!("gpkg:{}", live.display()), why: "does not exist".into() });
    }
    // Opening checks what it is.
    let live = GeoPackage::open_read(live).await?;
    let copied = live.vacuum_into(copy).await;
    live.close().await;
    copied
}

/// Writes a loaded world as a new GeoPackage, with its versions and its logs.
async fn write_world(path: &Path, world: World, logs: &Logs) -> Result<(), Error> {
    let store = GeoPackage::open(path).await?;
    for (street, data) in world {
        store.commit(0, &everything(street, data)).await?;
    }
    store.put_logs(logs).await?;
    store.close().await;
    let doing = || format!("closing the copy {}", path.display());
    let mut connection = gpkg::copy_options(path).connect().await.map_err(failed(doing))?;
    connection.execute(AssertSqlSafe("VACUUM".to_owned())).await.map_err(failed(doing))?;
    connection.close().await.map_err(failed(doing))
}

/// A street's data as one change set.
fn everything(street: Code, data: StreetData) -> ChangeSet {
    let mut changes = vec![
        Change::PutAreas(data.areas),
        Change::PutLines(data.lines),
        Change::PutWaters(data.waters),
        Change::PutBuildings(data.buildings),
        Change::PutHouseholds(data.households),
        Change::PutIssues(data.issues),
    ];
    changes.extend(data.plans.into_iter().map(|plan| Change::PutPlan(Box::new(plan))));
    ChangeSet { street, what: "copy".into(), changes }
}

//! What all handlers share: the current snapshot, the store behind it, the tile cache, the listeners.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use futures::{StreamExt, TryStreamExt};
use jiff::{Timestamp, civil::Date};
use tokio::sync::{Semaphore, broadcast, watch};

use super::{
    Error,
    desk::{Desks, Replies, plannings::Plannings},
    events::ChangeEvent,
    info::IssuesInfo,
    making::Makers,
    params::{self, DayClock},
    tile_cache::TileCache,
};
use crate::{
    backdrop::{self, Backdrop},
    index::{self, Snapshot, StreetIndex},
    model::{Code, Version},
    store::{self, Store},
    tile::{self, BUDGET_BYTES},
};

/// Whose `Host` headers are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Names of this machine only, so that no foreign page can reach the service under a name of its own (DNS rebinding).
    Loopback,
    /// Every name.
    Any,
}

/// What `serve` may be asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether household positions are served.
    pub households: bool,
    /// Whose `Host` headers are answered.
    pub hosts: Hosts,
    /// Bytes the tile cache may hold; with none, every tile is made when it is asked for.
    pub tile_cache_bytes: usize,
    /// Bytes of a tile beyond which it is thinned; `None` thins none.
    pub tile_budget: Option<usize>,
    /// How long a command on a draft may be worked out while nobody else can work on the street.
    pub longest_command: Duration,
    /// The picture behind the map; without one, nothing is asked of any other server.
    pub backdrop: Option<backdrop::Config>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            households: false,
            hosts: Hosts::Loopback,
            tile_cache_bytes: 48 << 20,
            tile_budget: Some(BUDGET_BYTES),
            longest_command: Duration::from_secs(20),
            backdrop: None,
        }
    }
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// What it holds cannot be indexed.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// The task that indexes ended early.
    #[error("indexing ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// A snapshot and what is worked out of it once.
pub(super) struct Current {
    /// When it was put in place.
    pub since: Instant,
    /// The world.
    pub snapshot: Snapshot,
    /// The version of every street in it.
    pub versions: BTreeMap<Code, Version>,
    /// Categories, statuses and the span of the issues.
    pub issues: OnceLock<IssuesInfo>,
}

impl Current {
    pub(super) fn new(snapshot: Snapshot, versions: BTreeMap<Code, Version>) -> Self {
        Self { since: Instant::now(), snapshot, versions, issues: OnceLock::new() }
    }
}

/// The running service.
pub struct Service {
    pub(super) options: Options,
    pub(super) store: Arc<dyn Store>,
    pub(super) current: ArcSwap<Current>,
    pub(super) tiles: TileCache,
    pub(super) makers: Makers,
    /// Streets whose plans are worked on.
    pub(super) desks: Desks,
    /// Answers to requests that may come again.
    pub(super) replies: Replies,
    /// Plannings under way.
    pub(super) plannings: Plannings,
    pub(super) backdrop: Option<Arc<Backdrop>>,
    pub(super) day: DayClock,
    /// How many requests with many positions are worked on at a time.
    pub(super) locating: Arc<Semaphore>,
    pub(super) changes: broadcast::Sender<ChangeEvent>,
    /// `true` once the service is asked to end, so that endless answers end too.
    pub(super) ending: watch::Sender<bool>,
    /// Whether the snapshot is known to be as new as the store.
    pub(super) fresh: AtomicBool,
    /// Where the data comes from.
    pub(super) sources: Sources,
}

impl Service {
    /// Loads the world and indexes it.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(store: Arc<dyn Store>, options: Options) -> Result<Arc<Self>, StartError> {
        let streets = load_streets(&store).await?;
        let versions: BTreeMap<Code, Version> = streets.iter().map(|(version, street)| (street.code.clone(), *version)).collect();
        let streets = streets.into_iter().map(|(_, street)| street).collect();
        let snapshot = tokio::task::spawn_blocking(|| Snapshot::of_streets(streets)).await?;
        let sources = Sources::default();
        for street in versions.keys() {
            for note in store.changes_since(street, 0).await? {
                sources.learn(&note.what);
            }
        }
        let service = Arc::new(Self {
            tiles: TileCache::new(options.tile_cache_bytes),
            makers: Makers::new(),
            desks: Desks::default(),
            replies: Replies::default(),
            plannings: Plannings::default(),
            backdrop: options.backdrop.clone().map(Backdrop::new),
            day: DayClock::new(),
            locating: Arc::new(Semaphore::new(2)),
            options,
            store,
            current: ArcSwap::from_pointee(Current::new(snapshot, versions)),
            changes: broadcast::Sender::new(256),
            ending: watch::Sender::new(false),
            fresh: AtomicBool::new(true),
            sources,
        });
        // The first tiles are answered meanwhile; what they need is made with them.
        let ready = service.clone();
        tokio::task::spawn_blocking(move || tile::prepare(&ready.current().snapshot, None, PREPARED_ZOOMS));
        Ok(service)
    }

    /// The day it is in China.
    pub(super) fn today(&self) -> Date {
        params::today(Timestamp::now())
    }

    pub(super) fn current(&self) -> Arc<Current> {
        self.current.load_full()
    }

    /// Runs work that takes more than a moment on the blocking pool, with the current snapshot.
    pub(super) async fn compute<T: Send + 'static>(&self, work: impl FnOnce(&Current) -> T + Send + 'static) -> Result<T, Error> {
        let current = self.current();
        Ok(tokio::task::spawn_blocking(move || work(&current)).await?)
    }

    /// Whether the snapshot is as new as the store, and the service is not ending.
    pub(super) fn is_ready(&self) -> bool {
        self.fresh.load(Ordering::Relaxed) && !*self.ending.borrow()
    }

    /// Ends endless answers (server-sent events), so that a graceful shutdown is not held up by them.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }
}

/// Zooms whose shapes are made ready at the start: a city whole to a street close up.
const PREPARED_ZOOMS: std::ops::RangeInclusive<u8> = 9..=16;

/// Streets in the loading at a time: one is read while another is indexed, and no more rows are held than theirs.
const LOADS_AT_ONCE: usize = 2;

/// Every street, indexed, with its version. Each is read as of one moment; what is committed meanwhile to one read before is
/// caught up with later, as any other change.
async fn load_streets(store: &Arc<dyn Store>) -> Result<Vec<(Version, StreetIndex)>, StartError> {
    let codes = store.versions().await?.into_keys();
    let loads = futures::stream::iter(codes).map(|code| async move {
        let Some(data) = store.load_street(&code).await? else { return Ok::<_, StartError>(None) };
        let version = data.version;
        let street = tokio::task::spawn_blocking(move || StreetIndex::build(code, data)).await??;
        Ok(Some((version, street)))
    });
    loads.buffer_unordered(LOADS_AT_ONCE).try_filter_map(async |street| Ok(street)).try_collect().await
}

/// What the change log calls the import of the invented city.
pub const SAMPLE_CITY: &str = "import sample city";

/// The notice that OpenStreetMap's licence (ODbL) asks for on a map, when a line of the change log says that its data came in.
pub fn openstreetmap_notice(what: &str) -> Option<&'static str> {
    what.starts_with("import osm").then_some("© OpenStreetMap contributors")
}

/// Where the data comes from, as the change log tells.
#[derive(Debug, Default)]
pub(super) struct Sources {
    notice: OnceLock<&'static str>,
    sample_city: AtomicBool,
}

impl Sources {
    /// Reads one line of the change log.
    pub(super) fn learn(&self, what: &str) {
        if let Some(notice) = openstreetmap_notice(what) {
            self.notice.get_or_init(|| notice);
        }
        if what == SAMPLE_CITY {
            self.sample_city.store(true, Ordering::Relaxed);
        }
    }

    /// The notice that a licence asks for on a map; empty without such data.
    pub(super) fn attribution(&self) -> &'static str {
        self.notice.get().copied().unwrap_or_default()
    }

    /// Whether the data is invented, and the app should say so.
    pub(super) fn is_synthetic(&self) -> bool {
        self.sample_city.load(Ordering::Relaxed)
    }
}

//! A satellite or street picture from elsewhere, to lie behind the map.
//!
//! In: the operator's [`Template`]. Out: pictures of Web Mercator tiles on WGS 84, encoded. A tile goes [`cache`] → [`fetch`] and, where
//! the source shows GCJ-02, through [`shift`]. **Invariant:** nothing that leaves this room (picture, error, log line, metric) carries the
//! template or its key; the source is told nothing of who asks.

mod cache;
mod fetch;
mod shift;
mod template;

use std::{fmt, sync::Arc, time::Instant};

use bytes::Bytes;
use futures::future::try_join_all;
use tokio::sync::Semaphore;
use xxhash_rust::xxh3::xxh3_64;

pub use fetch::Limits;
pub use template::{Template, TemplateError};

use cache::{Cache, What};
use fetch::Fetcher;

use crate::tile::TileCoord;

/// The deepest zoom that is asked for where nothing else is said: 0.6 m a pixel at the equator, and most sources have it.
pub const DEFAULT_MAX_ZOOM: u8 = 18;

/// Bytes of pictures kept.
const CACHE_BYTES: usize = 32 << 20;

/// On which datum the source draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Datum {
    /// WGS 84, or CGCS2000, which is the same to some centimetres.
    #[default]
    Wgs84,
    /// GCJ-02: everything lies some hundred metres off, and is shifted back.
    Gcj02,
}

/// What the operator asks for.
#[derive(Clone)]
pub struct Config {
    /// Where the tiles are.
    pub template: Template,
    /// On which datum the source draws.
    pub datum: Datum,
    /// Who is to be named on the map; may be empty.
    pub attribution: String,
    /// The deepest zoom of the source.
    pub max_zoom: u8,
    /// Bounds of a request to the source.
    pub limits: Limits,
}

impl Config {
    /// A source on WGS 84, with usual bounds.
    pub fn new(template: Template) -> Self {
        Self { template, datum: Datum::Wgs84, attribution: String::new(), max_zoom: DEFAULT_MAX_ZOOM, limits: Limits::default() }
    }
}

/// Without the template, which carries the key.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("datum", &self.datum).field("max_zoom", &self.max_zoom).finish_non_exhaustive()
    }
}

/// What a picture is encoded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl Format {
    /// Told by the bytes: what sources say of their tiles is not always so.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

/// An encoded picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// What the bytes are.
    pub format: Format,
    /// The file.
    pub bytes: Bytes,
    /// Of the bytes.
    pub hash: u64,
}

impl Picture {
    fn new(format: Format, bytes: Bytes) -> Self {
        Self { format, hash: xxh3_64(&bytes), bytes }
    }
}

/// What a source has for a tile, and how long it is believed.
#[derive(Clone, Debug)]
pub struct Shown {
    /// `None` where it has nothing.
    pub picture: Option<Picture>,
    /// When to ask again; of a picture put together, when the first of its parts is to be asked for again.
    pub until: Instant,
}

/// Why there is no picture although the source should have one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection, or it broke. The cause is for the log: it may name addresses of the operator's network.
    #[error("the source of the backdrop cannot be reached: {cause}")]
    Unreachable {
        /// What the network or TLS says.
        cause: String,
    },
    /// It takes too long.
    #[error("the source of the backdrop did not answer in {seconds} s")]
    TooSlow {
        /// The time limit.
        seconds: u64,
    },
    /// It answers something else than 200.
    #[error("the source of the backdrop answered with status {0}")]
    Status(u16),
    /// It sends elsewhere, where the key must not go.
    #[error("the source of the backdrop redirects to another server, which is not followed")]
    Redirected,
    /// It sends more than a tile can weigh.
    #[error("the source of the backdrop sent more than {0} bytes for a tile")]
    TooLarge(usize),
    /// It answers 200 with something else, as some do to tell that a key is wrong.
    #[error("the source of the backdrop sent something that is no PNG, JPEG or WebP picture")]
    NotAPicture,
    /// The shift takes pictures apart, and this one cannot be: damaged, of an odd size, or WebP.
    #[error("a tile of the backdrop's source cannot be shifted: {0}")]
    Unshiftable(&'static str),
    /// Our own fault.
    #[error("fetching the backdrop ended early")]
    Broken,
}

/// The source, its cache and what shifts it.
pub struct Backdrop {
    config: Config,
    cache: Arc<Cache>,
    fetcher: Arc<Fetcher>,
    /// Pictures put together at a time; each keeps a core busy for some milliseconds.
    shifting: Semaphore,
}

impl Backdrop {
    /// Ready to fetch; asks the source for nothing yet.
    pub fn new(config: Config) -> Arc<Self> {
        let fetcher = Arc::new(Fetcher::new(config.template.clone(), config.limits));
        Arc::new(Self { config, cache: Cache::new(CACHE_BYTES), fetcher, shifting: Semaphore::new(2) })
    }

    /// What was asked for.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The picture of a WGS 84 tile, if the source has one. Requests for a tile under way wait for it.
    ///
    /// # Errors
    /// When the source fails; see [`Error`].
    pub async fn picture(self: &Arc<Self>, tile: TileCoord) -> Result<Shown, Error> {
        let shift = match self.config.datum {
            Datum::Wgs84 => return self.source_tile(tile).await,
            Datum::Gcj02 => shift::Shift::of(tile),
        };
        if shift.is_none() {
            return self.source_tile(tile).await;
        }
        let this = self.clone();
        self.cache.get(What::Shifted(tile), move || async move { this.put_together(tile, shift).await }).await
    }

    async fn source_tile(&self, tile: TileCoord) -> Result<Shown, Error> {
        let fetcher = self.fetcher.clone();
        let fetch = move || async move {
            let picture = fetcher.fetch(tile).await?;
            Ok(Shown { until: cache::good_until(picture.as_ref()), picture })
        };
        self.cache.get(What::Source(tile), fetch).await
    }

    async fn put_together(&self, tile: TileCoord, shift: shift::Shift) -> Result<Shown, Error> {
        let tiles = try_join_all(shift.sources(tile).into_iter().map(|source| async move {
            match source {
                Some(source) => self.source_tile(source).await.map(Some),
                // Beyond the edge of the world there will never be anything.
                None => Ok(None),
            }
        }))
        .await?;
        let until = tiles.iter().flatten().map(|shown| shown.until).min().unwrap_or_else(|| cache::good_until(None));
        let pictures: Vec<Option<Picture>> = tiles.into_iter().map(|shown| shown?.picture).collect();
        let _turn = self.shifting.acquire().await.map_err(|_| Error::Broken)?;
        let picture = tokio::task::spawn_blocking(move || shift.put_together(&pictures)).await.map_err(|_| Error::Broken)??;
        Ok(Shown { picture, until })
    }
}

impl fmt::Debug for Backdrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}

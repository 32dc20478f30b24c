//! Tiles, encoded and compressed once and kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::HeaderValue;
use bytes::Bytes;
use tokio::sync::{OnceCell, Semaphore};
use xxhash_rust::xxh3::xxh3_64;

use super::Error;
use crate::tile::{Layer, Query, TileCoord};

/// What a tile depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The snapshot's number.
    pub epoch: u64,
    /// Sorted, each once.
    pub layers: Vec<Layer>,
    /// Which tile.
    pub coord: TileCoord,
    /// Day, draft and filter.
    pub query: Query,
}

/// A tile as it is sent.
#[derive(Debug)]
pub(super) struct Tile {
    /// `None` when it holds no feature.
    pub content: Option<Content>,
}

/// Both representations. Each has its own strong entity tag.
#[derive(Debug)]
pub(super) struct Content {
    pub identity: Bytes,
    pub gzip: Bytes,
    pub identity_etag: HeaderValue,
    pub gzip_etag: HeaderValue,
}

type Slot = Arc<OnceCell<Arc<Tile>>>;

/// A cache bounded by bytes. Requests for a tile in the making wait for it instead of making it again.
///
/// Two generations: tiles are put into the young one; when it has grown to half the budget it becomes the old one and the old
/// one's tiles, not asked for since, are dropped. A tile found in the old one moves to the young one. That is close to least
/// recently used at two hash lookups a request. Tiles of an old snapshot are not asked for again and leave by themselves.
pub(super) struct TileCache {
    generations: Mutex<Generations>,
    half_bytes: usize,
    /// One tile in the making for each core: more at a time would only hold more memory.
    makers: Arc<Semaphore>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Key, Slot>,
    young_bytes: usize,
    old: HashMap<Key, Slot>,
    old_bytes: usize,
}

impl TileCache {
    pub(super) fn new(bytes: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { generations: Mutex::default(), half_bytes: bytes / 2, makers: Arc::new(Semaphore::new(cores)) }
    }

    /// The tile of a key, made by `encode` on the blocking pool unless it is there or in the making.
    pub(super) async fn get(&self, key: Key, encode: impl FnOnce(&Key) -> Option<Vec<u8>> + Send + 'static) -> Result<Arc<Tile>, Error> {
        let slot = self.slot(&key);
        if let Some(tile) = slot.get() {
            metrics::counter!("wangge_tile_cache_total", "result" => "hit").increment(1);
            return Ok(tile.clone());
        }
        let mut made = false;
        let tile = slot
            .get_or_try_init(|| async {
                made = true;
                // Never closed; were it, the tile would be made all the same.
                let permit = self.makers.clone().acquire_owned().await.ok();
                let key = key.clone();
                tokio::task::spawn_blocking(move || {
                    // Held by the work, which goes on when nobody waits any more.
                    let _permit = permit;
                    Arc::new(Tile { content: encode(&key).map(compress) })
                })
                .await
            })
            .await?
            .clone();
        metrics::counter!("wangge_tile_cache_total", "result" => if made { "miss" } else { "wait" }).increment(1);
        if made {
            self.weigh(&key, &slot, content_cost(&tile));
        }
        Ok(tile)
    }

    fn slot(&self, key: &Key) -> Slot {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = generations.young.get(key) {
            return slot.clone();
        }
        let known = generations.old.remove(key);
        let bytes = cost(key, known.as_ref());
        if known.is_some() {
            generations.old_bytes = generations.old_bytes.saturating_sub(bytes);
        }
        generations.young_bytes += bytes;
        let slot = known.unwrap_or_default();
        generations.young.insert(key.clone(), slot.clone());
        self.turn_over(&mut generations);
        slot
    }

    /// Counts a tile just made, if its slot is still kept. The slot itself counts since it is there: its request may be cancelled.
    fn weigh(&self, key: &Key, slot: &Slot, bytes: usize) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.get(key).is_some_and(|kept| Arc::ptr_eq(kept, slot)) {
            generations.young_bytes += bytes;
        } else if generations.old.get(key).is_some_and(|kept| Arc::ptr_eq(kept, slot)) {
            generations.old_bytes += bytes;
        }
        self.turn_over(&mut generations);
        metrics::gauge!("wangge_tile_cache_bytes").set((generations.young_bytes + generations.old_bytes) as f64);
    }

    fn turn_over(&self, generations: &mut Generations) {
        if generations.young_bytes > self.half_bytes {
            generations.old = std::mem::take(&mut generations.young);
            generations.old_bytes = std::mem::take(&mut generations.young_bytes);
        }
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let generations = self.generations.lock().unwrap();
        let sum = |slots: &HashMap<Key, Slot>| slots.iter().map(|(key, slot)| cost(key, Some(slot))).sum::<usize>();
        assert_eq!((generations.young_bytes, generations.old_bytes), (sum(&generations.young), sum(&generations.old)));
        generations.young_bytes + generations.old_bytes
    }
}

/// Bytes a key, its slot and the tile in it, if there is one yet, take, roughly.
fn cost(key: &Key, slot: Option<&Slot>) -> usize {
    let filter: usize = key.query.issues.categories.iter().map(|category| category.len() + 24).sum();
    let content = slot.and_then(|slot| slot.get()).map_or(0, |tile| content_cost(tile));
    size_of::<Key>() * 2 + key.layers.len() + filter + content
}

fn content_cost(tile: &Tile) -> usize {
    tile.content.as_ref().map_or(0, |content| content.identity.len() + content.gzip.len() + 128)
}

fn compress(identity: Vec<u8>) -> Content {
    // Level 6 of libdeflate costs what level 1–2 of zlib does; a tile is compressed once and sent many times.
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut gzip = vec![0; compressor.gzip_compress_bound(identity.len())];
    let length = compressor.gzip_compress(&identity, &mut gzip).unwrap_or(0);
    gzip.truncate(length);
    let hash = xxh3_64(&identity);
    Content {
        identity_etag: etag(format!("\"{hash:016x}\"")),
        gzip_etag: etag(format!("\"{hash:016x}-gzip\"")),
        identity: identity.into(),
        gzip: gzip.into(),
    }
}

fn etag(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::index::IssueFilter;

    fn key(x: u32) -> Key {
        let query = Query { as_of: jiff::civil::date(2026, 11, 24), plan: None, issues: IssueFilter::default() };
        Key { epoch: 1, layers: vec![Layer::Cells], coord: TileCoord { z: 14, x, y: 0 }, query }
    }

    #[tokio::test]
    async fn a_tile_is_made_once_for_all_who_wait() {
        let cache = TileCache::new(1 << 20);
        let made = Arc::new(AtomicUsize::new(0));
        let requests = (0..8).map(|_| {
            let made = made.clone();
            cache.get(key(1), move |_| {
                made.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(20));
                Some(vec![7; 100])
            })
        });
        let tiles = futures::future::try_join_all(requests).await.unwrap();
        assert_eq!(made.load(Ordering::SeqCst), 1);
        assert!(tiles.iter().all(|tile| tile.content.as_ref().unwrap().identity == vec![7; 100]));
        let content = tiles[0].content.as_ref().unwrap();
        let mut plain = vec![0; 100];
        libdeflater::Decompressor::new().gzip_decompress(&content.gzip, &mut plain).unwrap();
        assert_eq!(plain, content.identity);
        assert_ne!(content.gzip_etag, content.identity_etag);
    }

    #[tokio::test]
    async fn the_budget_holds_and_what_is_in_use_stays() {
        let cache = TileCache::new(64 << 10);
        let tile = |seed: u32| move |_: &Key| Some((0..1000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 7) as u8 ^ seed as u8).collect());
        let made = Arc::new(AtomicUsize::new(0));
        for x in 0..500 {
            cache.get(key(x), tile(x)).await.unwrap();
            assert!(cache.bytes() <= (64 << 10) + (4 << 10), "{}", cache.bytes());
            let made = made.clone();
            cache
                .get(key(9999), move |_| {
                    made.fetch_add(1, Ordering::SeqCst);
                    None
                })
                .await
                .unwrap();
        }
        assert_eq!(made.load(Ordering::SeqCst), 1, "a tile asked for all the time was dropped");
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let cache = TileCache::new(1 << 20);
        assert!(cache.get(key(1), |_| panic!("no tile")).await.is_err());
        assert!(cache.get(key(1), |_| Some(vec![1])).await.unwrap().content.is_some());
    }

    #[tokio::test]
    async fn a_cancelled_request_keeps_its_permit_and_its_weight() {
        let cache = TileCache::new(64 << 10);
        let all = cache.makers.available_permits();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let begun = Arc::new(tokio::sync::Notify::new());
        let begin = begun.clone();
        let request = cache.get(key(1), move |_| {
            begin.notify_one();
            released.recv().ok();
            None
        });
        tokio::select! {
            _ = request => panic!("the tile waits for us"),
            () = begun.notified() => {}
        }
        // The request is gone, its work is not.
        assert_eq!(cache.makers.available_permits(), all - 1);
        assert!(cache.bytes() > 0);
        drop(release);
        for x in 0..2000 {
            let cancelled = cache.get(key(x), |_| None);
            drop(futures::poll!(Box::pin(cancelled)));
        }
        assert!(cache.bytes() <= 65 << 10, "{}", cache.bytes());
        let permits = cache.makers.acquire_many(all as u32);
        assert!(tokio::time::timeout(std::time::Duration::from_secs(20), permits).await.is_ok());
    }
}

//! From a tile's key to what is answered: found, known to the client, or made.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderValue};
use futures::FutureExt;
use tokio::sync::Semaphore;

use super::{
    Error, Service,
    content::{Content, Representation},
    encoding::{Effort, Encoding},
    meter::{LAYER_LABELS, layer_label, meters},
    tile_cache::{Place, Slot, Tag},
    tile_key::Variant,
};
use crate::tile::{self, Layer, MAX_ZOOM, TileCoord};

/// Work that is expected to take no longer is done where the request is: handing it to another thread and back costs some 20 µs, and
/// requests beside it wait no longer than that.
const INLINE: Duration = Duration::from_millis(1);

/// A tile that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub coord: TileCoord,
    pub variant: Variant,
    pub encoding: Encoding,
}

/// What is answered.
#[derive(Debug)]
pub(super) enum Reply {
    /// The tile holds nothing.
    Empty,
    /// The client has it: its entity tag.
    NotModified(HeaderValue),
    /// The tile, encoded as was wanted.
    Full(Representation),
}

/// Who makes tiles, and what that took so far.
pub(super) struct Makers {
    /// One tile in the making for each core: more at a time would only hold more memory.
    heavy: Arc<Semaphore>,
    /// Microseconds by encoding, layers and zoom: a moving mean. 0: none made yet.
    micros: [[[AtomicU32; MAX_ZOOM as usize + 1]; LAYER_LABELS]; Encoding::ALL.len()],
    built: AtomicU64,
}

impl Makers {
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { heavy: Arc::new(Semaphore::new(cores)), micros: Default::default(), built: AtomicU64::new(0) }
    }

    pub fn built(&self) -> u64 {
        self.built.load(Ordering::Relaxed)
    }

    fn mean(&self, wanted: &Wanted) -> &AtomicU32 {
        &self.micros[wanted.encoding as usize][layer_label(wanted.variant.layers)][usize::from(wanted.coord.z)]
    }

    fn is_light(&self, wanted: &Wanted) -> bool {
        (1..=INLINE.as_micros() as u32).contains(&self.mean(wanted).load(Ordering::Relaxed))
    }

    fn learn(&self, wanted: &Wanted, took: Duration) {
        let mean = self.mean(wanted);
        let took = took.as_micros().clamp(1, 1_000_000) as u32;
        let old = mean.load(Ordering::Relaxed);
        // One that was held up by the scheduler must not make all the others take the long way.
        let capped = took.min(8 * INLINE.as_micros() as u32);
        let new = if old == 0 { took } else { (old * 7 + capped).div_ceil(8) };
        mean.store(new, Ordering::Relaxed);
    }
}

impl Service {
    /// Tiles built since the start.
    pub fn tiles_built(&self) -> u64 {
        self.makers.built()
    }

    /// The answer when there is one without waiting and without more than a moment's work.
    pub(super) fn reply_now(&self, wanted: &Wanted, request: &HeaderMap) -> Option<Result<Reply, Error>> {
        let place = self.tiles.open(wanted.coord, &wanted.variant);
        if let Some(reply) = known(place.tag, wanted.encoding, request) {
            return Some(Ok(reply));
        }
        let Some(slot) = &place.slot else {
            return self
                .makers
                .is_light(wanted)
                .then(|| self.make_unkept(wanted, &place).map(|content| reply(content.as_ref(), wanted, request)));
        };
        if let Some(content) = slot.get() {
            let representation = match content {
                None => return Some(Ok(Reply::Empty)),
                Some(content) => content.get(wanted.encoding)?,
            };
            meters().hit.increment(1);
            return Some(Ok(Reply::Full(representation.clone())));
        }
        if !self.makers.is_light(wanted) {
            return None;
        }
        let mut made = false;
        // Not ready at once when another request is making it.
        let content = slot
            .get_or_try_init(|| {
                made = true;
                std::future::ready(self.make(wanted))
            })
            .now_or_never()?;
        if made {
            self.settle(wanted, &place, slot);
            meters().miss.increment(1);
        }
        Some(content.map(|content| reply(content.as_ref(), wanted, request)))
    }

    /// The answer, made on the blocking pool unless it is there or in the making.
    pub(super) async fn reply(self: &Arc<Self>, wanted: Wanted, request: &HeaderMap) -> Result<Reply, Error> {
        if let Some(reply) = self.reply_now(&wanted, request) {
            return reply;
        }
        let place = self.tiles.open(wanted.coord, &wanted.variant);
        let Some(slot) = &place.slot else {
            let (kept, opened) = (wanted.clone(), place.clone());
            let content = self.apart(move |service| service.make_unkept(&kept, &opened)).await??;
            return Ok(reply(content.as_ref(), &wanted, request));
        };
        let (was_there, mut made) = (slot.initialized(), false);
        let content = slot
            .get_or_try_init(|| {
                made = true;
                let wanted = wanted.clone();
                async { self.apart(move |service| service.make(&wanted)).await? }
            })
            .await?;
        match made {
            true => {
                self.settle(&wanted, &place, slot);
                meters().miss.increment(1);
            }
            false if was_there => meters().hit.increment(1),
            false => meters().wait.increment(1),
        }
        if content.as_ref().is_some_and(|content| content.get(wanted.encoding).is_none()) {
            let (there, encoding) = (slot.clone(), wanted.encoding);
            self.apart(move |_| {
                let start = Instant::now();
                if let Some(Some(content)) = there.get() {
                    content.get_or_make(encoding);
                }
                meters().record_compression(encoding, start.elapsed());
            })
            .await?;
            self.settle(&wanted, &place, slot);
        }
        Ok(reply(content.as_ref(), &wanted, request))
    }

    /// Runs heavy work on the blocking pool, at most one on each core.
    async fn apart<T: Send + 'static>(self: &Arc<Self>, work: impl FnOnce(&Self) -> T + Send + 'static) -> Result<T, Error> {
        // Never closed; were it, the work would be done all the same.
        let permit = self.makers.heavy.clone().acquire_owned().await.ok();
        let service = self.clone();
        Ok(tokio::task::spawn_blocking(move || {
            // Held by the work, which goes on when nobody waits any more.
            let _permit = permit;
            work(&service)
        })
        .await?)
    }

    /// Makes a tile that is not kept; what it is, is.
    fn make_unkept(&self, wanted: &Wanted, place: &Place) -> Result<Option<Content>, Error> {
        let content = self.make(wanted)?;
        self.tiles.settle(wanted.coord, &wanted.variant, place, tag(content.as_ref()));
        meters().miss.increment(1);
        Ok(content)
    }

    /// Makes a tile of the snapshot that is current now: the tile's place must have been opened before.
    fn make(&self, wanted: &Wanted) -> Result<Option<Content>, Error> {
        let start = Instant::now();
        let layers: Vec<Layer> = wanted.variant.layers.iter().collect();
        let effort = if layers == [Layer::Households] { Effort::Thorough } else { Effort::Quick };
        let query = wanted.variant.query();
        let current = self.current.load();
        let built = catch_unwind(AssertUnwindSafe(|| {
            tile::encode_within(&current.snapshot, &layers, wanted.coord, &query, self.options.tile_budget)
        }));
        let plain = built.map_err(|panic| Error::Internal(format!("panic: {}", said(&*panic))))?;
        self.makers.built.fetch_add(1, Ordering::Relaxed);
        let built = start.elapsed();
        meters().builds.record(wanted.variant.layers, built);
        let content = plain.map(|plain| Content::new(plain, wanted.encoding, effort));
        let all = start.elapsed();
        if wanted.encoding != Encoding::Identity {
            meters().record_compression(wanted.encoding, all - built);
        }
        self.makers.learn(wanted, all);
        Ok(content)
    }

    fn settle(&self, wanted: &Wanted, place: &Place, slot: &Slot) {
        if let Some(content) = slot.get() {
            self.tiles.settle(wanted.coord, &wanted.variant, place, tag(content.as_ref()));
        }
    }
}

/// The answer that needs no bytes.
fn known(tag: Tag, encoding: Encoding, request: &HeaderMap) -> Option<Reply> {
    match tag {
        Tag::Empty => {
            meters().hit.increment(1);
            Some(Reply::Empty)
        }
        Tag::Hash(hash) if encoding.is_known_to(request, hash) => {
            meters().not_modified.increment(1);
            Some(Reply::NotModified(encoding.etag(hash)))
        }
        _ => None,
    }
}

fn reply(content: Option<&Content>, wanted: &Wanted, request: &HeaderMap) -> Reply {
    match content {
        None => Reply::Empty,
        Some(content) if wanted.encoding.is_known_to(request, content.hash) => Reply::NotModified(wanted.encoding.etag(content.hash)),
        Some(content) => Reply::Full(content.get_or_make(wanted.encoding).clone()),
    }
}

fn tag(content: Option<&Content>) -> Tag {
    content.map_or(Tag::Empty, |content| Tag::Hash(content.hash))
}

/// What a panic said.
pub(super) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or_default().to_owned()
}

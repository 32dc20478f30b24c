//! Pictures kept, and those under way.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use super::{Error, Picture, Shown};
use crate::tile::TileCoord;

/// How long a source's picture is good.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long a source is believed that it has none.
const KEPT_NONE: Duration = Duration::from_secs(600);

/// Until when a source is believed that was asked now.
pub(super) fn good_until(picture: Option<&Picture>) -> Instant {
    Instant::now() + if picture.is_some() { KEPT } else { KEPT_NONE }
}
/// What a place weighs beside its bytes.
const PLACE_BYTES: usize = 256;

type Answer = Result<Shown, Error>;

/// What a picture is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// The source's own tile; four shifted ones are made of it.
    Source(TileCoord),
    /// A tile put together.
    Shifted(TileCoord),
}

/// Pictures, bounded by bytes: what was asked for longest ago gives way. What is under way is asked for once, whoever waits for it, and
/// comes to its end even if nobody waits any more. Failures are told to all who wait and not kept.
pub(super) struct Cache {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    places: HashMap<What, Place>,
    /// By when they were asked for last.
    order: BTreeMap<u64, What>,
    clock: u64,
    bytes: usize,
    under_way: HashMap<What, Shared<BoxFuture<'static, Answer>>>,
}

struct Place {
    shown: Shown,
    asked: u64,
}

impl Cache {
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, state: Mutex::default() })
    }

    /// The picture, made by `make` unless it is there or under way. It is kept as long as `make` says that it is good.
    pub async fn get<F>(self: &Arc<Self>, what: What, make: impl FnOnce() -> F) -> Answer
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let count = |result| metrics::counter!("wangge_backdrop_cache_total", "result" => result).increment(1);
        let answer = {
            let mut state = self.state();
            if let Some(shown) = state.find(what, Instant::now()) {
                count("hit");
                return Ok(shown);
            }
            count(if state.under_way.contains_key(&what) { "wait" } else { "miss" });
            let started = || {
                let work = tokio::spawn(make());
                let cache = self.clone();
                let kept = async move {
                    let answer = work.await.unwrap_or(Err(Error::Broken));
                    cache.finish(what, &answer);
                    answer
                };
                tokio::spawn(kept).map(|answer| answer.unwrap_or(Err(Error::Broken))).boxed().shared()
            };
            state.under_way.entry(what).or_insert_with(started).clone()
        };
        answer.await
    }

    fn finish(&self, what: What, answer: &Answer) {
        let mut state = self.state();
        state.under_way.remove(&what);
        if let Ok(shown) = answer {
            state.keep(what, shown.clone(), self.limit);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, what: What, now: Instant) -> Option<Shown> {
        let place = self.places.get_mut(&what)?;
        if place.shown.until < now {
            self.drop_place(what);
            return None;
        }
        self.order.remove(&place.asked);
        self.clock += 1;
        place.asked = self.clock;
        self.order.insert(self.clock, what);
        Some(place.shown.clone())
    }

    fn keep(&mut self, what: What, shown: Shown, limit: usize) {
        self.drop_place(what);
        self.clock += 1;
        self.bytes += weight(shown.picture.as_ref());
        self.places.insert(what, Place { shown, asked: self.clock });
        self.order.insert(self.clock, what);
        while self.bytes > limit
            && let Some(&oldest) = self.order.values().next()
        {
            self.drop_place(oldest);
        }
    }

    fn drop_place(&mut self, what: What) {
        if let Some(place) = self.places.remove(&what) {
            self.order.remove(&place.asked);
            self.bytes -= weight(place.shown.picture.as_ref());
        }
    }
}

fn weight(picture: Option<&Picture>) -> usize {
    PLACE_BYTES + picture.map_or(0, |picture| picture.bytes.len())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::backdrop::Format;

    fn what(x: u32) -> What {
        What::Source(TileCoord { z: 10, x, y: 0 })
    }

    fn picture(bytes: usize) -> Shown {
        let picture = Picture::new(Format::Png, Bytes::from(vec![7; bytes]));
        Shown { until: good_until(Some(&picture)), picture: Some(picture) }
    }

    #[test]
    fn what_was_asked_for_longest_ago_gives_way() {
        let (mut state, now) = (State::default(), Instant::now());
        let limit = 3 * (1000 + PLACE_BYTES);
        for x in 0..3 {
            state.keep(what(x), picture(1000), limit);
        }
        assert!(state.find(what(0), now).is_some());
        state.keep(what(3), picture(1000), limit);
        let there: Vec<u32> = (0..4).filter(|x| state.places.contains_key(&what(*x))).collect();
        assert_eq!(there, [0, 2, 3]);
        assert_eq!((state.bytes, state.order.len()), (limit, 3));
        // One that is larger than the whole cache is not kept, and nothing is counted wrongly.
        state.keep(what(4), picture(limit), limit);
        assert_eq!((state.bytes, state.order.len(), state.places.len()), (0, 0, 0));
    }

    #[test]
    fn pictures_and_the_lack_of_them_grow_old() {
        let (mut state, now) = (State::default(), Instant::now());
        state.keep(what(0), picture(10), 10_000);
        state.keep(what(1), Shown { picture: None, until: good_until(None) }, 10_000);
        let later = now + KEPT_NONE + Duration::from_secs(60);
        assert!(state.find(what(1), now).is_some_and(|shown| shown.picture.is_none()));
        assert!(state.find(what(1), later).is_none());
        assert!(state.find(what(0), later).is_some());
        assert!(state.find(what(0), now + KEPT + Duration::from_secs(60)).is_none());
        assert_eq!(state.bytes, 0);
    }

    #[test]
    fn what_is_made_of_parts_is_as_good_as_the_first_to_grow_old() {
        let (mut state, now) = (State::default(), Instant::now());
        let until = now + Duration::from_secs(60);
        state.keep(what(0), Shown { until, ..picture(10) }, 10_000);
        assert_eq!(state.find(what(0), until).map(|shown| shown.until), Some(until));
        assert!(state.find(what(0), until + Duration::from_secs(1)).is_none());
        assert_eq!(state.bytes, 0);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_is_tried_again() {
        let cache = Cache::new(1000);
        let broken = cache.get(what(0), || async { panic!("as this test wants") }).await;
        assert_eq!(broken.unwrap_err(), Error::Broken);
        assert!(cache.get(what(0), || async { Ok(picture(1)) }).await.unwrap().picture.is_some());
    }

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits() {
        let cache = Cache::new(1000);
        let (send, receive) = tokio::sync::oneshot::channel::<()>();
        let work = || async move {
            receive.await.map_err(|_| Error::Broken)?;
            Ok(picture(1))
        };
        let waiting = tokio::time::timeout(Duration::from_millis(5), cache.get(what(0), work)).await;
        assert!(waiting.is_err());
        send.send(()).unwrap();
        assert!(cache.get(what(0), || async { unreachable!("it is under way") }).await.unwrap().picture.is_some());
    }
}

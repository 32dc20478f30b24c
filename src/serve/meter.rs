//! Counters and histograms that requests pass by: resolved once, some atomic additions a request.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use metrics::Counter;

use super::{encoding::Encoding, health::recorder, tile_key::LayerSet};
use crate::tile::Layer;

/// The route of tiles, as the router has it.
pub(super) const TILE_ROUTE: &str = "/tiles/{layers}/{z}/{x}/{y}";

/// Upper limits: nanoseconds, and seconds as Prometheus writes them. The tile budget (10 ms) and the time limit lie on limits of their own.
const BUCKETS: [(u64, &str); 15] = [
    (50_000, "0.00005"),
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (1_000_000_000, "1"),
    (5_000_000_000, "5"),
    (30_000_000_000, "30"),
];

/// How often something took how long. The exporter's own keeps every value until it is asked, which at 50,000 a second is no small list.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// How many fell in each bucket; the last has no limit.
    counts: [AtomicU64; BUCKETS.len() + 1],
    nanos: AtomicU64,
}

impl Histogram {
    pub fn record(&self, time: Duration) {
        let nanos = time.as_nanos() as u64;
        let bucket = BUCKETS.iter().position(|(limit, _)| nanos <= *limit).unwrap_or(BUCKETS.len());
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    fn render(&self, name: &str, label: &str, value: &str, text: &mut String) {
        let mut count = 0;
        let limits = BUCKETS.iter().map(|(_, limit)| *limit).chain(["+Inf"]);
        // Writing to a string does not fail.
        for (bucket, limit) in self.counts.iter().zip(limits) {
            count += bucket.load(Ordering::Relaxed);
            let _ = writeln!(text, "{name}_bucket{{{label}=\"{value}\",le=\"{limit}\"}} {count}");
        }
        let seconds = self.nanos.load(Ordering::Relaxed) as f64 / 1e9;
        let _ = writeln!(text, "{name}_sum{{{label}=\"{value}\"}} {seconds}\n{name}_count{{{label}=\"{value}\"}} {count}");
    }

    fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| count.load(Ordering::Relaxed) == 0)
    }
}

/// One histogram a single layer, one for tiles of several.
#[derive(Debug, Default)]
pub(super) struct ByLayers([Histogram; Layer::ALL.len() + 1]);

/// How many sets of layers are told apart.
pub(super) const LAYER_LABELS: usize = Layer::ALL.len() + 1;

/// The place of a set of layers among [`LAYER_LABELS`].
pub(super) fn layer_label(layers: LayerSet) -> usize {
    layers.single().map_or(Layer::ALL.len(), |layer| layer as usize)
}

impl ByLayers {
    pub fn record(&self, layers: LayerSet, time: Duration) {
        self.0[layer_label(layers)].record(time);
    }

    fn render(&self, name: &str, text: &mut String) {
        for (histogram, label) in self.0.iter().zip(Layer::ALL.map(Layer::as_str).into_iter().chain(["several"])) {
            if !histogram.is_empty() {
                histogram.render(name, "layers", label, text);
            }
        }
    }
}

/// What is counted, of the whole process; services in tests share it.
pub(super) struct Meters {
    routes: RwLock<BTreeMap<String, Arc<Histogram>>>,
    /// Of [`TILE_ROUTE`].
    pub tile_route: Arc<Histogram>,
    /// Tiles answered, by layers.
    pub tiles: ByLayers,
    /// Tiles built, by layers.
    pub builds: ByLayers,
    compressions: [Histogram; Encoding::ALL.len()],
    /// What the cache did for a tile.
    pub hit: Counter,
    pub wait: Counter,
    pub miss: Counter,
    pub not_modified: Counter,
    /// Tiles answered by the front with 200, 204, 304.
    pub full: Counter,
    pub empty: Counter,
    pub unchanged: Counter,
    /// Tiles dropped because of a change.
    pub dropped: Counter,
}

/// The process's meters.
pub(super) fn meters() -> &'static Meters {
    static METERS: OnceLock<Meters> = OnceLock::new();
    METERS.get_or_init(|| {
        // Counters are resolved with the recorder that is installed.
        recorder();
        let cache = |result: &'static str| metrics::counter!("wangge_tile_cache_total", "result" => result);
        let answered =
            |status: &'static str| metrics::counter!("wangge_http_requests_total", "route" => TILE_ROUTE, "method" => "GET", "status" => status);
        let tile_route = Arc::new(Histogram::default());
        Meters {
            routes: RwLock::new(BTreeMap::from([(TILE_ROUTE.to_owned(), tile_route.clone())])),
            tile_route,
            tiles: ByLayers::default(),
            builds: ByLayers::default(),
            compressions: Default::default(),
            hit: cache("hit"),
            wait: cache("wait"),
            miss: cache("miss"),
            not_modified: cache("not_modified"),
            full: answered("200"),
            empty: answered("204"),
            unchanged: answered("304"),
            dropped: metrics::counter!("wangge_tiles_dropped_total"),
        }
    })
}

impl Meters {
    /// A request to a route, which is one of the router's.
    pub fn record_route(&self, route: &str, time: Duration) {
        if let Some(histogram) = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(route) {
            return histogram.record(time);
        }
        self.routes.write().unwrap_or_else(PoisonError::into_inner).entry(route.to_owned()).or_default().record(time);
    }

    /// A tile compressed.
    pub fn record_compression(&self, encoding: Encoding, time: Duration) {
        self.compressions[encoding as usize].record(time);
    }

    /// In Prometheus' text format.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let family = |name: &str, help: &str, text: &mut String| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} histogram");
        };
        let (requests, tiles, builds) =
            ("wangge_http_request_duration_seconds", "wangge_tile_duration_seconds", "wangge_tile_build_seconds");
        family(requests, "Time to the answer's head, by route", &mut text);
        for (route, histogram) in &*self.routes.read().unwrap_or_else(PoisonError::into_inner) {
            histogram.render(requests, "route", route, &mut text);
        }
        family(tiles, "Time to the answer's head of tiles, by layer (several: more than one)", &mut text);
        self.tiles.render(tiles, &mut text);
        family(builds, "Time to build a tile, without compressing it, by layer", &mut text);
        self.builds.render(builds, &mut text);
        let compressions = "wangge_tile_compress_seconds";
        family(compressions, "Time to compress a tile, by encoding", &mut text);
        for (encoding, histogram) in Encoding::ALL.into_iter().zip(&self.compressions).filter(|(_, histogram)| !histogram.is_empty()) {
            histogram.render(compressions, "encoding", encoding.as_str(), &mut text);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_up_to_each_limit() {
        let histogram = Histogram::default();
        for nanos in [50_000, 50_001, 3_000_000, 40_000_000_000] {
            histogram.record(Duration::from_nanos(nanos));
        }
        let mut text = String::new();
        histogram.render("t", "layers", "cells", &mut text);
        for line in [
            "t_bucket{layers=\"cells\",le=\"0.00005\"} 1",
            "t_bucket{layers=\"cells\",le=\"0.0001\"} 2",
            "t_bucket{layers=\"cells\",le=\"0.005\"} 3",
            "t_bucket{layers=\"cells\",le=\"30\"} 3",
            "t_bucket{layers=\"cells\",le=\"+Inf\"} 4",
            "t_count{layers=\"cells\"} 4",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(text.contains("t_sum{layers=\"cells\"} 40.0031"), "{text}");
    }
}

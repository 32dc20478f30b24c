//! `/healthz`, `/readyz`, `/metrics`: for those who run the service.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::{Error, Service, meter::meters, params::Params};

/// Seconds; the tile budget (10 ms) and the time limit lie on limits of their own.
const LATENCY_BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// The process's recorder. Metrics are one per process; services in tests share them.
pub(super) fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = match builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &LATENCY_BUCKETS) {
            Ok(builder) => builder,
            Err(_) => PrometheusBuilder::new(),
        };
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        metrics::describe_counter!("wangge_http_requests_total", "Requests by route, method and status");
        metrics::describe_counter!("wangge_tile_cache_total", "Tiles by what the cache did: hit, wait, miss, not_modified");
        metrics::describe_gauge!("wangge_tile_cache_bytes", metrics::Unit::Bytes, "Bytes of encoded tiles kept");
        metrics::describe_counter!("wangge_tiles_dropped_total", "Tiles dropped from the cache because of a change");
        metrics::describe_counter!("wangge_backdrop_total", "Tiles asked of the backdrop's source by result: fetched, none, failed");
        metrics::describe_counter!("wangge_backdrop_cache_total", "Backdrop tiles by what the cache did: hit, wait, miss");
        metrics::describe_counter!("wangge_snapshots_total", "Snapshots put in place after a change in the store");
        metrics::describe_histogram!(
            "wangge_snapshot_build_seconds",
            metrics::Unit::Seconds,
            "Time from the changed rows to the new snapshot in place"
        );
        metrics::describe_gauge!("wangge_snapshot_age_seconds", metrics::Unit::Seconds, "Time since the snapshot was put in place");
        metrics::describe_gauge!("wangge_snapshot_streets", "Streets in the snapshot");
        metrics::describe_gauge!("wangge_snapshot_households", "Households in the snapshot");
        metrics::describe_gauge!("wangge_snapshot_issues", "Issues in the snapshot");
        metrics::describe_gauge!("wangge_event_listeners", "Open streams of /api/events");
        metrics::describe_gauge!("process_resident_memory_bytes", metrics::Unit::Bytes, "Resident memory of the process");
        handle
    })
}

/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn get_health(params: Params) -> Result<&'static str, Error> {
    params.only(&[])?;
    Ok("ok")
}

/// The answers are as new as the store.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 503, description = "The store cannot be read, or the service is ending", body = String, content_type = "text/plain"),
))]
pub(super) async fn get_readiness(State(service): State<Arc<Service>>, params: Params) -> Result<impl IntoResponse, Error> {
    params.only(&[])?;
    Ok(match service.is_ready() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    })
}

/// Counters, gauges and histograms in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn get_metrics(State(service): State<Arc<Service>>, params: Params) -> Result<impl IntoResponse, Error> {
    params.only(&[])?;
    service.gauge();
    let text = recorder().render() + &meters().render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

impl Service {
    /// Reads off what is not counted as it happens.
    fn gauge(&self) {
        let current = self.current();
        let streets = &current.snapshot.streets;
        let households: u32 = streets.iter().map(|street| street.stats.households).sum();
        metrics::gauge!("wangge_snapshot_age_seconds").set(current.since.elapsed().as_secs_f64());
        metrics::gauge!("wangge_snapshot_streets").set(streets.len() as f64);
        metrics::gauge!("wangge_snapshot_households").set(households);
        metrics::gauge!("wangge_snapshot_issues").set(current.snapshot.issue_count() as f64);
        metrics::gauge!("wangge_event_listeners").set(self.changes.receiver_count() as f64);
        metrics::gauge!("wangge_tile_cache_bytes").set(self.tiles.bytes() as f64);
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!("process_resident_memory_bytes").set(bytes as f64);
        }
    }
}

/// Memory of the process that is in use now; only Linux tells.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(kilobytes.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

//! `/healthz`, `/readyz`, `/metrics`: for those who run the service.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::{Error, Service, params::Params};

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
        metrics::describe_histogram!("wangge_http_request_duration_seconds", metrics::Unit::Seconds, "Time to the answer's head, by route");
        metrics::describe_counter!("wangge_http_requests_total", "Requests by route, method and status");
        metrics::describe_counter!("wangge_tile_cache_total", "Tiles by what the cache did: hit, wait, miss");
        metrics::describe_gauge!("wangge_tile_cache_bytes", metrics::Unit::Bytes, "Bytes of encoded tiles kept");
        metrics::describe_counter!("wangge_snapshots_total", "Snapshots put in place after a change in the store");
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
pub(super) async fn get_metrics(params: Params) -> Result<impl IntoResponse, Error> {
    params.only(&[])?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder().render()))
}

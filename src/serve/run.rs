//! The router, the listening socket, the life of the server.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    routing::{get, post},
    serve::ListenerExt,
};
use tokio::net::TcpListener;
use tower::make::Shared;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer};

use super::{
    Front, Service, app, areas, backdrop, collections, counts, events, health, hotspots, info, issues, locate, meter::TILE_ROUTE, near,
    observe, openapi, refresh, search, tilejson, tiles,
};

/// Longest time to the head of an answer.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Bytes of a body where no resource says otherwise.
const BODY_LIMIT: usize = 64 << 10;
/// Longest time that open requests may hold up the end.
const GRACE: Duration = Duration::from_secs(10);

/// Why there is no listening socket.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is not understood.
    #[error("{address:?} is not an address to listen on; write HOST:PORT, for example 127.0.0.1:8080")]
    Address {
        /// What was asked for.
        address: String,
        /// Why it is none.
        source: io::Error,
    },
    /// Somebody else listens there.
    #[error(
        "{address} is in use by another program; stop that one, or choose another port with --listen 127.0.0.1:PORT (port 0 takes any free one)"
    )]
    InUse {
        /// Which address.
        address: SocketAddr,
    },
    /// The address is reachable from outside.
    #[error(
        "{address} can be reached from other machines, and Wangge has no accounts yet: everyone there could read all areas and issues. \
         Listen on 127.0.0.1, put a proxy with a login in front, or say --insecure if that is what you want"
    )]
    NotLoopback {
        /// Which address.
        address: SocketAddr,
    },
    /// The system refuses for another reason: no right to the port, no such interface.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// Opens the listening socket. Only this machine's loopback addresses are taken unless `insecure`.
///
/// # Errors
/// See [`BindError`].
pub async fn bind(address: &str, insecure: bool) -> Result<TcpListener, BindError> {
    let unknown = |source| BindError::Address { address: address.to_owned(), source };
    let resolved: Vec<SocketAddr> = tokio::net::lookup_host(address).await.map_err(unknown)?.collect();
    let Some(&first) = resolved.first() else {
        return Err(unknown(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    };
    if let Some(&outside) = resolved.iter().find(|address| !address.ip().is_loopback())
        && !insecure
    {
        return Err(BindError::NotLoopback { address: outside });
    }
    TcpListener::bind(first).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address: first },
        _ => BindError::Listen { address: first, source },
    })
}

/// Every resource of the service.
pub fn router(service: Arc<Service>) -> Router {
    health::recorder();
    let tiles = Router::new().route(TILE_ROUTE, get(tiles::get_tile));
    let resources = Router::new()
        .route("/", get(app::get_app))
        .route("/assets/{*path}", get(app::get_asset))
        .route("/healthz", get(health::get_health))
        .route("/readyz", get(health::get_readiness))
        .route("/metrics", get(health::get_metrics))
        .route("/api", get(collections::get_landing_page))
        .route("/api/conformance", get(collections::get_conformance))
        .route("/api/openapi.json", get(openapi::get_openapi))
        .route("/api/info", get(info::get_info))
        .route("/api/areas/{code}", get(areas::get_area))
        .route("/api/counts", get(counts::get_counts))
        .route("/api/hotspots", get(hotspots::get_hotspots))
        .route("/api/locate", get(locate::locate_one))
        .route("/api/search", get(search::search_places))
        .route("/api/near", get(near::list_near))
        .route("/api/issues/{id}", get(issues::get_issue))
        .route("/api/collections", get(collections::list_collections))
        .route("/api/collections/{id}", get(collections::get_collection))
        .route("/api/collections/{id}/items", get(collections::list_items))
        .route("/api/collections/{id}/items/{feature}", get(collections::get_item))
        .route("/api/events", get(events::stream_changes))
        .merge(desk_routes())
        .route("/tiles/{layers}", get(tilejson::get_tilejson))
        .route("/backdrop/{z}/{x}/{y}", get(backdrop::get_backdrop))
        .route("/api/locate", post(locate::locate_many).layer(DefaultBodyLimit::max(locate::MAX_BODY_BYTES)))
        .fallback(app::get_other)
        .layer(CompressionLayer::new());
    // Tiles bring their own compression, made once; the layer above would make it again for br.
    resources
        .merge(tiles)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIME_LIMIT))
        .layer(CatchPanicLayer::custom(observe::panic_response))
        .layer(middleware::from_fn_with_state(service.clone(), observe::observe))
        .with_state(service)
}

/// Plans as versions, and what changes them.
fn desk_routes() -> Router<Arc<Service>> {
    use super::desk::{edits, plannings, plans, publish};
    Router::new()
        .route("/api/streets/{street}/plans", get(plans::list_plans).post(plans::post_plan))
        .route("/api/streets/{street}/plans/{plan}", get(plans::get_plan).patch(plans::patch_plan).delete(plans::delete_plan))
        .route("/api/streets/{street}/plans/{plan}/desk", get(plans::get_desk))
        .route(
            "/api/streets/{street}/plans/{plan}/edits",
            get(edits::get_log).post(edits::post_edit).layer(DefaultBodyLimit::max(edits::MAX_BODY_BYTES)),
        )
        .route("/api/streets/{street}/plans/{plan}/try", post(edits::post_try).layer(DefaultBodyLimit::max(edits::MAX_BODY_BYTES)))
        .route("/api/streets/{street}/plans/{plan}/undo", post(edits::post_undo))
        .route("/api/streets/{street}/plans/{plan}/redo", post(edits::post_redo))
        .route("/api/streets/{street}/plans/{plan}/preview", get(publish::get_preview))
        .route("/api/streets/{street}/plans/{plan}/publish", post(publish::post_publish))
        .route("/api/streets/{street}/plans/{plan}/rollback", post(publish::post_rollback))
        .route("/api/streets/{street}/plans/{plan}/lineage", get(publish::get_lineage))
        .route("/api/streets/{street}/plans/{plan}/compare/{other}", get(publish::get_comparison))
        .route("/api/streets/{street}/plannings", post(plannings::post_planning))
        .route("/api/streets/{street}/plannings/{planning}", get(plannings::get_planning).delete(plannings::delete_planning))
        .route("/api/streets/{street}/plannings/{planning}/adopt", post(plannings::adopt))
}

/// Serves until `shutdown`, then lets open requests finish for at most ten seconds. Follows the store all the while.
///
/// # Errors
/// The listener's.
pub async fn run(listener: TcpListener, service: Arc<Service>, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let follower = tokio::spawn(refresh::keep_fresh(service.clone()));
    let ended = service.clone();
    let begin_to_end = async move {
        shutdown.await;
        ended.end();
    };
    let mut ending = service.ending.subscribe();
    let out_of_patience = async move {
        let _ = ending.wait_for(|ending| *ending).await;
        tokio::time::sleep(GRACE).await;
    };
    // An answer goes out when it is written, not when the one before was acknowledged.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    let server = axum::serve(listener, Shared::new(Front::new(service.clone()))).with_graceful_shutdown(begin_to_end);
    let result = tokio::select! {
        result = async { server.await } => result,
        () = out_of_patience => {
            tracing::warn!("requests still open after {} s were cut off", GRACE.as_secs());
            Ok(())
        }
    };
    follower.abort();
    // Cancelled, as wished; what it holds of the store is free now.
    let _ = follower.await;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_loopback_is_taken_without_insecure() {
        assert!(bind("127.0.0.1:0", false).await.is_ok());
        assert!(bind("localhost:0", false).await.is_ok());
        let error = bind("0.0.0.0:0", false).await.unwrap_err();
        assert!(matches!(error, BindError::NotLoopback { .. }), "{error}");
        assert!(error.to_string().contains("no accounts yet") && error.to_string().contains("--insecure"));
        assert!(bind("0.0.0.0:0", true).await.is_ok());
        assert!(matches!(bind("nonsense", false).await, Err(BindError::Address { .. })));
    }

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let taken = bind("127.0.0.1:0", false).await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = bind(&address.to_string(), false).await.unwrap_err();
        assert!(matches!(error, BindError::InUse { .. }));
        assert!(error.to_string().contains(&address.to_string()) && error.to_string().contains("--listen"));
    }
}

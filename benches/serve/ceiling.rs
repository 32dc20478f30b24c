//! What the HTTP stack carries when there is nothing to do: one handler, one body that is there already.

use std::net::SocketAddr;

use axum::{Router, serve::ListenerExt};
use bytes::Bytes;

/// Serves until the process is ended.
#[tokio::main]
pub async fn serve(listen: SocketAddr, bytes: usize) -> anyhow::Result<()> {
    let body = Bytes::from((0..bytes).map(|i| (i % 251) as u8).collect::<Vec<_>>());
    let app = Router::new().fallback(move || {
        let body = body.clone();
        async move { body }
    });
    let listener = tokio::net::TcpListener::bind(listen).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}

//! `wangge serve`.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use wangge::{
    serve::{self, Hosts, Options, Service},
    store::Store,
    tile,
};

use super::{
    Database,
    backdrop::BackdropArgs,
    output::tell,
    signal::{EndSignal, end_signal},
};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    listen: Listen,
    /// Serve household positions (layer `households`, /api/near?kind=households); off by default
    #[arg(long)]
    households: bool,
    /// Memory for tiles that are ready, in megabytes; 0 makes every tile when it is asked for
    #[arg(long, value_name = "MB", default_value_t = 48)]
    tile_cache: usize,
    /// Size of a tile, uncompressed, beyond which it is thinned, in kilobytes; 0 thins none
    #[arg(long, value_name = "KB", default_value_t = tile::BUDGET_BYTES / 1000)]
    tile_budget: usize,
    #[command(flatten)]
    backdrop: BackdropArgs,
}

/// Where to listen.
#[derive(clap::Args, Debug)]
pub struct Listen {
    /// Address and port; port 0 takes any free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080", env = "WANGGE_LISTEN")]
    pub listen: String,
    /// Listen on an address that other machines can reach, although there are no accounts yet
    #[arg(long)]
    pub insecure: bool,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let end = end_signal();
    let backdrop = args.backdrop.config()?;
    // The socket first: a port in use shows before a long load.
    let listener = serve::bind(&args.listen.listen, args.listen.insecure).await?;
    let store = args.database.open_existing().await?;
    let tile_cache_bytes = args.tile_cache.saturating_mul(1 << 20);
    let tile_budget = (args.tile_budget > 0).then(|| args.tile_budget.saturating_mul(1000));
    let options =
        Options { households: args.households, hosts: args.listen.hosts(), tile_cache_bytes, tile_budget, backdrop, ..Options::default() };
    serve_until_signal(listener, store, options, end, ()).await
}

impl Listen {
    /// Whose `Host` headers are answered.
    pub fn hosts(&self) -> Hosts {
        if self.insecure { Hosts::Any } else { Hosts::Loopback }
    }
}

/// Loads, says where the map is, and serves until `end`; then drops `kept`, also when the loading is broken off.
pub async fn serve_until_signal<K>(
    listener: tokio::net::TcpListener,
    store: Arc<dyn Store>,
    options: Options,
    end: EndSignal,
    kept: K,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("the listening socket has no address")?;
    let service = tokio::select! {
        service = Service::start(store.clone(), options) => service?,
        () = end.clone() => leave(kept),
    };
    tell(&format!("Wangge is at {} (Ctrl-C ends it)", url(address)));
    serve::run(listener, service, end).await.context("serving")?;
    // A request that was cut off may still hold a connection.
    let _ = tokio::time::timeout(Duration::from_secs(5), store.close()).await;
    drop(kept);
    tell("Wangge has ended");
    Ok(())
}

/// Ends before anything is served. An indexer or planner at work does not hear signals: leave without it, but not without tidying up.
pub fn leave<K>(kept: K) -> ! {
    drop(kept);
    std::process::exit(130);
}

/// A URL that a browser on this machine opens.
fn url(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("http://localhost:{}/", address.port()),
        false => format!("http://{address}/"),
    }
}

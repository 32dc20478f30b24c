//! `wangge migrate`.

use wangge::store;

use super::{Database, output::tell};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    database: Database,
    /// Take spatial R-trees and their triggers out of a GeoPackage, so that it can be written again; the features stay
    #[arg(long)]
    drop_rtree: bool,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    store::migrate(&args.database.url, args.drop_rtree).await?;
    tell("The database is up to date.");
    Ok(())
}

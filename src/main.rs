//! The command line of Wangge.

mod command;

use clap::{Parser, Subcommand};

/// Draws, keeps and serves the responsibility grid (网格) of a city's neighbourhoods.
#[derive(Parser, Debug)]
#[command(version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// The sample city: imported, planned, with issues, served
    Demo(command::demo::Args),
    /// Write a synthetic survey folder
    City(command::city::Args),
    /// Read a map, a survey, households, issues or boundaries into the database
    Import(command::import::Args),
    /// Draw cells, communities and groups of a street
    Plan(command::plan::Args),
    /// Measure a street's plan
    Score(command::score::Args),
    /// Find the cell and group of a position, or of many
    Locate(command::locate::Args),
    /// Write areas, groups, households, issues or a copy of the database to a file
    Export(command::export::Args),
    /// Bring the database schema up to date
    Migrate(command::migrate::Args),
    /// Serve the map, the tiles and the API
    Serve(command::serve::Args),
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "wangge=info,warn".into()))
        .with_writer(std::io::stderr)
        .init();
    let done = match Cli::parse().command {
        Command::Demo(args) => command::demo::run(args).await,
        Command::City(args) => command::city::run(args).await,
        Command::Import(args) => command::import::run(args).await,
        Command::Plan(args) => command::plan::run(args).await,
        Command::Score(args) => command::score::run(args).await,
        Command::Locate(args) => command::locate::run(args).await,
        Command::Export(args) => command::export::run(args).await,
        Command::Migrate(args) => command::migrate::run(args).await,
        Command::Serve(args) => command::serve::run(args).await,
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes on one line; a backtrace would tell a user nothing.
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

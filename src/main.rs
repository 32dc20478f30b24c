//! The command line of Wangge.

mod command;

use std::io::IsTerminal;

use clap::{Parser, Subcommand};

use command::{
    output::tell,
    signal::{self, Interrupted},
};

/// Serving allocates and frees in many threads all the time; measured in docs/operation.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Change a draft by commands from a file, and publish it
    Edit(command::edit::Args),
    /// Measure a street's plan
    Score(command::score::Args),
    /// Find the cell and group of a position, or of many
    Locate(command::locate::Args),
    /// Write areas, groups, households, issues or a copy of the database to a file
    Export(command::export::Args),
    /// Draw a still map of a street's plan, as SVG or PNG
    Render(command::render::Args),
    /// Bring the database schema up to date
    Migrate(command::migrate::Args),
    /// Serve the map, the tiles and the API
    Serve(command::serve::Args),
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "wangge=info,warn,usvg=error".into()))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
        // A log that cannot be written is no reason to end; writing about it would fail, too.
        .log_internal_errors(false)
        .init();
    std::panic::set_hook(Box::new(report_panic));
    let done = match Cli::parse().command {
        Command::Demo(args) => command::demo::run(args).await,
        Command::City(args) => command::city::run(args).await,
        Command::Import(args) => command::import::run(args).await,
        Command::Plan(args) => command::plan::run(args).await,
        Command::Edit(args) => command::edit::run(args).await,
        Command::Score(args) => command::score::run(args).await,
        Command::Locate(args) => command::locate::run(args).await,
        Command::Export(args) => command::export::run(args).await,
        Command::Render(args) => command::render::run(args).await,
        Command::Migrate(args) => command::migrate::run(args).await,
        Command::Serve(args) => command::serve::run(args).await,
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(stopped) if stopped.is::<Interrupted>() => {
            tell(&stopped.to_string());
            signal::EXIT_CODE.into()
        }
        Err(error) => {
            // The chain of causes on one line; a backtrace would tell a user nothing.
            tell(&format!("error: {error:#}"));
            std::process::ExitCode::FAILURE
        }
    }
}

/// One line for the user; where it came from goes to the log of those who look for it (`RUST_LOG=wangge=debug`).
fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    tell(&panic_line(panic));
    tracing::debug!(backtrace = %std::backtrace::Backtrace::force_capture(), "panic");
}

fn panic_line(panic: &std::panic::PanicHookInfo<'_>) -> String {
    let said = panic.payload_as_str().unwrap_or("no message").lines().next().unwrap_or_default();
    let place = panic.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
    format!("error: internal error{place}: {said}; please report this line and what you did")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_panic_is_one_line_that_asks_to_be_reported() {
        let seen = Arc::new(Mutex::new(String::new()));
        let sink = seen.clone();
        std::panic::set_hook(Box::new(move |panic| *sink.lock().unwrap() = panic_line(panic)));
        let ended = std::panic::catch_unwind(|| panic!("the sum is {}\nand more", 3));
        drop(std::panic::take_hook());
        assert!(ended.is_err());
        let line = seen.lock().unwrap().clone();
        assert!(line.starts_with("error: internal error at src/main.rs:"), "{line}");
        assert!(line.contains(": the sum is 3; please report") && !line.contains('\n'), "{line}");
    }
}

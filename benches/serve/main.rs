//! What `make bench-serve` needs of Rust beside the program itself: the bare ceiling, a client that times one request after the other,
//! the library's own speed, and commits from another process. `bench.py` starts these and does the rest.
#![allow(clippy::print_stdout)] // results go to the driver

mod ask;
mod ceiling;
mod client;
mod edit;
mod locate;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Args {
    /// What cargo passes to every bench
    #[arg(long, hide = true, global = true)]
    bench: bool,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Answers every path with one body until it is ended
    Ceiling {
        #[arg(long)]
        listen: SocketAddr,
        /// Size of the body
        #[arg(long)]
        bytes: usize,
    },
    /// Asks for the paths on standard input one after the other; prints status, length, milliseconds, entity tag and path of each
    Ask {
        #[arg(long)]
        to: SocketAddr,
        /// Accept gzip
        #[arg(long)]
        gzip: bool,
        /// Ask for each a second time with the first answer's tag, and print that
        #[arg(long)]
        again: bool,
    },
    /// Times point location in the library, checks it against brute force, and writes the points as CSV
    Locate {
        #[arg(long)]
        db: String,
        #[arg(long, default_value_t = 2_000_000)]
        points: usize,
        /// How many random points, and how many on borders, are checked against every block
        #[arg(long, default_value_t = 20_000)]
        checked: usize,
        /// The first million points
        #[arg(long)]
        csv: PathBuf,
    },
    /// Commits issues and moved households, and times each until the server's tile shows it
    Edit(edit::Args),
}

fn main() -> anyhow::Result<()> {
    match Args::parse().task {
        // `cargo bench` runs every bench; this one has nothing to say on its own.
        None => println!("run `make bench-serve`"),
        Some(Task::Ceiling { listen, bytes }) => ceiling::serve(listen, bytes)?,
        Some(Task::Ask { to, gzip, again }) => ask::run(to, gzip, again)?,
        Some(Task::Locate { db, points, checked, csv }) => locate::run(&db, points, checked, &csv)?,
        Some(Task::Edit(args)) => edit::run(&args)?,
    }
    Ok(())
}

//! How good plans are and how fast they are made, on streets that lie outside the project or on ones made here.
//!
//! `make bench-plan` is the way to run it: this program plans and measures its own time and memory, then `bench.py` runs the
//! peers on the same blocks, scores all alike and prints. Every run is a process of its own, so that its peak memory is its own;
//! nothing else of the bench runs meanwhile.
#![allow(clippy::print_stdout)] // it says how far it is

mod county;
mod faces;
mod instance;
mod made;
mod run;
mod seams;
mod strands;

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use wangge::model::Code;

/// The street that instances are planned as.
const STREET: &str = "520201014";

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
    /// Plans every instance with every seed, and a county, each in a process of its own; writes everything into --work
    All {
        /// The folder that holds the instances, each a survey folder; without it three are made
        #[arg(long)]
        instances: Option<PathBuf>,
        /// Where plans and figures go
        #[arg(long)]
        work: PathBuf,
        /// Seeds 1 to N
        #[arg(long, default_value_t = 5)]
        seeds: u64,
        /// Cells of an instance
        #[arg(long, default_value_t = 100)]
        cells: usize,
        /// Streets of the county; 0 leaves it out
        #[arg(long, default_value_t = 17)]
        streets: usize,
        /// Households of the county
        #[arg(long, default_value_t = 500_000)]
        households: usize,
    },
    /// One plan of one instance
    One {
        #[arg(long)]
        instance: PathBuf,
        #[arg(long)]
        seed: u64,
        #[arg(long)]
        cells: usize,
        #[arg(long)]
        communities: Option<usize>,
        #[arg(long)]
        out: PathBuf,
    },
    /// The faces between the lines of an instance, as a graph for the peers
    Faces {
        #[arg(long)]
        instance: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
    /// Three instances made from sample cities
    Make {
        #[arg(long)]
        out: PathBuf,
    },
    /// The survey folders of a county
    MakeCounty {
        #[arg(long)]
        out: PathBuf,
        #[arg(long)]
        streets: usize,
        #[arg(long)]
        households: usize,
    },
    /// All streets of a county at once
    County {
        #[arg(long)]
        county: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let Args { bench, task } = Args::parse();
    let street = || Code::new(STREET).context("the street's code");
    match task {
        None if bench => {
            println!("the plan bench compares with other tools and needs Python: `make bench-plan` runs it");
            Ok(())
        }
        None => Ok(()), // `cargo test --benches` only builds it.
        Some(Task::All { instances, work, seeds, cells, streets, households }) => {
            run_all(instances.as_deref(), &work, seeds, cells)?;
            if streets > 0 { run_county(&work, streets, households) } else { Ok(()) }
        }
        Some(Task::One { instance, seed, cells, communities, out }) => run::one(&instance, street()?, seed, cells, communities, &out),
        Some(Task::Faces { instance, out }) => faces::write(&instance, street()?, &out),
        Some(Task::Make { out }) => made::three(&out, street()?),
        Some(Task::MakeCounty { out, streets, households }) => county::make(&out, streets, households),
        Some(Task::County { county, out }) => county::plan(&county, &out),
    }
}

/// The plans of an instance: as anyone would ask for them, with ten communities, with one.
const KINDS: [(&str, Option<usize>); 3] = [("plan", None), ("nested", Some(10)), ("flat", Some(1))];

fn run_all(instances: Option<&Path>, work: &Path, seeds: u64, cells: usize) -> anyhow::Result<()> {
    let made = work.join("instances");
    let folder = match instances {
        Some(folder) => folder,
        None => {
            println!("no instances given (INSTANCES=DIR): making three from sample cities; their figures are not those of other instances");
            itself(["make", "--out"], &[made.as_path()])?;
            &made
        }
    };
    for instance in instance::folders(folder)? {
        let name = instance.file_name().and_then(|n| n.to_str()).context("an instance's name")?.to_owned();
        println!("planning {name}: seeds 1 to {seeds}, {} plans each", KINDS.len());
        itself(["faces", "--instance"], &[&instance, Path::new("--out"), &work.join(&name).join("faces")])?;
        for seed in 1..=seeds {
            for (kind, communities) in KINDS {
                let out = work.join(&name).join(format!("{kind}-{seed}"));
                let mut options = format!("--seed={seed} --cells={cells}");
                if let Some(communities) = communities {
                    options += &format!(" --communities={communities}");
                }
                let mut rest: Vec<&Path> = vec![&instance, Path::new("--out"), &out];
                rest.extend(options.split(' ').map(Path::new));
                itself(["one", "--instance"], &rest)?;
            }
        }
    }
    Ok(())
}

fn run_county(work: &Path, streets: usize, households: usize) -> anyhow::Result<()> {
    println!("planning a county of {streets} streets and {households} households");
    let county = work.join("county");
    let sizes = [format!("--streets={streets}"), format!("--households={households}")];
    itself(["make-county", "--out"], &[&county, Path::new(&sizes[0]), Path::new(&sizes[1])])?;
    itself(["county", "--county"], &[&county, Path::new("--out"), &work.join("county.json")])
}

/// Runs this program again for one task and waits for it.
fn itself(task: [&str; 2], rest: &[&Path]) -> anyhow::Result<()> {
    let status = Command::new(env::current_exe()?).args(task).args(rest).status()?;
    if !status.success() {
        bail!("{} {} failed: {status}", task.join(" "), rest.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

//! `wangge city`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use jiff::civil::Date;
use wangge::city::{self, City};
use wangge::model::Code;

use super::{output::print, street_code};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// How many households; the street covers about 3 hectares for each hundred
    #[arg(long, value_name = "N", default_value_t = 40_000)]
    pub households: usize,
    /// The same seed makes the same city, byte for byte
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// How many streets side by side, each of so many households; the second and on have the codes and seeds that follow, and each
    /// street has a folder of its code
    #[arg(long, value_name = "K", default_value_t = 1)]
    pub streets: usize,
    /// Issues of the year in each street; 3 for each 10 households when it is not said
    #[arg(long, value_name = "N")]
    pub issues: Option<usize>,
    /// The street's code; the names of Zhongshan's (520201…) are known
    #[arg(long, value_name = "CODE", default_value = "520201014", value_parser = street_code)]
    pub street: Code,
    /// The day on which the year of issues has passed, so that the folder does not depend on today
    #[arg(long, value_name = "DATE", default_value = "2026-11-01")]
    pub until: Date,
    /// The folder to write; it is made when it does not exist
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print the counts as JSON, a line a street
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    if args.out.is_file() {
        bail!("--out {} is a file; name a folder", args.out.display());
    }
    let first = city::Request { households: args.households, seed: args.seed, street: args.street, until: args.until };
    let streets = city::county(&city::County { streets: args.streets, issues: args.issues, first })?;
    for city in streets {
        let folder = if args.streets == 1 { args.out.clone() } else { args.out.join(city.street.as_str()) };
        city::write(&city, &folder)?;
        // Said as it is done: a county takes a while.
        print(&told(&city, &folder, args.json))?;
    }
    Ok(())
}

/// What was made, a line a street.
fn told(city: &City, folder: &Path, json: bool) -> String {
    if json {
        let counts = serde_json::json!({
            "street": city.street.as_str(),
            "name": city.name,
            "streets": city.lines.len(),
            "buildings": city.buildings.len(),
            "households": city.households.len(),
            "issues": city.issues.len(),
        });
        return format!("{counts}\n");
    }
    format!(
        "{} {}: {} streets, {} buildings, {} households, {} issues, all invented, in {}\n",
        city.street,
        city.name,
        city.lines.len(),
        city.buildings.len(),
        city.households.len(),
        city.issues.len(),
        folder.display()
    )
}

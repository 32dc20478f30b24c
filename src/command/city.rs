//! `wangge city`.

use std::path::PathBuf;

use anyhow::bail;
use jiff::civil::Date;
use wangge::city;
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
    /// The street's code; the names of Zhongshan's (520201…) are known
    #[arg(long, value_name = "CODE", default_value = "520201014", value_parser = street_code)]
    pub street: Code,
    /// The day on which the year of issues has passed, so that the folder does not depend on today
    #[arg(long, value_name = "DATE", default_value = "2026-11-01")]
    pub until: Date,
    /// The folder to write; it is made when it does not exist
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print the counts as JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    if args.out.is_file() {
        bail!("--out {} is a file; name a folder", args.out.display());
    }
    let request = city::Request { households: args.households, seed: args.seed, street: args.street, until: args.until };
    let city = city::generate(&request)?;
    city::write(&city, &args.out)?;
    let text = if args.json {
        let counts = serde_json::json!({
            "street": city.street.as_str(),
            "name": city.name,
            "streets": city.lines.len(),
            "buildings": city.buildings.len(),
            "households": city.households.len(),
            "issues": city.issues.len(),
        });
        format!("{counts}\n")
    } else {
        format!(
            "{} {}: {} streets, {} buildings, {} households, {} issues, all invented, in {}\n",
            city.street,
            city.name,
            city.lines.len(),
            city.buildings.len(),
            city.households.len(),
            city.issues.len(),
            args.out.display()
        )
    };
    print(&text)
}

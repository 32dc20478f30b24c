//! `wangge score`.

use anyhow::Context;
use jiff::Timestamp;
use wangge::{
    model::{Code, Plan, StreetData},
    plan,
};

use super::{Database, load_street, output::print, street_code, today};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The street to measure
    #[arg(long, value_parser = street_code)]
    street: Code,
    /// Number of the plan; the published one, or else the newest, when none is given
    #[arg(long, value_name = "N")]
    plan: Option<u32>,
    /// Print everything, cell by cell, as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let store = args.database.open_read().await?;
    let street = load_street(store.as_ref(), &args.street).await?;
    store.close().await;
    let chosen = choose(&street, args.plan)
        .with_context(|| format!("street {} has no such plan; `wangge plan --street {}` makes one", args.street, args.street))?;
    let group_size = chosen.parameters["group_size"].as_u64().unwrap_or(10) as usize;
    let score = plan::score(&street, chosen, group_size);
    print(&match args.json {
        true => serde_json::to_string_pretty(&score)? + "\n",
        false => table(&args.street, chosen, &score),
    })
}

fn choose(street: &StreetData, number: Option<u32>) -> Option<&Plan> {
    match number {
        Some(number) => street.plans.iter().find(|p| p.id.0 == number),
        None => {
            let in_force = street.plans.iter().find(|p| p.in_force(today(Timestamp::now())));
            in_force.or_else(|| street.plans.iter().max_by_key(|p| p.id))
        }
    }
}

fn outer_rim(s: &plan::Score) -> String {
    let cause = if s.fits_boundary { "of rounding" } else { "apart: the street's boundary has changed since; plan again" };
    format!("{:.2} m² {cause}", s.rim_m2)
}

fn table(street: &Code, chosen: &Plan, s: &plan::Score) -> String {
    let estimated = if s.estimated { " (estimated)" } else { "" };
    let rows = [
        ("cells", format!("{}", s.cells)),
        ("households", format!("{}{estimated}, {:.1} a cell", s.households, s.target)),
        ("max deviation", format!("{:.3} %", s.max_deviation_pct)),
        ("mean deviation", format!("{:.3} %", s.mean_deviation_pct)),
        ("Polsby-Popper", format!("mean {:.3}, min {:.3}", s.polsby_popper_mean, s.polsby_popper_min)),
        ("inner boundary", format!("{:.1} km, {:.2} % along lines", s.inner_boundary_m / 1000.0, s.along_lines_share * 100.0)),
        ("inside cells", format!("{:.0} m of river, {:.0} m of railway", s.river_inside_m, s.railway_inside_m)),
        ("gap", format!("{:.2} m²", s.gap_m2)),
        ("overlaps", format!("{}", s.overlaps)),
        ("outer rim", outer_rim(s)),
        ("broken cells", format!("{}", s.broken_cells)),
        ("cut buildings", format!("{}", s.cut_buildings)),
        ("groups", format!("{}, {} of odd size, {} households misplaced", s.groups, s.groups_of_odd_size, s.households_misplaced)),
        ("to the medoid", format!("{:.2} m on average", s.mean_to_medoid_m)),
    ];
    let body: String = rows.iter().map(|(name, value)| format!("  {name:<15} {value}\n")).collect();
    format!("street {street}, plan {} \"{}\" ({})\n{body}", chosen.id.0, chosen.name, chosen.state_on(today(Timestamp::now())).as_str())
}

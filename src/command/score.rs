//! `wangge score`.

use anyhow::Context;
use jiff::Timestamp;
use wangge::{
    geometry::Crs,
    model::{Code, Plan, StreetData},
    plan::{self, Rounded, Score, Spread},
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
    /// The plane to measure in, EPSG:4544 for example; when none is given, the 3-degree Gauss-Krüger zone of the street's middle
    #[arg(long)]
    crs: Option<Crs>,
    /// Print the cells one by one too
    #[arg(long)]
    by_cell: bool,
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
    let score = match args.crs {
        Some(crs) => plan::score_in(crs, &street, chosen, group_size)?,
        None => plan::score(&street, chosen, group_size),
    };
    print(&match args.json {
        true => serde_json::to_string_pretty(&score)? + "\n",
        false => table(&args.street, chosen, &score, args.by_cell),
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

/// The figures by section, then cell by cell if that is wanted.
fn table(street: &Code, chosen: &Plan, s: &Score, by_cell: bool) -> String {
    let sections = [
        ("balance", balance(s)),
        ("shape", shape(s)),
        ("lines", lines(s)),
        ("coverage", coverage(s)),
        ("contiguity", contiguity(s)),
        ("nesting", nesting(s)),
        ("groups", groups(s)),
    ];
    let state = chosen.state_on(today(Timestamp::now()));
    let mut text = format!("street {street}, plan {} \"{}\" ({}), measured in {}\n", chosen.id.0, chosen.name, state.as_str(), s.plane);
    for (section, rows) in sections {
        text += &format!("\n{section}\n");
        text.extend(rows.iter().map(|(name, value)| format!("  {name:<21} {value}\n")));
    }
    if by_cell {
        text += &format!(
            "\n{:<15} {:>10} {:>11} {:>13} {:>6} {:>6} {:>11} {:>6}\n",
            "cell", "households", "deviation %", "Polsby-Popper", "Reock", "hull", "area m²", "pieces"
        );
        text.extend(s.by_cell.iter().map(|c| {
            let neck = if c.has_neck { "  neck" } else { "" };
            format!(
                "{:<15} {:>10} {:>11} {:>13} {:>6} {:>6} {:>11} {:>6}{neck}\n",
                c.cell_code, c.households, c.deviation_pct, c.polsby_popper, c.reock, c.hull_ratio, c.area_m2, c.pieces
            )
        }));
    }
    text
}

type Rows = Vec<(&'static str, String)>;

fn balance(s: &Score) -> Rows {
    let b = &s.balance;
    let estimated = if s.estimated { ", estimated" } else { "" };
    let empty = if b.empty_cells > 0 { format!(", {} empty", b.empty_cells) } else { String::new() };
    vec![
        ("cells", format!("{}{empty}", s.cells)),
        ("households", format!("{}{estimated}; {} a cell, {} to {}", s.households, b.target, b.min_households, b.max_households)),
        ("deviation", format!("max {} %, mean {} %, standard {} %", b.max_deviation_pct, b.mean_deviation_pct, b.std_deviation_pct)),
        ("cells within", format!("1 %: {}, 5 %: {}, 10 %: {}", b.within_1pct, b.within_5pct, b.within_10pct)),
    ]
}

fn shape(s: &Score) -> Rows {
    vec![
        ("Polsby-Popper", spread(s.shape.polsby_popper)),
        ("Reock", spread(s.shape.reock)),
        ("convex hull ratio", spread(s.shape.hull_ratio)),
        ("inner boundary", format!("{} m, {} vertices in all", s.shape.inner_boundary_m, s.shape.vertices)),
    ]
}

fn lines(s: &Score) -> Rows {
    let l = &s.lines;
    let along = Rounded::<1>(100.0 * l.along_lines_share.0);
    let trunk = Rounded::<0>(100.0 * l.along_trunk_share.0);
    vec![
        ("along lines", format!("{along} % of the inner boundary, all but {} m", l.off_lines_m)),
        ("along trunk lines", format!("{trunk} % (arterial, river, railway)")),
        ("inside cells", format!("{} m of river, {} m of railway", l.river_inside_m, l.railway_inside_m)),
    ]
}

fn coverage(s: &Score) -> Rows {
    let c = &s.coverage;
    let seams = if c.seams_exact { "exact".to_owned() } else { format!("{} m are not shared vertex for vertex", c.bad_seams_m) };
    let rim = if c.fits_boundary { "of rounding" } else { "apart: the street's boundary has changed since; plan again" };
    vec![
        ("street", format!("{} km²", c.street_km2)),
        ("gap", format!("{} m² in {}", c.gap_m2, counted(c.gaps, "part"))),
        ("spill", format!("{} m²", c.spill_m2)),
        ("overlap", format!("{} m², {} of cells, at most {} m²", c.overlap_m2, counted(c.overlaps, "pair"), c.largest_overlap_m2)),
        ("seams", seams),
        ("outer rim", format!("{} m² {rim}", c.rim_m2)),
    ]
}

fn contiguity(s: &Score) -> Rows {
    let c = &s.contiguity;
    vec![
        ("broken cells", format!("{}, {} m² detached, {}", c.broken_cells, c.detached_m2, counted(c.slivers, "sliver"))),
        ("holes", c.holes.to_string()),
        ("necks under 1 m", c.necks.to_string()),
        (
            "cut buildings",
            format!("{} of {}, {} in no cell", s.buildings.cut_buildings, s.buildings.buildings, s.buildings.uncovered_buildings),
        ),
    ]
}

fn nesting(s: &Score) -> Rows {
    let n = &s.nesting;
    let outside = if n.cells_without_community > 0 { format!(", {} cells in none", n.cells_without_community) } else { String::new() };
    vec![
        ("communities", format!("{}, {} broken{outside}", n.communities, n.broken_communities)),
        ("cells in each", spread(n.cells_per_community)),
        ("deviation", format!("max {} %, mean {} %", n.max_deviation_pct, n.mean_deviation_pct)),
        ("Polsby-Popper", spread(n.polsby_popper)),
    ]
}

fn groups(s: &Score) -> Rows {
    let g = &s.groups;
    let sizes: Vec<String> = g.sizes.iter().map(|(size, groups)| format!("{size}: {groups}")).collect();
    let percent = |share: f64| Rounded::<2>(100.0 * share);
    vec![
        ("groups", format!("{}, {} of odd size, {} without head", g.groups, g.groups_of_odd_size, g.groups_without_head)),
        ("by size", format!("{} ({} % as asked for)", sizes.join(", "), percent(g.share_of_target_size.0))),
        ("households misplaced", format!("{}, {} unknown members", g.households_misplaced, g.unknown_members)),
        (
            "across cells",
            format!("{}, {} of another cell", counted(g.groups_across_cells, "group"), counted(g.members_of_other_cells, "member")),
        ),
        ("buildings in each", format!("{}; one in {} % of the groups", g.buildings_per_group, percent(g.single_building_share.0))),
        ("diameter, m", spread(g.diameter_m)),
        ("to the medoid, m", spread(g.to_medoid_m)),
        ("of all households", format!("{} m to the medoid on average, {} km in all", g.mean_to_medoid_m, g.sum_to_medoid_km)),
    ]
}

fn spread<const M: i32, const Q: i32>(spread: Option<Spread<M, Q>>) -> String {
    spread.map_or("none".to_owned(), |s| {
        format!("mean {}, min {}, p10 {}, median {}, p90 {}, max {}", s.mean, s.min, s.p10, s.median, s.p90, s.max)
    })
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

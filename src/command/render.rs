//! `wangge render`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::ValueEnum;
use jiff::Timestamp;
use wangge::{
    export::Target,
    model::{Bounds, Code, CodeScheme, Level, LonLat, Plan, StreetData},
    render::{self, Request, Show, View},
    serve::openstreetmap_notice,
};

use super::{Database, area_code, load_street, output::tell, street_code, today};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The street to draw
    #[arg(long, value_parser = street_code)]
    street: Code,
    /// Number of the plan, or "published" for the one in force today; the published one, or else the newest, when none is given
    #[arg(long, value_name = "N|published", value_parser = which_plan)]
    plan: Option<Which>,
    /// What the picture shows
    #[arg(long, value_enum, default_value_t = Theme::Cells)]
    show: Theme,
    /// Only this cell or community, what is around it paled
    #[arg(long, value_name = "CODE", value_parser = area_code, conflicts_with = "bbox")]
    cell: Option<Code>,
    /// Only this box, in degrees (WGS 84)
    #[arg(long, value_name = "W,S,E,N", value_parser = bounds, allow_hyphen_values = true)]
    bbox: Option<Bounds>,
    /// Width in pixels; the height follows
    #[arg(long, value_name = "PX", default_value_t = 1200, value_parser = width)]
    width: u32,
    /// The file: its ending .svg or .png says how it is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    database: Database,
}

/// What a picture can show.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Theme {
    /// What was imported: lines, water, buildings; needs no plan
    Lines,
    /// The blocks that cells are made of; borders that follow no line are dashed
    Blocks,
    /// Cells, neighbours in different colours
    Cells,
    /// Cells by how far their households are from the mean
    Deviation,
    /// Communities
    Communities,
    /// Households as dots by group; with --cell or --bbox only
    Groups,
}

impl Theme {
    fn show(self) -> Show {
        match self {
            Self::Lines => Show::Lines,
            Self::Blocks => Show::Blocks,
            Self::Cells => Show::Cells,
            Self::Deviation => Show::Deviation,
            Self::Communities => Show::Communities,
            Self::Groups => Show::Groups,
        }
    }
}

/// Which of a street's plans.
#[derive(Clone, Copy, Debug)]
enum Which {
    Number(u32),
    Published,
}

fn which_plan(text: &str) -> Result<Which, String> {
    match text {
        "published" => Ok(Which::Published),
        number => number.parse().map(Which::Number).map_err(|_| "give a plan's number, or \"published\"".to_owned()),
    }
}

fn bounds(text: &str) -> Result<Bounds, String> {
    let numbers: Vec<f64> = text.split(',').map_while(|part| part.trim().parse().ok()).collect();
    let [west, south, east, north] = numbers[..] else {
        return Err("give four numbers, west,south,east,north in degrees, e.g. 104.83,26.58,104.84,26.59".into());
    };
    match (LonLat::from_degrees(west, south), LonLat::from_degrees(east, north)) {
        (Some(min), Some(max)) if min.lon_e7 < max.lon_e7 && min.lat_e7 < max.lat_e7 && text.split(',').count() == 4 => {
            Ok(Bounds { min, max })
        }
        (Some(_), Some(_)) => Err("west must be less than east, and south less than north".into()),
        _ => Err("longitudes are -180 to 180 and latitudes -90 to 90, west,south,east,north".into()),
    }
}

fn width(text: &str) -> Result<u32, String> {
    let range = Request::WIDTHS;
    text.parse().ok().filter(|width| range.contains(width)).ok_or_else(|| format!("give {} to {} pixels", range.start(), range.end()))
}

enum Format {
    Svg,
    Png,
}

fn format_of(out: &Path) -> anyhow::Result<Format> {
    match out.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        _ => bail!("--out {} ends neither in .svg nor in .png", out.display()),
    }
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let format = format_of(&args.out)?;
    args.database.refuse_as_output(&args.out)?;
    if let Some(code) = &args.cell {
        let level = CodeScheme::default().level(code)?;
        if !matches!(level, Level::Cell | Level::Community) || !code.is_within(&args.street) {
            bail!("--cell {code} is the code of no cell or community of street {}", args.street);
        }
    }
    if matches!(args.show, Theme::Groups) && args.cell.is_none() && args.bbox.is_none() {
        bail!("groups are shown in a part of the street only; name it with --cell CODE or --bbox W,S,E,N");
    }
    let store = args.database.open_read().await?;
    let street = load_street(store.as_ref(), &args.street).await?;
    let notes = store.changes_since(&args.street, 0).await?;
    store.close().await;
    let plan = choose(&street, &args)?;
    let request = Request {
        show: args.show.show(),
        view: match (args.cell, args.bbox) {
            (Some(code), _) => View::Area(code),
            (None, Some(bounds)) => View::Bounds(bounds),
            (None, None) => View::Street,
        },
        width_px: args.width,
        attribution: notes.iter().find_map(|note| openstreetmap_notice(&note.what)).unwrap_or_default().to_owned(),
    };
    let bytes = match format {
        Format::Svg => render::svg(&street, plan, &request)?.into_bytes(),
        Format::Png => render::png(&street, plan, &request)?,
    };
    let mut target = Target::create(&args.out).context("cannot write the picture")?;
    target.write_all(&bytes).and_then(|()| target.finish()).with_context(|| format!("cannot write {}", args.out.display()))?;
    tell(&format!("{} drawn to {} ({} kB)", request.show.as_str(), args.out.display(), bytes.len().div_ceil(1000)));
    Ok(())
}

/// The plan asked for; none is needed for what lies on the ground.
fn choose<'a>(street: &'a StreetData, args: &Args) -> anyhow::Result<Option<&'a Plan>> {
    let today = today(Timestamp::now());
    let in_force = || street.plans.iter().find(|plan| plan.in_force(today));
    let code = &args.street;
    match args.plan {
        Some(Which::Number(number)) => {
            let found = street.plans.iter().find(|plan| plan.id.0 == number);
            found.map(Some).with_context(|| format!("street {code} has no plan {number}; {}", there_are(street)))
        }
        Some(Which::Published) => {
            in_force().map(Some).with_context(|| format!("no plan of street {code} is in force on {today}; {}", there_are(street)))
        }
        None => match in_force().or_else(|| street.plans.iter().max_by_key(|plan| plan.id)) {
            None if !matches!(args.show, Theme::Lines) || args.cell.is_some() => {
                bail!("street {code} has no plan; `wangge plan --street {code}` makes one")
            }
            plan => Ok(plan),
        },
    }
}

fn there_are(street: &StreetData) -> String {
    let numbers: Vec<String> = street.plans.iter().map(|plan| plan.id.0.to_string()).collect();
    if numbers.is_empty() { "it has none".to_owned() } else { format!("it has {}", numbers.join(", ")) }
}

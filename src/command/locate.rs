//! `wangge locate`.

mod cut;
mod load;
mod pipe;
mod points;

use std::{
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, anyhow, bail};
use jiff::{Timestamp, civil::Date};
use wangge::{
    export::Target,
    geometry::Crs,
    index::{Location, NoPlace},
};

use self::{
    load::load_places,
    pipe::Windows,
    points::{Failure, Locator, Summary},
};
use super::{
    Database,
    output::{print, seen_enough, tell},
    progress::Progress,
    today,
};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Longitude in degrees, or easting
    #[arg(long, value_name = "X", requires = "lat", conflicts_with = "points", allow_negative_numbers = true)]
    lon: Option<f64>,
    /// Latitude in degrees, or northing
    #[arg(long, value_name = "Y", requires = "lon", allow_negative_numbers = true)]
    lat: Option<f64>,
    /// A CSV file with columns lon,lat or x,y, or - for standard input; needs --out
    #[arg(long, value_name = "FILE.csv", requires = "out")]
    points: Option<PathBuf>,
    /// The CSV file to write, or - for standard output: all columns of --points and the answer's
    #[arg(long, value_name = "FILE.csv", requires = "points")]
    out: Option<PathBuf>,
    /// The coordinates' CRS: EPSG:4326, EPSG:4490, another EPSG code, gcj02 or bd09; lon,lat default to EPSG:4326, x,y need it
    #[arg(long)]
    crs: Option<Crs>,
    /// The day whose plan answers [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Date>,
    /// Print the answer as JSON; with --points the counts and the seconds each step took (on standard error with --out -)
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    if let Some(out) = &args.out {
        args.database.refuse_as_output(out)?;
    }
    let converter = args.crs.unwrap_or(Crs::Wgs84).to_lonlat()?;
    let one = match (args.lon, args.lat) {
        (Some(x), Some(y)) => Some(converter.convert(x, y).map_err(|error| anyhow!("{error}{}", converter.swap_hint(x, y)))?),
        _ if args.points.is_none() => bail!("say where: --lon X --lat Y, or --points FILE.csv --out FILE.csv"),
        _ => None,
    };
    let as_of = args.as_of.unwrap_or_else(|| today(Timestamp::now()));
    let clock = Instant::now();
    let store = args.database.open_read().await?;
    let snapshot = load_places(&store, as_of).await?;
    store.close().await;
    let locator = Locator { crs: args.crs, snapshot: &snapshot, converter: &converter, as_of };
    if let Some(at) = one {
        let location = snapshot.locate(at, locator.as_of);
        return print(&match args.json {
            true => serde_json::to_string_pretty(&location)? + "\n",
            false => describe(&location),
        });
    }
    let (Some(points), Some(out)) = (&args.points, &args.out) else { bail!("--points needs --out") };
    let (input, name): (Box<dyn Read + Send>, _) = match points == Path::new("-") {
        true => (Box::new(io::stdin()), "standard input".to_owned()),
        false => (
            Box::new(std::fs::File::open(points).with_context(|| format!("cannot read {}", points.display()))?),
            points.display().to_string(),
        ),
    };
    let input = Windows::read(input);
    let size = std::fs::metadata(points).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
    let progress = Progress::new();
    let watch = |bytes: u64| {
        if let Some(size) = size {
            progress.at("locating", bytes as f64 / size.max(1) as f64);
        }
    };
    let mut summary = Summary::default();
    summary.load = clock.elapsed();
    if out == Path::new("-") {
        let mut out = BufWriter::new(io::stdout());
        let done = locator.annotate(input, &mut out, &mut summary, &watch).and_then(|()| out.flush().map_err(Failure::Write));
        match done {
            Err(Failure::Write(error)) => seen_enough(Err(error)).context("cannot write to standard output")?,
            other => other.map_err(|failure| failure.naming(&name, "standard output"))?,
        }
    } else {
        let mut target = Target::create(out)?;
        let done = locator.annotate(input, &mut target, &mut summary, &watch);
        done.map_err(|failure| failure.naming(&name, &out.display().to_string()))?;
        let clock = Instant::now();
        target.finish()?;
        summary.write += clock.elapsed();
    }
    drop(progress);
    match args.json {
        true if out == Path::new("-") => tell(&summary.to_json()),
        true => print(&(summary.to_json() + "\n"))?,
        false => tell(&summary.to_string()),
    }
    Ok(())
}

fn describe(location: &Location) -> String {
    let mut text = format!("{:.7}, {:.7}\n", location.lon, location.lat);
    let Some(place) = &location.place else {
        let why = match location.reason {
            Some(NoPlace::NoPlanInForce) => "in a street without a plan in force on that day",
            _ => "outside every street",
        };
        return text + why + "\n";
    };
    let mut line = |label: &str, code: &str, name: &str| text += &format!("{label:<10} {code:<18} {name}\n");
    line("street", &place.street_code, &place.street_name);
    line("community", &place.community_code, &place.community_name);
    line("cell", &place.cell_code, &place.cell_name);
    line("group", place.group_code.as_deref().unwrap_or("none"), "");
    let beyond = place.beyond_cell_code.as_deref().unwrap_or("outside every street");
    text += &format!("border     {:.1} m away, beyond it {beyond}\n", place.border_distance_m);
    if place.estimated {
        text += "households of this street are estimated from its buildings\n";
    }
    text
}

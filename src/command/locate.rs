//! `wangge locate`.

use std::{
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use jiff::{Timestamp, civil::Date};
use rayon::prelude::*;
use wangge::{
    export::Target,
    geometry::{Crs, crs::ToLonLat},
    import::detect_delimiter,
    index::{Location, NoPlace, Snapshot},
};

use super::{
    Database,
    output::{print, seen_enough, tell},
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
    /// Print the answer as JSON
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
    let store = args.database.open_read().await?;
    let snapshot = Snapshot::build(store.load().await?)?;
    store.close().await;
    let locator =
        Locator { crs: args.crs, snapshot: &snapshot, converter: &converter, as_of: args.as_of.unwrap_or_else(|| today(Timestamp::now())) };
    if let Some(at) = one {
        let location = snapshot.locate(at, locator.as_of);
        return print(&match args.json {
            true => serde_json::to_string_pretty(&location)? + "\n",
            false => describe(&location),
        });
    }
    let (Some(points), Some(out)) = (&args.points, &args.out) else { bail!("--points needs --out") };
    let (input, name): (Box<dyn Read>, _) = match points == Path::new("-") {
        true => (Box::new(io::stdin().lock()), "standard input".to_owned()),
        false => (
            Box::new(std::fs::File::open(points).with_context(|| format!("cannot read {}", points.display()))?),
            points.display().to_string(),
        ),
    };
    let count = if out == Path::new("-") {
        let mut out = BufWriter::new(io::stdout().lock());
        let mut count = Count::default();
        let done = locator.annotate(input, &mut out, &mut count).and_then(|()| out.flush().map_err(Failure::Write));
        match done {
            Err(Failure::Write(error)) => seen_enough(Err(error)).context("cannot write to standard output")?,
            other => other.map_err(|failure| failure.naming(&name, "standard output"))?,
        }
        count
    } else {
        let mut target = Target::create(out)?;
        let mut count = Count::default();
        locator.annotate(input, &mut target, &mut count).map_err(|failure| failure.naming(&name, &out.display().to_string()))?;
        target.finish()?;
        count
    };
    tell(&format!("{} points: {} in a cell, {} outside, {} unreadable", count.points, count.placed, count.unplaced, count.bad));
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

/// What became of the points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    points: usize,
    placed: usize,
    unplaced: usize,
    bad: usize,
}

struct Locator<'a> {
    snapshot: &'a Snapshot,
    crs: Option<Crs>,
    converter: &'a ToLonLat,
    as_of: Date,
}

/// Records located at a time: enough to keep every core busy, little to keep in memory.
const BATCH: usize = 16_384;
const ANSWER: [&str; 7] = ["street_code", "community_code", "cell_code", "group_code", "border_distance_m", "beyond_cell_code", "reason"];

impl Locator<'_> {
    /// Streams a CSV, appending the answer's columns; bytes that are not UTF-8 in other columns pass through.
    fn annotate(&self, input: impl Read, out: &mut impl Write, count: &mut Count) -> Result<(), Failure> {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let delimiter = detect_delimiter(input.fill_buf().map_err(|error| Failure::Read(error.into()))?);
        let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(input);
        let mut headers = reader.byte_headers().map_err(Failure::reading)?.clone();
        if let Some(first) = headers.get(0).and_then(|name| name.strip_prefix(b"\xef\xbb\xbf")) {
            // The quotes of a name behind the mark are still there.
            let first = first.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(first).to_vec();
            headers = std::iter::once(first.as_slice()).chain(headers.iter().skip(1)).collect();
        }
        let (x, y) = self.coordinate_columns(&headers).map_err(Failure::Read)?;
        let width = headers.len();
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(out);
        writer.write_byte_record(&headers.iter().chain(ANSWER.map(str::as_bytes)).collect()).map_err(Failure::writing)?;
        let mut batch = Vec::with_capacity(BATCH);
        let mut records = reader.into_byte_records();
        loop {
            batch.clear();
            for record in records.by_ref().take(BATCH) {
                batch.push(record.map_err(Failure::reading)?);
            }
            if batch.is_empty() {
                break;
            }
            let answers: Vec<Answer> = batch.par_iter().map(|record| self.answer(record, x, y)).collect();
            for (record, answer) in batch.iter().zip(answers) {
                count.add(&answer);
                // A short row is filled up, so that the answer stands in its columns.
                let blanks = std::iter::repeat_n(&b""[..], width.saturating_sub(record.len()));
                let answered = record.iter().take(width).chain(blanks).chain(answer.fields.iter().map(String::as_bytes)).collect();
                writer.write_byte_record(&answered).map_err(Failure::writing)?;
            }
        }
        writer.flush().map_err(Failure::Write)
    }

    fn coordinate_columns(&self, headers: &csv::ByteRecord) -> anyhow::Result<(usize, usize)> {
        if headers.iter().all(|name| name.trim_ascii().is_empty()) {
            bail!("there is no header; the first line names the columns, lon,lat or x,y among them");
        }
        if headers.iter().any(|name| name.contains(&b'\n')) {
            bail!("line 1: a quote is left open in the header");
        }
        let find = |name: &str| headers.iter().position(|column| column.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        match (find("lon").zip(find("lat")), find("x").zip(find("y"))) {
            (Some(degrees), _) if self.crs.is_none_or(Crs::is_geographic) => Ok(degrees),
            (_, Some(_)) if self.crs.is_none() => bail!("x and y need a CRS; name it with --crs, EPSG:4544 for example"),
            (_, Some(columns)) => Ok(columns),
            (Some(_), None) => {
                let crs = self.crs.map(|crs| crs.to_string()).unwrap_or_default();
                bail!("lon and lat are degrees, but {crs} has metres; call the columns x and y, or leave out --crs")
            }
            (None, None) => {
                let names: Vec<_> = headers.iter().map(|name| String::from_utf8_lossy(name).escape_debug().to_string()).collect();
                bail!("line 1: the file needs columns lon,lat or x,y; it has {}", names.join(","))
            }
        }
    }

    fn answer(&self, record: &csv::ByteRecord, x: usize, y: usize) -> Answer {
        let ordinate = |column| std::str::from_utf8(record.get(column)?).ok()?.trim().parse::<f64>().ok();
        let at = ordinate(x).zip(ordinate(y)).and_then(|(x, y)| self.converter.convert(x, y).ok());
        let Some(at) = at else { return Answer { outcome: Outcome::Bad, fields: reason("bad_coordinate") } };
        let location = self.snapshot.locate(at, self.as_of);
        match location.place {
            Some(place) => Answer {
                outcome: Outcome::Placed,
                fields: [
                    place.street_code,
                    place.community_code,
                    place.cell_code,
                    place.group_code.unwrap_or_default(),
                    format!("{:.2}", place.border_distance_m),
                    place.beyond_cell_code.unwrap_or_default(),
                    String::new(),
                ],
            },
            None => Answer {
                outcome: Outcome::Unplaced,
                fields: reason(match location.reason {
                    Some(NoPlace::NoPlanInForce) => "no_plan_in_force",
                    _ => "outside_every_street",
                }),
            },
        }
    }
}

struct Answer {
    outcome: Outcome,
    fields: [String; ANSWER.len()],
}

enum Outcome {
    Placed,
    Unplaced,
    Bad,
}

impl Count {
    fn add(&mut self, answer: &Answer) {
        self.points += 1;
        match answer.outcome {
            Outcome::Placed => self.placed += 1,
            Outcome::Unplaced => self.unplaced += 1,
            Outcome::Bad => self.bad += 1,
        }
    }
}

fn reason(word: &str) -> [String; ANSWER.len()] {
    let mut fields: [String; ANSWER.len()] = Default::default();
    word.clone_into(&mut fields[ANSWER.len() - 1]);
    fields
}

/// Which of the two files failed.
enum Failure {
    Read(anyhow::Error),
    Write(io::Error),
}

impl Failure {
    fn reading(error: csv::Error) -> Self {
        Self::Read(match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            other => anyhow!("this is not CSV: {other:?}"),
        })
    }

    fn writing(error: csv::Error) -> Self {
        Self::Write(match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        })
    }

    fn naming(self, input: &str, output: &str) -> anyhow::Error {
        match self {
            Self::Read(error) => error.context(format!("reading {input}")),
            Self::Write(error) => anyhow::Error::from(error).context(format!("writing {output}")),
        }
    }
}

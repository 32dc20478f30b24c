//! `wangge export`.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::bail;
use clap::ValueEnum;
use jiff::{Timestamp, civil::Date};
use wangge::{
    export::{self, Records, Scope, Set, Target},
    index::Snapshot,
    model::Code,
    store,
};

use super::{Database, area_code, output::tell, today};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to write
    #[arg(value_enum, default_value_t = What::Cells)]
    what: What,
    /// Only what lies in this area: a county, street, community, cell or group code; a whole database with --format gpkg
    #[arg(long, value_name = "CODE", value_parser = area_code)]
    area: Option<Code>,
    /// How to write it; gpkg copies the whole database with spatial indexes
    #[arg(long, value_enum, default_value_t = Format::Geojson)]
    format: Format,
    /// The day whose plans in force count [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Date>,
    /// The file, or - for standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    #[command(flatten)]
    database: Database,
}

/// What can be written.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Level 1
    Streets,
    /// Level 2
    Communities,
    /// Level 3
    Cells,
    /// Ten-household groups: hulls as GeoJSON, memberships as CSV
    Groups,
    /// Households with their addresses
    Households,
    /// Issues and whose they are
    Issues,
    /// Totals by area that add up, as csv or json
    Report,
}

/// How to write it.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// RFC 7946
    Geojson,
    /// RFC 8142: one feature a record, to stream
    Geojsonseq,
    /// RFC 4180, UTF-8
    Csv,
    /// The report only
    Json,
    /// A GeoPackage copy of the whole database, with spatial indexes
    Gpkg,
}

impl What {
    fn set(self) -> Option<Set> {
        Some(match self {
            Self::Streets => Set::Streets,
            Self::Communities => Set::Communities,
            Self::Cells => Set::Cells,
            Self::Groups => Set::Groups,
            Self::Households => Set::Households,
            Self::Issues => Set::Issues,
            Self::Report => return None,
        })
    }
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    args.database.refuse_as_output(&args.out)?;
    if args.format == Format::Gpkg {
        return copy_database(&args).await;
    }
    let fits = match args.what {
        What::Report => matches!(args.format, Format::Csv | Format::Json),
        _ => args.format != Format::Json,
    };
    if !fits {
        let formats = if args.what == What::Report { "csv or json" } else { "geojson, geojsonseq, csv or gpkg" };
        bail!("this set is written as {formats}; choose one with --format");
    }
    let scope = Scope { area: args.area.clone(), as_of: args.as_of.unwrap_or_else(|| today(Timestamp::now())) };
    let store = args.database.open_read().await?;
    let snapshot = Snapshot::build(store.load().await?)?;
    store.close().await;
    if let Some(word) = no_plan_yet(&snapshot, scope.as_of) {
        tell(&word);
    }
    if args.out == Path::new("-") {
        let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        let written = write(&snapshot, &args, &scope, &mut out).and_then(|count| {
            out.flush().map_err(export::Error::Write)?;
            Ok(count)
        });
        return match written {
            // `… | head` has seen enough; that is no failure.
            Err(export::Error::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other.map(drop)?),
        };
    }
    let mut target = Target::create(&args.out)?;
    let count = write(&snapshot, &args, &scope, &mut target)?;
    target.finish()?;
    tell(&format!("{count} {} written to {}", if args.what == What::Report { "rows" } else { "records" }, args.out.display()));
    Ok(())
}

/// A word for those who get nothing because they ask for a day without a plan.
fn no_plan_yet(snapshot: &Snapshot, as_of: Date) -> Option<String> {
    let plans = || snapshot.streets.iter().flat_map(|street| &street.plans).map(|index| &index.plan);
    if plans().any(|plan| plan.validity.in_force(as_of)) {
        return None;
    }
    Some(match plans().filter_map(|plan| plan.validity.from).min() {
        Some(first) => format!("warning: no plan is in force on {as_of}; the first is from {first} on"),
        None => "warning: no plan has been published; `wangge plan --publish` does that".to_owned(),
    })
}

fn write(snapshot: &Snapshot, args: &Args, scope: &Scope, out: &mut impl Write) -> Result<usize, export::Error> {
    let Some(set) = args.what.set() else {
        return match args.format {
            Format::Json => export::write_report_json(snapshot, scope, out),
            _ => export::write_report_csv(snapshot, scope, out),
        };
    };
    let records = Records::select(snapshot, set, scope)?;
    match args.format {
        Format::Csv => export::write_csv(&records, out)?,
        Format::Geojsonseq => export::write_geojson_seq(&records, out)?,
        Format::Geojson | Format::Json | Format::Gpkg => export::write_geojson(&records, out)?,
    }
    Ok(records.len())
}

async fn copy_database(args: &Args) -> anyhow::Result<()> {
    if args.out == Path::new("-") {
        bail!("a GeoPackage cannot be written to standard output; name a file with --out");
    }
    if args.area.is_some() || args.as_of.is_some() {
        bail!("a GeoPackage copy holds the whole database; leave out --area and --as-of");
    }
    args.database.open_read().await?.close().await;
    store::export_copy(&args.database.url, &args.out).await?;
    tell(&format!(
        "database copied to {}; it holds the address of every household, so keep it where only those may read it who work with them",
        args.out.display()
    ));
    Ok(())
}

//! `wangge import`: reads a file, shows the report, commits what differs.

mod commit;
mod record;
mod run;

use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

use clap::{Subcommand, ValueEnum};
use wangge::{
    geometry::Crs,
    import::TableOptions,
    model::{Code, Level},
};

pub use run::run;

use super::{Database, street_code};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    source: Source,
}

#[derive(Subcommand, Debug)]
enum Source {
    /// Roads, water, buildings and addresses of an area from an OpenStreetMap extract; households are estimated
    Osm(Osm),
    /// A survey folder: boundary.geojson, streets.geojson, buildings.geojson, households.csv, and issues.csv if there is one
    Survey(Survey),
    /// A household list; replaces estimates, keeps other listed households
    Households(Households),
    /// An issue list; adds new issues and updates known ones
    Issues(Issues),
    /// Boundaries of streets, communities or cells
    Boundaries(Boundaries),
}

#[derive(clap::Args, Debug)]
struct Output {
    #[command(flatten)]
    database: Database,
    /// Write every rejected record and the report to this file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Take the input over also when it would remove stored rows though many of its own are unusable
    #[arg(long)]
    force: bool,
}

#[derive(clap::Args, Debug)]
struct Osm {
    /// The extract, .osm.pbf
    file: PathBuf,
    /// An administrative boundary of the extract by name or relation number, or a GeoJSON polygon; default: the street's stored boundary
    #[arg(long, value_name = "NAME|ID|FILE.geojson")]
    area: Option<String>,
    /// The street's 9-digit code, and its name
    #[arg(long, value_name = "CODE[=NAME]")]
    street: StreetArg,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args, Debug)]
struct Survey {
    /// The folder
    folder: PathBuf,
    /// The street's 9-digit code, and its name
    #[arg(long, value_name = "CODE[=NAME]")]
    street: StreetArg,
    /// CRS of all files, whatever they say; default: their crs member, else EPSG:4326
    #[arg(long)]
    crs: Option<Crs>,
    /// Time zone of times without an offset
    #[arg(long, default_value = "Asia/Shanghai")]
    timezone: Zone,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args, Debug)]
struct Table {
    /// CRS of the coordinates; lon,lat default to EPSG:4326, x,y need it
    #[arg(long)]
    crs: Option<Crs>,
    /// Names the column a field is in; repeat it, or separate several by commas
    #[arg(long = "map", value_name = "FIELD=COLUMN", value_delimiter = ',')]
    columns: Vec<Mapping>,
    /// Text encoding; default: UTF-8 or UTF-16 by what the file looks like, else GB 18030
    #[arg(long, value_name = "NAME")]
    encoding: Option<Encoding>,
}

impl Table {
    fn options(&self) -> TableOptions {
        TableOptions {
            crs: self.crs,
            fallback_crs: None,
            columns: self.columns.iter().map(|map| (map.field.clone(), map.column.clone())).collect::<BTreeMap<_, _>>(),
            encoding: self.encoding.as_ref().map(|encoding| encoding.0),
        }
    }
}

#[derive(clap::Args, Debug)]
struct Households {
    /// The list, with household_id, building_id and lon,lat or x,y; optional unit, floor, persons, address
    file: PathBuf,
    /// Only households of this street; default: every street of the database, by position
    #[arg(long, value_name = "CODE")]
    street: Option<StreetArg>,
    /// Remove households of these streets that are not in the file
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    table: Table,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args, Debug)]
struct Issues {
    /// The list, with category, reported_at and lon,lat or x,y; optional issue_id, closed_at, status, description
    file: PathBuf,
    #[command(flatten)]
    table: Table,
    /// Time zone of times without an offset
    #[arg(long, default_value = "Asia/Shanghai")]
    timezone: Zone,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args, Debug)]
struct Boundaries {
    /// Polygons with a code and a name
    file: PathBuf,
    /// The level of the codes
    #[arg(long)]
    level: AreaLevel,
    /// CRS, whatever the file says; default: its crs member, else EPSG:4326
    #[arg(long)]
    crs: Option<Crs>,
    /// The property that holds the code
    #[arg(long, default_value = "code")]
    code_field: String,
    /// The property that holds the name
    #[arg(long, default_value = "name")]
    name_field: String,
    #[command(flatten)]
    output: Output,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum AreaLevel {
    Street,
    Community,
    Cell,
}

impl From<AreaLevel> for Level {
    fn from(level: AreaLevel) -> Self {
        match level {
            AreaLevel::Street => Self::Street,
            AreaLevel::Community => Self::Community,
            AreaLevel::Cell => Self::Cell,
        }
    }
}

/// `CODE[=NAME]` of a street.
#[derive(Clone, Debug)]
struct StreetArg {
    code: Code,
    name: Option<String>,
}

impl FromStr for StreetArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (code, name) = text.split_once('=').map_or((text, None), |(code, name)| (code, Some(name.trim().to_owned())));
        Ok(Self { code: street_code(code.trim())?, name: name.filter(|name| !name.is_empty()) })
    }
}

/// `FIELD=COLUMN`.
#[derive(Clone, Debug)]
struct Mapping {
    field: String,
    column: String,
}

impl FromStr for Mapping {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (field, column) = text.split_once('=').ok_or("write FIELD=COLUMN, x=easting for example")?;
        Ok(Self { field: field.trim().to_owned(), column: column.trim().to_owned() })
    }
}

/// A text encoding by one of its usual names.
#[derive(Clone, Debug)]
struct Encoding(&'static encoding_rs::Encoding);

impl FromStr for Encoding {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        encoding_rs::Encoding::for_label(name.as_bytes())
            .map(Self)
            .ok_or_else(|| "no such encoding; use utf-8, gbk, gb18030, big5, utf-16le, …".into())
    }
}

/// A time zone by its name, or a fixed offset like `+08:00`.
#[derive(Clone, Debug)]
struct Zone(jiff::tz::TimeZone);

impl FromStr for Zone {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        if let Ok(zone) = jiff::tz::TimeZone::get(name) {
            return Ok(Self(zone));
        }
        if let Ok(pieces) = jiff::fmt::temporal::DateTimeParser::new().parse_time_zone(name) {
            return Ok(Self(pieces));
        }
        // China keeps one time; a machine without a zone database can do without it.
        if name == "Asia/Shanghai" {
            return Ok(Self(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))));
        }
        Err("no such time zone; use Asia/Shanghai, Europe/Zurich, +08:00, …".into())
    }
}

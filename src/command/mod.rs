//! The command line, one file a command. Each reads its arguments, calls the rooms of the library, prints.

pub mod city;
pub mod demo;
pub mod export;
pub mod import;
pub mod locate;
pub mod migrate;
pub mod plan;
pub mod progress;
pub mod score;
pub mod serve;

/// Where the data is, on every command that needs it.
#[derive(clap::Args, Debug)]
pub struct Database {
    /// gpkg:PATH or postgres://USER@HOST/NAME
    #[arg(long = "db", value_name = "URL", default_value = "gpkg:wangge.gpkg", env = "WANGGE_DB")]
    pub url: String,
}

/// The day it is in the service's time zone, China Standard Time.
pub fn today(now: jiff::Timestamp) -> jiff::civil::Date {
    jiff::tz::Offset::constant(8).to_datetime(now).date()
}

//! A survey folder to what planning wants, by the program's own import, without a store between.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use jiff::{
    Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};
use wangge::{
    import::{Intake, Rows, survey},
    model::{Code, PlanId, StreetData},
    plan::Registration,
};

/// The day on which plans come into force.
pub const DAY: Date = date(2026, 1, 1);

/// Reads the folder as street `code`.
pub fn read(folder: &Path, code: &Code) -> anyhow::Result<StreetData> {
    let options = survey::Options { crs: None, zone: TimeZone::UTC, filed: HashMap::new() };
    let mut intake = Intake::quiet();
    let mut by_street = survey::read(folder, code, None, &options, &mut intake)?;
    let records = by_street.remove(code).with_context(|| format!("{} has no records", folder.display()))?;
    let mut street = StreetData {
        version: 1,
        areas: taken(records.areas),
        lines: taken(records.lines),
        waters: taken(records.waters),
        buildings: taken(records.buildings),
        households: taken(records.households),
        ..StreetData::default()
    };
    // A store hands out every list in this order.
    street.areas.sort_by(|a, b| a.code.cmp(&b.code));
    street.lines.sort_by(|a, b| a.id.cmp(&b.id));
    street.waters.sort_by(|a, b| a.id.cmp(&b.id));
    street.buildings.sort_by(|a, b| a.id.cmp(&b.id));
    street.households.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(street)
}

fn taken<T>(rows: Rows<T>) -> Vec<T> {
    match rows {
        Rows::Untouched => Vec::new(),
        Rows::Merge(rows) | Rows::Replace(rows) => rows,
    }
}

/// The survey folders in a folder, in order of name.
pub fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.join("boundary.geojson").is_file()).collect();
    ensure!(!found.is_empty(), "{} holds no survey folder", folder.display());
    found.sort();
    Ok(found)
}

/// A first plan, in force from [`DAY`].
pub fn registration() -> Registration {
    Registration { id: PlanId(1), name: "bench".into(), now: Timestamp::UNIX_EPOCH, owner: None, publish_from: Some(DAY) }
}

/// The most memory this process has had so far, in MB of 10⁶ bytes; `None` where the system does not say.
pub fn peak_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kib| kib * 1024.0 / 1e6)
}

/// The CPU time of all threads of this process so far, in seconds, to a hundredth; `None` where the system does not say.
pub fn cpu_s() -> Option<f64> {
    // Fields 14 and 15, user and system time in hundredths of a second; the second field, the name, may hold spaces.
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
    Some((ticks(14)? + ticks(15)?) / 100.0)
}

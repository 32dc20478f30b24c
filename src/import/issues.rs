//! Issue lists: one CSV row an issue.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

use jiff::{Timestamp, civil, tz::TimeZone};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    Error, Intake, Reason, TableOptions,
    place::PositionColumns,
    table::{Row, Table},
};
use crate::model::{Code, Issue, IssueStatus, LonLat};

/// The word the report uses.
pub const KIND: &str = "issues";

/// Fields that `--map` may name.
pub const FIELDS: &[&str] = &["issue_id", "category", "reported_at", "closed_at", "status", "description", "lon", "lat", "x", "y"];

/// Reads an issue list; `street_of` says under which street an id at a position is filed, or in words why it cannot be: then the
/// issue is refused as a duplicate. Times without an offset are in `zone`.
///
/// Where there is no id column the id is made from the row's content and its ordinal among rows of equal content, so the same
/// file gives the same ids.
///
/// # Errors
/// A broken file, missing columns, or no usable row; one that only `street_of` refuses is usable.
pub fn read(
    path: &Path,
    options: &TableOptions,
    zone: &TimeZone,
    mut street_of: impl FnMut(&str, LonLat) -> Result<Code, String>,
    intake: &mut Intake<'_>,
) -> Result<BTreeMap<Code, Vec<Issue>>, Error> {
    let mut table = Table::open(path, KIND, FIELDS, options, intake)?;
    let id_column = table.column("issue_id");
    let category_column = table.required("category")?;
    let reported_column = table.required("reported_at")?;
    let [closed_column, status_column, description_column] = ["closed_at", "status", "description"].map(|field| table.column(field));
    let positions = PositionColumns::find(&table, options, intake)?;
    if id_column.is_none() {
        intake.report.note(format!("{} has no issue_id; ids are made from the rows' content", table.name));
    }
    let mut found: BTreeMap<Code, Vec<Issue>> = BTreeMap::new();
    let mut seen: HashSet<String> = HashSet::new();
    let mut ordinals: HashMap<u64, u32> = HashMap::new();
    let mut is_one_elsewhere = false;
    while let Some(line) = table.advance(intake)? {
        let row = table.row();
        let id = match (id_column, row.get(id_column)) {
            (None, _) => content_id(&row, &mut ordinals),
            (Some(_), Some(id)) => id.to_owned(),
            (Some(_), None) => {
                intake.report.reject(table.place(line, "row"), Reason::MissingField, "issue_id is empty");
                continue;
            }
        };
        let place = table.place(line, &id);
        if seen.contains(&id) {
            intake.report.reject(place, Reason::DuplicateId, "the issue_id was there before; the first one counts");
            continue;
        }
        let position = match positions.read(&row) {
            Ok(Some(position)) => position,
            Ok(None) => {
                intake.report.reject(place, Reason::NoPosition, "the row has no coordinates");
                continue;
            }
            Err(flaw) => {
                intake.report.reject(place, flaw.reason, flaw.message);
                continue;
            }
        };
        let reported_at = match row.get(Some(reported_column)).ok_or("").and_then(|text| parse_time(text, zone).ok_or(text)) {
            Ok(time) => time,
            Err("") => {
                intake.report.reject(place, Reason::MissingField, "reported_at is empty");
                continue;
            }
            Err(text) => {
                intake.report.reject(
                    place,
                    Reason::BadValue,
                    format!("reported_at {text:?} is not a time; use 2026-11-24T08:30:00+08:00, 2026-11-24 08:30 or 2026-11-24"),
                );
                continue;
            }
        };
        let closed_at = row.get(closed_column).and_then(|text| {
            let time = parse_time(text, zone);
            match time {
                None => intake.report.remark(place, Reason::BadValue, format!("closed_at {text:?} is not a time and was left out")),
                Some(closed) if closed < reported_at => {
                    intake.report.remark(place, Reason::BadValue, format!("closed_at {text:?} lies before reported_at"));
                }
                Some(_) => {}
            }
            time
        });
        let by_time = if closed_at.is_some() { IssueStatus::Closed } else { IssueStatus::Open };
        let status = row.get(status_column).map_or(by_time, |word| {
            IssueStatus::parse(&word.to_ascii_lowercase()).unwrap_or_else(|| {
                let message = format!("status {word:?} is unknown; taken as {}", by_time.as_str());
                intake.report.remark(place, Reason::UnknownStatus, message);
                by_time
            })
        });
        let category = row.get(Some(category_column)).unwrap_or("other").to_owned();
        let description = row.get(description_column).map(str::to_owned);
        match street_of(&id, position) {
            Ok(street) => {
                intake.report.keep(KIND);
                let issue = Issue { id: id.clone(), position, category, status, reported_at, closed_at, description };
                found.entry(street).or_default().push(issue);
            }
            Err(why) => {
                intake.report.reject(place, Reason::DuplicateId, why);
                is_one_elsewhere = true;
            }
        }
        seen.insert(id);
    }
    if !is_one_elsewhere {
        intake.require(path, KIND)?;
    }
    Ok(found)
}

fn content_id(row: &Row<'_>, ordinals: &mut HashMap<u64, u32>) -> String {
    let hash = xxh3_64(row.content().as_bytes());
    let ordinal = ordinals.entry(hash).and_modify(|n| *n += 1).or_insert(1);
    if *ordinal == 1 { format!("{hash:016x}") } else { format!("{hash:016x}-{ordinal}") }
}

/// RFC 3339, or a date with or without a time of day in `zone`; dashes or slashes.
fn parse_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let text = text.replace('/', "-");
    let local = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
        .into_iter()
        .find_map(|format| civil::DateTime::strptime(format, &text).ok())
        .or_else(|| text.parse::<civil::DateTime>().ok())
        .or_else(|| civil::Date::strptime("%Y-%m-%d", &text).ok().map(|date| date.at(0, 0, 0, 0)))?;
    local.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_usual_forms() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        for (text, utc) in [
            ("2026-11-24T08:30:00+08:00", "2026-11-24T00:30:00Z"),
            ("2026-11-24T08:30:00Z", "2026-11-24T08:30:00Z"),
            ("2026-11-24 08:30:15", "2026-11-24T00:30:15Z"),
            ("2026-11-24 08:30", "2026-11-24T00:30:00Z"),
            ("2026/1/4 8:30", "2026-01-04T00:30:00Z"),
            ("2026-11-24", "2026-11-23T16:00:00Z"),
        ] {
            assert_eq!(parse_time(text, &zone), Some(utc.parse().unwrap()), "{text}");
        }
        for text in ["", "yesterday", "24.11.2026", "2026-13-01", "2026-02-30"] {
            assert_eq!(parse_time(text, &zone), None, "{text}");
        }
    }
}

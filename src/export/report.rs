//! Totals by area that reconcile: every level adds up to the one above, and all to the sum.

use std::{collections::BTreeMap, io::Write};

use serde::Serialize;

use super::{Error, Records, Scope, Set, tally};
use crate::{
    index::{IssueCount, IssueFilter, Snapshot},
    model::{Code, IssueStatus, Level},
};

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Row {
    level: &'static str,
    code: String,
    name: String,
    cells: u32,
    groups: u32,
    households: u32,
    persons: Option<u32>,
    issues: u32,
    open_issues: u32,
    estimated: bool,
}

/// Writes totals as CSV and returns the number of rows: the sum first, then streets, communities and cells by code. Issues are
/// counted where they lie; those of the sum, and households, that lie in no cell (outside every street, in a street without a plan,
/// or where a street grew after its plan) stand in a row of their own, `level` = `outside`, so that the sum is the cells plus that
/// row.
///
/// # Errors
/// [`Error::NoSuchArea`], [`Error::Write`].
pub fn write_report_csv(snapshot: &Snapshot, scope: &Scope, out: &mut impl Write) -> Result<usize, Error> {
    let rows = rows(snapshot, scope)?;
    let mut writer = csv::Writer::from_writer(out);
    for row in &rows {
        writer.serialize(row)?;
    }
    writer.flush()?;
    Ok(rows.len())
}

/// The same as JSON: `{"as_of","area","rows":[…]}`.
///
/// # Errors
/// [`Error::NoSuchArea`], [`Error::Write`].
pub fn write_report_json(snapshot: &Snapshot, scope: &Scope, out: &mut impl Write) -> Result<usize, Error> {
    let rows = rows(snapshot, scope)?;
    let report = serde_json::json!({
        "as_of": scope.as_of.to_string(),
        "area": scope.area.as_ref().map(Code::as_str),
        "rows": rows,
    });
    serde_json::to_writer_pretty(&mut *out, &report).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(rows.len())
}

fn rows(snapshot: &Snapshot, scope: &Scope) -> Result<Vec<Row>, Error> {
    let issues = Records::select(snapshot, Set::Issues, scope)?;
    let mut all = IssueCount::default();
    for issue in (0..issues.len()).filter_map(|number| issues.issue(number)) {
        all.total += 1;
        all.open += u32::from(issue.status != IssueStatus::Closed);
    }
    let mut rows = Vec::new();
    let mut finest = Vec::new();
    for level in [Level::Street, Level::Community, Level::Cell] {
        let counts = snapshot.count_issues(level, &IssueFilter::default(), scope.as_of);
        let of_level = level_rows(snapshot, scope, level, &counts);
        if level == Level::Cell {
            finest.clone_from(&of_level);
        }
        rows.extend(of_level);
    }
    // Households may lie in no cell: of a street without a plan, or where a street grew after its plan. The sum counts every
    // household once, as the street knows it.
    let mut base: Vec<Row> = rows.iter().filter(|row| row.level == Level::Street.as_str()).cloned().collect();
    for (row, tally) in base.iter_mut().zip(tally(snapshot, scope, Level::Street)) {
        if let Some(street) = snapshot.street(&tally.code) {
            (row.households, row.persons) = (street.stats.households, street.stats.persons);
        }
    }
    if base.is_empty() {
        base.clone_from(&finest);
    }
    let persons = |rows: &[Row]| rows.iter().filter_map(|row| row.persons).reduce(|a, b| a + b);
    let in_cells = sum_issues(&finest);
    let outside = Row {
        level: "outside",
        code: String::new(),
        name: String::new(),
        cells: 0,
        groups: 0,
        households: sum(&base, |row| row.households).saturating_sub(sum(&finest, |row| row.households)),
        persons: persons(&base).map(|all| all.saturating_sub(persons(&finest).unwrap_or_default())).filter(|outside| *outside > 0),
        issues: all.total.saturating_sub(in_cells.total),
        open_issues: all.open.saturating_sub(in_cells.open),
        estimated: false,
    };
    let total = Row {
        level: "total",
        code: scope.area.as_ref().map(Code::to_string).unwrap_or_default(),
        name: String::new(),
        cells: sum(&finest, |row| row.cells),
        groups: sum(&finest, |row| row.groups),
        households: sum(&base, |row| row.households),
        persons: persons(&base),
        issues: all.total,
        open_issues: all.open,
        estimated: base.iter().any(|row| row.estimated),
    };
    let mut report = vec![total];
    report.extend(rows);
    report.push(outside);
    Ok(report)
}

fn level_rows(snapshot: &Snapshot, scope: &Scope, level: Level, counts: &BTreeMap<Code, IssueCount>) -> Vec<Row> {
    let tallies = tally(snapshot, scope, level).into_iter();
    tallies
        .map(|tally| {
            let count = counts.get(&tally.code).copied().unwrap_or_default();
            Row {
                level: level.as_str(),
                code: tally.code.to_string(),
                name: tally.name,
                cells: tally.stats.cells,
                groups: tally.stats.groups,
                households: tally.stats.households,
                persons: tally.stats.persons,
                issues: count.total,
                open_issues: count.open,
                estimated: tally.estimated,
            }
        })
        .collect()
}

fn sum(rows: &[Row], value: impl Fn(&Row) -> u32) -> u32 {
    rows.iter().map(value).sum()
}

fn sum_issues(rows: &[Row]) -> IssueCount {
    IssueCount { total: sum(rows, |row| row.issues), open: sum(rows, |row| row.open_issues) }
}

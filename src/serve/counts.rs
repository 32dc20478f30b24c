//! `/api/counts`: issues by area, for a choropleth.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, Problem, Service,
    params::{AsOf, IssueFilterParams, Params},
};
use crate::{
    export,
    index::{IssueFilter, Snapshot},
    model::{Code, Level},
};

/// Issues by area.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counts {
    /// street, community or cell.
    pub level: String,
    /// Every area in force, by code, areas without an issue included.
    pub counts: Vec<AreaCount>,
    /// The largest total.
    pub max_total: u32,
    /// Lower limits of the classes above the lowest, strictly rising, at most four: class 0 is below the first limit (no
    /// issue), the others are the quartiles of the areas that have one. Fewer where totals repeat.
    pub breaks: Vec<u32>,
}

/// Issues of one area.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaCount {
    /// The area.
    pub code: String,
    /// Issues that the filter lets through.
    pub total: u32,
    /// Of these, not closed.
    pub open: u32,
    /// Households of the area, for a rate.
    pub households: u32,
    /// Issues of the period compared with, when one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
}

/// Issues counted by area, by where they lie.
#[utoipa::path(get, path = "/api/counts", tag = "issues",
    params(("level" = String, Query, description = "street, community or cell"), IssueFilterParams,
        ("compare-from" = Option<String>, Query, description = "Beginning of a period to compare with; needs compare-to"),
        ("compare-to" = Option<String>, Query, description = "End of the period to compare with, not in it"), AsOf),
    responses((status = 200, body = Counts), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get_counts(State(service): State<Arc<Service>>, params: Params) -> Result<Json<Counts>, Error> {
    let params = params.only(&["level", "category", "status", "from", "to", "compare-from", "compare-to", "as-of"])?;
    let level = parse_level(&params)?;
    let (filter, day) = (params.issue_filter()?, params.day(service.today())?);
    let before = compared_filter(&params, &filter)?;
    let (issues, before, households) = service
        .compute(move |current| {
            let count = |filter: &IssueFilter| current.snapshot.count_issues(level, filter, day);
            (count(&filter), before.as_ref().map(count), count_households(&current.snapshot, level, day))
        })
        .await?;
    let counts: Vec<AreaCount> = issues
        .into_iter()
        .map(|(code, count)| AreaCount {
            households: households.get(&code).copied().unwrap_or(0),
            before: before.as_ref().map(|before| before.get(&code).map_or(0, |count| count.total)),
            code: code.to_string(),
            total: count.total,
            open: count.open,
        })
        .collect();
    let breaks = quartile_breaks(counts.iter().map(|count| count.total).collect());
    let max_total = counts.iter().map(|count| count.total).max().unwrap_or(0);
    Ok(Json(Counts { level: level.as_str().into(), counts, max_total, breaks }))
}

/// The level of `level`.
pub(super) fn parse_level(params: &Params) -> Result<Level, Error> {
    match params.required("level")? {
        "street" => Ok(Level::Street),
        "community" => Ok(Level::Community),
        "cell" => Ok(Level::Cell),
        other => Err(Error::BadParameter { name: "level", why: format!("{other:?} is not street, community or cell") }),
    }
}

/// The same filter over the period of `compare-from` and `compare-to`.
fn compared_filter(params: &Params, filter: &IssueFilter) -> Result<Option<IssueFilter>, Error> {
    match (params.instant("compare-from")?, params.instant("compare-to")?) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) => Ok(Some(IssueFilter { from: Some(from), to: Some(to), ..filter.clone() })),
        (None, Some(_)) => Err(Error::MissingParameter("compare-from")),
        (Some(_), None) => Err(Error::MissingParameter("compare-to")),
    }
}

fn count_households(snapshot: &Snapshot, level: Level, day: jiff::civil::Date) -> BTreeMap<Code, u32> {
    let scope = export::Scope { area: None, as_of: day };
    export::tally(snapshot, &scope, level).into_iter().map(|tally| (tally.code, tally.stats.households)).collect()
}

/// 1 and the quartiles of the totals that are not zero, each once.
fn quartile_breaks(mut totals: Vec<u32>) -> Vec<u32> {
    totals.retain(|total| *total > 0);
    totals.sort_unstable();
    if totals.is_empty() {
        return Vec::new();
    }
    let mut breaks = vec![1];
    breaks.extend((1..4).map(|quarter| totals[totals.len() * quarter / 4]));
    breaks.dedup();
    breaks
}

#[cfg(test)]
mod tests {
    use super::quartile_breaks;

    #[test]
    fn class_limits_rise_strictly() {
        assert_eq!(quartile_breaks(vec![]), Vec::<u32>::new());
        assert_eq!(quartile_breaks(vec![0, 0]), Vec::<u32>::new());
        assert_eq!(quartile_breaks(vec![0, 1, 1, 1, 1]), [1]);
        assert_eq!(quartile_breaks((0..=8).collect()), [1, 3, 5, 7]);
        assert_eq!(quartile_breaks(vec![5]), [1, 5]);
    }
}

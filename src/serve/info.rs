//! `/api/info`: what the web app needs at start.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, Service, backdrop::BackdropInfo, params::Params};
use crate::{
    index::{Snapshot, StreetIndex},
    model::{Bounds, IssueStatus},
};

/// What the web app needs at start.
#[derive(Debug, Serialize, ToSchema)]
pub struct Info {
    /// "Wangge".
    pub name: String,
    /// The program's version.
    pub version: String,
    /// The day it is in China.
    pub today: String,
    /// Whether household positions are served.
    pub households_layer: bool,
    /// The picture behind the map, if there is one.
    pub backdrop: Option<BackdropInfo>,
    /// The data is invented.
    pub synthetic: bool,
    /// West, south, east, north of all streets, in degrees.
    pub bounds: Option<[f64; 4]>,
    /// Every street with a boundary.
    pub streets: Vec<StreetInfo>,
    /// The issues, in sum.
    pub issues: IssuesInfo,
}

/// A street, in sum.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreetInfo {
    /// The code.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// West, south, east, north in degrees.
    pub bbox: [f64; 4],
    /// Households.
    pub households: usize,
    /// Communities of the plan in force.
    pub communities: usize,
    /// Cells of the plan in force.
    pub cells: usize,
    /// Groups of the plan in force.
    pub groups: usize,
    /// Households were estimated from buildings.
    pub estimated: bool,
    /// Every plan, drafts included, by number.
    pub plans: Vec<PlanInfo>,
}

/// A plan's place in the books.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanInfo {
    /// Number within the street.
    pub plan: u32,
    /// Name for people.
    pub name: String,
    /// draft, published or superseded.
    pub state: String,
    /// First day in force.
    pub valid_from: Option<String>,
    /// First day no longer in force.
    pub valid_to: Option<String>,
}

/// The issues, in sum.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IssuesInfo {
    /// How many.
    pub total: usize,
    /// By category, most frequent first.
    pub categories: Vec<CategoryCount>,
    /// By status, in the order of their life.
    pub statuses: Vec<StatusCount>,
    /// First report.
    pub first: Option<String>,
    /// Last report.
    pub last: Option<String>,
}

/// Issues of a category.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CategoryCount {
    /// In the source's word.
    pub category: String,
    /// How many.
    pub count: usize,
}

/// Issues of a status.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatusCount {
    /// open, in_progress or closed.
    pub status: String,
    /// How many.
    pub count: usize,
}

/// What the web app needs at start: streets, plans, sums of issues.
#[utoipa::path(get, path = "/api/info", tag = "overview", responses((status = 200, body = Info)))]
pub(super) async fn get_info(State(service): State<Arc<Service>>, params: Params) -> Result<Json<Info>, Error> {
    params.only(&[])?;
    let today = service.today();
    let (bounds, streets, issues) = service
        .compute(move |current| {
            let snapshot = &current.snapshot;
            let issues = current.issues.get_or_init(|| sum_issues(snapshot)).clone();
            (bounds(snapshot), snapshot.streets.iter().filter_map(|street| describe_street(street, today)).collect(), issues)
        })
        .await?;
    Ok(Json(Info {
        name: "Wangge".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        today: today.to_string(),
        households_layer: service.options.households,
        backdrop: service.backdrop.as_ref().map(|backdrop| backdrop.config().into()),
        synthetic: service.sources.is_synthetic(),
        bounds: bounds.map(degrees),
        streets,
        issues,
    }))
}

/// West, south, east, north in degrees.
pub(super) fn degrees(bounds: Bounds) -> [f64; 4] {
    [bounds.min.lon(), bounds.min.lat(), bounds.max.lon(), bounds.max.lat()]
}

/// The box around all streets.
pub(super) fn bounds(snapshot: &Snapshot) -> Option<Bounds> {
    snapshot.streets.iter().filter_map(|street| street.bounds).reduce(Bounds::union)
}

fn describe_street(street: &StreetIndex, today: Date) -> Option<StreetInfo> {
    street.area()?;
    let in_force = street.plan_at(today).map(|plan| plan.as_ref());
    let plans = street.plans.iter().map(|index| PlanInfo {
        plan: index.plan.id.0,
        name: index.plan.name.clone(),
        state: index.plan.validity.state_on(today).as_str().into(),
        valid_from: index.plan.validity.from.map(|day| day.to_string()),
        valid_to: index.plan.validity.to.map(|day| day.to_string()),
    });
    Some(StreetInfo {
        code: street.code.to_string(),
        name: street.name().to_owned(),
        bbox: degrees(street.bounds?),
        households: street.households.len(),
        communities: in_force.map_or(0, |plan| plan.plan.communities.len()),
        cells: in_force.map_or(0, |plan| plan.plan.cells.len()),
        groups: in_force.map_or(0, |plan| plan.groups.len()),
        estimated: street.is_estimated(in_force),
        plans: plans.collect(),
    })
}

fn sum_issues(snapshot: &Snapshot) -> IssuesInfo {
    let (mut categories, mut statuses) = (BTreeMap::<&str, usize>::new(), BTreeMap::<IssueStatus, usize>::new());
    let mut span: Option<(Timestamp, Timestamp)> = None;
    for issue in snapshot.issue_buckets().iter().flat_map(|placed| placed.bucket.iter()) {
        *categories.entry(issue.category).or_default() += 1;
        *statuses.entry(issue.status).or_default() += 1;
        let at = issue.reported_at;
        span = Some(span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
    }
    let mut categories: Vec<_> =
        categories.into_iter().map(|(category, count)| CategoryCount { category: category.to_owned(), count }).collect();
    categories.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.category.cmp(&b.category)));
    IssuesInfo {
        total: snapshot.issue_count(),
        categories,
        statuses: statuses.into_iter().map(|(status, count)| StatusCount { status: status.as_str().into(), count }).collect(),
        first: span.map(|(first, _)| first.to_string()),
        last: span.map(|(_, last)| last.to_string()),
    }
}

//! `/api/near`: the nearest households, groups or issues.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, Problem, Service,
    params::{AsOf, IssueFilterParams, Params},
};
use crate::{
    geometry::{LocalMetres, measure::distance_m},
    index::{HouseholdRow, IssueFilter, Near, PlanIndex, Snapshot, StreetIndex},
    model::{Code, LonLat},
};

/// The nearest things, nearest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct NearAnswer {
    /// Nearest first.
    pub items: Vec<NearItem>,
}

/// Something near. Which members are there depends on `kind`.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct NearItem {
    /// household, group or issue.
    pub kind: String,
    /// Id of a household or an issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Code of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Longitude in degrees; of a group, its nearest household's, or where households are not shown the middle of its hull.
    pub lon: f64,
    /// Latitude in degrees.
    pub lat: f64,
    /// Metres along the geodesic; to a group's hull in tens.
    pub distance_m: f64,
    /// Households of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub households: Option<usize>,
    /// Category of an issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Status of an issue: open, in_progress, closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When an issue was reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<String>,
}

/// The nearest households, groups or issues.
#[utoipa::path(get, path = "/api/near", tag = "locate",
    params(("lon" = f64, Query, description = "Longitude in degrees, or easting"), ("lat" = f64, Query, description = "Latitude in degrees, or northing"),
        ("crs" = Option<String>, Query, description = "EPSG:4326 by default"),
        ("kind" = String, Query, description = "households, groups or issues"),
        ("limit" = Option<usize>, Query, description = "1 to 100, 10 by default", minimum = 1, maximum = 100), IssueFilterParams, AsOf),
    responses((status = 200, body = NearAnswer), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "households_guarded", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_near(State(service): State<Arc<Service>>, params: Params) -> Result<Json<NearAnswer>, Error> {
    let params = params.only(&["lon", "lat", "crs", "kind", "limit", "category", "status", "from", "to", "as-of"])?;
    let (at, day) = (params.position()?, params.day(service.today())?);
    let (count, filter) = (params.count("limit", 10, 1..=100)?, params.issue_filter()?);
    let kind = params.required("kind")?;
    let current = service.current();
    let snapshot = &current.snapshot;
    let items = match kind {
        "households" if !service.options.households => return Err(Error::HouseholdsGuarded),
        "households" => near_households(snapshot, at, count),
        "issues" => near_issues(snapshot, at, count, &filter),
        "groups" if !service.options.households => near_hulls(snapshot, at, count, day),
        "groups" => {
            let groups = snapshot.nearest_groups(at, count, day);
            groups.into_iter().filter_map(|near| near_group(at, &near)).collect()
        }
        other => return Err(Error::BadParameter { name: "kind", why: format!("{other:?} is not households, groups or issues") }),
    };
    Ok(Json(NearAnswer { items }))
}

fn near_households(snapshot: &Snapshot, at: LonLat, count: usize) -> Vec<NearItem> {
    let item = |Near { item: (_, household), distance_m }: Near<(_, HouseholdRow<'_>)>| NearItem {
        kind: "household".into(),
        id: Some(household.id.to_owned()),
        lon: household.position.lon(),
        lat: household.position.lat(),
        distance_m: centimetres(distance_m),
        ..NearItem::default()
    };
    snapshot.nearest_households(at, count).into_iter().map(item).collect()
}

fn near_issues(snapshot: &Snapshot, at: LonLat, count: usize, filter: &IssueFilter) -> Vec<NearItem> {
    let nearest = snapshot.nearest_issues(at, count, filter);
    nearest
        .into_iter()
        .map(|near| {
            let issue = near.item;
            NearItem {
                kind: "issue".into(),
                id: Some(issue.id.to_owned()),
                lon: issue.position.lon(),
                lat: issue.position.lat(),
                distance_m: centimetres(near.distance_m),
                category: Some(issue.category.to_owned()),
                status: Some(issue.status.as_str().into()),
                reported_at: Some(issue.reported_at.to_string()),
                ..NearItem::default()
            }
        })
        .collect()
}

fn near_group(
    at: LonLat,
    Near { item: (street, plan, group), distance_m: distance }: &Near<(&StreetIndex, &PlanIndex, u32)>,
) -> Option<NearItem> {
    let members = plan.groups.members(*group).iter().map(|row| street.households.positions()[*row as usize]);
    let nearest = members.min_by(|a, b| distance_m(at, *a).total_cmp(&distance_m(at, *b)))?;
    Some(NearItem {
        kind: "group".into(),
        code: Some(plan.groups.codes()[*group as usize].to_string()),
        lon: nearest.lon(),
        lat: nearest.lat(),
        distance_m: centimetres(*distance),
        households: Some(plan.groups.size(*group)),
        ..NearItem::default()
    })
}

/// The groups with the nearest hulls. Where households are guarded neither the place, nor the distance, nor the order may come from
/// their positions: whoever asks from many places would find them.
fn near_hulls(snapshot: &Snapshot, at: LonLat, count: usize, day: Date) -> Vec<NearItem> {
    let plane = LocalMetres::at(at);
    let plans = snapshot.streets.iter().filter_map(|street| street.plan_at(day));
    let groups = plans.flat_map(|plan| (0..plan.groups.len() as u32).map(move |group| (plan, group)));
    let mut near: Vec<(f64, LonLat, &Code, usize)> = groups
        .filter_map(|(plan, group)| {
            let middle = middle(plan.groups.hull(group))?;
            Some((plane.distance(at, middle), middle, &plan.groups.codes()[group as usize], plan.groups.size(group)))
        })
        .collect();
    near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.2.cmp(b.2)));
    near.truncate(count);
    let item = |(_, middle, code, households): (f64, LonLat, &Code, usize)| NearItem {
        kind: "group".into(),
        code: Some(code.to_string()),
        lon: middle.lon(),
        lat: middle.lat(),
        distance_m: (distance_m(at, middle) / 10.0).round() * 10.0,
        households: Some(households),
        ..NearItem::default()
    };
    near.into_iter().map(item).collect()
}

/// The mean of a closed convex hull's corners; `None` when it has none.
fn middle(hull: &[LonLat]) -> Option<LonLat> {
    let corners = hull.split_last()?.1;
    let mean = |ordinate: fn(&LonLat) -> i32| {
        let sum: i64 = corners.iter().map(|corner| i64::from(ordinate(corner))).sum();
        sum.checked_div(corners.len() as i64).map(|mean| mean as i32)
    };
    Some(LonLat::new(mean(|corner| corner.lon_e7)?, mean(|corner| corner.lat_e7)?))
}

/// Positions are good for a centimetre; more digits would only pretend.
fn centimetres(metres: f64) -> f64 {
    (metres * 100.0).round() / 100.0
}

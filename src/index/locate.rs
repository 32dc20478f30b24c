//! Whose is this place?

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::Snapshot;
use crate::model::LonLat;

/// The answer for one position: a place, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Location {
    /// Longitude in degrees, CRS84.
    pub lon: f64,
    /// Latitude in degrees, CRS84.
    pub lat: f64,
    /// The place; `null` with a `reason`.
    pub place: Option<Place>,
    /// Why there is no place.
    pub reason: Option<NoPlace>,
}

/// Why a position has no cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoPlace {
    /// The position lies in no known street.
    OutsideEveryStreet,
    /// It lies in a street without a plan in force on that day.
    NoPlanInForce,
}

/// One cell of each level.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Place {
    /// 区县.
    pub county_code: String,
    /// 街道.
    pub street_code: String,
    /// Its name.
    pub street_name: String,
    /// 社区.
    pub community_code: String,
    /// Its name.
    pub community_name: String,
    /// 网格单元.
    pub cell_code: String,
    /// Its name.
    pub cell_name: String,
    /// 十联户: the group of the nearest household of the same cell; `null` when the cell has none.
    pub group_code: Option<String>,
    /// Metres to the cell's border.
    pub border_distance_m: f64,
    /// The cell beyond the nearest border; `null` at the street's outer border unless a neighbouring street lies there.
    pub beyond_cell_code: Option<String>,
    /// The plan that answered.
    pub plan: u32,
    /// Households were estimated from buildings.
    pub estimated: bool,
}

impl Snapshot {
    /// The cell of each level that holds the position on the day. Border rule: see [`crate::geometry::ring::owns`]; a
    /// position on the outer border of all streets belongs to the face it touches.
    pub fn locate(&self, at: LonLat, as_of: Date) -> Location {
        let _ = (at, as_of);
        todo!()
    }
}

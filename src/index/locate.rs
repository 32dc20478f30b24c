//! Whose is this place?

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Border, Hold, PlanIndex, Snapshot, StreetIndex};
use crate::{
    geometry::{LocalMetres, ring::Side},
    model::{Cell, Code, CodeScheme, Community, Level, LonLat},
};

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

/// A cell found for a position.
#[derive(Clone, Copy, Debug)]
pub struct FoundCell<'a> {
    /// Its street.
    pub street: &'a StreetIndex,
    /// The plan that answered.
    pub plan: &'a PlanIndex,
    /// Index into the plan's cells.
    pub cell: u32,
}

/// What lies around a position in its cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surroundings<'a> {
    /// The code of the group of the nearest household of the same cell.
    pub group: Option<&'a Code>,
    /// Metres to the cell's border, to the millimetre.
    pub border_distance_m: f64,
    /// The code of the cell beyond the nearest border.
    pub beyond: Option<&'a Code>,
}

/// How far beyond a street's border its neighbour is looked for, in metres: streets planned apart may leave a crack of a few
/// grid steps, and a spit of land may be narrow.
const BEYOND_M: [f64; 3] = [0.05, 0.5, 2.0];

impl Snapshot {
    /// The cell of each level that holds the position on the day. Border rule: see [`crate::geometry::ring::owns`]; a
    /// position on the outer border of all streets belongs to the face it touches, of several to the one with the lowest code.
    pub fn locate(&self, at: LonLat, as_of: Date) -> Location {
        let (place, reason) = match self.find_cell(at, as_of) {
            Ok(found) => (Some(self.describe(found, at, as_of)), None),
            Err(reason) => (None, Some(reason)),
        };
        Location { lon: at.lon(), lat: at.lat(), place, reason }
    }

    /// The cell alone: what [`Snapshot::locate`] finds before it measures.
    ///
    /// # Errors
    /// Why there is none.
    pub fn find_cell(&self, at: LonLat, as_of: Date) -> Result<FoundCell<'_>, NoPlace> {
        let mut touched: Option<FoundCell<'_>> = None;
        let near = || self.streets.iter().filter(|s| s.bounds.is_some_and(|b| b.contains(at)));
        for street in near() {
            let Some(plan) = street.plan_at(as_of) else { continue };
            match plan.cell_at(at) {
                Some(Hold::Owned(cell)) => return Ok(FoundCell { street, plan, cell }),
                Some(Hold::Touched(cell)) if touched.is_none() => touched = Some(FoundCell { street, plan, cell }),
                Some(Hold::Beside(cell)) if touched.is_none() && street.holds(at).is_some() => {
                    touched = Some(FoundCell { street, plan, cell });
                }
                _ => {}
            }
        }
        // The border rule also holds against a neighbour that has no plan yet.
        if near().any(|s| s.plan_at(as_of).is_none() && s.holds(at) == Some(Side::Inside)) {
            return Err(NoPlace::NoPlanInForce);
        }
        if let Some(found) = touched {
            return Ok(found);
        }
        Err(if near().any(|s| s.holds(at).is_some()) { NoPlace::NoPlanInForce } else { NoPlace::OutsideEveryStreet })
    }

    /// What lies around a position in a cell that was found for it.
    pub fn surroundings<'a>(&'a self, FoundCell { street, plan, cell }: FoundCell<'a>, at: LonLat, as_of: Date) -> Surroundings<'a> {
        let border = plan.border(cell, at);
        Surroundings {
            group: plan.group_near(cell, at, &street.households).map(|g| &plan.groups.codes()[g as usize]),
            border_distance_m: border.map_or(0.0, |b| (b.distance_m * 1000.0).round() / 1000.0),
            beyond: border.and_then(|border| match border.beyond {
                Some(cell) => Some(&plan.plan.cells[cell as usize].code),
                None => self.beyond_street(street, &border, as_of),
            }),
        }
    }

    fn describe(&self, found: FoundCell<'_>, at: LonLat, as_of: Date) -> Place {
        let Surroundings { group, border_distance_m, beyond } = self.surroundings(found, at, as_of);
        let (street, community, cell) = (found.street, found.community(), found.cell());
        Place {
            county_code: CodeScheme::default().ancestor(&street.code, Level::County).map(String::from).unwrap_or_default(),
            street_code: street.code.to_string(),
            street_name: street.name().to_owned(),
            community_code: community.map(|c| c.code.to_string()).unwrap_or_default(),
            community_name: community.map(|c| c.name.clone()).unwrap_or_default(),
            cell_code: cell.code.to_string(),
            cell_name: cell.name.clone(),
            group_code: group.map(Code::to_string),
            border_distance_m,
            beyond_cell_code: beyond.map(Code::to_string),
            plan: found.plan.plan.id.0,
            estimated: found.plan.plan.estimated,
        }
    }

    /// The cell of another street just outside the border: to the right of the segment, off the foot.
    fn beyond_street(&self, street: &StreetIndex, border: &Border, as_of: Date) -> Option<&Code> {
        let plane = LocalMetres::at(border.foot);
        let [[ax, ay], [bx, by]] = border.segment.map(|p| plane.xy(p));
        let length = (bx - ax).hypot(by - ay).max(f64::MIN_POSITIVE);
        let (east, north) = ((bx - ax) / length, (by - ay) / length);
        // Towards the middle of the segment, for a foot at its end, where the outside may be a narrow wedge.
        let inward = ((ax + bx) / 2.0 * east + (ay + by) / 2.0 * north).signum();
        BEYOND_M.into_iter().find_map(|step| {
            let along = step.min(length / 2.0) * inward;
            let outside = plane.position([east * along + north * step, north * along - east * step]);
            let found = self.find_cell(outside, as_of).ok().filter(|found| found.street.code != street.code)?;
            Some(&found.cell().code)
        })
    }
}

impl<'a> FoundCell<'a> {
    /// The cell.
    pub fn cell(&self) -> &'a Cell {
        &self.plan.plan.cells[self.cell as usize]
    }

    /// The cell's community.
    pub fn community(&self) -> Option<&'a Community> {
        self.plan.plan.communities.get(self.plan.community_of_cell[self.cell as usize] as usize)
    }
}

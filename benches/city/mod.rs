//! A city of planned sample streets: one drawn and planned, the others the same street moved, so that it is made in seconds.

use jiff::{Timestamp, civil::date};
use wangge::{
    city::{self, Request},
    index::Snapshot,
    model::{Area, Bounds, Code, Level, LonLat, MultiPolygon, Plan, PlanId, Polygon, StreetData, World},
    plan::{self, Registration},
    tile::TileCoord,
};

/// Streets along a side of the city.
const SIDE: u32 = 5;
/// Households and cells of a street.
const HOUSEHOLDS: usize = 40_000;
const CELLS: usize = 200;

/// 25 streets of 200 cells and 40,000 households each.
pub fn city() -> Snapshot {
    let first = planned_street();
    let span = Bounds::of(first.areas[0].boundary.rings().flatten()).expect("a boundary");
    let (east, north) = (span.max.lon_e7 - span.min.lon_e7, span.max.lat_e7 - span.min.lat_e7);
    let streets = (0..SIDE * SIDE).map(|i| {
        let shift = Shift { east: (i % SIDE) as i32 * east, north: (i / SIDE) as i32 * north, street: format!("520201{:03}", i + 1) };
        (shift.code(&first.areas[0].code), shift.street(&first))
    });
    Snapshot::build(World::from_iter(streets)).expect("plans that tile their streets")
}

/// Up to so many tiles of a zoom with something in them, spread over the city.
pub fn tiles(snapshot: &Snapshot, z: u8, most: usize) -> Vec<TileCoord> {
    let bounds = snapshot.streets.iter().filter_map(|s| s.bounds).reduce(Bounds::union).expect("a city");
    let (nw, se) = (
        TileCoord::at(LonLat::new(bounds.min.lon_e7, bounds.max.lat_e7), z),
        TileCoord::at(LonLat::new(bounds.max.lon_e7, bounds.min.lat_e7), z),
    );
    let all = (nw.y..=se.y).flat_map(|y| (nw.x..=se.x).map(move |x| TileCoord { z, x, y }));
    let full: Vec<TileCoord> =
        all.filter(|t| snapshot.streets.iter().any(|s| s.bounds.is_some_and(|b| b.intersects(&t.bounds())))).collect();
    let step = full.len().div_ceil(most).max(1);
    full.into_iter().step_by(step).collect()
}

fn planned_street() -> StreetData {
    let code = Code::new("520201014").expect("a code");
    let request = Request { households: HOUSEHOLDS, seed: 1, street: code.clone(), until: date(2026, 11, 24) };
    let city = city::generate(&request).expect("a city");
    let boundary = city.boundary.into();
    let mut street = StreetData {
        version: 1,
        areas: vec![Area { code, level: Level::Street, name: city.name, boundary }],
        lines: city.lines,
        buildings: city.buildings,
        households: city.households,
        ..StreetData::default()
    };
    street.households.sort_by(|a, b| a.id.cmp(&b.id));
    let request = plan::Request { cells: Some(CELLS), ..plan::Request::default() };
    let registration =
        Registration { id: PlanId(1), name: "bench".into(), now: Timestamp::UNIX_EPOCH, owner: None, publish_from: Some(date(2026, 1, 1)) };
    let (plan, _) = plan::plan(&street, &request, registration, &|_, _| true).expect("a plan");
    street.plans = vec![plan];
    // What the layers of areas do not need.
    street.buildings.clear();
    for household in &mut street.households {
        (household.building_id, household.address, household.unit) = (None, None, None);
    }
    street
}

/// How a copy of the street differs.
struct Shift {
    east: i32,
    north: i32,
    street: String,
}

impl Shift {
    fn code(&self, code: &Code) -> Code {
        Code::new(&format!("{}{}", self.street, &code.as_str()[9..])).expect("digits")
    }

    fn position(&self, p: LonLat) -> LonLat {
        LonLat::new(p.lon_e7 + self.east, p.lat_e7 + self.north)
    }

    fn polygon(&self, polygon: &Polygon) -> Polygon {
        let ring = |r: &Vec<LonLat>| r.iter().map(|p| self.position(*p)).collect();
        Polygon { exterior: ring(&polygon.exterior), interiors: polygon.interiors.iter().map(ring).collect() }
    }

    fn street(&self, street: &StreetData) -> StreetData {
        let mut copy = street.clone();
        for area in &mut copy.areas {
            (area.code, area.boundary) = (self.code(&area.code), MultiPolygon(area.boundary.0.iter().map(|p| self.polygon(p)).collect()));
        }
        for p in copy.lines.iter_mut().flat_map(|line| &mut line.path) {
            *p = self.position(*p);
        }
        for household in &mut copy.households {
            household.position = self.position(household.position);
        }
        copy.plans.iter_mut().for_each(|plan| self.plan(plan));
        copy
    }

    fn plan(&self, plan: &mut Plan) {
        plan.communities.iter_mut().for_each(|c| c.code = self.code(&c.code));
        plan.cells.iter_mut().for_each(|c| c.code = self.code(&c.code));
        plan.groups.iter_mut().for_each(|g| g.code = self.code(&g.code));
        plan.blocks.iter_mut().for_each(|b| b.outline = self.polygon(&b.outline));
    }
}

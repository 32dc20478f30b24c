//! What a street's drafts stand on: its households, buildings and lines, found by position.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use jiff::Timestamp;

use super::Refusal;
use crate::{
    geometry::LocalMetres,
    model::{Bounds, Building, Code, CodeScheme, Household, LonLat, StreetData},
    plan::{Request, footprint::Footprints},
};

/// Reports count that came in this many days before.
const REPORT_DAYS: i64 = 365;

/// A street as its drafts see it; one for all of them.
#[derive(Debug)]
pub struct Ground {
    pub(super) street: Arc<StreetData>,
    pub(super) footprints: Footprints,
    pub(super) metres: LocalMetres,
    /// Where each household stands: its building's place, or its own.
    pub(super) stands: Vec<LonLat>,
    /// Where the issues of the last year are.
    pub(super) reports: Vec<LonLat>,
    /// Codes of cells that any plan of the street has or had; none is taken out.
    used_codes: RwLock<BTreeSet<Code>>,
    pub(super) scheme: CodeScheme,
    pub(super) group_size: usize,
}

impl Ground {
    /// Reads a street; `now` says which issues are of the last year.
    ///
    /// # Errors
    /// `plan_incomplete` when the street has no boundary.
    pub fn new(street: Arc<StreetData>, now: Timestamp) -> Result<Self, Refusal> {
        let bounds = street.street().and_then(|area| Bounds::of(area.boundary.rings().flatten()));
        let bounds = bounds.ok_or_else(|| Refusal::new("plan_incomplete", "the street has no boundary"))?;
        let metres =
            LocalMetres::at(LonLat::new(bounds.min.lon_e7.midpoint(bounds.max.lon_e7), bounds.min.lat_e7.midpoint(bounds.max.lat_e7)));
        let footprints = Footprints::new(&street.buildings, metres);
        let building = |id: &str| street.buildings.binary_search_by(|b: &Building| b.id.as_str().cmp(id)).ok();
        let stand = |h: &Household| {
            let at = h.building_id.as_deref().and_then(building);
            at.and_then(|b| footprints.get(b as u32).inside).unwrap_or(h.position)
        };
        let stands = street.households.iter().map(stand).collect();
        let since = now - jiff::SignedDuration::from_hours(24 * REPORT_DAYS);
        let reports = street.issues.iter().filter(|i| i.reported_at > since && i.reported_at <= now).map(|i| i.position).collect();
        let used_codes = RwLock::new(street.plans.iter().flat_map(|p| &p.cells).map(|c| c.code.clone()).collect());
        let Request { scheme, group_size, .. } = Request::default();
        Ok(Self { footprints, metres, stands, reports, used_codes, scheme, group_size, street })
    }

    /// The street's rows.
    pub fn street(&self) -> &Arc<StreetData> {
        &self.street
    }

    /// Takes note of codes that cells of a plan have come to: no other cell gets them.
    pub fn use_codes<'c>(&self, codes: impl IntoIterator<Item = &'c Code>) {
        let mut used = self.used_codes.write().unwrap_or_else(PoisonError::into_inner);
        for code in codes {
            if !used.contains(code) {
                used.insert(code.clone());
            }
        }
    }

    pub(super) fn is_used(&self, code: &Code) -> bool {
        self.used_codes.read().unwrap_or_else(PoisonError::into_inner).contains(code)
    }

    /// Every code that is or was a cell's.
    pub fn used_codes(&self) -> Vec<Code> {
        self.used_codes.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(super) fn household(&self, index: u32) -> &Household {
        &self.street.households[index as usize]
    }

    pub(super) fn find_household(&self, id: &str) -> Option<u32> {
        self.street.households.binary_search_by(|h| h.id.as_str().cmp(id)).ok().map(|i| i as u32)
    }

    pub(super) fn find_building(&self, id: &str) -> Option<u32> {
        self.street.buildings.binary_search_by(|b| b.id.as_str().cmp(id)).ok().map(|i| i as u32)
    }

    /// Where a building stands.
    pub(super) fn building_stand(&self, building: u32) -> Option<LonLat> {
        self.footprints.get(building).inside
    }

    /// Reports a 30 days, of so many in the last year.
    pub(super) fn per_month(reports: usize) -> f64 {
        reports as f64 * 30.0 / REPORT_DAYS as f64
    }
}

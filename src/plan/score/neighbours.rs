//! Ten-household groups: sizes, who is in none, and how near their members are to each other.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use super::{
    rounded::{Rounded, Spread},
    strands::Point,
};
use crate::{
    model::{Group, Household, Plan, StreetData},
    plan::groups,
};

/// How good the groups are. Distances are in the plane, between the places where households live.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Groups {
    /// Groups.
    pub groups: usize,
    /// Groups by their number of households.
    pub sizes: BTreeMap<usize, usize>,
    /// Groups of fewer or more households than allowed.
    pub groups_of_odd_size: usize,
    /// Share of the groups that have exactly as many households as asked for.
    pub share_of_target_size: Rounded<4>,
    /// Households that are in no group, or in several.
    pub households_misplaced: usize,
    /// Members that are no household of the street.
    pub unknown_members: usize,
    /// Groups whose head is none of their members.
    pub groups_without_head: usize,
    /// Groups whose households belong to more than one cell.
    pub groups_across_cells: usize,
    /// Members that belong to another cell than their group's.
    pub members_of_other_cells: usize,
    /// Share of the groups that live in one building.
    pub single_building_share: Rounded<4>,
    /// Buildings that a group lives in, on average.
    pub buildings_per_group: Rounded<4>,
    /// Farthest two members of a group, in metres.
    pub diameter_m: Option<Spread<2, 0>>,
    /// Mean distance, in metres, of a group's other members to its medoid: the one with the least sum of distances.
    pub to_medoid_m: Option<Spread<2, 0>>,
    /// Mean distance of all households to their group's medoid, medoids counted with 0, in metres.
    pub mean_to_medoid_m: Rounded<2>,
    /// Sum of those distances, in kilometres.
    pub sum_to_medoid_km: Rounded<1>,
}

struct Circle {
    /// Indices of its members, each household in the first group that names it.
    members: Vec<usize>,
    cell: Option<u32>,
    has_head: bool,
}

struct Measured {
    diameter_m: f64,
    medoid_sum_m: f64,
    buildings: usize,
    crosses: bool,
}

impl Groups {
    /// Measures a plan's groups. `cell_of_household` and `homes` are in the order of the street's households.
    pub fn measure(street: &StreetData, plan: &Plan, target: usize, cell_of_household: &[Option<u32>], homes: &[Point]) -> Self {
        let find = |id: &str| street.households.binary_search_by(|h: &Household| h.id.as_str().cmp(id)).ok();
        let mut seen = vec![0usize; street.households.len()];
        let mut unknown_members = 0;
        let mut circle = |group: &Group| {
            let mut members = Vec::with_capacity(group.members.len());
            for member in &group.members {
                let Some(i) = find(member) else {
                    unknown_members += 1;
                    continue;
                };
                seen[i] += 1;
                if seen[i] == 1 {
                    members.push(i);
                }
            }
            let cell = plan.cells.partition_point(|c| c.code <= group.code).checked_sub(1);
            let cell = cell.filter(|&c| group.code.is_within(&plan.cells[c].code)).map(|c| c as u32);
            Circle { has_head: members.iter().any(|&i| street.households[i].id == group.head), members, cell }
        };
        let circles: Vec<Circle> = plan.groups.iter().map(&mut circle).collect();
        let measured: Vec<Measured> = circles.par_iter().map(|c| c.measure(street, cell_of_household, homes)).collect();

        let count = circles.len();
        let share = |n: usize| Rounded(if count > 0 { n as f64 / count as f64 } else { 0.0 });
        let mut by_size = BTreeMap::new();
        for circle in &circles {
            *by_size.entry(circle.members.len()).or_default() += 1;
        }
        let others = |c: &Circle| c.members.iter().filter(|&&i| cell_of_household[i] != c.cell).count();
        let sum_m: f64 = measured.iter().map(|m| m.medoid_sum_m).sum();
        let members: usize = circles.iter().map(|c| c.members.len()).sum();
        let sizes = groups::sizes(target);
        let to_medoid = |(c, m): (&Circle, &Measured)| m.medoid_sum_m / c.members.len().saturating_sub(1).max(1) as f64;
        Self {
            groups: count,
            groups_of_odd_size: circles.iter().filter(|c| !sizes.contains(&c.members.len())).count(),
            share_of_target_size: share(by_size.get(&target).copied().unwrap_or(0)),
            sizes: by_size,
            households_misplaced: seen.iter().filter(|n| **n != 1).count(),
            unknown_members,
            groups_without_head: circles.iter().filter(|c| !c.has_head).count(),
            groups_across_cells: measured.iter().filter(|m| m.crosses).count(),
            members_of_other_cells: circles.iter().map(others).sum(),
            single_building_share: share(measured.iter().filter(|m| m.buildings == 1).count()),
            buildings_per_group: share(measured.iter().map(|m| m.buildings).sum()),
            diameter_m: Spread::of(measured.iter().map(|m| m.diameter_m)),
            to_medoid_m: Spread::of(circles.iter().zip(&measured).map(to_medoid)),
            mean_to_medoid_m: Rounded(sum_m / members.max(1) as f64),
            sum_to_medoid_km: Rounded(sum_m / 1000.0),
        }
    }
}

impl Circle {
    fn measure(&self, street: &StreetData, cell_of_household: &[Option<u32>], homes: &[Point]) -> Measured {
        let distance = |i: usize, j: usize| (homes[i][0] - homes[j][0]).hypot(homes[i][1] - homes[j][1]);
        let distances = |&i: &usize| self.members.iter().map(move |&j| distance(i, j));
        let least = self.members.iter().map(|i| distances(i).sum::<f64>()).fold(f64::INFINITY, f64::min);
        Measured {
            diameter_m: self.members.iter().flat_map(distances).fold(0.0, f64::max),
            medoid_sum_m: if least.is_finite() { least } else { 0.0 },
            buildings: self.members.iter().map(|&i| street.households[i].building_id.as_deref()).collect::<BTreeSet<_>>().len(),
            crosses: self.members.windows(2).any(|w| cell_of_household[w[0]] != cell_of_household[w[1]]),
        }
    }
}

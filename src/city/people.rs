//! Who lives where: households in the flats, without a name of anybody.

use rand::Rng;
use rand::distr::weighted::WeightedIndex;
use rand::prelude::Distribution;

use super::address::BuildingAddress;
use super::fabric::{House, LandUse};
use super::ground::Ground;
use crate::model::Household;

/// Share of households of 1, 2, 3 … persons: near the census of 2020, a little larger as in Guizhou.
const PERSONS: [u32; 7] = [23, 28, 23, 15, 7, 3, 1];

/// Puts `count` households into flats taken at random, at most one in each.
pub(super) fn settle(
    rng: &mut impl Rng,
    ground: &Ground,
    houses: &[House],
    addresses: &[BuildingAddress],
    building_ids: &[String],
    count: usize,
) -> Vec<Household> {
    let capacity: usize = houses.iter().map(House::capacity).sum();
    let mut flats = rand::seq::index::sample(rng, capacity, count.min(capacity)).into_vec();
    flats.sort_unstable();
    let persons = WeightedIndex::new(PERSONS).ok();
    let width = count.to_string().len().max(6);
    let mut households = Vec::with_capacity(count);
    let (mut building, mut passed) = (0, 0);
    for flat in flats {
        while flat >= passed + houses[building].capacity() {
            passed += houses[building].capacity();
            building += 1;
        }
        let house = &houses[building];
        let home = Home::of(house, flat - passed);
        let number = households.len() + 1;
        households.push(Household {
            id: format!("H{number:0width$}"),
            building_id: Some(building_ids[building].clone()),
            position: ground.position(home.place(house)),
            unit: (house.land != LandUse::Village).then(|| home.unit.to_string()),
            floor: Some(home.floor as i16),
            persons: persons.as_ref().map(|weights| weights.sample(rng) as u16 + 1),
            address: Some(home.address(house, &addresses[building].text)),
            estimated: false,
        });
    }
    households
}

/// A flat within its building; all numbers from 1.
struct Home {
    unit: u16,
    floor: u16,
    door: u16,
}

impl Home {
    /// Flats count by unit, then by floor, then by door.
    fn of(house: &House, flat: usize) -> Self {
        let doors = usize::from(house.doors);
        let floors = usize::from(house.last_floor + 1 - house.first_floor);
        Self {
            unit: (flat / (doors * floors)) as u16 + 1,
            floor: house.first_floor + (flat / doors % floors) as u16,
            door: (flat % doors) as u16 + 1,
        }
    }

    fn address(&self, house: &House, building: &str) -> String {
        match house.land {
            LandUse::Village if house.capacity() == 1 => building.to_owned(),
            LandUse::Village => format!("{building}{}楼", self.floor),
            _ => format!("{building}{}单元{}{:02}室", self.unit, self.floor, self.door),
        }
    }

    /// Where the flat is in plan: well inside the footprint, the same on every floor.
    fn place(&self, house: &House) -> super::shape::Xy {
        if house.land == LandUse::Towers {
            // In the arms of the cross.
            const ARMS: [(f64, f64); 6] = [(-0.8, 0.3), (0.8, 0.3), (-0.8, -0.3), (0.8, -0.3), (-0.2, 0.8), (0.2, -0.8)];
            let (along, across) = ARMS[usize::from(self.door - 1) % ARMS.len()];
            return house.rect.at(along, across);
        }
        let doors = f64::from(house.doors);
        let along = (f64::from(self.unit - 1) + (f64::from(self.door) - 0.5) / doors) / f64::from(house.units);
        house.rect.at(2.0 * along - 1.0, 0.2)
    }
}

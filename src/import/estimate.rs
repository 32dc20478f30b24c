//! Households estimated from buildings, for streets without a household list. Marked `estimated` everywhere.

use crate::{
    geometry::{measure::area_m2, ring::standing_position},
    model::{Building, Household},
};

/// The word the report uses.
pub const KIND: &str = "households (estimated)";

/// Gross floor area of a flat with its share of stairs and walls, square metres.
const FLAT_M2: f64 = 100.0;
/// The same in a building of no known use: half of it is taken for shops, offices and stores, square metres.
const MIXED_FLAT_M2: f64 = 200.0;
/// Below this footprint a building without an address is a shed or garage, square metres.
const SHED_M2: f64 = 50.0;
/// Above this footprint a building of no known use, address or height is a hall, square metres.
const HALL_M2: f64 = 1500.0;
/// Up to this footprint a building of no known use is a house of its address points' households, square metres.
const HOUSE_M2: f64 = 250.0;
/// Storeys of a block of flats whose height is unknown.
const FLATS_LEVELS: u16 = 3;
/// Storeys of a larger building of unknown use and height.
const OTHER_LEVELS: u16 = 2;
/// No building gets more; a larger number in the source is an error.
const MOST: u32 = 2000;
/// Flats on a floor that share a stairwell.
const FLATS_A_STAIR: u32 = 4;

/// What is known of a building beyond its own record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    /// Address points inside, the building's own address counted as one.
    pub addresses: u32,
}

/// The estimated households of a building: none when nobody seems to live there. Ids and positions follow from the building
/// alone, so the same map gives the same households.
pub fn households(building: &Building, hints: Hints) -> Vec<Household> {
    let count = household_count(building, hints);
    let Some(position) = standing_position(&building.footprint) else { return vec![] };
    let levels = u32::from(building.levels.unwrap_or(1)).max(1);
    let on_a_floor = count.div_ceil(levels).max(1);
    (0..count)
        .map(|i| Household {
            id: format!("{}-{:04}", building.id, i + 1),
            building_id: Some(building.id.clone()),
            position,
            unit: (count > 1 && levels > 1).then(|| (i % on_a_floor / FLATS_A_STAIR + 1).to_string()),
            floor: i16::try_from(i / on_a_floor + 1).ok(),
            persons: None,
            address: building.address.clone(),
            estimated: true,
        })
        .collect()
}

/// How many households: what the source declares, else by the kind of building
///
/// | kind | households |
/// |---|---|
/// | flats, dormitory, tower | storeys × footprint / 100 m², at least the address points |
/// | house, villa, farm, village house | the address points, at least one |
/// | `residential` | up to 250 m²: as a house; beyond: as flats of two storeys |
/// | `yes` and nothing that says otherwise | the same, but 200 m² a household, and none in sheds (below 50 m²) and halls (beyond 1,500 m²) without address |
/// | anything else | none |
pub fn household_count(building: &Building, hints: Hints) -> u32 {
    if let Some(declared) = building.declared_households {
        return declared.min(MOST);
    }
    let footprint_m2 = area_m2(&building.footprint);
    let flats = |default_levels: u16, flat_m2: f64| {
        let levels: u16 = building.levels.unwrap_or(default_levels).max(1);
        ((f64::from(levels) * footprint_m2 / flat_m2).round() as u32).max(1)
    };
    let count = match building.purpose.as_deref().unwrap_or("yes") {
        "apartments" | "dormitory" | "tower" | "walkup" | "highrise" | "midrise" | "flats" => {
            flats(FLATS_LEVELS, FLAT_M2).max(hints.addresses)
        }
        "house" | "detached" | "semidetached_house" | "terrace" | "bungalow" | "villa" | "farm" | "village" | "townhouse" | "siheyuan" => {
            hints.addresses.max(1)
        }
        "residential" => if_house(footprint_m2, hints.addresses, flats(OTHER_LEVELS, FLAT_M2)),
        "yes" if footprint_m2 < SHED_M2 && hints.addresses == 0 => 0,
        "yes" if footprint_m2 > HALL_M2 && hints.addresses == 0 && building.levels.is_none() => 0,
        "yes" => if_house(footprint_m2, hints.addresses, flats(OTHER_LEVELS, MIXED_FLAT_M2)),
        _ => 0,
    };
    count.min(MOST)
}

fn if_house(footprint_m2: f64, addresses: u32, flats: u32) -> u32 {
    if footprint_m2 <= HOUSE_M2 { addresses.max(1) } else { flats.max(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        geometry::LocalMetres,
        model::{LonLat, Polygon},
    };

    fn building(purpose: &str, metres: f64, levels: Option<u16>) -> Building {
        let local = LocalMetres::at(LonLat::from_degrees(104.83, 26.59).unwrap());
        let ring = [[0.0, 0.0], [metres, 0.0], [metres, metres], [0.0, metres], [0.0, 0.0]].map(|p| local.position(p)).to_vec();
        Building {
            id: "w1".into(),
            name: None,
            purpose: Some(purpose.into()),
            levels,
            declared_households: None,
            address: None,
            footprint: Polygon { exterior: ring, interiors: vec![] }.into(),
        }
    }

    fn count(purpose: &str, metres: f64, levels: Option<u16>, addresses: u32) -> u32 {
        household_count(&building(purpose, metres, levels), Hints { addresses })
    }

    #[test]
    fn size_and_kind_decide() {
        assert_eq!(count("apartments", 20.0, Some(6), 1), 24);
        assert_eq!(count("apartments", 20.0, None, 1), 12);
        assert_eq!(count("house", 20.0, Some(3), 0), 1);
        assert_eq!(count("house", 10.0, None, 2), 2);
        assert_eq!(count("yes", 5.0, None, 0), 0);
        assert_eq!(count("yes", 5.0, None, 1), 1);
        assert_eq!(count("yes", 20.0, None, 0), 4);
        assert_eq!(count("residential", 20.0, None, 0), 8);
        assert_eq!(count("yes", 50.0, None, 0), 0);
        assert_eq!(count("garage", 10.0, None, 1), 0);
        assert_eq!(count("school", 12.0, None, 1), 0);
        let declared = Building { declared_households: Some(7), ..building("yes", 12.0, None) };
        assert_eq!(household_count(&declared, Hints::default()), 7);
    }

    #[test]
    fn floors_fill_from_below() {
        let list = households(&building("apartments", 20.0, Some(6)), Hints::default());
        assert_eq!((list[0].id.as_str(), list[0].floor, list[0].unit.as_deref()), ("w1-0001", Some(1), Some("1")));
        assert_eq!((list[23].floor, list[23].unit.as_deref()), (Some(6), Some("1")));
        assert!(list.iter().all(|household| household.estimated));
    }
}

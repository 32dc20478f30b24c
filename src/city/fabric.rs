//! What stands in the blocks: compounds of towers, slabs and walk-ups, village houses, shops, schools, works, parks and hills.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::ground::Ground;
use super::layout::{Layout, Zone, is_riverside};
use super::plot::{Plot, Rows};
use super::shape::{Rect, Xy, centroid};

/// What a block is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LandUse {
    /// 高层小区.
    Towers,
    /// 小高层小区.
    Slabs,
    /// 多层老小区.
    Walkups,
    /// 自建房.
    Village,
    Shops,
    Office,
    School,
    Works,
    /// Parks, banks, fields and hills: nothing stands there.
    Green,
}

impl LandUse {
    /// The word in the buildings' `use`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Towers | Self::Slabs | Self::Walkups => "residential",
            Self::Village => "village",
            Self::Shops => "commercial",
            Self::Office => "office",
            Self::School => "school",
            Self::Works => "industrial",
            Self::Green => "park",
        }
    }

    fn is_home(self) -> bool {
        matches!(self, Self::Towers | Self::Slabs | Self::Walkups | Self::Village)
    }

    /// Whether its buildings form a named compound with numbered buildings.
    pub fn is_compound(self) -> bool {
        matches!(self, Self::Towers | Self::Slabs | Self::Walkups)
    }
}

/// A building before its households are known.
pub(super) struct House {
    /// The block it stands in, an index of the network's faces.
    pub face: usize,
    pub land: LandUse,
    /// Number within the block, from 1: 幢 in a compound.
    pub number: usize,
    pub rect: Rect,
    /// Counter-clockwise, on the ground.
    pub outline: Vec<Xy>,
    pub levels: u16,
    /// Stairwells (单元).
    pub units: u16,
    /// Flats on each floor of a unit.
    pub doors: u16,
    /// The first floor people live on: above shops it is 2.
    pub first_floor: u16,
    /// The last floor people live on, below `first_floor` when nobody lives there.
    pub last_floor: u16,
}

impl House {
    /// Flats.
    pub fn capacity(&self) -> usize {
        let floors = (self.last_floor + 1).saturating_sub(self.first_floor);
        usize::from(floors) * usize::from(self.units) * usize::from(self.doors)
    }
}

/// Share of flats that stand empty when there is room enough.
const VACANT: f64 = 0.07;

/// Builds on every block: all that is no compound, then compounds from the centre outward until `households` have room. Houses come
/// block by block, the centre first.
pub(super) fn build(rng: &mut impl Rng, ground: &Ground, layout: &Layout, households: usize) -> Vec<House> {
    let network = &layout.network;
    let wanted = (households as f64 / (1.0 - VACANT)).ceil() as usize;
    let mut order: Vec<usize> = (0..network.faces.len()).collect();
    let remoteness: Vec<f64> = network.faces.iter().map(|f| layout.remoteness(centroid(&f.corners))).collect();
    order.sort_by(|a, b| remoteness[*a].total_cmp(&remoteness[*b]).then(a.cmp(b)));
    let mut blocks: Vec<(Plot, LandUse, Vec<House>)> = order
        .into_iter()
        .map(|face| {
            let plot = Plot::of(ground, network, face);
            let land = choose_land(rng, layout, face, plot.area_m2());
            (plot, land, Vec::new())
        })
        .collect();
    let mut capacity = 0;
    for compounds in [false, true] {
        for (plot, land, houses) in blocks.iter_mut().filter(|(_, land, _)| land.is_compound() == compounds) {
            if *land == LandUse::Green || (land.is_home() && capacity >= wanted) {
                continue;
            }
            *houses = fill(rng, plot, *land);
            capacity += houses.iter().map(House::capacity).sum::<usize>();
        }
    }
    let mut houses: Vec<House> = blocks.into_iter().flat_map(|(_, _, houses)| houses).collect();
    raise(&mut houses, wanted);
    houses
}

/// Adds floors to the multi-storey homes, one round after the other, until there is room. A small street has few blocks to choose from.
fn raise(houses: &mut [House], wanted: usize) {
    let mut capacity: usize = houses.iter().map(House::capacity).sum();
    let tall = |house: &House| house.land.is_compound();
    if !houses.iter().any(tall) {
        // A hamlet: its houses grow instead.
        let Some(first) = houses.first_mut() else { return };
        first.last_floor = first.last_floor.max(1);
        first.land = LandUse::Walkups;
    }
    while capacity < wanted {
        for house in houses.iter_mut().filter(|house| tall(house)) {
            house.levels += 1;
            house.last_floor += 1;
            capacity += usize::from(house.units * house.doors);
            if capacity >= wanted {
                return;
            }
        }
    }
}

/// What a block becomes, by its part of town, size and neighbours.
fn choose_land(rng: &mut impl Rng, layout: &Layout, face: usize, area_m2: f64) -> LandUse {
    use LandUse::{Green, Office, School, Shops, Slabs, Towers, Village, Walkups, Works};
    let drawn = &layout.network.faces[face];
    let (width, _) = drawn.width();
    if is_riverside(drawn) || width < 40.0 {
        return Green;
    }
    let by_rail = drawn.ways.iter().any(|way| layout.network.ways[*way].class == crate::model::LineClass::Railway);
    let table: &[(LandUse, u32)] = match layout.zone(centroid(&drawn.corners)) {
        _ if by_rail => &[(Works, 40), (Walkups, 20), (Village, 15), (Green, 25)],
        Zone::Old => &[(Walkups, 64), (Slabs, 4), (Towers, 3), (Village, 4), (School, 5), (Shops, 8), (Office, 5), (Green, 7)],
        Zone::New => &[(Towers, 24), (Slabs, 24), (Walkups, 14), (School, 8), (Shops, 8), (Office, 6), (Works, 4), (Green, 12)],
        Zone::Village => &[(Village, 72), (Walkups, 5), (School, 3), (Shops, 2), (Works, 6), (Green, 12)],
        Zone::Hill => &[(Village, 12), (Works, 4), (Green, 84)],
    };
    let land = table.choose_weighted(rng, |(_, weight)| *weight).map_or(Green, |(land, _)| *land);
    match land {
        // Too small for a compound of that kind.
        Towers if width < 85.0 || area_m2 < 11_000.0 => Walkups,
        Slabs if width < 70.0 => Walkups,
        Works if width < 75.0 => Shops,
        School if width < 70.0 || area_m2 > 60_000.0 => Shops,
        land => land,
    }
}

/// Places the buildings of one block.
fn fill(rng: &mut impl Rng, plot: &mut Plot, land: LandUse) -> Vec<House> {
    let rows = |lengths_m, depth_m, gap_m, row_gap_m| Rows { lengths_m, depth_m, gap_m, row_gap_m, skip: 0.04, askew: 0.0, limit: 400 };
    let rects = match land {
        LandUse::Towers => plot.fill(rng, &rows(&[31.0, 27.0], 25.0, 22.0, 27.0)),
        LandUse::Slabs => plot.fill(rng, &rows(&[60.0, 42.0, 30.0], 15.0, 15.0, 30.0)),
        LandUse::Walkups => plot.fill(rng, &rows(&[44.0, 30.0, 16.0], 11.5, 9.0, 17.0)),
        LandUse::Village => {
            // Where there are no lanes there are fields between the houses.
            let open = plot.area_m2() > 22_000.0;
            let (skip, limit) = if open { (0.55, 70) } else { (0.16, 400) };
            plot.fill(rng, &Rows { skip, limit, askew: if open { 0.3 } else { 0.13 }, ..rows(&[11.5, 9.5, 8.0], 9.5, 4.5, 5.5) })
        }
        LandUse::Shops => {
            if rng.random_bool(0.3) {
                plot.fill(rng, &Rows { limit: 2, ..rows(&[82.0, 58.0, 36.0], 46.0, 20.0, 24.0) })
            } else {
                plot.fill(rng, &Rows { limit: 14, ..rows(&[38.0, 26.0, 14.0], 12.0, 3.0, 16.0) })
            }
        }
        LandUse::Office => plot.fill(rng, &Rows { limit: 4, ..rows(&[46.0, 34.0], 18.0, 22.0, 34.0) }),
        LandUse::School => plot.fill(rng, &Rows { limit: 5, skip: 0.25, ..rows(&[62.0, 44.0, 30.0], 13.0, 16.0, 34.0) }),
        LandUse::Works => plot.fill(rng, &Rows { skip: 0.2, limit: 14, ..rows(&[95.0, 64.0, 38.0], 30.0, 12.0, 14.0) }),
        LandUse::Green => Vec::new(),
    };
    let mut houses: Vec<House> = rects.into_iter().enumerate().map(|(i, rect)| house(rng, plot.face, land, i + 1, rect)).collect();
    if land == LandUse::Walkups && rng.random_bool(0.35) {
        // Shops on the ground floor of the row along the street.
        for house in houses.iter_mut().take(3) {
            house.first_floor = 2;
            house.levels = house.levels.max(3);
            house.last_floor = house.levels;
        }
    }
    houses
}

/// One building of its kind.
fn house(rng: &mut impl Rng, face: usize, land: LandUse, number: usize, rect: Rect) -> House {
    let length = rect.half.x * 2.0;
    // levels, units, doors a floor, last floor lived on
    let (levels, units, doors, homes): (u16, u16, u16, u16) = match land {
        LandUse::Towers => {
            let levels = *[17, 18, 22, 25, 26, 28, 30, 33].choose(rng).unwrap_or(&26);
            (levels, 1, if length > 29.0 { 6 } else { 4 }, levels)
        }
        LandUse::Slabs => {
            let levels = rng.random_range(9..=14);
            (levels, (length / 15.0) as u16, 2, levels)
        }
        LandUse::Walkups => {
            let levels = *[5, 6, 6, 6, 7, 7, 8].choose(rng).unwrap_or(&6);
            (levels, (length / 14.0).max(1.0) as u16, 2, levels)
        }
        LandUse::Village => {
            let levels = rng.random_range(1..=4);
            (levels, 1, 1, rng.random_range(1..=3).min(levels))
        }
        LandUse::Shops => (if rect.half.y > 20.0 { 5 } else { rng.random_range(1..=3) }, 1, 0, 0),
        LandUse::Office => (rng.random_range(5..=18), 1, 0, 0),
        LandUse::School => (rng.random_range(3..=5), 1, 0, 0),
        LandUse::Works => (rng.random_range(1..=2), 1, 0, 0),
        LandUse::Green => (1, 1, 0, 0),
    };
    let outline = if land == LandUse::Towers { cross_shape(&rect) } else { rect.corners().to_vec() };
    House { face, land, number, rect, outline, levels, units, doors, first_floor: 1, last_floor: homes }
}

/// A tower's footprint: its corners cut out, so that every flat has windows on two sides.
fn cross_shape(rect: &Rect) -> Vec<Xy> {
    let (a, b) = (0.62, 0.58);
    [(-a, -1.0), (a, -1.0), (a, -b), (1.0, -b), (1.0, b), (a, b), (a, 1.0), (-a, 1.0), (-a, b), (-1.0, b), (-1.0, -b), (-a, -b)]
        .map(|(x, y)| rect.at(x, y))
        .to_vec()
}

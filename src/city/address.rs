//! Chinese addresses: 街道 + 路名 + 号, then 小区 + 幢, for every building.

use super::fabric::{House, LandUse};
use super::ground::Ground;
use super::names::Names;
use super::network::Network;
use super::shape::{Xy, centroid, distance_to_segment, edges};

/// Where a building is found, without unit and room.
pub(super) struct BuildingAddress {
    /// 荷城街道翠屏路18号锦绣花园3幢.
    pub text: String,
    /// 锦绣花园3幢, 荷城第一小学2号楼; most buildings have no name.
    pub name: Option<String>,
}

/// A door on a street that wants a number.
struct Claim {
    way: usize,
    /// Right of the way's direction, where the numbers are even.
    even: bool,
    /// Metres from the way's start.
    along_m: f64,
    /// The first of the buildings behind that door; all of one block when it is a compound.
    house: usize,
}

/// Addresses of all buildings, in their order. Buildings of one block follow one another.
pub(super) fn assign(names: &mut Names, ground: &Ground, network: &Network, houses: &[House], street: &str) -> Vec<BuildingAddress> {
    let mut claims: Vec<Claim> = Vec::new();
    let mut door_of = vec![0; houses.len()];
    for (index, house) in houses.iter().enumerate() {
        let shares_door = house.land.is_compound() || house.land == LandUse::School;
        if shares_door && house.number > 1 && index > 0 {
            door_of[index] = door_of[index - 1];
            continue;
        }
        door_of[index] = claims.len();
        claims.push(claim(ground, network, house, index));
    }
    let numbers = number(&claims);

    let short = street.trim_end_matches("街道");
    let (mut estate, mut schools) = (String::new(), 0);
    houses
        .iter()
        .enumerate()
        .map(|(index, house)| {
            let claim = &claims[door_of[index]];
            let road = network.ways[claim.way].name.as_deref().unwrap_or_default();
            let door = format!("{street}{road}{}号", numbers[door_of[index]]);
            if claim.house == index {
                match house.land {
                    LandUse::Towers | LandUse::Slabs => estate = names.estate(true),
                    LandUse::Walkups => estate = names.estate(false),
                    LandUse::School => {
                        schools += 1;
                        estate = format!("{short}第{schools}小学");
                    }
                    _ => estate.clear(),
                }
            }
            let name = match house.land {
                land if land.is_compound() => Some(format!("{estate}{}幢", house.number)),
                LandUse::School => Some(format!("{estate}{}号楼", house.number)),
                _ => None,
            };
            BuildingAddress { text: format!("{door}{}", name.as_deref().unwrap_or_default()), name }
        })
        .collect()
}

/// The door a building has: on the nearest named street of its block, a compound's on its longest.
fn claim(ground: &Ground, network: &Network, house: &House, index: usize) -> Claim {
    let face = &network.faces[house.face];
    let compound = house.land.is_compound();
    let beside =
        edges(&face.corners).zip(&face.ways).filter(|(_, way)| network.ways[**way].is_road() && network.ways[**way].name.is_some());
    let best = beside
        .map(|((a, b), way)| {
            let (p, q) = (ground.xy(a), ground.xy(b));
            let rank = if compound { -p.distance(q) } else { distance_to_segment(house.rect.centre, p, q) };
            (rank, a, b, *way)
        })
        .min_by(|x, y| x.0.total_cmp(&y.0));
    if let Some((_, a, b, way)) = best {
        let (p, q) = (ground.xy(a), ground.xy(b));
        let share = if compound { 0.5 } else { ((house.rect.centre - p).dot((q - p).unit()) / p.distance(q)).clamp(0.0, 1.0) };
        let line = &network.ways[way];
        // The block lies left of its edge; where the way runs against the edge, the block is on the way's right.
        let even = (line.to - line.from).dot(b - a) < 0.0;
        return Claim { way, even, along_m: line.along(a.towards(b, share)), house: index };
    }
    // A block without a named street: the nearest one there is.
    let middle: Xy = centroid(&face.corners);
    let named = network.ways.iter().enumerate().filter(|(_, way)| way.is_road() && way.name.is_some());
    let way = named
        .min_by(|(_, x), (_, y)| distance_to_segment(middle, x.from, x.to).total_cmp(&distance_to_segment(middle, y.from, y.to)))
        .map_or(0, |(way, _)| way);
    Claim { way, even: false, along_m: network.ways[way].along(middle), house: index }
}

/// House numbers: rising along each side of each way, odd left and even right, about one every ten metres, none twice.
fn number(claims: &[Claim]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..claims.len()).collect();
    let key = |i: usize| (claims[i].way, claims[i].even);
    order.sort_by(|&a, &b| key(a).cmp(&key(b)).then(claims[a].along_m.total_cmp(&claims[b].along_m)).then(a.cmp(&b)));
    let mut numbers = vec![0; claims.len()];
    let mut previous: Option<usize> = None;
    for i in order {
        let first = if claims[i].even { 2 } else { 1 };
        let by_distance = first + 2 * (claims[i].along_m.max(0.0) / 20.0) as usize;
        let after = previous.filter(|p| key(*p) == key(i)).map_or(0, |p| numbers[p] + 2);
        numbers[i] = by_distance.max(after);
        previous = Some(i);
    }
    numbers
}

//! A street's buildings as columns: hundreds of thousands in a city, each with a few texts and corners, would be as many small
//! allocations.

use super::texts::{OptionalTexts, Texts, Words};
use crate::model::{Bounds, Building, LonLat, MultiPolygon, Polygon};

/// A street's buildings, by id. Rows are places in that order.
#[derive(Clone, Debug, Default)]
pub struct Buildings {
    ids: Texts,
    names: OptionalTexts,
    purposes: Words,
    levels: Vec<Option<u16>>,
    declared_households: Vec<Option<u32>>,
    addresses: OptionalTexts,
    footprints: Shapes,
}

impl Buildings {
    /// Puts rows, sorted by id, into columns.
    pub fn build(rows: &[Building]) -> Self {
        Self {
            ids: rows.iter().map(|row| row.id.as_str()).collect(),
            names: rows.iter().map(|row| row.name.as_deref()).collect(),
            purposes: rows.iter().map(|row| row.purpose.as_deref()).collect(),
            levels: rows.iter().map(|row| row.levels).collect(),
            declared_households: rows.iter().map(|row| row.declared_households).collect(),
            addresses: rows.iter().map(|row| row.address.as_deref()).collect(),
            footprints: rows.iter().map(|row| &row.footprint).collect(),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// A building by its row, made anew.
    pub fn get(&self, row: u32) -> Building {
        Building {
            id: self.ids.get(row).to_owned(),
            name: self.names.get(row).map(str::to_owned),
            purpose: self.purposes.get(row).map(str::to_owned),
            levels: self.levels[row as usize],
            declared_households: self.declared_households[row as usize],
            address: self.addresses.get(row).map(str::to_owned),
            footprint: self.footprints.get(row),
        }
    }

    /// Every building, made anew one by one.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Building> {
        (0..self.len() as u32).map(|row| self.get(row))
    }

    /// The row of an id.
    pub fn find(&self, id: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.len() as u32);
        while low < high {
            let middle = low.midpoint(high);
            if self.ids.get(middle) < id { low = middle + 1 } else { high = middle }
        }
        ((low as usize) < self.len() && self.ids.get(low) == id).then_some(low)
    }

    /// The box around a footprint.
    pub fn bounds(&self, row: u32) -> Option<Bounds> {
        Bounds::of(self.footprints.positions(row))
    }
}

/// Shapes end to end.
#[derive(Clone, Debug, Default)]
struct Shapes {
    positions: Vec<LonLat>,
    /// For every ring where it ends among the positions, and whether it begins a part.
    rings: Vec<(u32, bool)>,
    /// For every shape where it ends among the rings.
    ends: Vec<u32>,
}

impl Shapes {
    fn rings(&self, i: u32) -> std::ops::Range<usize> {
        let start = i.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        start as usize..self.ends[i as usize] as usize
    }

    fn ring(&self, ring: usize) -> &[LonLat] {
        let start = ring.checked_sub(1).map_or(0, |before| self.rings[before].0);
        &self.positions[start as usize..self.rings[ring].0 as usize]
    }

    fn positions(&self, i: u32) -> &[LonLat] {
        let rings = self.rings(i);
        let start = rings.start.checked_sub(1).map_or(0, |before| self.rings[before].0);
        let end = rings.end.checked_sub(1).map_or(0, |last| self.rings[last].0);
        &self.positions[start as usize..end as usize]
    }

    fn get(&self, i: u32) -> MultiPolygon {
        let mut parts: Vec<Polygon> = Vec::new();
        for ring in self.rings(i) {
            let path = self.ring(ring).to_vec();
            match parts.last_mut().filter(|_| !self.rings[ring].1) {
                Some(part) => part.interiors.push(path),
                None => parts.push(Polygon { exterior: path, interiors: Vec::new() }),
            }
        }
        MultiPolygon(parts)
    }
}

impl<'a> FromIterator<&'a MultiPolygon> for Shapes {
    fn from_iter<I: IntoIterator<Item = &'a MultiPolygon>>(shapes: I) -> Self {
        let mut all = Self::default();
        for shape in shapes {
            for part in &shape.0 {
                for (i, ring) in part.rings().enumerate() {
                    all.positions.extend_from_slice(ring);
                    all.rings.push((all.positions.len() as u32, i == 0));
                }
            }
            all.ends.push(all.rings.len() as u32);
        }
        all.positions.shrink_to_fit();
        all.rings.shrink_to_fit();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buildings_come_back_as_they_went_in() {
        let ring =
            |x: i32, side: i32| [(0, 0), (side, 0), (side, side), (0, side), (0, 0)].map(|(dx, dy)| LonLat::new(x + dx, dy)).to_vec();
        let polygon = |x: i32| Polygon { exterior: ring(x, 90), interiors: vec![ring(x + 10, 5), ring(x + 20, 5)] };
        let building = |id: &str, footprint: MultiPolygon| Building {
            id: id.into(),
            name: (id != "b").then(|| format!("楼{id}")),
            purpose: Some("residential".into()),
            levels: Some(3),
            declared_households: None,
            address: (id != "a").then(|| "路1号".into()),
            footprint,
        };
        let rows = [
            building("a", MultiPolygon(vec![polygon(0), Polygon { exterior: ring(500, 9), interiors: vec![] }])),
            building("b", MultiPolygon(vec![])),
            building("c", polygon(1000).into()),
        ];
        let columns = Buildings::build(&rows);
        assert_eq!(columns.iter().collect::<Vec<_>>(), rows);
        assert_eq!(["a", "b", "c", "", "bb", "d"].map(|id| columns.find(id)), [Some(0), Some(1), Some(2), None, None, None]);
        assert_eq!(columns.bounds(2), Bounds::of(rows[2].footprint.rings().flatten()));
        assert_eq!(columns.bounds(1), None);
    }
}

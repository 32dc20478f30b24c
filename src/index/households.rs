//! A street's households as columns along the curve.

use std::{borrow::Cow, fmt};

use super::{
    NONE,
    mercator::WorldPixel,
    points::CurvePoints,
    texts::{OptionalTexts, Texts, Words},
};
use crate::model::{Household, LonLat};

/// A street's households. Rows are places along the curve, so that a tile reads one run of every column.
#[derive(Clone, Debug, Default)]
pub struct Households {
    /// Where they are.
    pub points: CurvePoints,
    positions: Vec<LonLat>,
    ids: Texts,
    by_id: Vec<u32>,
    buildings: Words,
    units: Words,
    floors: Vec<Option<i16>>,
    persons: Vec<Option<u16>>,
    /// What all households of a building's word begin their address with.
    shared_addresses: Vec<Box<str>>,
    /// The rest.
    addresses: OptionalTexts,
    estimated: Vec<bool>,
}

/// A household in the columns; see [`Household`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HouseholdRow<'a> {
    /// Id, unique within the street.
    pub id: &'a str,
    /// The building it lives in.
    pub building_id: Option<&'a str>,
    /// Where it lives.
    pub position: LonLat,
    /// Stairwell or unit.
    pub unit: Option<&'a str>,
    /// Floor.
    pub floor: Option<i16>,
    /// Persons, where known.
    pub persons: Option<u16>,
    /// Address down to the door.
    pub address: Option<Address<'a>>,
    /// Derived from the building's size.
    pub estimated: bool,
}

/// An address in two parts: households of one building share the first.
#[derive(Clone, Copy)]
pub struct Address<'a> {
    shared: &'a str,
    rest: &'a str,
}

impl Address<'_> {
    fn bytes(&self) -> impl Iterator<Item = u8> {
        self.shared.bytes().chain(self.rest.bytes())
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shared)?;
        f.write_str(self.rest)
    }
}

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl PartialEq for Address<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl Eq for Address<'_> {}

impl<'a> From<&'a Household> for HouseholdRow<'a> {
    fn from(household: &'a Household) -> Self {
        Self {
            id: &household.id,
            building_id: household.building_id.as_deref(),
            position: household.position,
            unit: household.unit.as_deref(),
            floor: household.floor,
            persons: household.persons,
            address: household.address.as_deref().map(|address| Address { shared: "", rest: address }),
            estimated: household.estimated,
        }
    }
}

impl Households {
    /// Puts rows, sorted by id, into columns. Households at one place lie by id.
    pub fn build(rows: &[HouseholdRow<'_>]) -> Self {
        let (points, order) = CurvePoints::build(rows.iter().map(|row| row.position));
        let along: Vec<HouseholdRow<'_>> = order.iter().map(|place| rows[*place as usize]).collect();
        let mut by_id = vec![0; rows.len()];
        for (row, place) in (0..).zip(&order) {
            by_id[*place as usize] = row;
        }
        Self::of_columns(points, &along, by_id)
    }

    fn of_columns(points: CurvePoints, along: &[HouseholdRow<'_>], by_id: Vec<u32>) -> Self {
        let buildings: Words = along.iter().map(|row| row.building_id).collect();
        let shared_addresses = shared_addresses(&buildings, along);
        let rests: Vec<Option<Cow<'_, str>>> = (0..)
            .zip(along)
            .map(|(row, household)| {
                let shared = shared_addresses.get(buildings.word(row) as usize).map_or(0, |shared| shared.len());
                household.address.map(|address| match shared.checked_sub(address.shared.len()) {
                    Some(more) => Cow::Borrowed(&address.rest[more..]),
                    None => Cow::Owned(address.to_string()[shared..].to_owned()),
                })
            })
            .collect();
        Self {
            addresses: rests.iter().map(Option::as_deref).collect(),
            points,
            positions: along.iter().map(|row| row.position).collect(),
            ids: along.iter().map(|row| row.id).collect(),
            by_id,
            units: along.iter().map(|row| row.unit).collect(),
            floors: along.iter().map(|row| row.floor).collect(),
            persons: along.iter().map(|row| row.persons).collect(),
            estimated: along.iter().map(|row| row.estimated).collect(),
            buildings,
            shared_addresses,
        }
    }

    /// The same with some put (replacing those of the same id) and some deleted. Beside them: the new row of every old one,
    /// [`NONE`] for those replaced or deleted. Linear in the street.
    pub fn with_changes(&self, put: &[HouseholdRow<'_>], deleted: &[&str]) -> (Self, Vec<u32>) {
        let mut row_of_old = vec![0; self.len()];
        let gone = put.iter().map(|row| row.id).chain(deleted.iter().copied()).filter_map(|id| self.find(id));
        gone.for_each(|row| row_of_old[row as usize] = NONE);
        let mut fresh: Vec<(u64, HouseholdRow<'_>)> = put.iter().map(|row| (WorldPixel::of(row.position).curve_key(), *row)).collect();
        fresh.sort_unstable_by_key(|(key, row)| (*key, row.id));
        let mut along = Vec::with_capacity(self.len() + fresh.len());
        let (mut pixels, mut fresh_rows) = (Vec::with_capacity(self.len() + fresh.len()), Vec::new());
        let mut waiting = fresh.into_iter().peekable();
        let mut old = 0;
        loop {
            let next_old = self.points.pixels().get(old).map(|pixel| (pixel.curve_key(), self.ids.get(old as u32)));
            match waiting.next_if(|(key, row)| next_old.is_none_or(|old| (*key, row.id) < old)) {
                Some((key, row)) => {
                    fresh_rows.push(along.len() as u32);
                    pixels.push(WorldPixel::of_curve_key(key));
                    along.push(row);
                }
                None if old < self.len() => {
                    if row_of_old[old] != NONE {
                        row_of_old[old] = along.len() as u32;
                        pixels.push(self.points.pixels()[old]);
                        along.push(self.get(old as u32));
                    }
                    old += 1;
                }
                None => break,
            }
        }
        let mut by_id: Vec<u32> = self.by_id.iter().map(|row| row_of_old[*row as usize]).filter(|row| *row != NONE).collect();
        for row in fresh_rows {
            let id = along[row as usize].id;
            let place = by_id.partition_point(|other| along[*other as usize].id < id);
            by_id.insert(place, row);
        }
        (Self::of_columns(CurvePoints::of_sorted(pixels), &along, by_id), row_of_old)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// A household by its row.
    pub fn get(&self, row: u32) -> HouseholdRow<'_> {
        let i = row as usize;
        HouseholdRow {
            id: self.ids.get(row),
            building_id: self.buildings.get(row),
            position: self.positions[i],
            unit: self.units.get(row),
            floor: self.floors[i],
            persons: self.persons[i],
            address: self.addresses.get(row).map(|rest| Address {
                shared: self.shared_addresses.get(self.buildings.word(row) as usize).map_or("", |shared| shared),
                rest,
            }),
            estimated: self.estimated[i],
        }
    }

    /// Every household, in order of rows.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = HouseholdRow<'_>> {
        (0..self.len() as u32).map(|row| self.get(row))
    }

    /// Id by row.
    pub fn ids(&self) -> &Texts {
        &self.ids
    }

    /// Position by row.
    pub fn positions(&self) -> &[LonLat] {
        &self.positions
    }

    /// Persons by row.
    pub fn persons(&self) -> &[Option<u16>] {
        &self.persons
    }

    /// Whether derived from the building's size, by row.
    pub fn estimated(&self) -> &[bool] {
        &self.estimated
    }

    /// Whether any is derived from its building's size.
    pub fn any_estimated(&self) -> bool {
        self.estimated.contains(&true)
    }

    /// Every row, by id.
    pub fn by_id(&self) -> &[u32] {
        &self.by_id
    }

    /// The row of an id.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.by_id.binary_search_by_key(&id, |row| self.ids.get(*row)).ok().map(|place| self.by_id[place])
    }

    /// How many households name each building that is named, with its id.
    pub fn counts_by_building(&self) -> impl Iterator<Item = (&str, u32)> {
        let mut counts = vec![0; self.buildings.words.len()];
        for row in 0..self.len() as u32 {
            if let Some(count) = counts.get_mut(self.buildings.word(row) as usize) {
                *count += 1;
            }
        }
        (0..).zip(counts).map(|(word, count)| (self.buildings.words.get(word), count))
    }
}

/// For every building's word the longest text that the addresses of all its households begin with; empty when one has none.
fn shared_addresses(buildings: &Words, along: &[HouseholdRow<'_>]) -> Vec<Box<str>> {
    let mut shared: Vec<Option<String>> = vec![None; buildings.words.len()];
    for (row, household) in (0..).zip(along) {
        let (Some(shared), Some(address)) = (shared.get_mut(buildings.word(row) as usize), household.address) else { continue };
        match shared {
            None => *shared = Some(address.to_string()),
            Some(shared) if address.shared == shared.as_str() => {}
            Some(shared) => {
                let mut same = shared.bytes().zip(address.bytes()).take_while(|(a, b)| a == b).count();
                while !shared.is_char_boundary(same) {
                    same -= 1;
                }
                shared.truncate(same);
            }
        }
    }
    shared.into_iter().map(|text| text.unwrap_or_default().into()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn household(id: u32, x: i32, y: i32) -> Household {
        Household {
            id: format!("h{id:02}"),
            building_id: (!id.is_multiple_of(3)).then(|| format!("b{}", id % 5)),
            position: LonLat::new(1_048_000_000 + x, 265_000_000 + y),
            unit: (!id.is_multiple_of(2)).then(|| "1".into()),
            floor: Some(id as i16),
            persons: None,
            address: (!id.is_multiple_of(4)).then(|| format!("路{}号{x}楼{y}", id % 5)),
            estimated: id.is_multiple_of(7),
        }
    }

    proptest! {
        #[test]
        fn changing_equals_building_anew(
            before in prop::collection::btree_map(0u32..40, (0..9i32, 0..9i32), 0..30),
            put in prop::collection::btree_map(0u32..40, (0..9i32, 0..9i32), 0..5),
            deleted in prop::collection::btree_set(0u32..40, 0..5),
        ) {
            let rows = |ids: &std::collections::BTreeMap<u32, (i32, i32)>| ids.iter().map(|(id, (x, y))| household(*id, *x, *y)).collect::<Vec<_>>();
            let deleted: Vec<u32> = deleted.into_iter().filter(|id| !put.contains_key(id)).collect();
            let mut after = before.clone();
            after.extend(put.clone());
            after.retain(|id, _| !deleted.contains(id));
            let (old_rows, put_rows, after_rows) = (rows(&before), rows(&put), rows(&after));
            let refs = |rows: &'static [Household]| rows.iter().map(HouseholdRow::from).collect::<Vec<_>>();
            let leak = |rows: Vec<Household>| -> &'static [Household] { rows.leak() };
            let old = Households::build(&refs(leak(old_rows)));
            let deleted: Vec<String> = deleted.iter().map(|id| format!("h{id:02}")).collect();
            let (new, row_of_old) = old.with_changes(&refs(leak(put_rows)), &deleted.iter().map(String::as_str).collect::<Vec<_>>());
            let anew = Households::build(&refs(leak(after_rows)));
            let by_id = |h: &Households| h.by_id().iter().map(|row| format!("{:?}", h.get(*row))).collect::<Vec<_>>();
            prop_assert_eq!(by_id(&new), by_id(&anew));
            prop_assert_eq!(new.by_id(), anew.by_id());
            prop_assert_eq!(new.points.pixels(), anew.points.pixels());
            for (row, now) in (0..).zip(row_of_old) {
                let id = old.get(row).id;
                let kept = !put.contains_key(&id[1..].parse::<u32>().unwrap()) && !deleted.iter().any(|d| d == id);
                prop_assert_eq!(kept, now != NONE);
                if kept {
                    prop_assert_eq!(old.get(row), new.get(now));
                }
            }
            let mut counts: Vec<(&str, u32)> = new.counts_by_building().filter(|c| c.1 > 0).collect();
            let mut expected: Vec<(&str, u32)> = anew.counts_by_building().collect();
            counts.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(counts, expected);
        }
    }
}

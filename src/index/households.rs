//! A street's households as columns along the curve.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use super::{
    NONE,
    mercator::WorldPixel,
    points::CurvePoints,
    splice::{Piece, pieces, splice},
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
    /// [`NONE`] for those replaced or deleted. Linear in the street, most of it copies of whole runs.
    pub fn with_changes(&self, put: &[HouseholdRow<'_>], deleted: &[&str]) -> (Self, Vec<u32>) {
        let gone = put.iter().map(|row| row.id).chain(deleted.iter().copied()).filter_map(|id| self.find(id));
        let gone: Vec<u32> = gone.collect::<BTreeSet<u32>>().into_iter().collect();
        let mut fresh: Vec<(u64, HouseholdRow<'_>)> = put.iter().map(|row| (WorldPixel::of(row.position).curve_key(), *row)).collect();
        fresh.sort_unstable_by_key(|(key, row)| (*key, row.id));
        let pixels = self.points.pixels();
        let before = |key: u64, id: &str| {
            let start = pixels.partition_point(|pixel| pixel.curve_key() < key);
            let same = pixels[start..].partition_point(|pixel| pixel.curve_key() == key);
            let (mut row, end) = (start as u32, (start + same) as u32);
            while row < end && self.ids.get(row) < id {
                row += 1;
            }
            row
        };
        let fresh_before: Vec<u32> = fresh.iter().map(|(key, row)| before(*key, row.id)).collect();
        let pieces = pieces(self.len() as u32, &gone, &fresh_before);
        let fresh_pixels: Vec<WorldPixel> = fresh.iter().map(|(key, _)| WorldPixel::of_curve_key(*key)).collect();
        let fresh: Vec<HouseholdRow<'_>> = fresh.into_iter().map(|(_, row)| row).collect();

        let (mut row_of_old, mut fresh_rows) = (vec![NONE; self.len()], vec![0; fresh.len()]);
        let mut next = 0;
        for piece in &pieces {
            match piece {
                Piece::Kept(rows) => {
                    let to = row_of_old[rows.start as usize..rows.end as usize].iter_mut();
                    to.zip(next..).for_each(|(row, now)| *row = now);
                    next += rows.len() as u32;
                }
                Piece::Fresh(place) => {
                    fresh_rows[*place] = next;
                    next += 1;
                }
            }
        }
        let ids = self.ids.spliced(&pieces, &fresh.iter().map(|row| row.id).collect::<Vec<_>>());
        let mut by_id: Vec<u32> = self.by_id.iter().map(|row| row_of_old[*row as usize]).filter(|row| *row != NONE).collect();
        for row in fresh_rows {
            let place = by_id.partition_point(|other| ids.get(*other) < ids.get(row));
            by_id.insert(place, row);
        }
        let points = CurvePoints::of_sorted(splice(pixels, &pieces, &fresh_pixels));
        (self.spliced(points, ids, by_id, &pieces, &fresh), row_of_old)
    }

    fn spliced(&self, points: CurvePoints, ids: Texts, by_id: Vec<u32>, pieces: &[Piece], fresh: &[HouseholdRow<'_>]) -> Self {
        fn of<'a, T>(fresh: &[HouseholdRow<'a>], column: impl Fn(&HouseholdRow<'a>) -> T) -> Vec<T> {
            fresh.iter().map(column).collect()
        }
        let buildings = self.buildings.spliced(pieces, &of(fresh, |row| row.building_id));
        let units = self.units.spliced(pieces, &of(fresh, |row| row.unit));
        let positions = splice(&self.positions, pieces, &of(fresh, |row| row.position));
        let floors = splice(&self.floors, pieces, &of(fresh, |row| row.floor));
        let persons = splice(&self.persons, pieces, &of(fresh, |row| row.persons));
        let estimated = splice(&self.estimated, pieces, &of(fresh, |row| row.estimated));
        let mut shared_addresses = self.shared_addresses.clone();
        // Nobody of a new building shares anything yet.
        shared_addresses.resize(buildings.words.len(), Box::default());
        let addresses: Vec<Option<String>> = of(fresh, |row| row.address.map(|address| address.to_string()));
        let word_of_fresh = fresh.iter().map(|row| {
            let word = row.building_id.and_then(|id| (0..buildings.words.len() as u32).find(|word| buildings.words.get(*word) == id));
            word.map_or("", |word| &*shared_addresses[word as usize])
        });
        let rests: Option<Vec<Option<&str>>> = addresses
            .iter()
            .zip(word_of_fresh)
            .map(|(address, shared)| address.as_deref().map_or(Some(None), |address| address.strip_prefix(shared).map(Some)))
            .collect();
        match rests {
            Some(rests) => {
                let addresses = self.addresses.spliced(pieces, &rests);
                Self { points, positions, ids, by_id, buildings, units, floors, persons, shared_addresses, addresses, estimated }
            }
            // An address that does not begin as its building's do: what they share becomes less, for all of them.
            None => {
                let old: Vec<HouseholdRow<'_>> = self.iter().collect();
                Self::of_columns(points, &splice(&old, pieces, fresh), by_id)
            }
        }
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

//! From what is stored to what was read: only rows that differ are put, so importing the same file twice changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Area, Building, Change, ChangeSet, Code, Household, Issue, Line, StreetData, Water};

/// What an input says of one kind of row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rows<T> {
    /// Nothing: stored rows stay as they are.
    #[default]
    Untouched,
    /// These rows; others stay.
    Merge(Vec<T>),
    /// These rows and no others.
    Replace(Vec<T>),
}

impl<T> Rows<T> {
    /// The rows, if any.
    pub fn rows(&self) -> &[T] {
        match self {
            Self::Untouched => &[],
            Self::Merge(rows) | Self::Replace(rows) => rows,
        }
    }
}

/// What an input says of one street.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Given boundaries. `Replace` removes other areas of the levels that are among these.
    pub areas: Rows<Area>,
    /// Roads, rivers, railways, boundaries.
    pub lines: Rows<Line>,
    /// Water areas.
    pub waters: Rows<Water>,
    /// Buildings.
    pub buildings: Rows<Building>,
    /// Households. Estimated ones, even if there are none, never displace a list, and a list displaces estimated ones.
    pub households: Rows<Household>,
    /// Issues.
    pub issues: Rows<Issue>,
}

/// The changes that lead from `stored` to what the records say, deletions first. Empty when nothing differs.
pub fn change_set(street: Code, what: &str, stored: &StreetData, records: &Records) -> ChangeSet {
    let (put_households, delete_households) = compare_households(&stored.households, &records.households);
    let (put_areas, delete_areas) = compare_areas(&stored.areas, &records.areas);
    let (put_lines, delete_lines) = compare(&stored.lines, &records.lines, |row| &row.id);
    let (put_waters, delete_waters) = compare(&stored.waters, &records.waters, |row| &row.id);
    let (put_buildings, delete_buildings) = compare(&stored.buildings, &records.buildings, |row| &row.id);
    let (put_issues, delete_issues) = compare(&stored.issues, &records.issues, |row| &row.id);
    let changes = [
        Change::DeleteIssues(delete_issues),
        Change::DeleteHouseholds(delete_households),
        Change::DeleteBuildings(delete_buildings),
        Change::DeleteWaters(delete_waters),
        Change::DeleteLines(delete_lines),
        Change::DeleteAreas(delete_areas),
        Change::PutAreas(put_areas),
        Change::PutLines(put_lines),
        Change::PutWaters(put_waters),
        Change::PutBuildings(put_buildings),
        Change::PutHouseholds(put_households),
        Change::PutIssues(put_issues),
    ];
    ChangeSet { street, what: what.to_owned(), changes: changes.into_iter().filter(|change| change.kind().1 > 0).collect() }
}

/// Whether a street has a list of households rather than estimates.
pub fn has_household_list(stored: &[Household]) -> bool {
    stored.iter().any(|household| !household.estimated)
}

fn compare_households(stored: &[Household], fresh: &Rows<Household>) -> (Vec<Household>, Vec<String>) {
    let rows = fresh.rows();
    if has_household_list(rows) {
        // A list has come: whatever was estimated goes.
        let (put, mut delete) = compare(stored, fresh, |row| &row.id);
        if matches!(fresh, Rows::Merge(_)) {
            let listed: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            delete.extend(stored.iter().filter(|row| row.estimated && !listed.contains(row.id.as_str())).map(|row| row.id.clone()));
        }
        return (put, delete);
    }
    if has_household_list(stored) { (vec![], vec![]) } else { compare(stored, fresh, |row| &row.id) }
}

fn compare_areas(stored: &[Area], fresh: &Rows<Area>) -> (Vec<Area>, Vec<Code>) {
    // An input without a name, or with the code for one, does not take away the one that is known.
    let with_name = |area: &Area| {
        let known = stored.iter().find(|known| known.code == area.code).filter(|_| area.name.is_empty() || area.name == area.code.as_str());
        Area { name: known.map_or(&area.name, |known| &known.name).clone(), ..area.clone() }
    };
    let named = |areas: &[Area]| areas.iter().map(with_name).collect();
    let fresh = &match fresh {
        Rows::Untouched => Rows::Untouched,
        Rows::Merge(areas) => Rows::Merge(named(areas)),
        Rows::Replace(areas) => Rows::Replace(named(areas)),
    };
    let (put, delete) = compare(stored, fresh, |area| &area.code);
    let same_level = |code: &Code| {
        let level = stored.iter().find(|area| area.code == *code).map(|area| area.level);
        fresh.rows().iter().any(|area| Some(area.level) == level)
    };
    (put, delete.into_iter().filter(same_level).collect())
}

/// Rows to put and ids to delete, in the order of the ids.
fn compare<T: PartialEq + Clone, K: Ord + Clone>(stored: &[T], fresh: &Rows<T>, key: impl Fn(&T) -> &K) -> (Vec<T>, Vec<K>) {
    let stored: BTreeMap<&K, &T> = stored.iter().map(|row| (key(row), row)).collect();
    let rows: BTreeMap<&K, &T> = fresh.rows().iter().map(|row| (key(row), row)).collect();
    let delete = match fresh {
        Rows::Replace(_) => stored.keys().filter(|id| !rows.contains_key(*id)).map(|id| (*id).clone()).collect(),
        Rows::Untouched | Rows::Merge(_) => vec![],
    };
    let put = rows.iter().filter(|(id, row)| stored.get(*id) != Some(*row)).map(|(_, row)| (*row).clone()).collect();
    (put, delete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, LonLat, MultiPolygon};

    fn household(id: &str, estimated: bool) -> Household {
        Household {
            id: id.into(),
            building_id: None,
            position: LonLat::new(1, 2),
            unit: None,
            floor: None,
            persons: None,
            address: None,
            estimated,
        }
    }

    fn changes(stored: &StreetData, records: Records) -> Vec<Change> {
        change_set(Code::new("520201011").unwrap(), "import", stored, &records).changes
    }

    #[test]
    fn only_what_differs_is_put_and_what_is_gone_is_deleted() {
        let stored = StreetData { households: vec![household("a", false), household("b", false)], ..StreetData::default() };
        let same = Records { households: Rows::Replace(stored.households.clone()), ..Records::default() };
        assert_eq!(changes(&stored, same), vec![]);
        let moved = Household { floor: Some(3), ..household("a", false) };
        let replaced = Records { households: Rows::Replace(vec![moved.clone()]), ..Records::default() };
        assert_eq!(changes(&stored, replaced), [Change::DeleteHouseholds(vec!["b".into()]), Change::PutHouseholds(vec![moved.clone()])]);
        let merged = Records { households: Rows::Merge(vec![moved.clone()]), ..Records::default() };
        assert_eq!(changes(&stored, merged), [Change::PutHouseholds(vec![moved])]);
    }

    #[test]
    fn a_list_displaces_estimates_and_never_the_other_way_round() {
        let estimates = StreetData { households: vec![household("e", true)], ..StreetData::default() };
        let list = Records { households: Rows::Merge(vec![household("a", false)]), ..Records::default() };
        assert_eq!(
            changes(&estimates, list),
            [Change::DeleteHouseholds(vec!["e".into()]), Change::PutHouseholds(vec![household("a", false)])]
        );
        let listed = StreetData { households: vec![household("a", false)], ..StreetData::default() };
        let guess = Records { households: Rows::Replace(vec![household("e", true)]), ..Records::default() };
        assert_eq!(changes(&listed, guess), vec![]);
        // A map without one dwelling, say.
        let none = Records { households: Rows::Replace(vec![]), ..Records::default() };
        assert_eq!(changes(&listed, none.clone()), vec![]);
        assert_eq!(changes(&estimates, none), [Change::DeleteHouseholds(vec!["e".into()])]);
    }

    #[test]
    fn areas_are_replaced_level_by_level() {
        let area =
            |code: &str, level| Area { code: Code::new(code).unwrap(), level, name: String::new(), boundary: MultiPolygon::default() };
        let street = area("520201011", Level::Street);
        let stored = StreetData {
            areas: vec![street.clone(), area("520201011001", Level::Community), area("520201011002", Level::Community)],
            ..StreetData::default()
        };
        let fresh = Records { areas: Rows::Replace(vec![area("520201011001", Level::Community)]), ..Records::default() };
        assert_eq!(changes(&stored, fresh), [Change::DeleteAreas(vec![Code::new("520201011002").unwrap()])]);
    }
}

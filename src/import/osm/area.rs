//! The area asked for: an administrative boundary of the map by name or number, or an outline from a file.

use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{pbf::Pbf, rings};
use crate::{
    import::{
        Error, Intake,
        boundaries::{self, Outline},
    },
    model::{LonLat, MultiPolygon},
};

/// The level of towns, communes, streets; offered first when a name is not found.
const MUNICIPAL: u8 = 8;
/// How many boundaries an error lists.
const OFFERED: usize = 20;

/// The area a map is to be cut to.
#[derive(Clone, Debug)]
pub enum AreaChoice {
    /// An administrative boundary by one of its names, in any case.
    Name(String),
    /// A relation by its number.
    Relation(i64),
    /// An outline.
    Outline(MultiPolygon, Option<String>),
}

impl AreaChoice {
    /// Reads what follows `--area`: `FILE.geojson`, a relation's number, or a name.
    ///
    /// # Errors
    /// Those of [`boundaries::read_outline`].
    pub fn parse(text: &str, intake: &mut Intake<'_>) -> Result<Self, Error> {
        let path = Path::new(text);
        if path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("geojson") || ext.eq_ignore_ascii_case("json")) {
            let Outline { boundary, name, .. } = boundaries::read_outline(path, None, intake)?;
            return Ok(Self::Outline(boundary, name));
        }
        Ok(text.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Relation))
    }
}

/// An administrative relation of the map.
pub struct Administrative {
    pub id: i64,
    pub name: String,
    pub all_names: Vec<String>,
    pub level: Option<u8>,
    pub ways: Vec<i64>,
}

impl Administrative {
    fn show(&self) -> String {
        let level = self.level.map_or(String::new(), |level| format!("admin_level {level}, "));
        format!("{} ({level}relation {})", self.name, self.id)
    }

    /// How many of its ways are not among those found.
    pub fn missing(&self, found: &FxHashSet<i64>) -> usize {
        self.ways.iter().filter(|way| !found.contains(way)).count()
    }
}

/// Finds the boundary that is asked for and assembles it.
pub fn find(
    pbf: &Pbf,
    path: &Path,
    choice: &AreaChoice,
    known: &[Administrative],
    intake: &mut Intake<'_>,
) -> Result<(MultiPolygon, Option<String>), Error> {
    if let AreaChoice::Outline(boundary, name) = choice {
        return Ok((boundary.clone(), name.clone()));
    }
    let matches: Vec<&Administrative> = known
        .iter()
        .filter(|admin| match choice {
            AreaChoice::Relation(id) => admin.id == *id,
            AreaChoice::Name(name) => admin.all_names.iter().any(|theirs| theirs.to_lowercase() == name.to_lowercase()),
            AreaChoice::Outline(..) => false,
        })
        .collect();
    let wanted: FxHashSet<i64> = matches.iter().flat_map(|admin| &admin.ways).copied().collect();
    let members: FxHashSet<i64> = known.iter().flat_map(|admin| &admin.ways).copied().collect();
    let mut found: FxHashSet<i64> = FxHashSet::default();
    let mut refs: FxHashMap<i64, Vec<i64>> = FxHashMap::default();
    pbf.ways(intake, |way| {
        if members.contains(&way.id()) {
            found.insert(way.id());
            if wanted.contains(&way.id()) {
                refs.insert(way.id(), way.refs().collect());
            }
        }
    })?;
    let whole: Vec<&&Administrative> = matches.iter().filter(|admin| admin.missing(&found) == 0).collect();
    let chosen = match (whole.as_slice(), matches.as_slice()) {
        ([one], _) => one,
        ([], []) => return Err(not_found(path, choice, known, &found)),
        ([], [first, ..]) => {
            let why = format!("{} ways of its boundary are missing; take a larger extract, or --area FILE.geojson", first.missing(&found));
            return Err(Error::Area(format!("{}: {} is incomplete: {why}", path.display(), first.show())));
        }
        (several, _) => {
            let list: Vec<String> = several.iter().map(|admin| admin.show()).collect();
            let why = format!("several areas have this name: {}; give --area the relation's number", list.join(", "));
            return Err(Error::Area(format!("{}: {why}", path.display())));
        }
    };
    let nodes: FxHashSet<i64> = refs.values().flatten().copied().collect();
    let mut positions: FxHashMap<i64, LonLat> = FxHashMap::default();
    pbf.nodes(intake, |node| {
        if nodes.contains(&node.id) {
            positions.insert(node.id, node.position);
        }
    })?;
    let ways = chosen.ways.iter().filter_map(|way| refs.get(way)).map(Vec::as_slice);
    let boundary = rings::assemble(ways, &positions)
        .map_err(|flaw| Error::Area(format!("{}: the boundary of {} cannot be used: {}", path.display(), chosen.show(), flaw.message)))?;
    Ok((boundary, Some(chosen.name.clone())))
}

/// The error for an area that is not there, listing those that are: municipal ones if there are any, nearest names first.
pub fn not_found(path: &Path, choice: &AreaChoice, known: &[Administrative], found: &FxHashSet<i64>) -> Error {
    let name = match choice {
        AreaChoice::Name(name) => name.clone(),
        AreaChoice::Relation(id) => id.to_string(),
        AreaChoice::Outline(..) => String::new(),
    };
    let whole: Vec<&Administrative> = known.iter().filter(|admin| admin.missing(found) == 0 && !admin.name.is_empty()).collect();
    let municipal = |admin: &&&Administrative| admin.level == Some(MUNICIPAL);
    let mut offered: Vec<&Administrative> = whole.iter().filter(municipal).copied().collect();
    if offered.is_empty() {
        offered.clone_from(&whole);
    }
    let distance = |admin: &Administrative| {
        let names = admin.all_names.iter().map(|theirs| edit_distance(&theirs.to_lowercase(), &name.to_lowercase()));
        names.min().unwrap_or(usize::MAX)
    };
    offered.sort_by_cached_key(|admin| (distance(admin), admin.name.clone()));
    if offered.is_empty() {
        let why = "it has no complete administrative boundary at all; give the area as a polygon, --area FILE.geojson";
        return Error::Area(format!("{}: no area {name:?}: {why}", path.display()));
    }
    let more = offered.len().saturating_sub(OFFERED);
    let list: Vec<String> = offered.iter().take(OFFERED).map(|admin| admin.show()).collect();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    Error::Area(format!(
        "{}: no area {name:?}; nearest first there are {}{tail}; or give --area FILE.geojson",
        path.display(),
        list.join(", ")
    ))
}

/// Levenshtein's distance in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(from != *to)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #[test]
    fn edit_distances() {
        for (a, b, distance) in [("vaduz", "vadus", 1), ("", "abc", 3), ("triesen", "triesenberg", 4), ("黄土坡", "黄土坡街道", 2)]
        {
            assert_eq!(super::edit_distance(a, b), distance, "{a} {b}");
        }
    }
}

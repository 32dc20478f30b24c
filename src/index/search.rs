//! Find an area, a road or a building by code, name or address.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Snapshot, StreetIndex, texts::Texts};
use crate::model::{Bounds, Building, Code, Line, LineClass, LonLat};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HitKind {
    /// Level 1.
    Street,
    /// Level 2.
    Community,
    /// Level 3.
    Cell,
    /// Ten-household group.
    Group,
    /// Building, by name or address.
    Building,
    /// Road, river or railway.
    Road,
    /// Coordinates, in the CRS asked for.
    Coordinates,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its code; `null` for buildings, roads and coordinates.
    pub code: Option<String>,
    /// Name or address.
    pub name: String,
    /// Where, for people: the areas around it.
    pub context: String,
    /// Longitude in degrees.
    pub lon: f64,
    /// Latitude in degrees.
    pub lat: f64,
    /// West, south, east, north; `null` for a point.
    pub bbox: Option<[f64; 4]>,
}

/// Names of a street's buildings and lines, lower case, each name of lines once.
#[derive(Debug, Default)]
pub struct Names {
    /// Names and addresses.
    texts: Texts,
    /// For every text its building's row.
    buildings: Vec<u32>,
    /// Name and the rows that bear it, by name.
    lines: Vec<(Box<str>, Vec<u32>)>,
}

impl Names {
    /// Collects the names. Boundary lines are no roads and are left out.
    pub fn build(lines: &[Line], buildings: &[Building]) -> Self {
        let texts = |b: &'_ Building| [b.name.clone(), b.address.clone()];
        let buildings = (0..).zip(buildings).flat_map(|(row, b)| texts(b).into_iter().flatten().map(move |t| (fold(&t), row)));
        let mut named: BTreeMap<Box<str>, Vec<u32>> = BTreeMap::new();
        for (row, line) in (0..).zip(lines).filter(|(_, line)| line.class != LineClass::Boundary) {
            if let Some(name) = line.name.as_deref().filter(|name| !name.trim().is_empty()) {
                named.entry(fold(name)).or_default().push(row);
            }
        }
        let (texts, rows): (Vec<Box<str>>, Vec<u32>) = buildings.filter(|(text, _)| !text.is_empty()).unzip();
        Self { texts: texts.iter().map(AsRef::as_ref).collect(), buildings: rows, lines: named.into_iter().collect() }
    }
}

fn fold(text: &str) -> Box<str> {
    text.trim().to_lowercase().into()
}

/// How well a text fits, best first. The order is the ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Code,
    CodePrefix,
    Exact,
    Prefix,
    Within,
}

impl Fit {
    fn of_code(code: &str, wanted: &str) -> Option<Self> {
        if code == wanted { Some(Self::Code) } else { code.starts_with(wanted).then_some(Self::CodePrefix) }
    }

    fn of_text(text: &str, wanted: &str) -> Option<Self> {
        match text.find(wanted)? {
            0 if text.len() == wanted.len() => Some(Self::Exact),
            0 => Some(Self::Prefix),
            _ => Some(Self::Within),
        }
    }
}

/// What a candidate is, in the order of equal fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Street,
    Community(u32),
    Cell(u32),
    Group(u32),
    Line(u32),
    Building(u32),
}

/// A candidate: fit, kind, length of the text (the shorter fits better), street, row.
type Candidate = (Fit, u8, usize, usize, Found);

impl Snapshot {
    /// Areas, roads and buildings whose code begins with, or name or address contains, the text; best first: the exact code, codes
    /// that begin with it, the exact name, names that begin with it, names that contain it. Case does not matter. Addresses are
    /// those of buildings, never of households. Linear in the names; a million take some 20 ms.
    pub fn search(&self, text: &str, limit: usize, as_of: Date) -> Vec<Hit> {
        let wanted = fold(text);
        if wanted.is_empty() || limit == 0 {
            return Vec::new();
        }
        let mut found: Vec<Candidate> = Vec::new();
        for (row, street) in self.streets.iter().enumerate() {
            collect_areas(street, row, &wanted, as_of, &mut found);
            for (i, (text, _)) in (0..).zip(&street.ground.names.lines) {
                found.extend(Fit::of_text(text, &wanted).map(|fit| (fit, 4, text.len(), row, Found::Line(i))));
            }
            let names = &street.ground.names;
            for (i, building) in (0..).zip(&names.buildings) {
                let text = names.texts.get(i);
                found.extend(Fit::of_text(text, &wanted).map(|fit| (fit, 5, text.len(), row, Found::Building(*building))));
            }
        }
        found.sort_unstable();
        let mut seen = rustc_hash::FxHashSet::default();
        found.retain(|candidate| seen.len() < limit && seen.insert((candidate.3, candidate.4.key())));
        found.into_iter().map(|(_, _, _, row, found)| self.hit(row, found, as_of)).collect()
    }

    fn hit(&self, row: usize, found: Found, as_of: Date) -> Hit {
        let street = &self.streets[row];
        let summary = |kind, code: &Code| {
            let area = self.area(code, as_of);
            let context = area.iter().flat_map(|a| &a.parents).map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(" · ");
            let [lon, lat] = area.as_ref().map_or([0.0, 0.0], |a| a.label);
            let name = area.as_ref().map_or_else(|| code.to_string(), |a| a.name.clone());
            Hit { kind, code: Some(code.to_string()), name, context, lon, lat, bbox: area.map(|a| a.bbox) }
        };
        let plan = street.plan_at(as_of);
        match (found, plan) {
            (Found::Community(i), Some(plan)) => summary(HitKind::Community, &plan.plan.communities[i as usize].code),
            (Found::Cell(i), Some(plan)) => summary(HitKind::Cell, &plan.plan.cells[i as usize].code),
            (Found::Group(i), Some(plan)) => summary(HitKind::Group, &plan.groups.codes()[i as usize]),
            (Found::Line(i), _) => line_hit(street, &street.ground.names.lines[i as usize].1),
            (Found::Building(i), _) => {
                let building = street.ground.buildings.get(i);
                let at = street.ground.building_positions[i as usize];
                let name = [&building.name, &building.address].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
                let bounds = Bounds::of(building.footprint.rings().flatten());
                point_hit(HitKind::Building, name, self.context_at(street, at, as_of), at, bounds)
            }
            (Found::Street | Found::Community(_) | Found::Cell(_) | Found::Group(_), _) => summary(HitKind::Street, &street.code),
        }
    }

    fn context_at(&self, street: &StreetIndex, at: LonLat, as_of: Date) -> String {
        let found = self.find_cell(at, as_of).ok();
        let community = found.and_then(|f| f.plan.plan.communities.get(f.plan.community_of_cell[f.cell as usize] as usize));
        match community {
            Some(community) => format!("{} · {}", street.name(), community.name),
            None => street.name().to_owned(),
        }
    }
}

impl Found {
    /// What makes two candidates the same thing: a building fits by name and by address.
    fn key(self) -> (u8, u32) {
        match self {
            Self::Street => (0, 0),
            Self::Community(i) => (1, i),
            Self::Cell(i) => (2, i),
            Self::Group(i) => (3, i),
            Self::Line(i) => (4, i),
            Self::Building(i) => (5, i),
        }
    }
}

fn collect_areas(street: &StreetIndex, row: usize, wanted: &str, as_of: Date, found: &mut Vec<Candidate>) {
    let is_code = wanted.bytes().all(|b| b.is_ascii_digit());
    let fit = |code: &Code, name: &str| {
        let by_code = if is_code { Fit::of_code(code.as_str(), wanted) } else { None };
        by_code.map(|fit| (fit, code.as_str().len())).or_else(|| Fit::of_text(&fold(name), wanted).map(|fit| (fit, name.len())))
    };
    let mut push = |fit: Option<(Fit, usize)>, item: Found| {
        found.extend(fit.map(|(fit, length)| (fit, item.key().0, length, row, item)));
    };
    push(fit(&street.code, street.name()), Found::Street);
    let Some(plan) = street.plan_at(as_of) else { return };
    for (i, community) in (0..).zip(&plan.plan.communities) {
        push(fit(&community.code, &community.name), Found::Community(i));
    }
    for (i, cell) in (0..).zip(&plan.plan.cells) {
        push(fit(&cell.code, &cell.name), Found::Cell(i));
    }
    // Groups have codes only.
    if is_code {
        for (i, code) in (0..).zip(plan.groups.codes()) {
            push(Fit::of_code(code.as_str(), wanted).map(|fit| (fit, code.as_str().len())), Found::Group(i));
        }
    }
}

fn line_hit(street: &StreetIndex, rows: &[u32]) -> Hit {
    let lines = || rows.iter().map(|row| &street.ground.lines[*row as usize]);
    let longest = lines().max_by_key(|line| line.path.len());
    let at = longest.and_then(|line| line.path.get(line.path.len() / 2)).copied().unwrap_or_default();
    let name = longest.and_then(|line| line.name.clone()).unwrap_or_default();
    point_hit(HitKind::Road, name, street.name().to_owned(), at, Bounds::of(lines().flat_map(|line| &line.path)))
}

fn point_hit(kind: HitKind, name: String, context: String, at: LonLat, bounds: Option<Bounds>) -> Hit {
    let bbox = bounds.map(|b| [b.min.lon(), b.min.lat(), b.max.lon(), b.max.lat()]);
    Hit { kind, code: None, name, context, lon: at.lon(), lat: at.lat(), bbox }
}

//! Cells drawn elsewhere, taken over: every block goes to the cell that covers most of it, and what differs is told.

use std::collections::{BTreeMap, BTreeSet};

use geojson::{FeatureCollection, GeometryValue, feature::Id};

use super::{
    Desk, Outcome, Refusal,
    cut::Faces,
    mesh,
    sketch::{Sketch, refused},
    warn,
    words::checked_name,
};
use crate::{
    geometry::{Crs, arrangement::Piece, crs::ToLonLat, ring},
    model::{Bounds, Cell, Code, Community, Level, LonLat, MultiPolygon, Polygon},
    plan::{Error, Watch},
};

/// More of the street than this share in no cell is a plan of half the street.
const GAP_SHARE: f64 = 0.1;
/// More of the street than this share in several cells is no plan.
const OVERLAP_SHARE: f64 = 0.02;
/// Less than this much of a block on the other side of a drawn boundary is the hand that drew it, in square metres.
const HAND_M2: f64 = 25.0;
/// A plan has no more positions in all: a street's own blocks have some ten thousand.
const MOST_POSITIONS: usize = 200_000;

/// A cell as it was drawn.
struct Drawn {
    number: usize,
    code: Option<Code>,
    name: Option<String>,
    shape: MultiPolygon,
    bounds: Bounds,
}

/// Takes cells over.
pub fn take_over(desk: &Desk, plan: &serde_json::Value, crs: Option<&str>, watch: &Watch<'_>) -> Result<Outcome, Refusal> {
    let drawn = read(desk, plan, crs)?;
    let mut sketch = Sketch::new(desk);
    let mut owner = cover(desk, &drawn, &mut sketch, watch)?;
    fill_up(desk, &mut owner);
    join_up(desk, &mut owner, &mut sketch);
    let cells = settle_codes(desk, &drawn, &owner, &mut sketch)?;
    for (id, cell) in &owner {
        let code = &cells[*cell];
        if desk.cell_of_block(*id).map(|c| &c.code) != code.as_ref()
            && let Some(code) = code
        {
            sketch.give(*id, code);
        }
    }
    let kept: BTreeSet<&Code> = cells.iter().flatten().collect();
    desk.plan.cells.iter().filter(|c| !kept.contains(&c.code)).for_each(|c| sketch.drop_cell(&c.code));
    sketch.finish()
}

/// Reads the features.
fn read(desk: &Desk, plan: &serde_json::Value, crs: Option<&str>) -> Result<Vec<Drawn>, Refusal> {
    let bad = |why: String| Refusal::new("bad_geometry", why);
    let member = plan.pointer("/crs/properties/name").and_then(|name| name.as_str());
    let crs: Crs = crs
        .or(member)
        .unwrap_or("CRS84")
        .parse()
        .map_err(|error: crate::geometry::crs::Error| Refusal::new("bad_crs", error.to_string()))?;
    let converter = crs.to_lonlat().map_err(|error| Refusal::new("bad_crs", error.to_string()))?;
    let collection = serde_json::from_value::<FeatureCollection>(plan.clone())
        .map_err(|error| bad(format!("this is no GeoJSON FeatureCollection: {error}")))?;
    let mut drawn = Vec::new();
    for (number, feature) in (1..).zip(collection.features) {
        let text = |key: &str| match feature.property(key) {
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(serde_json::Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let code = text("cell_code").or_else(|| text("code")).or(match &feature.id {
            Some(Id::String(id)) => Some(id.clone()),
            _ => None,
        });
        let code = code.and_then(|text| Code::new(&text).ok());
        let name = text("name").map(|name| checked_name(&name)).transpose()?;
        let shape = match feature.geometry.as_ref().map(|g| &g.value) {
            Some(GeometryValue::Polygon { coordinates }) => MultiPolygon(vec![polygon(&converter, coordinates, number)?]),
            Some(GeometryValue::MultiPolygon { coordinates }) => {
                MultiPolygon(coordinates.iter().map(|rings| polygon(&converter, rings, number)).collect::<Result<_, _>>()?)
            }
            _ => return Err(bad(format!("feature {number} is no polygon"))),
        };
        let Some(bounds) = Bounds::of(shape.rings().flatten()) else { return Err(bad(format!("feature {number} is empty"))) };
        drawn.push(Drawn { number, code, name, shape, bounds });
    }
    let positions = drawn.iter().flat_map(|d| d.shape.rings()).map(Vec::len).sum::<usize>();
    if positions > MOST_POSITIONS {
        return Err(Refusal::new("too_many", format!("the plan has {positions} positions; {MOST_POSITIONS} are the most")));
    }
    if drawn.is_empty() {
        return Err(bad("the plan has no cells".to_owned()));
    }
    let street = Bounds::of(desk.plan.blocks.iter().flat_map(|b| &b.outline.exterior));
    if !drawn.iter().any(|d| street.is_some_and(|s| s.intersects(&d.bounds))) {
        let detail = "no cell of it lies in the street; is it in another CRS than it says?";
        return Err(Refusal::new("bad_crs", detail).at(drawn[0].bounds.min));
    }
    Ok(drawn)
}

fn polygon(converter: &ToLonLat, rings: &[Vec<geojson::Position>], number: usize) -> Result<Polygon, Refusal> {
    let mut closed = rings.iter().map(|ring| {
        let mut positions: Vec<LonLat> = ring
            .iter()
            .map(|p| match p[..] {
                [x, y, ..] => converter.convert(x, y).map_err(|error| Refusal::new("bad_crs", format!("feature {number}: {error}"))),
                _ => Err(Refusal::new("bad_geometry", format!("feature {number} has a position of fewer than two numbers"))),
            })
            .collect::<Result<_, _>>()?;
        if positions.first() != positions.last() {
            positions.extend_from_within(..1);
        }
        positions.dedup();
        if positions.len() < 4 {
            return Err(Refusal::new("bad_geometry", format!("feature {number} has a ring of fewer than three corners")));
        }
        Ok(positions)
    });
    let exterior = closed.next().transpose()?.unwrap_or_default();
    Ok(Polygon { exterior, interiors: closed.collect::<Result<_, _>>()? })
}

/// The drawn cell that covers most of each block.
fn cover(desk: &Desk, drawn: &[Drawn], sketch: &mut Sketch<'_>, watch: &Watch<'_>) -> Result<BTreeMap<u32, usize>, Refusal> {
    let edges = desk.plan.blocks.iter().flat_map(|b| mesh::edges(&b.outline)).filter(|(a, b)| a < b || desk.mesh.left_of(*b, *a).is_none());
    let mut pieces: Vec<Piece> = edges.map(|(from, to)| Piece { from, to, source: 0 }).collect();
    for ring in drawn.iter().flat_map(|d| d.shape.rings()) {
        pieces.extend(ring.windows(2).map(|pair| Piece { from: pair[0], to: pair[1], source: 1 }));
    }
    // What is drawn beyond the street does not matter.
    let Some(street) = Bounds::of(desk.plan.blocks.iter().flat_map(|b| &b.outline.exterior)) else { return Ok(BTreeMap::new()) };
    let faces = Faces::within(&pieces, &street)?;
    let [east, north] = desk.ground.metres.steps_per_metre();
    let blocks: Vec<Option<Bounds>> = desk.plan.blocks.iter().map(|b| Bounds::of(&b.outline.exterior)).collect();
    let holds = |bounds: &Bounds, p: LonLat| bounds.intersects(&Bounds { min: p, max: p });
    let mut shares: BTreeMap<u32, BTreeMap<Option<usize>, f64>> = BTreeMap::new();
    let (mut total, mut gap, mut overlap) = (0.0, (0.0, None), (0.0, None));
    for (number, face) in faces.outlines.iter().enumerate() {
        if !watch("cover", number as f64 / faces.outlines.len() as f64) {
            return Err(refused(&Error::Cancelled));
        }
        let Some(inside) = ring::interior_position(face) else { continue };
        let block = desk.plan.blocks.iter().zip(&blocks).find(|(b, bounds)| {
            bounds.as_ref().is_some_and(|bounds| holds(bounds, inside)) && ring::side(&b.outline, inside) == ring::Side::Inside
        });
        let Some((block, _)) = block else { continue };
        let area_m2 = face.rings().map(|r| ring::signed_area2(r) as f64).sum::<f64>() / 2.0 / east / north;
        total += area_m2;
        let covers = |d: &&Drawn| holds(&d.bounds, inside) && d.shape.0.iter().any(|part| ring::owns(part, inside));
        let mut over = drawn.iter().enumerate().filter(|(_, d)| covers(d)).map(|(i, _)| i);
        let (first, second) = (over.next(), over.next());
        if second.is_some() {
            overlap = (overlap.0 + area_m2, overlap.1.or(Some(inside)));
        }
        if first.is_none() {
            gap = (gap.0 + area_m2, gap.1.or(Some(inside)));
        }
        *shares.entry(block.id).or_default().entry(first).or_default() += area_m2;
    }
    if gap.0 > GAP_SHARE * total {
        let detail = format!("{:.0} % of the street lie in no cell of the plan; a plan covers the whole street", 100.0 * gap.0 / total);
        return Err(Refusal::new("plan_incomplete", detail).at(gap.1));
    }
    if overlap.0 > OVERLAP_SHARE * total {
        let detail = format!("{:.1} % of the street lie in several cells of the plan at once", 100.0 * overlap.0 / total);
        return Err(Refusal::new("plan_overlaps", detail).at(overlap.1));
    }
    for (code, area, what) in [("plan_gaps", gap.0, "in no cell"), ("plan_overlaps", overlap.0, "in several cells")] {
        if area >= 1.0 {
            sketch.warnings.push(warn(code, format!("{area:.0} m² lay {what} and were given to one")));
        }
    }
    let mut owner = BTreeMap::new();
    let (mut blocks, mut beyond_m2) = (0, 0.0);
    for (id, by_cell) in &shares {
        let best = by_cell.iter().filter_map(|(cell, area)| Some(((*cell)?, *area))).max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((cell, area)) = best else { continue };
        owner.insert(*id, cell);
        let beyond = by_cell.values().sum::<f64>() - area;
        if beyond > HAND_M2 {
            blocks += 1;
            beyond_m2 += beyond;
        }
    }
    if blocks > 0 {
        let message = format!(
            "{blocks} blocks lay across drawn boundaries and went whole to the cell that covers most of them ({beyond_m2:.0} m² beyond)"
        );
        sketch.warnings.push(warn("plan_healed", message));
    }
    Ok(owner)
}

/// How long the border of a block with each cell is, the longest first.
fn neighbours(desk: &Desk, id: u32, owner: &BTreeMap<u32, usize>) -> Vec<(usize, f64)> {
    let Some(block) = desk.block(id) else { return Vec::new() };
    let mut lengths: BTreeMap<usize, f64> = BTreeMap::new();
    for (a, b) in mesh::edges(&block.outline) {
        if let Some(cell) = desk.mesh.left_of(b, a).and_then(|other| owner.get(&other)) {
            *lengths.entry(*cell).or_default() += desk.ground.metres.distance(a, b);
        }
    }
    let mut lengths: Vec<(usize, f64)> = lengths.into_iter().collect();
    lengths.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    lengths
}

/// Blocks that no cell covers go to a neighbour's.
fn fill_up(desk: &Desk, owner: &mut BTreeMap<u32, usize>) {
    loop {
        let open: Vec<u32> = desk.plan.blocks.iter().map(|b| b.id).filter(|id| !owner.contains_key(id)).collect();
        let found: Vec<(u32, usize)> = open.iter().filter_map(|id| Some((*id, neighbours(desk, *id, owner).first()?.0))).collect();
        if found.is_empty() {
            // An island that no cell covers is the first cell's.
            owner.extend(open.into_iter().map(|id| (id, 0)));
            return;
        }
        owner.extend(found);
    }
}

/// Of a cell in pieces the largest stays, the others go to neighbours.
fn join_up(desk: &Desk, owner: &mut BTreeMap<u32, usize>, sketch: &mut Sketch<'_>) {
    let mut strays = 0;
    for _ in 0..4 {
        let mut changed = false;
        for cell in owner.values().copied().collect::<BTreeSet<usize>>() {
            let ids: Vec<u32> = owner.iter().filter(|(_, c)| **c == cell).map(|(id, _)| *id).collect();
            let outlines: Vec<&Polygon> = ids.iter().filter_map(|id| desk.block(*id)).map(|b| &b.outline).collect();
            for piece in mesh::pieces(&outlines, &desk.ground.metres).iter().skip(1) {
                let near = piece.iter().flat_map(|i| neighbours(desk, ids[*i], owner)).filter(|(c, _)| *c != cell);
                let best = near.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
                if let Some((to, _)) = best {
                    owner.extend(piece.iter().map(|i| (ids[*i], to)));
                    strays += piece.len();
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    if strays > 0 {
        sketch
            .warnings
            .push(warn("plan_joined", format!("{strays} blocks were apart from the rest of their cell and went to a neighbour's")));
    }
}

/// The code of every drawn cell: its own where it has one that fits, or else a new one.
fn settle_codes(desk: &Desk, drawn: &[Drawn], owner: &BTreeMap<u32, usize>, sketch: &mut Sketch<'_>) -> Result<Vec<Option<Code>>, Refusal> {
    let ground = &desk.ground;
    let mut taken: BTreeSet<Code> = BTreeSet::new();
    let mut codes = vec![None; drawn.len()];
    for (i, d) in drawn.iter().enumerate() {
        if !owner.values().any(|cell| *cell == i) {
            let message = format!("feature {} covers most of no block and is left out", d.number);
            sketch.warnings.push(warn("plan_cell_lost", message));
            continue;
        }
        let fits = |code: &Code| {
            let in_street = desk.plan.communities.first().and_then(|c| ground.scheme.ancestor(&c.code, Level::Street));
            ground.scheme.level(code).is_ok_and(|l| l == Level::Cell)
                && in_street.is_some_and(|street| code.is_within(&street))
                && (desk.cell(code).is_ok() || !ground.is_used(code))
                && !taken.contains(code)
        };
        let cell = match d.code.as_ref().filter(|code| fits(code)) {
            Some(code) => {
                let known = desk.cell(code).ok().cloned();
                let name = d.name.clone().or(known.as_ref().map(|c| c.name.clone())).unwrap_or_default();
                Cell { name, ..known.unwrap_or(Cell { code: code.clone(), name: String::new(), kind: Default::default(), locked: false }) }
            }
            None => {
                let ids = owner.iter().filter(|(_, c)| **c == i).map(|(id, _)| *id);
                let mut votes: BTreeMap<&Code, usize> = BTreeMap::new();
                let communities = ids.filter_map(|id| desk.community_of(&desk.cell_of_block(id)?.code));
                communities.for_each(|c| *votes.entry(&c.code).or_default() += 1);
                let most = votes.into_iter().max_by_key(|(_, n)| *n).map(|(code, _)| code);
                let community = desk.plan.communities.iter().find(|c| Some(&c.code) == most);
                let community = community.ok_or_else(|| Refusal::new("bad_code", "the draft has no communities"))?;
                sketch.new_cell(community, d.name.as_deref())?
            }
        };
        if desk.community_of(&cell.code).is_none()
            && let Some(code) = ground.scheme.ancestor(&cell.code, Level::Community)
        {
            sketch.put_community(Community { name: code.to_string(), code });
        }
        taken.insert(cell.code.clone());
        codes[i] = Some(cell.code.clone());
        sketch.put_cell(cell);
    }
    Ok(codes)
}

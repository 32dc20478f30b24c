//! The faces between a street's lines, before any is split, as the graph that the peers work on.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::anyhow;
use wangge::{
    geometry::{
        Coverage, LocalMetres,
        ring::{owns, signed_area2, standing_position},
    },
    model::{Block, Bounds, Code, Household, LineClass, LonLat, MultiPolygon, StreetData},
    plan,
};

use super::{
    instance, seams,
    strands::{Strands, samples},
};

/// A border runs along a line at most this far from it, in metres.
const ALONG_M: f64 = 0.5;

/// Writes `blocks.csv` (`id,households,area_m2,x,y,outer_m`), `borders.csv` (`a,b,length_m,class`) and `blocks.geojson`. Metres in
/// a local plane.
pub fn write(folder: &Path, code: Code, out: &Path) -> anyhow::Result<()> {
    let street = instance::read(folder, &code)?;
    let blocks = before_splitting(&street)?;
    let metres = seams::plane(blocks.iter().flat_map(|block| &block.outline.exterior));
    let outlines: Vec<MultiPolygon> = blocks.iter().map(|block| block.outline.clone().into()).collect();
    let coverage = Coverage::from_polygons(&outlines).map_err(|error| anyhow!(error))?;
    let households = households_by_block(&street, &blocks);
    let lines = Strands::of_paths(street.lines.iter().map(|line| (&line.path, line.class)));

    fs::create_dir_all(out)?;
    let mut outer_m = vec![0.0; blocks.len()];
    let mut borders = csv::Writer::from_path(out.join("borders.csv"))?;
    borders.write_record(["a", "b", "length_m", "class"])?;
    for arc in &coverage.arcs {
        let length_m: f64 = arc.path.windows(2).map(|pair| metres.distance(pair[0], pair[1])).sum();
        match (arc.left, arc.right) {
            (Some(a), Some(b)) => {
                let class = class_along(&arc.path, &lines, &metres).map_or("none", LineClass::as_str);
                borders.serialize((a.0, b.0, length_m, class))?;
            }
            (Some(a), None) | (None, Some(a)) => outer_m[a.0 as usize] += length_m,
            (None, None) => {}
        }
    }
    borders.flush()?;

    let mut table = csv::Writer::from_path(out.join("blocks.csv"))?;
    table.write_record(["id", "households", "area_m2", "x", "y", "outer_m"])?;
    let mut shapes = BufWriter::new(File::create(out.join("blocks.geojson"))?);
    shapes.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
    let steps: f64 = metres.steps_per_metre().iter().product();
    for (id, block) in blocks.iter().enumerate() {
        let area_m2: f64 = block.outline.rings().map(|ring| signed_area2(ring) as f64 / 2.0 / steps).sum();
        let [x, y] = middle(&block.outline.exterior, &metres);
        table.serialize((id, households[id], area_m2, x, y, outer_m[id]))?;
        let rings: Vec<Vec<[f64; 2]>> = block.outline.rings().map(|ring| ring.iter().map(|p| [p.lon(), p.lat()]).collect()).collect();
        let geometry = serde_json::json!({"type": "Polygon", "coordinates": rings});
        let feature = serde_json::json!({"type": "Feature", "properties": {"id": id}, "geometry": geometry});
        write!(shapes, "{}\n{feature}", if id == 0 { "" } else { "," })?;
    }
    shapes.write_all(b"\n]}\n")?;
    shapes.flush()?;
    table.flush()?;
    Ok(())
}

/// The street's faces: the blocks of a plan of the bare street, where no household asks for a split.
pub fn before_splitting(street: &StreetData) -> anyhow::Result<Vec<Block>> {
    let bare = StreetData { households: Vec::new(), plans: Vec::new(), ..street.clone() };
    let request = plan::Request { cells: Some(1), communities: Some(1), ..plan::Request::default() };
    Ok(plan::plan(&bare, &request, instance::registration(), &|_, _| true)?.0.blocks)
}

/// Households by block: where their building stands, or else where they are themselves; those in no block are nowhere.
fn households_by_block(street: &StreetData, blocks: &[Block]) -> Vec<usize> {
    let boxes: Vec<Option<Bounds>> = blocks.iter().map(|block| Bounds::of(&block.outline.exterior)).collect();
    let holding = |p: LonLat| (0..blocks.len()).find(|b| boxes[*b].is_some_and(|r| r.contains(p)) && owns(&blocks[*b].outline, p));
    let by_building: Vec<Option<usize>> = street.buildings.iter().map(|b| standing_position(&b.footprint).and_then(holding)).collect();
    let building = |id: &str| street.buildings.binary_search_by(|b| b.id.as_str().cmp(id)).ok();
    let mut count = vec![0; blocks.len()];
    let home = |h: &Household| h.building_id.as_deref().and_then(building).and_then(|b| by_building[b]).or_else(|| holding(h.position));
    for block in street.households.iter().filter_map(home) {
        count[block] += 1;
    }
    count
}

/// What the longest part of a path runs along.
fn class_along(path: &[LonLat], lines: &Strands<LineClass>, metres: &LocalMetres) -> Option<LineClass> {
    let mut length_by_class = [0.0; LineClass::ALL.len()];
    for (at, length_m) in samples(path, 5.0, metres) {
        // Where two lines are near, the first of the classes counts: the greater one.
        if let Some(class) = lines.within(at, ALONG_M, metres).min() {
            length_by_class[class as usize] += length_m;
        }
    }
    let longest = LineClass::ALL.into_iter().max_by(|a, b| length_by_class[*a as usize].total_cmp(&length_by_class[*b as usize]))?;
    (length_by_class[longest as usize] > 0.0).then_some(longest)
}

/// Mean of the corners weighted by the sides' lengths.
fn middle(ring: &[LonLat], metres: &LocalMetres) -> [f64; 2] {
    let mut sum = [0.0; 3];
    for pair in ring.windows(2) {
        let ([ax, ay], [bx, by]) = (metres.xy(pair[0]), metres.xy(pair[1]));
        let length = (bx - ax).hypot(by - ay);
        sum = [sum[0] + length * (ax + bx) / 2.0, sum[1] + length * (ay + by) / 2.0, sum[2] + length];
    }
    [sum[0] / sum[2], sum[1] / sum[2]]
}

//! Tiles read back with an independent decoder.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod town;

use std::collections::{BTreeMap, BTreeSet};

use geo_types::{Coord, Geometry, LineString, Polygon};
use mvt_reader::{
    Reader,
    feature::{Feature, Value},
};
use proptest::prelude::*;
use town::{CHANGE_KINDS, CORNER, TownSize, code, day, some_change, street_codes, town};
use wangge::{
    index::{IssueFilter, Snapshot, Theme, Touched, WorldPixel},
    model::{Bounds, IssueStatus, LonLat, StreetData},
    tile::{BUDGET_BYTES, BUFFER, EXTENT, Layer, Query, TileCoord, encode, encode_within, prepare},
};

fn query() -> Query {
    Query { as_of: day("2026-11-24"), plan: None, issues: IssueFilter::default() }
}

fn snapshot(size: TownSize) -> Snapshot {
    Snapshot::build(town(size)).unwrap()
}

/// Every tile of a zoom that the town and what lies around it touches.
fn tiles(snapshot: &Snapshot, z: u8) -> Vec<TileCoord> {
    let bounds = snapshot.streets.iter().filter_map(|s| s.bounds).reduce(|a, b| a.union(b)).unwrap();
    let margin = 20_000;
    let nw = TileCoord::at(LonLat::new(bounds.min.lon_e7 - margin, bounds.max.lat_e7 + margin), z);
    let se = TileCoord::at(LonLat::new(bounds.max.lon_e7 + margin, bounds.min.lat_e7 - margin), z);
    (nw.x..=se.x).flat_map(|x| (nw.y..=se.y).map(move |y| TileCoord { z, x, y })).collect()
}

fn decode(bytes: Option<Vec<u8>>, layer: Layer) -> Vec<Feature<i32>> {
    let Some(bytes) = bytes else { return vec![] };
    let reader = Reader::new(bytes).unwrap();
    let layers = reader.get_layer_metadata().unwrap();
    let Some(found) = layers.iter().find(|l| l.name == layer.as_str()) else { return vec![] };
    assert_eq!((found.version, i64::from(found.extent)), (2, EXTENT));
    reader.get_features_as::<i32>(found.layer_index).unwrap()
}

fn draw(snapshot: &Snapshot, layer: Layer, tile: TileCoord) -> Vec<Feature<i32>> {
    decode(encode(snapshot, &[layer], tile, &query()), layer)
}

fn text<'a>(feature: &'a Feature<i32>, key: &str) -> Option<&'a str> {
    match feature.properties.as_ref()?.get(key)? {
        Value::String(text) => Some(text),
        other => panic!("{key} is {other:?}"),
    }
}

fn count(feature: &Feature<i32>, key: &str) -> u64 {
    match feature.properties.as_ref().and_then(|p| p.get(key)) {
        Some(Value::UInt(count)) => *count,
        other => panic!("{key} is {other:?}"),
    }
}

fn polygons(feature: &Feature<i32>) -> Vec<Polygon<i32>> {
    match &feature.geometry {
        Geometry::MultiPolygon(many) => many.0.clone(),
        other => panic!("{other:?}"),
    }
}

fn rings(feature: &Feature<i32>) -> Vec<LineString<i32>> {
    let rings = polygons(feature).into_iter().map(Polygon::into_inner);
    rings.flat_map(|(exterior, interiors)| std::iter::once(exterior).chain(interiors)).collect()
}

fn lines(feature: &Feature<i32>) -> Vec<LineString<i32>> {
    match &feature.geometry {
        Geometry::LineString(line) => vec![line.clone()],
        Geometry::MultiLineString(many) => many.0.clone(),
        other => panic!("{other:?}"),
    }
}

fn point(feature: &Feature<i32>) -> Coord<i32> {
    match &feature.geometry {
        Geometry::MultiPoint(points) => points.0[0].into(),
        other => panic!("{other:?}"),
    }
}

type Edge = ((i32, i32), (i32, i32));

/// Whether both ends lie on one side of the clip box, where polygons are closed along the cut.
fn is_cut(edge: Edge) -> bool {
    let ((ax, ay), (bx, by)) = edge;
    let on = |a: i32, b: i32| a == b && (i64::from(a) == -BUFFER || i64::from(a) == EXTENT + BUFFER);
    on(ax, bx) || on(ay, by)
}

/// How often every directed edge appears, minus how often its reverse does; cut edges left out.
fn balance(features: &[Feature<i32>]) -> BTreeMap<Edge, i32> {
    let mut edges: BTreeMap<Edge, i32> = BTreeMap::new();
    for pair in features.iter().flat_map(rings).flat_map(|ring| ring.0.windows(2).map(|w| (w[0].x_y(), w[1].x_y())).collect::<Vec<_>>()) {
        if !is_cut(pair) {
            let forward = pair.0 < pair.1;
            *edges.entry(if forward { pair } else { (pair.1, pair.0) }).or_default() += if forward { 1 } else { -1 };
        }
    }
    edges.retain(|_, n| *n != 0);
    edges
}

fn is_of(street: usize) -> impl Fn(&Feature<i32>) -> bool {
    move |feature| text(feature, "code").is_some_and(|code| code.starts_with(street_codes()[street].as_str()))
}

/// Neighbours share their edges to the integer: an edge between two cells comes once in each direction, and what is left over is the
/// street's border, the same in all three levels.
fn check_seams(snapshot: &Snapshot, zooms: std::ops::RangeInclusive<u8>) -> usize {
    let mut edges = 0;
    for z in zooms {
        for tile in tiles(snapshot, z) {
            for street in 0..2 {
                let of = |layer| draw(snapshot, layer, tile).into_iter().filter(is_of(street)).collect::<Vec<_>>();
                let (streets, communities, cells) =
                    (balance(&of(Layer::Streets)), balance(&of(Layer::Communities)), balance(&of(Layer::Cells)));
                assert_eq!(cells, streets, "cells against street at {tile:?}");
                assert_eq!(communities, streets, "communities against street at {tile:?}");
                edges += streets.len();
            }
        }
    }
    edges
}

#[test]
fn neighbours_share_their_edges_to_the_integer_at_every_zoom() {
    // At zoom 11 the island is smaller than a screen pixel and is left out: its hole shows the community below.
    assert!(check_seams(&snapshot(TownSize::default()), 13..=18) > 1000);
    assert!(check_seams(&snapshot(TownSize { blocks: 6, island: false, ..TownSize::default() }), 9..=19) > 1000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn neighbours_share_their_edges_in_any_town(seed in 0u64..10_000, z in 10u8..17) {
        let size = TownSize { blocks: 4, households: 2, issues: 0, island: z > 12, seed };
        check_seams(&snapshot(size), z..=z);
    }
}

/// A ring without its repeated last point, from its smallest point on; turned round when asked.
fn from_the_smallest(mut ring: Vec<(i32, i32)>, turn: bool) -> Vec<(i32, i32)> {
    ring.dedup();
    if ring.first() == ring.last() {
        ring.pop();
    }
    if turn {
        ring.reverse();
    }
    let first = (0..ring.len()).min_by_key(|i| ring[*i]).unwrap_or(0);
    ring.rotate_left(first);
    ring
}

/// From zoom 16 on an area that lies in the tile and its buffer is its outline rounded to the grid, point for point, at zooms that have
/// paths of their own and at those that share the exact ones.
#[test]
fn a_whole_area_is_its_outline_rounded() {
    let snapshot = snapshot(TownSize { blocks: 12, households: 2, issues: 0, ..TownSize::default() });
    let plan = snapshot.streets[0].plan_at(query().as_of).unwrap();
    let outlines = plan.cells.outlines();
    let mut compared = BTreeMap::<u8, usize>::new();
    for (z, tile) in (16..=18).flat_map(|z| tiles(&snapshot, z).into_iter().map(move |t| (z, t))) {
        let shift = 32 - 12 - u32::from(z);
        let local = |p: &LonLat| {
            let step = WorldPixel::of(*p);
            ((step.x >> shift) as i32 - ((tile.x << 12) as i32), (step.y >> shift) as i32 - ((tile.y << 12) as i32))
        };
        let cells = draw(&snapshot, Layer::Cells, tile);
        for (cell, outline) in plan.plan.cells.iter().zip(&outlines) {
            let rings: Vec<Vec<(i32, i32)>> = outline.rings().map(|ring| ring.iter().map(local).collect()).collect();
            let inside = |v: i32| (-BUFFER..=EXTENT + BUFFER).contains(&i64::from(v));
            if !rings.iter().flatten().all(|p| inside(p.0) && inside(p.1)) {
                continue;
            }
            let drawn = cells.iter().find(|f| text(f, "code") == Some(cell.code.as_str())).expect("a cell in the tile");
            let of = |rings: Vec<Vec<(i32, i32)>>, turn: bool| {
                rings.into_iter().map(|ring| from_the_smallest(ring, turn)).collect::<BTreeSet<_>>()
            };
            // The tile's y runs south, so rings run the other way round.
            let drawn = self::rings(drawn).into_iter().map(|ring| ring.0.iter().map(|c| c.x_y()).collect()).collect();
            assert_eq!(of(drawn, false), of(rings, true), "{} at {tile:?}", cell.code);
            *compared.entry(z).or_default() += 1;
        }
    }
    // Deep down only the island is small enough.
    assert!(compared[&16] > 5 && compared.range(17..).map(|(_, n)| n).sum::<usize>() > 0, "{compared:?}");
}

#[test]
fn at_low_zoom_there_are_fewer_points_in_the_same_cells() {
    let snapshot = snapshot(TownSize { island: false, ..TownSize::default() });
    let points = |z: u8| {
        let tiles = tiles(&snapshot, z);
        tiles.iter().flat_map(|t| draw(&snapshot, Layer::Cells, *t)).flat_map(|f| rings(&f)).map(|r| r.0.len()).sum::<usize>()
    };
    let (low, high) = (points(11), points(14));
    assert!(low * 2 < high, "{low} {high}");
    let all: BTreeSet<String> =
        tiles(&snapshot, 9).iter().flat_map(|t| draw(&snapshot, Layer::Cells, *t)).map(|f| text(&f, "code").unwrap().to_owned()).collect();
    assert_eq!(all.len(), 16);
    assert!(tiles(&snapshot, 2).iter().all(|t| draw(&snapshot, Layer::Cells, *t).is_empty()), "below a screen pixel nothing is drawn");
}

#[test]
fn a_polygon_has_its_properties_and_its_hole() {
    let snapshot = snapshot(TownSize::default());
    let tile = TileCoord::at(LonLat::new(CORNER.lon_e7 + 10_000, CORNER.lat_e7 + 10_000), 15);
    let cells = draw(&snapshot, Layer::Cells, tile);
    let around = cells.iter().find(|f| polygons(f).iter().any(|p| !p.interiors().is_empty())).expect("the cell around the island");
    let code = text(around, "code").unwrap();
    assert_eq!(around.id, Some(code.parse().unwrap()));
    assert_eq!((text(around, "level"), count(around, "households"), count(around, "groups")), (Some("cell"), 40, 4));
    let properties = around.properties.as_ref().unwrap();
    assert_eq!(properties["estimated"], Value::Bool(false));
    // 320 households in 9 cells.
    assert_eq!(properties["deviation_pct"], Value::Double(12.5));
    assert!(count(around, "area_m2") > 50_000);
    let island = cells.iter().find(|f| text(f, "name") == Some("专属网格")).unwrap();
    assert_eq!(count(island, "households"), 0);
}

#[test]
fn every_edge_comes_once_with_the_coarsest_level_it_separates() {
    let snapshot = snapshot(TownSize::default());
    let undirected = |line: LineString<i32>| {
        let pairs: Vec<Edge> = line.0.windows(2).map(|w| (w[0].x_y().min(w[1].x_y()), w[0].x_y().max(w[1].x_y()))).collect();
        pairs.into_iter().filter(|e| !is_cut(*e)).collect::<Vec<_>>()
    };
    for z in [12, 14, 16] {
        for tile in tiles(&snapshot, z) {
            let mut drawn: BTreeMap<&str, BTreeSet<Edge>> = BTreeMap::new();
            let edges = draw(&snapshot, Layer::Edges, tile);
            for feature in &edges {
                let set = drawn.entry(text(feature, "level").unwrap()).or_default();
                for edge in lines(feature).into_iter().flat_map(undirected) {
                    assert!(set.insert(edge), "twice at {tile:?}");
                }
            }
            let of = |layer| draw(&snapshot, layer, tile).iter().flat_map(rings).flat_map(undirected).collect::<BTreeSet<Edge>>();
            let (streets, communities, cells) = (of(Layer::Streets), of(Layer::Communities), of(Layer::Cells));
            // The northern street has neither.
            let finer = |coarse: &BTreeSet<Edge>, fine: &BTreeSet<Edge>| fine.difference(coarse).copied().collect::<BTreeSet<_>>();
            let level = |name: &str| drawn.get(name).cloned().unwrap_or_default();
            assert!(level("street").is_superset(&streets) && level("street").difference(&streets).count() <= 4, "{tile:?}");
            assert!(level("community").is_superset(&finer(&streets, &communities)), "{tile:?}");
            assert!(level("cell").is_superset(&finer(&communities, &cells)), "{tile:?}");
        }
    }
}

#[test]
fn labels_come_once_and_by_zoom() {
    let snapshot = snapshot(TownSize::default());
    let labels = |z: u8| {
        let mut labels: BTreeMap<String, usize> = BTreeMap::new();
        for feature in tiles(&snapshot, z).iter().flat_map(|t| draw(&snapshot, Layer::Labels, *t)) {
            let at = point(&feature);
            assert!((0..4096).contains(&at.x) && (0..4096).contains(&at.y));
            *labels.entry(text(&feature, "code").unwrap().to_owned()).or_default() += 1;
        }
        assert!(labels.values().all(|n| *n == 1));
        labels.len()
    };
    assert_eq!([7, 11, 13, 15].map(labels), [0, 3, 3 + 4, 3 + 4 + 17]);
}

#[test]
fn households_show_from_zoom_15_each_once() {
    let snapshot = snapshot(TownSize::default());
    for z in [0, 10, 14] {
        assert!(tiles(&snapshot, z).iter().all(|t| draw(&snapshot, Layer::Households, *t).is_empty()));
    }
    for z in [15, 17] {
        let features: Vec<_> = tiles(&snapshot, z).iter().flat_map(|t| draw(&snapshot, Layer::Households, *t)).collect();
        assert_eq!(features.len(), 2 * 320 + 160);
        let heads = features.iter().filter(|f| f.properties.as_ref().unwrap()["is_head"] == Value::Bool(true)).count();
        let groups: BTreeSet<&str> = features.iter().filter_map(|f| text(f, "group_code")).collect();
        assert_eq!((heads, groups.len()), (64, 64));
        assert!(features.iter().all(|f| !f.properties.as_ref().unwrap().contains_key("address")));
    }
}

#[test]
fn a_heavy_tile_is_thinned_and_loses_nobody() {
    let crowd = snapshot(TownSize { blocks: 2, households: 12_000, issues: 40_000, ..TownSize::default() });
    let mut weights = 0;
    let mut heaviest = 0;
    for tile in tiles(&crowd, 15) {
        let bytes = encode(&crowd, &[Layer::Households], tile, &query());
        heaviest = heaviest.max(bytes.as_ref().map_or(0, Vec::len));
        weights += decode(bytes, Layer::Households)
            .iter()
            .map(|f| if f.properties.as_ref().unwrap().contains_key("weight") { count(f, "weight") } else { 1 })
            .sum::<u64>();
        let all = encode(&crowd, &Layer::ALL, tile, &query());
        assert!(all.map_or(0, |b| b.len()) <= BUDGET_BYTES);
    }
    assert_eq!(weights, 12_000 * 12);
    assert!(heaviest > BUDGET_BYTES / 4 && heaviest <= BUDGET_BYTES, "{heaviest}");
    let issues: u64 = tiles(&crowd, 14)
        .iter()
        .flat_map(|t| {
            let bytes = encode(&crowd, &[Layer::Issues], *t, &query());
            assert!(bytes.as_ref().map_or(0, Vec::len) <= BUDGET_BYTES);
            decode(bytes, Layer::Issues)
        })
        .map(|f| count(&f, "weight"))
        .sum();
    assert_eq!(issues, 40_000);
}

#[test]
fn every_layer_of_areas_keeps_to_a_budget() {
    let snapshot = snapshot(TownSize::default());
    for layer in [Layer::Streets, Layer::Communities, Layer::Cells, Layer::Edges, Layer::Labels, Layer::Blocks] {
        let heavy: Vec<(TileCoord, Vec<u8>)> =
            tiles(&snapshot, 14).into_iter().filter_map(|t| Some((t, encode_within(&snapshot, &[layer], t, &query(), None)?))).collect();
        for (tile, bytes) in &heavy {
            assert_eq!(encode(&snapshot, &[layer], *tile, &query()).as_ref(), Some(bytes), "nothing is left out below the budget");
            let thin = encode_within(&snapshot, &[layer], *tile, &query(), Some(bytes.len() - 1)).unwrap_or_default();
            assert!(thin.len() < bytes.len(), "{layer:?}");
        }
        assert!(!heavy.is_empty(), "{layer:?}");
    }
}

/// Shapes made ready for one snapshot serve the next; what is said of the areas is the next one's own.
#[test]
fn shapes_serve_the_next_snapshot() {
    let size = TownSize::default();
    let mut world = town(size);
    let street: &mut StreetData = world.get_mut(&street_codes()[0]).unwrap();
    street.households.truncate(200);
    let fresh = Snapshot::build(world.clone()).unwrap();
    let old = snapshot(size);
    prepare(&old, None, 10..=14);
    let next = old.with_street(&street_codes()[0], world.remove(&street_codes()[0])).unwrap().0;
    prepare(&next, Some(&old), 13..=17);
    let mut differ = 0;
    for tile in [10, 14, 17].into_iter().flat_map(|z| tiles(&fresh, z)) {
        let bytes = encode(&fresh, &Layer::ALL, tile, &query());
        assert_eq!(encode(&next, &Layer::ALL, tile, &query()), bytes);
        differ += usize::from(encode(&old, &[Layer::Cells], tile, &query()) != encode(&next, &[Layer::Cells], tile, &query()));
    }
    assert!(differ > 0, "the cells have fewer households");
}

#[test]
fn issue_weights_add_up_at_every_zoom_under_every_filter() {
    let snapshot = snapshot(TownSize { issues: 2000, ..TownSize::default() });
    let filters = [
        IssueFilter::default(),
        IssueFilter { categories: vec!["noise".into()], ..IssueFilter::default() },
        IssueFilter { statuses: vec![IssueStatus::Closed], from: Some("2026-05-01T00:00:00Z".parse().unwrap()), ..IssueFilter::default() },
        IssueFilter { categories: vec!["unheard of".into()], ..IssueFilter::default() },
    ];
    for issues in filters {
        let expected = snapshot.issue_buckets().iter().flat_map(|p| p.bucket.iter()).filter(|issue| issues.admits(issue)).count() as u64;
        for (z, layer) in [0, 8, 12, 13, 14, 16].into_iter().flat_map(|z| [(z, Layer::Issues), (z, Layer::Heat)]) {
            let query = Query { issues: issues.clone(), ..query() };
            let features: Vec<_> =
                tiles(&snapshot, z).iter().flat_map(|t| decode(encode(&snapshot, &[layer], *t, &query), layer)).collect();
            assert_eq!(features.iter().map(|f| count(f, "weight")).sum::<u64>(), expected, "{layer:?} at {z}");
            if layer == Layer::Issues && z >= 14 {
                let ids: BTreeSet<&str> = features.iter().filter_map(|f| text(f, "id")).collect();
                assert_eq!(ids.len() as u64, expected);
            } else if z == 0 {
                assert!(features.len() <= 4);
            }
            if issues.categories.len() == 1 && layer == Layer::Issues {
                assert!(features.iter().all(|f| text(f, "category") == Some("noise")));
            }
        }
    }
}

#[test]
fn the_base_map_has_its_kinds() {
    let snapshot = snapshot(TownSize::default());
    let all = |layer, z| tiles(&snapshot, z).into_iter().flat_map(|t| draw(&snapshot, layer, t)).collect::<Vec<_>>();
    let kinds = |features: &[Feature<i32>]| features.iter().map(|f| text(f, "kind").unwrap().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(kinds(&all(Layer::Roads, 14)), ["major_road", "path"].map(str::to_owned).into());
    assert_eq!(kinds(&all(Layer::Roads, 10)), ["major_road"].map(str::to_owned).into());
    assert!(all(Layer::Roads, 14).iter().any(|f| text(f, "name") == Some("钟山大道") && text(f, "class") == Some("arterial")));
    assert_eq!(kinds(&all(Layer::Water, 14)), ["river", "water"].map(str::to_owned).into());
    let buildings = all(Layer::Buildings, 16);
    let ids: BTreeSet<&str> = buildings.iter().filter_map(|f| text(f, "id")).collect();
    assert_eq!(ids.len(), 32 + 16, "the two planned streets use the same ids");
    assert!(buildings.iter().all(|f| count(f, "households") == 10 && count(f, "levels") == 6 && text(f, "kind") == Some("residential")));
    assert!(all(Layer::Buildings, 13).is_empty());
    let blocks = all(Layer::Blocks, 14);
    assert_eq!(blocks.iter().map(|f| text(f, "cell_code").unwrap()).collect::<BTreeSet<_>>().len(), 17);
    let groups = all(Layer::Groups, 15);
    assert_eq!(groups.iter().map(|f| text(f, "code").unwrap()).collect::<BTreeSet<_>>().len(), 64);
    assert!(groups.iter().all(|f| count(f, "households") == 10 && text(f, "code").unwrap().starts_with(text(f, "cell_code").unwrap())));
}

#[test]
fn the_day_and_the_draft_choose_the_plan() {
    let snapshot = snapshot(TownSize::default());
    let tile = TileCoord::at(CORNER, 14);
    let bytes = |as_of: &str, plan: Option<u32>| {
        encode(
            &snapshot,
            &[Layer::Cells],
            tile,
            &Query { as_of: day(as_of), plan: plan.map(|n| (code("520201011"), n)), issues: IssueFilter::default() },
        )
    };
    assert_ne!(bytes("2026-06-30", None), bytes("2026-07-01", None));
    assert_eq!(bytes("2026-06-30", None), bytes("2026-07-01", Some(1)));
    assert_eq!(bytes("2026-06-30", None), bytes("2026-07-01", Some(3)), "the draft is drawn like the first plan");
    assert_eq!(bytes("2025-01-01", None), None);
    assert!(bytes("2025-01-01", Some(3)).is_some());
}

#[test]
fn the_same_world_gives_the_same_bytes() {
    let (one, two) = (snapshot(TownSize::default()), snapshot(TownSize::default()));
    for z in [8, 12, 14, 15, 16] {
        for tile in tiles(&one, z) {
            let bytes = encode(&one, &Layer::ALL, tile, &query());
            assert_eq!(bytes, encode(&two, &Layer::ALL, tile, &query()));
            let parts: Vec<u8> = Layer::ALL.iter().filter_map(|l| encode(&two, &[*l], tile, &query())).flatten().collect();
            assert_eq!(bytes.unwrap_or_default(), parts, "a composite is its layers end to end");
        }
    }
}

#[test]
fn nothing_there_is_no_tile() {
    let snapshot = snapshot(TownSize::default());
    assert_eq!(encode(&snapshot, &Layer::ALL, TileCoord { z: 14, x: 0, y: 0 }, &query()), None);
    assert_eq!(encode(&snapshot, &Layer::ALL, TileCoord { z: 2, x: 4, y: 0 }, &query()), None);
    assert_eq!(encode(&Snapshot::default(), &Layer::ALL, TileCoord { z: 0, x: 0, y: 0 }, &query()), None);
    for layer in Layer::ALL {
        let z = layer.min_zoom().max(15);
        let declared: BTreeSet<&str> = layer.fields().iter().map(|f| f.0).collect();
        for feature in tiles(&snapshot, z).into_iter().flat_map(|t| draw(&snapshot, layer, t)) {
            assert!(feature.properties.unwrap().keys().all(|k| declared.contains(k.as_str())), "{layer:?}");
        }
        if layer.min_zoom() > 0 {
            assert!(tiles(&snapshot, layer.min_zoom() - 1).into_iter().all(|t| draw(&snapshot, layer, t).is_empty()), "{layer:?}");
        }
    }
}

/// GDAL's MVT driver, a second independent reader, sees the same layers with the same number of features and valid polygons.
#[test]
fn gdal_reads_the_same_features() {
    let snapshot = snapshot(TownSize::default());
    let folder = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for tile in tiles(&snapshot, 16) {
        let Some(bytes) = encode(&snapshot, &Layer::ALL, tile, &query()) else { continue };
        let path = folder.path().join(format!("{}-{}.mvt", tile.x, tile.y));
        std::fs::write(&path, &bytes).unwrap();
        let output =
            std::process::Command::new("ogrinfo").args(["-ro", "-so", "-al"]).arg(&path).output().expect("ogrinfo (package gdal-bin)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report = String::from_utf8(output.stdout).unwrap();
        let field = |line: &str, name: &str| line.strip_prefix(name).map(str::to_owned);
        let names: Vec<String> = report.lines().filter_map(|l| field(l, "Layer name: ")).collect();
        let counts: Vec<usize> = report.lines().filter_map(|l| field(l, "Feature Count: ")).map(|n| n.parse().unwrap()).collect();
        let gdal: BTreeMap<String, usize> = names.into_iter().zip(counts).collect();
        let ours: BTreeMap<String, usize> = Layer::ALL
            .into_iter()
            .map(|layer| (layer.as_str().to_owned(), decode(Some(bytes.clone()), layer).len()))
            .filter(|(_, features)| *features > 0)
            .collect();
        assert_eq!(gdal, ours, "{tile:?}");
        compared += ours.len();
    }
    assert!(compared > 20, "{compared} layers compared");
}

/// Whether a change says that it touches a layer of a tile.
fn is_touched(touched: &Touched, draft: Option<u32>, layer: Layer, tile: TileCoord) -> bool {
    let inside = tile.bounds();
    let is_point = [Layer::Labels, Layer::Households, Layer::Issues, Layer::Heat].contains(&layer);
    let share = if is_point { 0 } else { 4096 / BUFFER as i32 };
    let margin = |length: i32| length.checked_div(share).map_or(1, |margin| margin + 1);
    let (dx, dy) = (margin(inside.max.lon_e7 - inside.min.lon_e7), margin(inside.max.lat_e7 - inside.min.lat_e7));
    let around = Bounds {
        min: LonLat::new(inside.min.lon_e7 - dx, inside.min.lat_e7 - dy),
        max: LonLat::new(inside.max.lon_e7 + dx, inside.max.lat_e7 + dy),
    };
    let boxes = |theme: Theme| touched.of(theme).chain(draft.into_iter().flat_map(move |plan| touched.of_draft(plan, theme)));
    Theme::ALL.into_iter().filter(|theme| layer.shows(*theme)).flat_map(boxes).any(|bounds| bounds.intersects(&around))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// What a change does not say it touches keeps its bytes, on every layer and zoom, for the plan in force and for drafts.
    #[test]
    fn a_change_touches_what_it_says(seed in 0u64..10_000, kind in 0u32..CHANGE_KINDS) {
        let world = town(TownSize::default());
        let [west, ..] = street_codes();
        let before = Snapshot::build(world.clone()).unwrap();
        let (after, touched) = before.with_changes(&west, some_change(&world[&west], kind, seed)).unwrap();
        let mut queries: Vec<Query> =
            [None, Some(1), Some(3)].map(|plan| Query { plan: plan.map(|plan| (west.clone(), plan)), ..query() }).into();
        // A day without any plan in force.
        queries.push(Query { as_of: day("2025-01-01"), ..query() });
        let (mut changed, mut dropped) = (0, 0);
        for (layer, z) in Layer::ALL.into_iter().flat_map(|layer| (10..=17).map(move |z| (layer, z))) {
            for tile in tiles(&before, z) {
                dropped += usize::from(is_touched(&touched, None, layer, tile));
                for query in &queries {
                    let said = is_touched(&touched, query.plan.as_ref().map(|(_, plan)| *plan), layer, tile);
                    let is_same = encode(&before, &[layer], tile, query) == encode(&after, &[layer], tile, query);
                    prop_assert!(is_same || said, "kind {} changes {:?} of {:?} unsaid", kind, layer, tile);
                    changed += usize::from(!is_same);
                }
            }
        }
        prop_assert!(changed > 0 || kind >= 6, "kind {} changes nothing", kind);
        if kind == 0 {
            // One issue: a tile a zoom of the issues and of the heat, eight zooms.
            prop_assert_eq!(dropped, 16);
        }
    }
}

//! A block too big for one cell is cut half-way between its buildings: along the Voronoi edges of the footprints.
//!
//! The diagram is that of positions set densely along the footprints (Okabe et al. 2000, line Voronoi diagram by points);
//! only edges between different buildings are kept, clipped to the block.

use spade::{DelaunayTriangulation, Point2, Triangulation};

use crate::{
    geometry::{
        LocalMetres,
        ring::{self, Side},
    },
    model::{LonLat, MultiPolygon, Polygon},
};

/// Distance between positions along a footprint, in metres.
const SPACING_M: f64 = 1.5;

/// Cuts between the footprints standing in the block.
pub fn cuts_between(block: &Polygon, footprints: &[&MultiPolygon], metres: &LocalMetres) -> Vec<[LonLat; 2]> {
    let mut sites: Vec<(Point2<f64>, usize)> = Vec::new();
    for (owner, footprint) in footprints.iter().enumerate() {
        for wall in footprint.0.iter().flat_map(|part| part.exterior.windows(2)) {
            let ([ax, ay], [bx, by]) = (metres.xy(wall[0]), metres.xy(wall[1]));
            let steps = ((bx - ax).hypot(by - ay) / SPACING_M).ceil().max(1.0);
            sites.extend((0..steps as usize).map(|i| {
                let t = i as f64 / steps;
                (Point2::new(ax + t * (bx - ax), ay + t * (by - ay)), owner)
            }));
        }
    }
    // Far positions that own nothing make every cell between buildings end beyond the block.
    let (low, high) = block
        .exterior
        .iter()
        .map(|p| metres.xy(*p))
        .fold(([f64::MAX; 2], [f64::MIN; 2]), |(low, high), [x, y]| ([low[0].min(x), low[1].min(y)], [high[0].max(x), high[1].max(y)]));
    let size = (high[0] - low[0]).max(high[1] - low[1]);
    let (cx, cy) = ((low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0);
    for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
        sites.push((Point2::new(cx + 20.0 * size * x, cy + 20.0 * size * y), usize::MAX));
    }
    let mut diagram = DelaunayTriangulation::<Point2<f64>>::new();
    let mut owner_of = Vec::new();
    for (position, owner) in sites {
        if diagram.insert(position).is_ok_and(|vertex| vertex.index() == owner_of.len()) {
            owner_of.push(owner);
        }
    }
    let mut cuts = Vec::new();
    for edge in diagram.undirected_edges() {
        let owners = edge.vertices().map(|v| owner_of[v.index()]);
        if owners[0] == owners[1] || owners.contains(&usize::MAX) {
            continue;
        }
        let [left, right] = [edge.as_directed(), edge.as_directed().rev()].map(|e| e.face().as_inner().map(|f| f.circumcenter()));
        if let (Some(a), Some(b)) = (left, right) {
            cuts.extend(clip(block, metres, [a.x, a.y], [b.x, b.y]));
        }
    }
    cuts.sort_unstable();
    cuts
}

/// The runs of a segment inside the block.
fn clip(block: &Polygon, metres: &LocalMetres, [ax, ay]: [f64; 2], [bx, by]: [f64; 2]) -> Vec<[LonLat; 2]> {
    let (dx, dy) = (bx - ax, by - ay);
    let mut stops = vec![0.0, 1.0];
    for wall in block.rings().flat_map(|r| r.windows(2)) {
        let ([cx, cy], [ex, ey]) = (metres.xy(wall[0]), metres.xy(wall[1]));
        let (wx, wy) = (ex - cx, ey - cy);
        let turn = dx * wy - dy * wx;
        let t = ((cx - ax) * wy - (cy - ay) * wx) / turn;
        let u = ((cx - ax) * dy - (cy - ay) * dx) / turn;
        if (0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u) {
            stops.push(t);
        }
    }
    stops.sort_by(f64::total_cmp);
    let at = |t: f64| metres.position([ax + t * dx, ay + t * dy]);
    stops
        .windows(2)
        .filter(|pair| ring::side(block, at((pair[0] + pair[1]) / 2.0)) == Side::Inside)
        .map(|pair| [at(pair[0]), at(pair[1])])
        .filter(|[a, b]| a != b)
        .collect()
}

//! Every boundary once.

use rustc_hash::FxHashSet;

use super::{
    encode::{Kind, LayerWriter, Value},
    generalise::{EXACT_ZOOM, simplify, tolerance},
    layers::Scene,
    plan_tiles::PlanTiles,
    pyramid::{Pixel, project_path},
    shapes::{Arcs, local_points},
};
use crate::{index::StreetIndex, model::Level};

/// Edges between streets, communities and cells show from these zooms on.
const LEVELS: [(Level, u8); 3] = [(Level::Street, 0), (Level::Community, 8), (Level::Cell, 10)];

/// Every boundary once, as one feature a level: the coarsest that it separates. Where two streets meet in the same pixels the line
/// is drawn for the first.
pub fn draw_edges(scene: &Scene<'_>, writer: &mut LayerWriter) {
    // With one street nothing can come twice.
    let mut outer = scene.streets().nth(1).map(|_| OuterEdges::default());
    for (place, (level, _)) in LEVELS.into_iter().enumerate().filter(|(_, (_, zoom))| scene.z() >= *zoom) {
        for street in scene.streets() {
            let plan = scene.plan(street).and_then(PlanTiles::of);
            match (plan, &mut outer) {
                (Some(plan), outer) => {
                    let edges = &plan.shapes.edges[place];
                    for i in edges.boxes.meeting(&scene.window) {
                        let is_left_out = scene.thinning > 0 && edges.boxes.get(i).is_smaller_than(scene.least_size(), scene.z());
                        if !is_left_out {
                            let once = outer.as_mut().filter(|_| level == Level::Street);
                            draw_arc(&plan.shapes.arcs, edges.arcs[i] as usize, once, scene, writer);
                        }
                    }
                }
                (None, outer) if level == Level::Street => {
                    draw_boundary(street, outer.get_or_insert_default(), scene, writer);
                }
                (None, _) => {}
            }
        }
        if !writer.geometry.is_empty() {
            writer.tags(&[("level", Value::Text(level.as_str()))]);
            writer.close_feature(None, Kind::Line);
        }
    }
}

fn draw_arc(arcs: &Arcs, arc: usize, once: Option<&mut OuterEdges>, scene: &Scene<'_>, writer: &mut LayerWriter) {
    let path = arcs.path(arc, scene.z());
    if path.len() < 2 {
        return;
    }
    if let Some(outer) = once {
        let mut points: Vec<Pixel> = local_points(path, scene.frame).collect();
        points.dedup();
        draw_pieces(&outer.new_pieces(&points), writer);
    } else if scene.z() <= EXACT_ZOOM && scene.window.holds(arcs.bounds(arc)) {
        writer.geometry.whole_path(path, scene.frame.origin);
    } else {
        let LayerWriter { geometry, clipper, .. } = writer;
        clipper.line(local_points(path, scene.frame), |piece| geometry.path(piece));
    }
}

/// The given boundary of a street without a plan.
fn draw_boundary(street: &StreetIndex, outer: &mut OuterEdges, scene: &Scene<'_>, writer: &mut LayerWriter) {
    for ring in street.area().into_iter().flat_map(|area| area.boundary.rings()) {
        let points = simplify(&project_path(ring, scene.z()), tolerance(scene.z()));
        let local: Vec<Pixel> = points.iter().map(|p| scene.frame.local(*p)).collect();
        draw_pieces(&outer.new_pieces(&local), writer);
    }
}

fn draw_pieces(pieces: &[Vec<Pixel>], writer: &mut LayerWriter) {
    let LayerWriter { geometry, clipper, .. } = writer;
    for piece in pieces {
        clipper.line(piece.iter().copied(), |piece| geometry.path(piece));
    }
}

/// Segments of streets' outer borders already drawn.
#[derive(Default)]
struct OuterEdges(FxHashSet<(Pixel, Pixel)>);

impl OuterEdges {
    /// The pieces of a path that were not drawn before.
    fn new_pieces(&mut self, path: &[Pixel]) -> Vec<Vec<Pixel>> {
        let mut pieces: Vec<Vec<Pixel>> = Vec::new();
        let mut is_open = false;
        for pair in path.windows(2) {
            let is_new = self.0.insert((pair[0].min(pair[1]), pair[0].max(pair[1])));
            if is_new && !is_open {
                pieces.push(vec![pair[0]]);
            }
            if is_new && let Some(piece) = pieces.last_mut() {
                piece.push(pair[1]);
            }
            is_open = is_new;
        }
        pieces
    }
}

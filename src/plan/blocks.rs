//! Lines to blocks: healing, noding, detours around buildings, faces.
//!
//! In: a street's boundary, lines and buildings. Out: [`Blocks`], the atoms of planning.
//! **Invariant:** blocks tile the boundary; no edge between two blocks runs through a building.

use rstar::{AABB, RTree};
use rustc_hash::FxHashSet;

use super::{
    footprint::{Footprint, Footprints},
    kinds::{Kinds, Source},
    network::{self, Network, Sets},
};
use crate::{
    geometry::{
        Coverage, FaceId, LocalMetres,
        arrangement::Piece,
        coverage::{self, Edge},
        heal,
        ring::{self, Side},
    },
    model::{Area, Bounds, Line, LineClass, LonLat, MultiPolygon, Polygon, StreetData},
};

/// How far a junction may fall short and still be healed, in metres. Survey data misses by up to half a metre.
const HEAL_REACH_M: f64 = 0.5;
/// A face smaller than this is an artefact of drawing, not a block, in square metres.
const SLIVER_M2: f64 = 1.0;
/// Detours can uncover new crossings, each round one footprint further along a chain that overlaps; after so many what is left
/// is glued.
const MAX_ROUNDS: usize = 32;
/// An edge of a plan lies on a line that is at most this far from its middle, in metres: both are rounded to about 1 cm.
const ON_LINE_M: f64 = 0.05;

/// The atoms of planning and what separates them.
#[derive(Debug)]
pub struct Blocks {
    /// Edges between two blocks, or a block and the outside, with what runs along them.
    pub edges: Vec<(Edge, Kinds)>,
    /// Outlines; index = face.
    pub outlines: Vec<Polygon>,
    /// For every building of the street the block it stands in; `None` outside the boundary.
    pub block_of_building: Vec<Option<u32>>,
    /// Finds blocks by position.
    pub finder: BlockFinder,
}

/// Everything that goes into the arrangement.
pub struct Drawing {
    pieces: Vec<Piece>,
    footprints: Footprints,
    metres: LocalMetres,
}

impl Drawing {
    /// Draws the street's boundary, the given areas' boundaries and the healed lines.
    pub fn of_street(street: &StreetData, boundary: &MultiPolygon, given: &[&Area], metres: LocalMetres) -> Self {
        let footprints = Footprints::new(&street.buildings, metres);
        let mut drawing = Self { pieces: Vec::new(), footprints, metres };
        for part in &boundary.0 {
            for (i, ring) in part.rings().enumerate() {
                // The inside to the left, so that faces know on which side of the boundary they lie.
                if (ring::signed_area2(ring) > 0) == (i == 0) {
                    drawing.add(Source::Outer, ring);
                } else {
                    drawing.add(Source::Outer, &ring.iter().rev().copied().collect::<Vec<_>>());
                }
            }
        }
        for ring in given.iter().flat_map(|area| area.boundary.rings()) {
            drawing.add(Source::Given, ring);
        }
        // What lies wholly beyond the boundary's box bounds no block.
        let room = Bounds::of(boundary.rings().flatten());
        let reaches = |pair: &[LonLat]| room.zip(Bounds::of(pair)).is_some_and(|(room, segment)| room.intersects(&segment));
        for line in &street.lines {
            line.path.windows(2).filter(|pair| reaches(pair)).for_each(|pair| drawing.add(Source::Line(line.class), pair));
        }
        let paths: Vec<&[LonLat]> = street.lines.iter().map(|l| l.path.as_slice()).chain(boundary.rings().map(Vec::as_slice)).collect();
        let is_blocked = |a, b| drawing.footprints.between(a, b);
        for (from, to) in heal::links(&paths, HEAL_REACH_M, &metres, is_blocked) {
            drawing.pieces.push(Piece { from, to, source: Source::Line(LineClass::Local).to_u32() });
        }
        drawing
    }

    /// Adds a path.
    pub fn add(&mut self, source: Source, path: &[LonLat]) {
        self.pieces.extend(path.windows(2).map(|p| Piece { from: p[0], to: p[1], source: source.to_u32() }));
    }

    /// The footprints on the drawing.
    pub fn footprints(&self) -> &Footprints {
        &self.footprints
    }

    /// The local plane.
    pub fn metres(&self) -> &LocalMetres {
        &self.metres
    }

    /// Cuts the drawing into blocks.
    pub fn blocks(&self, go_on: &dyn Fn() -> bool) -> Option<Blocks> {
        let mut obstacles: Vec<u32> = Vec::new();
        let mut is_obstacle = vec![false; self.footprints.len()];
        let mut network = Network::build(&self.pieces, &self.footprints, &is_obstacle);
        for _ in 0..MAX_ROUNDS {
            go_on().then_some(())?;
            let crossed: Vec<u32> = self
                .footprints
                .crossed_by(network.inner_edges().map(|(e, _)| (e.from, e.to)))
                .into_iter()
                .filter(|b| !is_obstacle[*b as usize])
                .collect();
            if crossed.is_empty() {
                break;
            }
            for b in crossed {
                is_obstacle[b as usize] = true;
                obstacles.push(b);
            }
            let mut pieces = self.pieces.clone();
            for ring in obstacles.iter().flat_map(|&b| self.footprints.get(b).shape.rings()) {
                pieces.extend(ring.windows(2).map(|p| Piece { from: p[0], to: p[1], source: Source::Wall.to_u32() }));
            }
            network = Network::build(&pieces, &self.footprints, &is_obstacle);
        }
        self.glue(&mut network, &is_obstacle);
        Some(self.finish(network))
    }

    /// Joins what must not stand alone: the inside of a building that a line was led around goes to the neighbour with the
    /// longest common wall, slivers to the neighbour with the longest common edge, and the two sides of any edge that still
    /// runs through a building to each other.
    fn glue(&self, network: &mut Network, is_obstacle: &[bool]) {
        let outlines = network.outlines();
        let inside_building: Vec<bool> = outlines
            .iter()
            .map(|o| ring::interior_position(o).is_some_and(|p| self.footprints.holding(p).any(|b| is_obstacle[b as usize])))
            .collect();
        let is_walled = |face: usize| inside_building[face];
        network.glue_each(&self.metres, |face, _| is_walled(face));
        network.glue_each(&self.metres, |_, area_m2| area_m2 < SLIVER_M2);
        for _ in 0..MAX_ROUNDS {
            let cutting = self.footprints.cutting_edges(network.inner_edges());
            if cutting.is_empty() {
                break;
            }
            network.join_sides(&cutting);
        }
    }

    fn finish(&self, network: Network) -> Blocks {
        let (edges, outlines) = network.into_parts();
        let finder = BlockFinder::new(&outlines);
        let block_of_building = self.footprints.iter().map(|f: &Footprint| f.inside.and_then(|p| finder.find(&outlines, p))).collect();
        Blocks { edges, outlines, block_of_building, finder }
    }
}

impl Blocks {
    /// Blocks that are drawn already, some or all of a plan's; what runs along their edges is read off the lines and barriers
    /// that lie there. Buildings are not placed.
    ///
    /// # Errors
    /// When they overlap.
    pub fn standing(outlines: Vec<Polygon>, lines: &[Line], barriers: &[&[LonLat]], metres: &LocalMetres) -> Result<Self, coverage::Error> {
        let shapes: Vec<MultiPolygon> = outlines.iter().map(|o| o.clone().into()).collect();
        let coverage = Coverage::from_polygons(&shapes)?;
        let room = Bounds::of(outlines.iter().flat_map(|o| &o.exterior));
        let reaches = |pair: &[LonLat]| room.zip(Bounds::of(pair)).is_some_and(|(room, segment)| room.intersects(&segment));
        let along = lines.iter().map(|l| (l.path.as_slice(), Source::Line(l.class)));
        let strands: Vec<([LonLat; 2], Source)> = along
            .chain(barriers.iter().map(|b| (*b, Source::Barrier)))
            .flat_map(|(path, source)| path.windows(2).filter(|pair| reaches(pair)).map(move |pair| ([pair[0], pair[1]], source)))
            .collect();
        let boxes = (0..).zip(&strands).filter_map(|(i, (pair, _))| super::footprint::Boxed::new(i, pair));
        let tree = RTree::bulk_load(boxes.collect());
        let [east, north] = metres.steps_per_metre().map(|s| (s * ON_LINE_M).ceil() as i64);
        let kinds_at = |p: LonLat| {
            let [x, y] = [i64::from(p.lon_e7), i64::from(p.lat_e7)];
            let near = tree.locate_in_envelope_intersecting(AABB::from_corners([x - east, y - north], [x + east, y + north]));
            near.map(|item| &strands[item.index as usize])
                .filter(|([a, b], _)| metres.distance_to_segment(p, *a, *b) <= ON_LINE_M)
                .fold(Kinds::default(), |kinds, (_, source)| kinds.with(*source))
        };
        let edges = coverage.arcs.iter().flat_map(|arc| {
            arc.path.windows(2).map(|pair| {
                let edge = Edge { from: pair[0], to: pair[1], left: arc.left, right: arc.right };
                let middle = LonLat::new(pair[0].lon_e7.midpoint(pair[1].lon_e7), pair[0].lat_e7.midpoint(pair[1].lat_e7));
                (edge, if arc.left.is_some() && arc.right.is_some() { kinds_at(middle) } else { Kinds::default() })
            })
        });
        let edges = edges.collect();
        let finder = BlockFinder::new(&outlines);
        Ok(Self { edges, outlines, block_of_building: Vec::new(), finder })
    }

    /// The block each face is a piece of: faces are pieces of one block when only cuts between buildings part them.
    pub fn block_of_piece(&self) -> Vec<u32> {
        let sides = |edge: &Edge| edge.left.zip(edge.right).map(|(l, r)| (l.0.min(r.0), l.0.max(r.0)));
        let parted: FxHashSet<(u32, u32)> =
            self.edges.iter().filter(|(_, kinds)| kinds.has(Source::Barrier)).filter_map(|(edge, _)| sides(edge)).collect();
        self.glued(|a, b| !parted.contains(&(a.min(b), a.max(b))))
    }

    /// Drops the cuts between pieces that `together` says belong together, and says which face each became part of.
    pub fn without_cuts(self, together: impl Fn(u32, u32) -> bool) -> (Self, Vec<u32>) {
        let face_of = self.glued(together);
        let count = face_of.iter().max().map_or(0, |m| m + 1);
        let number = |face: Option<FaceId>| face.map(|f| FaceId(face_of[f.0 as usize]));
        let edges: Vec<(Edge, Kinds)> = self
            .edges
            .into_iter()
            .map(|(edge, kinds)| (Edge { left: number(edge.left), right: number(edge.right), ..edge }, kinds))
            .filter(|(edge, _)| edge.left != edge.right)
            .collect();
        let outlines = network::outlines(&edges, count);
        let block_of_building = self.block_of_building.iter().map(|b| b.map(|b| face_of[b as usize])).collect();
        let finder = BlockFinder::new(&outlines);
        (Self { edges, outlines, block_of_building, finder }, face_of)
    }

    /// Numbers, without gaps, for faces that hang together across cuts.
    fn glued(&self, together: impl Fn(u32, u32) -> bool) -> Vec<u32> {
        let mut sets = Sets::new(self.outlines.len() as u32);
        for (edge, kinds) in &self.edges {
            if let (Some(left), Some(right)) = (edge.left, edge.right)
                && kinds.only(Source::Split)
                && together(left.0, right.0)
            {
                sets.join(left.0, right.0);
            }
        }
        let mut number = vec![u32::MAX; self.outlines.len()];
        let mut count = 0;
        // A set's smallest face stands for it and comes first.
        for face in 0..number.len() as u32 {
            let first = sets.find(face);
            if first == face {
                number[face as usize] = count;
                count += 1;
            } else {
                number[face as usize] = number[first as usize];
            }
        }
        number
    }

    /// The block that holds the position, or else the nearest one, and whether it holds it.
    pub fn nearest(&self, p: LonLat) -> (u32, bool) {
        match self.finder.find(&self.outlines, p) {
            Some(block) => (block, true),
            None => (self.finder.nearest(&self.outlines, p), false),
        }
    }
}

/// An R-tree over the blocks' boxes.
#[derive(Debug)]
pub struct BlockFinder {
    tree: RTree<super::footprint::Boxed>,
}

impl BlockFinder {
    /// Over the outlines; they are handed in again with every question.
    pub fn new(outlines: &[Polygon]) -> Self {
        Self { tree: RTree::bulk_load((0..).zip(outlines).filter_map(|(i, o)| super::footprint::Boxed::new(i, &o.exterior)).collect()) }
    }

    /// The block that owns the position under the border rule, or else one that it touches.
    pub fn find(&self, outlines: &[Polygon], p: LonLat) -> Option<u32> {
        let mut touched = None;
        for item in self.tree.locate_all_at_point([i64::from(p.lon_e7), i64::from(p.lat_e7)]) {
            let outline = &outlines[item.index as usize];
            if ring::owns(outline, p) {
                return Some(item.index);
            }
            if ring::side(outline, p) == Side::Border {
                touched = touched.max(Some(item.index));
            }
        }
        touched
    }

    /// The outline nearest to a position that is in none.
    pub fn nearest(&self, outlines: &[Polygon], p: LonLat) -> u32 {
        let metres = LocalMetres::at(p);
        let distance = |i: u32| {
            let walls = outlines[i as usize].rings().flat_map(|r| r.windows(2));
            walls.map(|w| metres.distance_to_segment(p, w[0], w[1])).fold(f64::INFINITY, f64::min)
        };
        // The few nearest boxes hold the nearest outline for all that matters here: the position is in none of them.
        let near = self.tree.nearest_neighbor_iter([i64::from(p.lon_e7), i64::from(p.lat_e7)]).take(8);
        near.map(|item| (distance(item.index), item.index)).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map_or(0, |n| n.1)
    }
}

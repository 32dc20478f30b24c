//! A coverage's faces and their unions as pixel polygons, all put together from the same generalised arcs, and kept as they go out.

use std::sync::OnceLock;

use super::{
    boxes::{Boxes, WorldBox},
    clip::clip_ring,
    encode::{LayerWriter, area2},
    generalise::{EXACT_ZOOM, simplify_all},
    layers::Scene,
    pyramid::{Frame, Pixel, PixelBox, at_zoom},
    wire::{WirePath, WirePaths},
};
use crate::{
    geometry::{
        Coverage,
        coverage::ArcRing,
        ring::{Side, side, signed_area2},
    },
    index::WorldPixel,
    model::Polygon,
};

/// A polygon as arcs: the exterior, then its holes.
type PartRings = Vec<ArcRing>;

/// Zooms with paths of their own; the deeper ones are read off the exact paths.
const KEPT_ZOOMS: usize = EXACT_ZOOM as usize + 1;

/// A coverage's arcs: in world steps, and generalised for every zoom that was asked for.
#[derive(Debug)]
pub struct Arcs {
    exact: WirePaths,
    boxes: Vec<WorldBox>,
    zoomed: [OnceLock<WirePaths>; KEPT_ZOOMS],
}

impl Arcs {
    /// Projects a coverage's arcs.
    pub fn new(coverage: &Coverage) -> Self {
        let mut exact = WirePaths::default();
        let mut boxes = Vec::with_capacity(coverage.arcs.len());
        for arc in &coverage.arcs {
            let steps: Vec<WorldPixel> = arc.path.iter().map(|p| WorldPixel::of(*p)).collect();
            boxes.push(WorldBox::around(steps.iter().copied()));
            exact.push(&steps.iter().map(|s| Pixel::new(s.x.into(), s.y.into())).collect::<Vec<_>>());
        }
        exact.shrink();
        Self { exact, boxes, zoomed: Default::default() }
    }

    /// The box of an arc, before generalisation.
    pub fn bounds(&self, arc: usize) -> &WorldBox {
        &self.boxes[arc]
    }

    /// An arc as it is drawn at a zoom: from that zoom's corner of the world, or in world steps where [`pixels`] rounds them.
    pub fn path(&self, arc: usize, z: u8) -> WirePath<'_> {
        self.paths(z).path(arc)
    }

    fn paths(&self, z: u8) -> &WirePaths {
        let Some(slot) = self.zoomed.get(usize::from(z)) else { return &self.exact };
        slot.get_or_init(|| {
            let rounded = |i| {
                let mut path: Vec<Pixel> = self.exact.path(i).points().map(|p| step_at_zoom(p, z)).collect();
                path.dedup();
                path
            };
            let rounded: Vec<Vec<Pixel>> = (0..self.exact.len()).map(rounded).collect();
            let mut wire = WirePaths::default();
            let simple = if z < EXACT_ZOOM { simplify_all(&rounded) } else { rounded };
            simple.iter().for_each(|path| wire.push(path));
            wire.shrink();
            wire
        })
    }
}

fn step_at_zoom(step: Pixel, z: u8) -> Pixel {
    at_zoom(WorldPixel { x: step.x as u32, y: step.y as u32 }, z)
}

/// A kept path's points from the tile's corner. Beyond the kept zooms equal ones may follow each other.
pub fn local_points(path: WirePath<'_>, frame: Frame) -> impl Iterator<Item = Pixel> + use<'_> {
    let z = frame.tile.z;
    let is_exact = z > EXACT_ZOOM;
    path.points().map(move |p| frame.local(if is_exact { step_at_zoom(p, z) } else { p }))
}

/// Areas as unions of a coverage's faces: where they lie, of which arcs they are made, and their rings at every zoom asked for.
#[derive(Debug)]
pub struct AreaShapes {
    /// By area.
    pub boxes: Boxes,
    /// Where every area's rings end.
    ends: Vec<u32>,
    /// Exteriors, each followed by its holes.
    rings: Vec<RingPlace>,
    /// The rings' arcs, twice the number and one more when it is forward.
    halves: Vec<u32>,
    zoomed: [OnceLock<ZoomRings>; KEPT_ZOOMS + 1],
}

#[derive(Debug)]
struct RingPlace {
    bounds: WorldBox,
    is_exterior: bool,
    /// Where its arcs end.
    end: u32,
}

/// Rings the way MVT wants them, without the repeated last point; empty when they shrank to less than three points.
#[derive(Debug, Default)]
struct ZoomRings {
    paths: WirePaths,
    /// Whether the ring has an area, and runs the right way round.
    is_sound: Vec<bool>,
}

impl AreaShapes {
    /// The unions of the faces by label.
    pub fn new(coverage: &Coverage, arcs: &Arcs, labels: &[u32], count: u32) -> Self {
        let (mut ends, mut rings, mut halves, mut boxes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for area in coverage.rings_by_label(labels, count) {
            let mut around = WorldBox::NOTHING;
            for part in group_rings(coverage, area) {
                for (i, ring) in part.into_iter().enumerate() {
                    let bounds = ring.iter().fold(WorldBox::NOTHING, |b, half| b.union(arcs.bounds(half.0.0 as usize)));
                    around = around.union(&bounds);
                    halves.extend(ring.iter().map(|(arc, forward)| arc.0 * 2 + u32::from(*forward)));
                    rings.push(RingPlace { bounds, is_exterior: i == 0, end: halves.len() as u32 });
                }
            }
            ends.push(rings.len() as u32);
            boxes.push(around);
        }
        rings.shrink_to_fit();
        halves.shrink_to_fit();
        Self { boxes: Boxes::new(boxes), ends, rings, halves, zoomed: Default::default() }
    }

    /// Makes the rings of a zoom unless they are there.
    pub fn make_ready(&self, arcs: &Arcs, z: u8) {
        self.at(arcs, z);
    }

    fn at(&self, arcs: &Arcs, z: u8) -> &ZoomRings {
        self.zoomed[usize::from(z).min(KEPT_ZOOMS)].get_or_init(|| {
            let paths = arcs.paths(z);
            let paths: Vec<Vec<Pixel>> = (0..paths.len()).map(|i| paths.path(i).points().collect()).collect();
            let mut zoomed = ZoomRings::default();
            let mut start = 0;
            for ring in &self.rings {
                let points = ring_pixels(&self.halves[start..ring.end as usize], &paths);
                let area =
                    points.first().map_or(0, |&o| area2(&points.iter().map(|p| Pixel::new(p.x - o.x, p.y - o.y)).collect::<Vec<_>>()));
                zoomed.is_sound.push(points.len() > 2 && if ring.is_exterior { area > 0 } else { area < 0 });
                zoomed.paths.push(&points);
                start = ring.end as usize;
            }
            zoomed.paths.shrink();
            zoomed
        })
    }

    /// Draws an area's polygons into the open feature. Parts that shrank to nothing are left out.
    pub fn draw(&self, area: usize, arcs: &Arcs, scene: &Scene<'_>, writer: &mut LayerWriter) {
        let zoomed = self.at(arcs, scene.z());
        let start = area.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let mut has_exterior = false;
        for i in start..self.ends[area] as usize {
            let ring = &self.rings[i];
            if !ring.is_exterior && !has_exterior {
                continue;
            }
            let is_drawn = scene.window.meets(&ring.bounds) && {
                let path = zoomed.paths.path(i);
                if scene.z() <= EXACT_ZOOM && scene.window.holds(&ring.bounds) {
                    if zoomed.is_sound[i] {
                        writer.geometry.whole_ring(path, scene.frame.origin);
                    }
                    zoomed.is_sound[i]
                } else {
                    let clipped = writer.clipper.ring(local_points(path, scene.frame));
                    let area = area2(clipped);
                    let is_sound = if ring.is_exterior { area > 0 } else { area < 0 };
                    if is_sound {
                        writer.geometry.ring(clipped);
                    }
                    is_sound
                }
            };
            if ring.is_exterior {
                has_exterior = is_drawn;
            }
        }
    }
}

/// The points of a ring, turned the way MVT wants: it is given with the face to its left on the map, and the tile's y runs south.
fn ring_pixels(halves: &[u32], arcs: &[Vec<Pixel>]) -> Vec<Pixel> {
    let mut pixels: Vec<Pixel> = Vec::new();
    for half in halves.iter().rev() {
        let path = &arcs[*half as usize / 2];
        if half % 2 == 0 { pixels.extend(path) } else { pixels.extend(path.iter().rev()) }
    }
    pixels.dedup();
    while pixels.len() > 1 && pixels.first() == pixels.last() {
        pixels.pop();
    }
    pixels
}

/// Clips polygons (exterior first, counter-clockwise on the map; pixels of the world, without the repeated last point) to the
/// tile, turns them the way MVT wants and drops what has no area left.
pub fn clip_parts(parts: impl Iterator<Item = Vec<Vec<Pixel>>>, frame: &Frame) -> Vec<Vec<Pixel>> {
    let window = frame.buffered();
    let mut rings = Vec::new();
    for part in parts {
        for (i, ring) in part.iter().enumerate() {
            let near = PixelBox::around(ring).is_some_and(|b| b.meets(&window));
            let local: Vec<Pixel> = if near { ring.iter().rev().map(|p| frame.local(*p)).collect() } else { Vec::new() };
            let clipped = clip_ring(&local);
            let area = area2(&clipped);
            if i == 0 && area <= 0 {
                break;
            }
            if i == 0 || area < 0 {
                rings.push(clipped);
            }
        }
    }
    rings
}

/// Puts every hole behind the smallest exterior around it, by the exact shapes.
fn group_rings(coverage: &Coverage, rings: Vec<ArcRing>) -> Vec<PartRings> {
    if let [only] = rings.as_slice()
        && signed_area2(&coverage.ring_path(only)) > 0
    {
        return vec![rings];
    }
    let with_paths = rings.into_iter().map(|ring| (Polygon { exterior: coverage.ring_path(&ring), interiors: Vec::new() }, ring));
    let (mut exteriors, holes): (Vec<_>, Vec<_>) = with_paths.partition(|(path, _)| signed_area2(&path.exterior) > 0);
    exteriors.sort_by_key(|(path, _)| signed_area2(&path.exterior));
    let (shells, exteriors): (Vec<Polygon>, Vec<ArcRing>) = exteriors.into_iter().unzip();
    let mut parts: Vec<PartRings> = exteriors.into_iter().map(|ring| vec![ring]).collect();
    for (path, hole) in holes {
        let inside = |shell: &Polygon| path.exterior.iter().map(|p| side(shell, *p)).find(|s| *s != Side::Border) == Some(Side::Inside);
        let home = if shells.len() == 1 { Some(0) } else { shells.iter().position(inside) };
        if let Some(home) = home {
            parts[home].push(hole);
        }
    }
    parts
}

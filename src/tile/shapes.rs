//! A coverage's faces and their unions as pixel polygons, all put together from the same generalised arcs.

use std::sync::OnceLock;

use super::{
    clip::clip_ring,
    encode::area2,
    generalise::generalise_arcs,
    pyramid::{Frame, MAX_ZOOM, Pixel},
};
use crate::{
    geometry::{
        Coverage,
        coverage::ArcRing,
        ring::{Side, side, signed_area2},
    },
    index::PlanIndex,
    model::Polygon,
};

/// A polygon as arcs: the exterior, then its holes.
type PartRings = Vec<ArcRing>;

/// What the tiles of one plan are read off. Made on the first tile, kept with the plan.
#[derive(Debug)]
pub struct PlanShapes {
    /// One face: the street.
    pub street: LabelledShapes,
    /// By community.
    pub communities: LabelledShapes,
    /// By cell.
    pub cells: LabelledShapes,
    /// By block, over the plan's block coverage.
    pub blocks: LabelledShapes,
    cell_arcs: ZoomedArcs,
    block_arcs: ZoomedArcs,
}

impl PlanShapes {
    /// The shapes of a plan; `None` only when its slot was taken by something else.
    pub fn of(plan: &PlanIndex) -> Option<&Self> {
        plan.tiles.get_or_init(|| {
            let cells = plan.cells.face_count;
            Self {
                street: LabelledShapes::new(&plan.cells, &vec![0; cells as usize], 1),
                communities: LabelledShapes::new(&plan.cells, &plan.community_labels(), plan.plan.communities.len() as u32 + 1),
                cells: LabelledShapes::new(&plan.cells, &(0..cells).collect::<Vec<_>>(), cells),
                blocks: LabelledShapes::new(&plan.blocks, &(0..plan.blocks.face_count).collect::<Vec<_>>(), plan.blocks.face_count),
                cell_arcs: ZoomedArcs::default(),
                block_arcs: ZoomedArcs::default(),
            }
        })
    }

    /// The arcs of the cell coverage at a zoom.
    pub fn cell_arcs(&self, plan: &PlanIndex, z: u8) -> &[Vec<Pixel>] {
        self.cell_arcs.at(&plan.cells, z)
    }

    /// The arcs of the block coverage at a zoom.
    pub fn block_arcs(&self, plan: &PlanIndex, z: u8) -> &[Vec<Pixel>] {
        self.block_arcs.at(&plan.blocks, z)
    }
}

/// A coverage's arcs at every zoom that was asked for.
#[derive(Debug, Default)]
struct ZoomedArcs([OnceLock<Vec<Vec<Pixel>>>; MAX_ZOOM as usize + 1]);

impl ZoomedArcs {
    fn at(&self, coverage: &Coverage, z: u8) -> &[Vec<Pixel>] {
        self.0[usize::from(z.min(MAX_ZOOM))].get_or_init(|| generalise_arcs(coverage, z))
    }
}

/// The unions of a coverage's faces by label, as arcs of that coverage.
#[derive(Debug)]
pub struct LabelledShapes(Vec<Vec<PartRings>>);

impl LabelledShapes {
    fn new(coverage: &Coverage, labels: &[u32], count: u32) -> Self {
        Self(coverage.rings_by_label(labels, count).into_iter().map(|rings| group_rings(coverage, rings)).collect())
    }

    /// The rings of a label's polygons within the tile, ready to encode. Parts that shrank to nothing are left out.
    pub fn in_frame(&self, label: usize, arcs: &[Vec<Pixel>], frame: &Frame) -> Vec<Vec<Pixel>> {
        let parts = self.0.get(label).map(Vec::as_slice).unwrap_or_default();
        clip_parts(parts.iter().map(|part| part.iter().map(|ring| ring_pixels(ring, arcs)).collect()), frame)
    }
}

/// Clips polygons (exterior first, counter-clockwise on the map; pixels of the world, without the repeated last point) to the
/// tile, turns them the way MVT wants and drops what has no area left.
pub fn clip_parts(parts: impl Iterator<Item = Vec<Vec<Pixel>>>, frame: &Frame) -> Vec<Vec<Pixel>> {
    let window = frame.buffered();
    let mut rings = Vec::new();
    for part in parts {
        for (i, ring) in part.iter().enumerate() {
            let near = super::pyramid::PixelBox::around(ring).is_some_and(|b| b.meets(&window));
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

fn ring_pixels(ring: &ArcRing, arcs: &[Vec<Pixel>]) -> Vec<Pixel> {
    let mut pixels: Vec<Pixel> = Vec::new();
    for &(arc, forward) in ring {
        let path = &arcs[arc.0 as usize];
        if forward { pixels.extend(path) } else { pixels.extend(path.iter().rev()) }
    }
    pixels.dedup();
    while pixels.len() > 1 && pixels.first() == pixels.last() {
        pixels.pop();
    }
    pixels
}

/// Puts every hole behind the smallest exterior around it, by the exact shapes.
fn group_rings(coverage: &Coverage, rings: Vec<ArcRing>) -> Vec<PartRings> {
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

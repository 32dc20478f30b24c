//! The plan's own layers: blocks, cells, communities.

use rstar::{AABB, RTree, RTreeObject};

use super::{
    Error, Show,
    canvas::{Canvas, Pen, px},
    colour::{CALM, DEVIATION, colour_apart, deviation_class},
    ground, label,
    legend::{Key, Legend},
};
use crate::{
    geometry::{
        Coverage, FaceId, LocalMetres,
        coverage::{Arc, assemble},
    },
    model::{Bounds, Code, LonLat, MultiPolygon, Plan, StreetData},
};

/// How far from a line a border may run and still follow it, in metres.
const ALONG_M: f64 = 0.5;

/// A plan and its borders as shared arcs.
pub struct Grid<'a> {
    /// The plan.
    pub plan: &'a Plan,
    blocks: Coverage,
    /// Faces are cells.
    cells: Coverage,
    community_of_cell: Vec<u32>,
}

impl<'a> Grid<'a> {
    /// Reads the borders off the plan's blocks.
    ///
    /// # Errors
    /// [`Error::Coverage`] when the blocks overlap.
    pub fn of(plan: &'a Plan) -> Result<Self, Error> {
        let outlines: Vec<MultiPolygon> = plan.blocks.iter().map(|block| block.outline.clone().into()).collect();
        let labels: Vec<u32> = plan.blocks.iter().map(|block| block.cell).collect();
        let blocks = Coverage::from_polygons(&outlines)?;
        let cells = blocks.dissolve(&labels, plan.cells.len() as u32);
        let community =
            |code: &Code| plan.communities.iter().position(|c| code.is_within(&c.code)).unwrap_or(plan.communities.len()) as u32;
        Ok(Self { plan, blocks, cells, community_of_cell: plan.cells.iter().map(|cell| community(&cell.code)).collect() })
    }

    /// The box around all blocks; `None` when there are none.
    pub fn bounds(&self) -> Option<Bounds> {
        Bounds::of(self.cells.arcs.iter().flat_map(|arc| &arc.path))
    }

    /// The outline of the cell or community with this code.
    ///
    /// # Errors
    /// [`Error::UnknownArea`].
    pub fn area(&self, code: &Code) -> Result<MultiPolygon, Error> {
        let is_area = self.plan.cells.iter().any(|c| c.code == *code) || self.plan.communities.iter().any(|c| c.code == *code);
        let labels: Vec<u32> = self.plan.cells.iter().map(|cell| u32::from(is_area && cell.code.is_within(code))).collect();
        if !labels.contains(&1) {
            let ends = self.plan.cells.first().zip(self.plan.cells.last());
            let hint = ends.map_or(String::new(), |(first, last)| format!("; its cells run from {} to {}", first.code, last.code));
            return Err(Error::UnknownArea { plan: self.plan.id.0, code: code.clone(), hint });
        }
        Ok(self.cells.outlines_by_label(&labels, 2).pop().unwrap_or_default())
    }

    /// Blocks with the borders between them.
    pub fn draw_blocks(&self, canvas: &mut Canvas<'_>, street: &StreetData, legend: &mut Legend) {
        let land = assemble(self.whole_rings());
        let data = canvas.shape(&land);
        canvas.path(&data, "class=\"street\" fill=\"#f7f4ec\" fill-rule=\"evenodd\"");
        ground::draw_beneath(canvas, street, "#ddd6c8");
        let lines = Strands::new(street);
        let (along, between): (Vec<_>, Vec<_>) = self
            .blocks
            .arcs
            .iter()
            .filter(|arc| arc.left.is_some() && arc.right.is_some() && canvas.frame.shows(&arc.path))
            .flat_map(|arc| lines.runs(&arc.path, canvas.frame.metres()))
            .partition(|(is_along, _)| *is_along);
        let solid = Pen::new("#475569", 1.0);
        let dashed = Pen::dashed("#c2410c", 1.5, [4.0, 2.0]);
        canvas.stroke("along", &solid, along.iter().map(|(_, path)| *path));
        canvas.stroke("between", &dashed, between.iter().map(|(_, path)| *path));
        ground::draw_rivers_and_railways(canvas, street);
        let border = Pen::new("#1f2937", 2.2);
        let is_outer = |arc: &Arc| arc.left.is_none() || arc.right.is_none();
        canvas.stroke("border", &border, paths(&self.cells, is_outer));
        if paths(&self.cells, is_outer).any(|path| canvas.frame.shows(path)) {
            legend.add(Key::Line(border), "boundary of the street");
        }
        legend.add(Key::Line(solid), "block border along a street, river or railway");
        if !between.is_empty() {
            legend.add(Key::Line(dashed), "block border between or around buildings");
        }
        legend.add(Key::Words, &format!("{} in the street", counted(self.plan.blocks.len(), "block")));
        ground::explain_beneath(canvas, street, legend);
    }

    /// Cells filled by what is shown, with streets beneath and borders above.
    pub fn draw_cells(&self, canvas: &mut Canvas<'_>, street: &StreetData, show: Show, names: bool, legend: &mut Legend) {
        let outlines = self.cells.outlines();
        let deviations = self.deviations_pct();
        let fills: Vec<&'static str> = match show {
            Show::Deviation => deviations.iter().map(|percent| DEVIATION[deviation_class(*percent)]).collect(),
            Show::Communities => {
                let communities = self.plan.communities.len() + 1;
                let apart = colour_apart(&self.neighbours(&self.community_of_cell, communities), CALM.len());
                self.community_of_cell.iter().map(|community| CALM[apart[*community as usize]]).collect()
            }
            _ => {
                let own: Vec<u32> = (0..outlines.len() as u32).collect();
                colour_apart(&self.neighbours(&own, outlines.len()), CALM.len()).into_iter().map(|colour| CALM[colour]).collect()
            }
        };
        canvas.group("class=\"cells\" fill-rule=\"evenodd\"", |canvas| {
            for ((outline, cell), fill) in outlines.iter().zip(&self.plan.cells).zip(&fills) {
                let data = canvas.shape(outline);
                canvas.path(&data, &format!("data-code=\"{}\" fill=\"{fill}\"", cell.code));
            }
        });
        ground::draw_beneath(canvas, street, if show == Show::Deviation { "#ffffff" } else { "#fffdf8" });
        let is_community = |arc: &Arc| self.is_between_communities(arc);
        let thin = Pen::new("#4b5563", if show == Show::Communities { 0.9 } else { 1.5 });
        let strong = Pen::new("#1e293b", 3.4);
        canvas.stroke("cell-borders", &thin, paths(&self.cells, |arc| !is_community(arc)));
        canvas.stroke("community-borders", &strong, paths(&self.cells, is_community));
        self.draw_labels(canvas, &outlines, &deviations, show, names);
        self.explain_cells(show, thin, strong, legend);
        ground::explain_beneath(canvas, street, legend);
    }

    fn explain_cells(&self, show: Show, thin: Pen, strong: Pen, legend: &mut Legend) {
        if show == Show::Deviation {
            legend.add(Key::Deviations, &format!("% from the mean of {} households a cell", px(self.mean_households())));
        }
        legend.add(Key::Line(thin), &counted(self.plan.cells.len(), "cell"));
        legend.add(Key::Line(strong), &counted(self.plan.communities.len(), "community"));
        if show == Show::Cells {
            legend.add(Key::Words, "001: last digits of a cell's code");
        }
    }

    fn draw_labels(&self, canvas: &mut Canvas<'_>, outlines: &[MultiPolygon], deviations: &[f64], show: Show, names: bool) {
        let halo =
            "class=\"labels\" text-anchor=\"middle\" fill=\"#1f2937\" stroke=\"#ffffff\" stroke-opacity=\".8\" stroke-linejoin=\"round\"";
        let halo = format!("{halo} stroke-width=\"{}\" paint-order=\"stroke\"", px(2.6 * canvas.frame.unit));
        canvas.group(&halo, |canvas| {
            if show == Show::Communities {
                let count = self.plan.communities.len() as u32 + 1;
                let shapes = self.cells.outlines_by_label(&self.community_of_cell, count);
                for (shape, community) in shapes.iter().zip(&self.plan.communities) {
                    let text = if names && !community.name.is_empty() { community.name.as_str() } else { last_digits(&community.code) };
                    label(canvas, shape, text, 15.0);
                }
                return;
            }
            for ((outline, cell), deviation) in outlines.iter().zip(&self.plan.cells).zip(deviations) {
                match show {
                    Show::Deviation => label(canvas, outline, &signed(*deviation), 11.0),
                    _ => label(canvas, outline, last_digits(&cell.code), 11.0),
                }
            }
        });
    }

    /// Faint ground and the cells' borders, for what is drawn on top.
    pub fn draw_backdrop(&self, canvas: &mut Canvas<'_>, street: &StreetData, legend: &mut Legend) {
        let data = canvas.shape(&assemble(self.whole_rings()));
        canvas.path(&data, "class=\"street\" fill=\"#f7f4ec\" fill-rule=\"evenodd\"");
        ground::draw_beneath(canvas, street, "#e0d9ca");
        let border = Pen::new("#4b5563", 1.6);
        canvas.stroke("cell-borders", &border, paths(&self.cells, |_| true));
        legend.add(Key::Line(border), "border of a cell");
    }

    fn whole_rings(&self) -> Vec<Vec<LonLat>> {
        let one = vec![0; self.plan.cells.len()];
        let rings = self.cells.rings_by_label(&one, 1);
        rings.iter().flatten().map(|ring| self.cells.ring_path(ring)).collect()
    }

    fn mean_households(&self) -> f64 {
        let all: usize = self.plan.groups.iter().map(|group| group.members.len()).sum();
        all as f64 / self.plan.cells.len().max(1) as f64
    }

    /// How far each cell's households are from the mean, in percent; counted through the groups, as each household has one.
    fn deviations_pct(&self) -> Vec<f64> {
        let mut households = vec![0_usize; self.plan.cells.len()];
        for group in &self.plan.groups {
            let cell = self.plan.cells.partition_point(|cell| cell.code <= group.code).saturating_sub(1);
            households[cell] += group.members.len();
        }
        let mean = self.mean_households();
        households.iter().map(|count| if mean > 0.0 { (*count as f64 / mean - 1.0) * 100.0 } else { 0.0 }).collect()
    }

    fn is_between_communities(&self, arc: &Arc) -> bool {
        let community = |face: Option<FaceId>| face.map(|cell| self.community_of_cell[cell.0 as usize]);
        community(arc.left) != community(arc.right)
    }

    /// Who shares a border with whom, when cells carry labels below `count`.
    fn neighbours(&self, labels: &[u32], count: usize) -> Vec<Vec<u32>> {
        let mut neighbours = vec![Vec::new(); count];
        for (left, right) in self.cells.arcs.iter().filter_map(|arc| arc.left.zip(arc.right)) {
            let (a, b) = (labels[left.0 as usize], labels[right.0 as usize]);
            if a != b {
                neighbours[a as usize].push(b);
                neighbours[b as usize].push(a);
            }
        }
        for others in &mut neighbours {
            others.sort_unstable();
            others.dedup();
        }
        neighbours
    }
}

fn paths(coverage: &Coverage, wanted: impl Fn(&Arc) -> bool) -> impl Iterator<Item = &[LonLat]> {
    coverage.arcs.iter().filter(move |arc| wanted(arc)).map(|arc| arc.path.as_slice())
}

fn last_digits(code: &Code) -> &str {
    let digits = code.as_str();
    digits.get(digits.len().saturating_sub(3)..).unwrap_or(digits)
}

/// One decimal, or none when the number is long enough without; with a sign that is not a hyphen.
fn signed(percent: f64) -> String {
    let digits = if percent.abs() < 9.95 { format!("{:.1}", percent.abs()) } else { format!("{:.0}", percent.abs()) };
    let sign = match percent {
        _ if digits == "0.0" => "",
        p if p < 0.0 => "\u{2212}",
        _ => "+",
    };
    format!("{sign}{digits}")
}

/// "1 cell", "2 cells", "2 communities".
pub fn counted(count: usize, one: &str) -> String {
    match one.strip_suffix('y') {
        _ if count == 1 => format!("1 {one}"),
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {one}s"),
    }
}

/// The street's lines with a tree over their segments.
struct Strands(RTree<Strand>);

struct Strand(LonLat, LonLat);

impl RTreeObject for Strand {
    type Envelope = AABB<[i64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(corner(self.0), corner(self.1))
    }
}

fn corner(p: LonLat) -> [i64; 2] {
    [i64::from(p.lon_e7), i64::from(p.lat_e7)]
}

impl Strands {
    fn new(street: &StreetData) -> Self {
        let segments = street.lines.iter().flat_map(|line| line.path.windows(2)).map(|pair| Strand(pair[0], pair[1]));
        Self(RTree::bulk_load(segments.collect()))
    }

    /// Cuts a path into runs that follow a line and runs that do not.
    fn runs<'p>(&self, path: &'p [LonLat], metres: &LocalMetres) -> Vec<(bool, &'p [LonLat])> {
        let is_along: Vec<bool> = path.windows(2).map(|edge| self.is_along(edge[0], edge[1], metres)).collect();
        let mut runs = Vec::new();
        let mut from = 0;
        for run in is_along.chunk_by(|a, b| a == b) {
            runs.push((run[0], &path[from..=from + run.len()]));
            from += run.len();
        }
        runs
    }

    fn is_along(&self, a: LonLat, b: LonLat, metres: &LocalMetres) -> bool {
        let ([ax, ay], [bx, by]) = (metres.xy(a), metres.xy(b));
        let middle = metres.position([(ax + bx) / 2.0, (ay + by) / 2.0]);
        let [east, north] = metres.steps_per_metre().map(|steps| (steps * ALONG_M).ceil() as i64);
        let [x, y] = corner(middle);
        let window = AABB::from_corners([x - east, y - north], [x + east, y + north]);
        self.0.locate_in_envelope_intersecting(window).any(|s| metres.distance_to_segment(middle, s.0, s.1) <= ALONG_M)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_numbers() {
        assert_eq!([0.04, -2.34, 12.4, -100.0].map(signed), ["0.0", "\u{2212}2.3", "+12", "\u{2212}100"]);
        assert_eq!([counted(1, "cell"), counted(2, "cell"), counted(13, "community")], ["1 cell", "2 cells", "13 communities"]);
    }
}

//! Issues as points, and binned on a fixed grid of the world, so that the same issues make the same bins in every tile.

use rustc_hash::FxHashMap;

use super::{
    encode::{LayerWriter, Shape, Value},
    layers::Scene,
    pyramid::{Pixel, at_zoom},
};
use crate::{
    index::{BucketFilter, IssueBucket},
    model::IssueStatus,
};

/// Single issues show from here on.
const SINGLE_ZOOM: u8 = 14;
/// log2 of the bins along a tile's side below [`SINGLE_ZOOM`]: 64 × 64, one a screen's 8 pixels.
const ISSUE_BIN_BITS: u32 = 6;
/// The same for the heat layer: 128 × 128, one a screen's 4 pixels.
const HEAT_BIN_BITS: u32 = 7;

/// How far a curve key is shifted to make the number of its bin, for bins of 2^`bits` along a tile's side.
pub fn bin_shift(z: u8, bits: u32) -> u32 {
    64 - 2 * (u32::from(z) + bits).clamp(1, 32)
}

/// The tile's issues that the filter lets through, bucket by bucket.
fn admitted<'a>(scene: &Scene<'a>) -> impl Iterator<Item = (&'a IssueBucket, BucketFilter<'a>, std::ops::Range<usize>)> {
    let tile = scene.frame.tile;
    let filter = &scene.query.issues;
    scene.snapshot.issue_buckets().iter().filter_map(move |placed| {
        let run = placed.bucket.points.in_tile(tile.z, tile.x, tile.y);
        if run.is_empty() {
            return None;
        }
        Some((placed.bucket.as_ref(), placed.bucket.ready(filter)?, run))
    })
}

/// Issues of one bin.
#[derive(Clone, Copy)]
struct Bin {
    key: u64,
    /// The sum of their pixels, from the tile's corner.
    sum: Pixel,
    count: u64,
}

/// Bins and, where kinds are counted, how many of each kind are in them.
struct Bins<'a> {
    bins: Vec<Bin>,
    /// Categories of the tile's issues, sorted.
    categories: Vec<&'a str>,
    /// For every bin as many numbers as there are categories and statuses; empty where kinds are not counted.
    kinds: Vec<u32>,
}

impl<'a> Bins<'a> {
    /// Puts the tile's issues into bins of 2^`bits` along its side. Linear in the tile's issues.
    fn fill(scene: &Scene<'a>, bits: u32, with_kinds: bool) -> Self {
        let runs: Vec<_> = admitted(scene).collect();
        let words = |bucket: &'a IssueBucket| (0..bucket.categories.words.len() as u32).map(|word| bucket.categories.words.get(word));
        let mut categories: Vec<&str> = Vec::new();
        if with_kinds {
            categories.extend(runs.iter().flat_map(|(bucket, ..)| words(bucket)));
            categories.sort_unstable();
            categories.dedup();
        }
        let width = if with_kinds { categories.len() + IssueStatus::ALL.len() } else { 0 };
        let shift = bin_shift(scene.z(), bits);
        let mut place_of: FxHashMap<u64, usize> = FxHashMap::default();
        let (mut bins, mut kinds): (Vec<Bin>, Vec<u32>) = Default::default();
        for (bucket, ready, run) in runs {
            let category_of: Vec<usize> =
                if with_kinds { words(bucket).map(|word| categories.binary_search(&word).unwrap_or(0)).collect() } else { Vec::new() };
            // Along the curve a bin's issues follow each other.
            let mut current: Option<(u64, usize)> = None;
            for row in run {
                if !ready.admits(row as u32) {
                    continue;
                }
                let world = bucket.points.pixels()[row];
                let key = world.curve_key() >> shift;
                let place = match current {
                    Some((same, place)) if same == key => place,
                    _ => *place_of.entry(key).or_insert_with(|| {
                        bins.push(Bin { key, sum: Pixel::default(), count: 0 });
                        kinds.resize(bins.len() * width, 0);
                        bins.len() - 1
                    }),
                };
                current = Some((key, place));
                let at = scene.frame.local(at_zoom(world, scene.z()));
                let bin = &mut bins[place];
                bin.sum = Pixel::new(bin.sum.x + at.x, bin.sum.y + at.y);
                bin.count += 1;
                if with_kinds {
                    kinds[place * width + category_of[bucket.categories.word(row as u32) as usize]] += 1;
                    kinds[place * width + categories.len() + bucket.statuses()[row] as usize] += 1;
                }
            }
        }
        Self { bins, categories, kinds }
    }

    /// Bins along the curve: their place, where their issues are on average, and how many.
    fn along_the_curve(&self) -> Vec<(usize, Pixel, u64)> {
        let mut order: Vec<usize> = (0..self.bins.len()).collect();
        order.sort_unstable_by_key(|place| self.bins[*place].key);
        let middle = |bin: &Bin| Pixel::new(bin.sum.x / bin.count as i64, bin.sum.y / bin.count as i64);
        order.into_iter().map(|place| (place, middle(&self.bins[place]), self.bins[place].count)).collect()
    }

    /// The most frequent category and status of a bin; of equally frequent ones the first.
    fn most_frequent(&self, place: usize) -> (&'a str, IssueStatus) {
        let width = self.categories.len() + IssueStatus::ALL.len();
        let (categories, statuses) = self.kinds[place * width..(place + 1) * width].split_at(self.categories.len());
        let most = |counts: &[u32]| (0..counts.len()).rev().max_by_key(|i| counts[*i]).unwrap_or(0);
        (self.categories[most(categories)], IssueStatus::ALL[most(statuses)])
    }
}

/// Single issues from zoom 14 on, bins below and in a tile that is too heavy.
pub fn draw_issues(scene: &Scene<'_>, writer: &mut LayerWriter) {
    let bits = match scene.z() >= SINGLE_ZOOM {
        true if scene.thinning == 0 => return draw_single_issues(scene, writer),
        true => 11u32.saturating_sub(scene.thinning),
        false => ISSUE_BIN_BITS.saturating_sub(scene.thinning),
    };
    let bins = Bins::fill(scene, bits, true);
    for (place, at, count) in bins.along_the_curve() {
        let (category, status) = bins.most_frequent(place);
        let properties = [("weight", Value::Count(count)), ("category", Value::Text(category)), ("status", Value::Text(status.as_str()))];
        writer.feature(None, Shape::Point(at), &properties);
    }
}

fn draw_single_issues(scene: &Scene<'_>, writer: &mut LayerWriter) {
    let [id, category, status, reported_at, weight] = ["id", "category", "status", "reported_at", "weight"].map(|key| writer.key(key));
    let mut one = None;
    for (bucket, ready, run) in admitted(scene) {
        let words = &bucket.categories.words;
        let (mut categories, mut statuses) = (vec![None; words.len()], [None; IssueStatus::ALL.len()]);
        for row in run.filter(|row| ready.admits(*row as u32)) {
            let at = scene.frame.local(at_zoom(bucket.points.pixels()[row], scene.z()));
            let id_value = writer.push_value(Value::Text(bucket.ids().get(row as u32)));
            let time = writer.push_value(Value::Whole(bucket.reported_at()[row].as_second()));
            let (word, stands) = (bucket.categories.word(row as u32), bucket.statuses()[row]);
            let category_value = *categories[word as usize].get_or_insert_with(|| writer.value(Value::Text(words.get(word))));
            let status_value = *statuses[stands as usize].get_or_insert_with(|| writer.value(Value::Text(stands.as_str())));
            let one = *one.get_or_insert_with(|| writer.value(Value::Count(1)));
            let tags = [id, id_value, category, category_value, status, status_value, reported_at, time, weight, one];
            writer.point(None, at, &tags);
        }
    }
}

/// Bins with weights for a heatmap.
pub fn draw_heat(scene: &Scene<'_>, writer: &mut LayerWriter) {
    let key = writer.key("weight");
    for (_, at, count) in Bins::fill(scene, HEAT_BIN_BITS.saturating_sub(scene.thinning), false).along_the_curve() {
        let weight = writer.value(Value::Count(count));
        writer.point(None, at, &[key, weight]);
    }
}

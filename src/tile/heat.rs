//! Issues as points, and binned on a fixed grid of the world, so that the same issues make the same bins in every tile.

use super::{
    encode::{LayerWriter, Shape, Value},
    layers::Scene,
    pyramid::{Pixel, at_zoom},
};
use crate::{index::WorldPixel, model::IssueStatus};

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

/// Issues of one bin that the filter lets through.
struct Bin {
    /// The mean of their pixels, from the tile's corner.
    at: Pixel,
    /// Their rows.
    rows: Vec<u32>,
}

/// The tile's bins along the curve. Linear in the tile's issues.
fn bins(scene: &Scene<'_>, bits: u32) -> Vec<Bin> {
    let points = &scene.snapshot.issue_points.points;
    let ready = scene.snapshot.ready(&scene.query.issues);
    let tile = scene.frame.tile;
    let run = points.in_tile(tile.z, tile.x, tile.y);
    let shift = bin_shift(tile.z, bits);
    let mut bins: Vec<Bin> = Vec::new();
    let mut current = None;
    for (&key, &row) in points.keys[run.clone()].iter().zip(&points.rows[run]) {
        if !ready.admits(row) {
            continue;
        }
        let at = scene.frame.local(at_zoom(WorldPixel::of_curve_key(key), tile.z));
        match bins.last_mut().filter(|_| current == Some(key >> shift)) {
            Some(bin) => {
                bin.at = Pixel::new(bin.at.x + at.x, bin.at.y + at.y);
                bin.rows.push(row);
            }
            None => bins.push(Bin { at, rows: vec![row] }),
        }
        current = Some(key >> shift);
    }
    for bin in &mut bins {
        let count = bin.rows.len() as i64;
        bin.at = Pixel::new(bin.at.x / count, bin.at.y / count);
    }
    bins
}

/// Single issues from zoom 14 on, bins below and in a tile that is too heavy.
pub fn draw_issues(scene: &Scene<'_>, writer: &mut LayerWriter) {
    let is_single = scene.z() >= SINGLE_ZOOM && scene.thinning == 0;
    let bits = match scene.z() >= SINGLE_ZOOM {
        true if is_single => 32,
        true => 11u32.saturating_sub(scene.thinning),
        false => ISSUE_BIN_BITS.saturating_sub(scene.thinning),
    };
    for bin in bins(scene, bits) {
        if is_single {
            for row in bin.rows {
                draw_issue(scene, row, bin.at, writer);
            }
            continue;
        }
        let issue_points = &scene.snapshot.issue_points;
        let category = most_frequent(bin.rows.iter().map(|row| issue_points.category_of_issue[*row as usize]));
        let status = most_frequent(bin.rows.iter().map(|row| scene.snapshot.issues[*row as usize].issue.status));
        let mut properties = vec![("weight", Value::Count(bin.rows.len() as u64))];
        properties.extend(category.map(|c| ("category", Value::Text(&issue_points.categories[c as usize]))));
        properties.extend(status.map(|s: IssueStatus| ("status", Value::Text(s.as_str()))));
        writer.feature(None, Shape::Point(bin.at), &properties);
    }
}

fn draw_issue(scene: &Scene<'_>, row: u32, at: Pixel, writer: &mut LayerWriter) {
    let issue = &scene.snapshot.issues[row as usize].issue;
    let properties = [
        ("id", Value::Text(&issue.id)),
        ("category", Value::Text(&issue.category)),
        ("status", Value::Text(issue.status.as_str())),
        ("reported_at", Value::Whole(issue.reported_at.as_second())),
        ("weight", Value::Count(1)),
    ];
    writer.feature(None, Shape::Point(at), &properties);
}

/// Bins with weights for a heatmap.
pub fn draw_heat(scene: &Scene<'_>, writer: &mut LayerWriter) {
    for bin in bins(scene, HEAT_BIN_BITS.saturating_sub(scene.thinning)) {
        writer.feature(None, Shape::Point(bin.at), &[("weight", Value::Count(bin.rows.len() as u64))]);
    }
}

/// The most frequent of a few values; of equally frequent ones the smallest.
fn most_frequent<T: Copy + Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.chunk_by(|a, b| a == b).rev().max_by_key(|same| same.len()).map(|same| same[0])
}

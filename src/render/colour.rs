//! Colours: calm ones so that neighbours differ, strong ones for groups, a scale for deviations.

/// Calm fills for cells and communities.
pub const CALM: [&str; 6] = ["#f3dfc0", "#d3e4c5", "#e3d3e6", "#f7ebb8", "#f1cfc6", "#cbe0dc"];
/// Strong colours that the colour-blind can tell apart (Okabe & Ito 2008), without black and yellow, which white swallows.
pub const STRONG: [&str; 6] = ["#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7"];

/// Where the classes of deviation part, in percent.
pub const BREAKS_PCT: [f64; 8] = [-10.0, -5.0, -2.5, -1.0, 1.0, 2.5, 5.0, 10.0];
/// Too few households blue, too many red: ColorBrewer's RdBu in nine classes (Harrower & Brewer 2003), safe for the colour-blind.
pub const DEVIATION: [&str; 9] = ["#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7", "#fddbc7", "#f4a582", "#d6604d", "#b2182b"];

/// The class of a deviation in percent.
pub fn deviation_class(percent: f64) -> usize {
    BREAKS_PCT.partition_point(|at| *at <= percent)
}

/// Gives every vertex a colour number below `colours`, so that neighbours differ wherever that can be seen to be possible: the
/// vertex with the fewest neighbours left is coloured last (Matula & Beck 1983), which needs at most six colours for a map of
/// areas in one piece. Of the colours a vertex may have it gets the one used least.
pub fn colour_apart(neighbours: &[Vec<u32>], colours: usize) -> Vec<usize> {
    let count = neighbours.len();
    let mut degree: Vec<usize> = neighbours.iter().map(Vec::len).collect();
    let mut is_gone = vec![false; count];
    let mut order = Vec::with_capacity(count);
    for _ in 0..count {
        let Some(next) = (0..count).filter(|v| !is_gone[*v]).min_by_key(|v| degree[*v]) else { break };
        is_gone[next] = true;
        order.push(next);
        for &other in &neighbours[next] {
            degree[other as usize] = degree[other as usize].saturating_sub(1);
        }
    }
    let mut colour_of = vec![usize::MAX; count];
    let mut used = vec![0_usize; colours];
    for &vertex in order.iter().rev() {
        let clashes = |colour: usize| neighbours[vertex].iter().filter(|n| colour_of[**n as usize] == colour).count();
        let best = (0..colours).min_by_key(|c| (clashes(*c), used[*c])).unwrap_or(0);
        colour_of[vertex] = best;
        used[best] += 1;
    }
    colour_of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_differ_on_a_map_and_colours_are_used_evenly() {
        // A board of 12 by 12 with one diagonal in every square: a planar graph.
        let n = 12_u32;
        let mut neighbours = vec![Vec::new(); (n * n) as usize];
        let mut join = |a: u32, b: u32| {
            neighbours[a as usize].push(b);
            neighbours[b as usize].push(a);
        };
        for (x, y) in (0..n).flat_map(|y| (0..n).map(move |x| (x, y))) {
            for (dx, dy) in [(1, 0), (0, 1), (1, 1)].into_iter().filter(|(dx, dy)| x + dx < n && y + dy < n) {
                join(y * n + x, (y + dy) * n + x + dx);
            }
        }
        let colours = colour_apart(&neighbours, 6);
        for (v, others) in neighbours.iter().enumerate() {
            assert!(others.iter().all(|o| colours[*o as usize] != colours[v]));
        }
        assert!((0..6).all(|c| colours.iter().filter(|used| **used == c).count() >= 12));
    }

    #[test]
    fn more_neighbours_than_colours_still_get_one() {
        let all = |v: u32| (0..9).filter(|o| *o != v).collect();
        let neighbours: Vec<Vec<u32>> = (0..9).map(all).collect();
        assert!(colour_apart(&neighbours, 6).iter().all(|c| *c < 6));
    }

    #[test]
    fn classes_of_deviation_are_even_around_the_mean() {
        assert_eq!([-30.0, -10.1, -3.0, -0.5, 0.0, 0.9, 1.0, 12.0].map(deviation_class), [0, 0, 2, 4, 4, 4, 5, 8]);
        assert_eq!(DEVIATION.len(), BREAKS_PCT.len() + 1);
    }
}

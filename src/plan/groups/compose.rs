//! Flows to groups: who exactly, by unit and floor.

use super::{SIZE_PRICE_M, Sizes, search::Stream, sites::Sites};
use crate::model::Household;

/// Price of a unit cut between groups, in metres.
const UNIT_PRICE_M: f64 = 10.0;
/// Price of a floor of one unit cut between groups, in metres.
const FLOOR_PRICE_M: f64 = 1.0;

/// A group that meets at a site, while it is being filled.
struct Table {
    site: usize,
    /// Households from elsewhere: the site and how many.
    guests: Vec<(usize, usize)>,
    /// The way of all guests, in metres.
    way_m: f64,
    /// Households of the site itself.
    at_home: usize,
}

impl Table {
    fn size(&self) -> usize {
        self.at_home + self.guests.iter().map(|g| g.1).sum::<usize>()
    }

    /// What it costs at a size, in metres: a way weighs less in a large group.
    fn cost(&self, size: usize, sizes: &Sizes) -> f64 {
        let target = sizes.target as f64;
        self.way_m * (target - 1.0).max(1.0) / (size as f64 - 1.0).max(1.0) + SIZE_PRICE_M * (size as f64 - target).powi(2)
    }
}

/// Groups of households; every household that flows is in one.
pub(super) fn compose(households: &[&Household], sites: &Sites, flows: &[Stream], sizes: &Sizes) -> Vec<Vec<usize>> {
    let mut tables: Vec<Table> = Vec::new();
    for site in 0..sites.len() {
        set_tables(site, sites, flows, sizes, &mut tables);
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); tables.len()];
    for site in 0..sites.len() {
        // The shares of a site's households: whole groups first, then those with guests, then the guests elsewhere.
        let mut whole = Vec::new();
        let mut parts = Vec::new();
        for (table, group) in tables.iter().zip(0..) {
            if table.site == site && table.guests.is_empty() {
                whole.push((group, table.at_home));
            } else if table.site == site {
                parts.push((group, table.at_home));
            }
        }
        for (table, group) in tables.iter().zip(0..) {
            parts.extend(table.guests.iter().filter(|g| g.0 == site).map(|g| (group, g.1)));
        }
        let all = &sites.households[site];
        let pure: usize = whole.iter().map(|w| w.1).sum();
        let cuts = cut_indoors(households, &all[..pure], whole.len(), all.get(pure).copied(), sizes);
        let shares = whole.iter().map(|w| w.0).zip(cuts).chain(parts);
        let mut begin = 0;
        for (group, share) in shares {
            groups[group].extend(&all[begin..begin + share]);
            begin += share;
        }
    }
    groups
}

/// Divides what flows to a site into groups: guests together at as few tables as can be, each with somebody at home.
fn set_tables(site: usize, sites: &Sites, flows: &[Stream], sizes: &Sizes, tables: &mut Vec<Table>) {
    let mut guests: Vec<(usize, usize)> = flows.iter().filter(|f| f.to == site && f.from != site).map(|f| (f.from, f.households)).collect();
    let mut at_home: usize = flows.iter().filter(|f| f.to == site && f.from == site).map(|f| f.households).sum();
    let total = at_home + guests.iter().map(|g| g.1).sum::<usize>();
    if total == 0 {
        return;
    }
    let off_target = |count: usize| (total as f64 / count as f64 - sizes.target as f64).powi(2) * count as f64;
    let count = (total.div_ceil(sizes.most)..=total / sizes.least)
        .filter(|count| *count <= at_home)
        .min_by(|a, b| off_target(*a).total_cmp(&off_target(*b)))
        .unwrap_or(1);
    let here = sites.at[site];
    let offset = |other: usize| [sites.at[other][0] - here[0], sites.at[other][1] - here[1]];
    // Guests from one side sit together, so that nobody has a neighbour beyond the building and another before it.
    guests.sort_by(|a, b| {
        let angle = |g: &(usize, usize)| offset(g.0)[1].atan2(offset(g.0)[0]);
        angle(a).total_cmp(&angle(b)).then(a.0.cmp(&b.0))
    });
    let first = tables.len();
    tables.extend((0..count).map(|_| Table { site, guests: Vec::new(), way_m: 0.0, at_home: 1 }));
    at_home -= count;
    let set = &mut tables[first..];
    let lacking = |set: &[Table]| set.iter().map(|t| sizes.least.saturating_sub(t.size())).sum::<usize>();
    let mut waiting: usize = guests.iter().map(|g| g.1).sum();
    let mut table = 0;
    for (from, mut left) in guests {
        let way_m = offset(from)[0].hypot(offset(from)[1]);
        // A building's guests do not part if they all have room at the next tables.
        let room_after: usize = set[table + 1..].iter().map(|t| sizes.most - t.size()).sum();
        if set[table].size() + left > sizes.most && left < sizes.most && room_after >= waiting {
            table += 1;
        }
        while left > 0 {
            // Who is left over when every table has its least may sit where a table has it already.
            let spare = waiting + at_home - lacking(set);
            let seated = left.min(sizes.most - set[table].size()).min(sizes.least.saturating_sub(set[table].size()) + spare);
            if seated > 0 {
                set[table].guests.push((from, seated));
                set[table].way_m += way_m * seated as f64;
                left -= seated;
                waiting -= seated;
            }
            if left > 0 {
                table = (table + 1) % set.len();
            }
        }
    }
    // Those at home sit where it helps most, but no table stays below the least size.
    while at_home > 0 {
        let lacking = |t: &Table| sizes.least.saturating_sub(t.size());
        let must = set.iter().map(lacking).sum::<usize>() >= at_home;
        let gain = |t: &Table| t.cost(t.size() + 1, sizes) - t.cost(t.size(), sizes);
        let open = set.iter_mut().filter(|t| t.size() < sizes.most && (!must || lacking(t) > 0));
        let Some(next) = open.min_by(|a, b| gain(a).total_cmp(&gain(b))) else { break };
        next.at_home += 1;
        at_home -= 1;
    }
}

/// Cuts households of one building into so many groups, between units and floors where that can be; the size of each.
///
/// `after` is the household that comes next in the building, where a cut is as well.
fn cut_indoors(households: &[&Household], indoors: &[usize], groups: usize, after: Option<usize>, sizes: &Sizes) -> Vec<usize> {
    let n = indoors.len();
    let torn = |end: usize| {
        let (before, after) = match (indoors.get(end), after) {
            (Some(next), _) => (households[indoors[end - 1]], households[*next]),
            (None, Some(next)) => (households[indoors[end - 1]], households[next]),
            (None, None) => return 0.0,
        };
        if before.unit != after.unit {
            0.0
        } else if before.floor != after.floor {
            UNIT_PRICE_M
        } else {
            UNIT_PRICE_M + FLOOR_PRICE_M
        }
    };
    // best[g][i]: the cheapest way to cut the first i into g groups, and the size of the last.
    let mut best: Vec<Vec<Option<(f64, usize)>>> = vec![vec![None; n + 1]; groups + 1];
    best[0][0] = Some((0.0, 0));
    for group in 1..=groups {
        for end in group * sizes.least..=n.min(group * sizes.most) {
            for size in (sizes.least..=sizes.most).filter(|s| *s <= end) {
                let Some((before, _)) = best[group - 1][end - size] else { continue };
                let cost = before + torn(end) + SIZE_PRICE_M * (size as f64 - sizes.target as f64).powi(2);
                if best[group][end].is_none_or(|(least, _)| cost < least) {
                    best[group][end] = Some((cost, size));
                }
            }
        }
    }
    let mut cuts = Vec::with_capacity(groups);
    let mut end = n;
    for group in (1..=groups).rev() {
        let size = best[group][end].map_or(end / group, |b| b.1);
        cuts.push(size);
        end -= size;
    }
    cuts.reverse();
    cuts
}

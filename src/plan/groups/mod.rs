//! Households of one cell into ten-household groups.
//!
//! Same unit and floor first, then same building, then nearest. Households are gathered by building ([`sites`]); a search decides at
//! which buildings groups meet ([`search`]) and a flow how many of each building meet where ([`flow`]); then each building is cut
//! into groups by unit and floor ([`compose`]). Groups are numbered along a walk through the cell ([`walk`]), which is also cut into groups where a cell's
//! households do not divide. When the plan changes, groups are kept ([`keep`]).
//!
//! **Invariant:** every household is in exactly one group; sizes are allowed ones if the number of households lets them.

mod compose;
mod flow;
mod keep;
mod search;
mod sites;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use keep::{Regrouped, regroup, sequences};

use super::Error;
use crate::{
    geometry::LocalMetres,
    model::{Code, CodeScheme, Group, Household, Level},
};

/// What a household away from the target size costs, in metres of walking.
const SIZE_PRICE_M: f64 = 1.0;

/// A cell of more households than this is cut along the walk into parts of about the same size, and each part grouped by itself: what
/// one search takes grows faster than the cell.
const LARGEST: usize = 2000;

/// Asked now and then, a few times in a tenth of a second, whether to go on.
pub type GoOn<'a> = dyn Fn() -> bool + Sync + 'a;

/// A group: indices into the households given, and which of them is the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// Members in walking order.
    pub members: Vec<usize>,
    /// The medoid: the member nearest to all others.
    pub head: usize,
}

/// Sizes a group may have.
#[derive(Clone, Copy)]
struct Sizes {
    least: usize,
    target: usize,
    most: usize,
}

impl Sizes {
    fn around(target: usize) -> Self {
        let sizes = sizes(target);
        Self { least: *sizes.start(), target, most: *sizes.end() }
    }
}

/// Sizes a group may have around the target: two less to two more.
pub fn sizes(target: usize) -> RangeInclusive<usize> {
    target.saturating_sub(2).max(1)..=target + 2
}

/// Whether so many households can be cut into groups of allowed sizes.
pub fn is_divisible(households: usize, target: usize) -> bool {
    let sizes = sizes(target);
    households.div_ceil(*sizes.end()) * sizes.start() <= households
}

/// Groups of the households of one cell; none when told not to go on. When their number cannot be divided into groups of allowed
/// sizes the groups are the nearest to them in size.
///
/// O(buildings) moves tried, each O(1). The same households give the same groups in whatever order they come.
pub fn circles(households: &[&Household], target: usize, metres: &LocalMetres, go_on: &GoOn<'_>) -> Option<Vec<Circle>> {
    let order = walk::walk(households, metres);
    let mut parts = walk::parts(households, &order, LARGEST);
    if !parts.iter().all(|part| is_divisible(part.len(), target)) {
        parts = vec![&order];
    }
    let mut groups = Vec::new();
    for part in parts {
        let own: Vec<&Household> = part.iter().map(|i| households[*i]).collect();
        let drawn = drawn(&own, target, metres, go_on)?;
        groups.extend(drawn.into_iter().map(|members| members.into_iter().map(|m| part[m]).collect()));
    }
    Some(along(households, &order, groups, metres))
}

/// Groups of households that are in walking order.
fn drawn(households: &[&Household], target: usize, metres: &LocalMetres, go_on: &GoOn<'_>) -> Option<Vec<Vec<usize>>> {
    let groups = cut_walk(households, target, metres);
    if !is_divisible(households.len(), target) {
        return Some(groups);
    }
    let sizes = Sizes::around(target);
    let sites = sites::Sites::of(households, metres);
    let streams = search::streams(&sites, &groups, &sizes, go_on)?;
    Some(compose::compose(households, &sites, &streams, &sizes))
}

/// Groups cut out of the walk.
fn cut_walk(households: &[&Household], target: usize, metres: &LocalMetres) -> Vec<Vec<usize>> {
    let n = households.len();
    let at: Vec<[f64; 2]> = households.iter().map(|h| metres.xy(h.position)).collect();
    let sizes = if is_divisible(n, target) {
        sizes(target)
    } else {
        let groups = (n as f64 / target as f64).round().max(1.0) as usize;
        n / groups..=n.div_ceil(groups)
    };
    let mut begin = 0;
    let lengths = walk::cut(&at, sizes, target).into_iter();
    lengths
        .map(|length| {
            begin += length;
            (begin - length..begin).collect()
        })
        .collect()
}

/// Groups in the order of a walk, their members too, with their heads.
fn along(households: &[&Household], order: &[usize], groups: Vec<Vec<usize>>, metres: &LocalMetres) -> Vec<Circle> {
    let mut rank = vec![0; order.len()];
    for (place, household) in order.iter().enumerate() {
        rank[*household] = place;
    }
    let mut circles: Vec<Circle> = groups
        .into_iter()
        .map(|mut members| {
            members.sort_by_key(|m| rank[*m]);
            let at: Vec<[f64; 2]> = members.iter().map(|m| metres.xy(households[*m].position)).collect();
            Circle { head: members[medoid(&at).0], members }
        })
        .collect();
    circles.sort_by_key(|c| rank[c.members[0]]);
    circles
}

/// The first position with the least sum of distances to the others, and that sum in metres.
fn medoid(at: &[[f64; 2]]) -> (usize, f64) {
    let sum = |a: &[f64; 2]| at.iter().map(|b| (a[0] - b[0]).hypot(a[1] - b[1])).sum::<f64>();
    at.iter().map(sum).enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

/// The groups of a cell whose households have changed: those that still can keep members, code and head; new ones get codes that
/// come after all there were. Groups of other cells that `came` with their members, all or some, stay together where they can, under
/// new codes.
///
/// # Errors
/// [`Error::TooManyGroups`], [`Error::Code`]; [`Error::Cancelled`] when told not to go on.
#[allow(clippy::too_many_arguments, reason = "what was there and what has come")]
pub fn regrouped(
    households: &[&Household],
    old: &[&Group],
    came: &[&Group],
    cell: &Code,
    scheme: &CodeScheme,
    target: usize,
    metres: &LocalMetres,
    go_on: &GoOn<'_>,
) -> Result<Vec<Group>, Error> {
    let former: Vec<&Group> = old.iter().chain(came).copied().collect();
    let mut kept = regroup(households, &former, target, metres, go_on).ok_or(Error::Cancelled)?;
    kept.iter_mut().for_each(|group| group.former = group.former.filter(|f| *f < old.len()));
    numbered(households, &kept, old, cell, scheme)
}

/// The groups of a cell drawn as if it had none; one that comes out with the members of a former one is that one.
///
/// # Errors
/// [`Error::TooManyGroups`], [`Error::Code`]; [`Error::Cancelled`] when told not to go on.
pub fn drawn_anew(
    households: &[&Household],
    old: &[&Group],
    cell: &Code,
    scheme: &CodeScheme,
    target: usize,
    metres: &LocalMetres,
    go_on: &GoOn<'_>,
) -> Result<Vec<Group>, Error> {
    let ids = |members: &[usize]| members.iter().map(|m| households[*m].id.as_str()).collect::<BTreeSet<&str>>();
    let former: BTreeMap<BTreeSet<&str>, usize> =
        old.iter().enumerate().map(|(i, g)| (g.members.iter().map(String::as_str).collect(), i)).collect();
    let drawn: Vec<Regrouped> = circles(households, target, metres, go_on)
        .ok_or(Error::Cancelled)?
        .into_iter()
        .map(|circle| Regrouped { former: former.get(&ids(&circle.members)).copied(), circle })
        .collect();
    numbered(households, &drawn, old, cell, scheme)
}

fn numbered(
    households: &[&Household],
    groups: &[Regrouped],
    old: &[&Group],
    cell: &Code,
    scheme: &CodeScheme,
) -> Result<Vec<Group>, Error> {
    let room = scheme.children(Level::Cell);
    // A code is its parent's with a sequence number after it.
    let sequence_of = |g: &&Group| g.code.as_str().get(cell.as_str().len()..).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let former: Vec<usize> = old.iter().map(sequence_of).collect();
    let sequences =
        sequences(groups, &former, room).ok_or_else(|| Error::TooManyGroups { cell: cell.clone(), groups: groups.len(), room })?;
    let mut numbered: Vec<Group> = groups
        .iter()
        .zip(sequences)
        .map(|(group, sequence)| {
            Ok(Group {
                code: scheme.child(cell, sequence)?,
                head: households[group.circle.head].id.clone(),
                members: group.circle.members.iter().map(|m| households[*m].id.clone()).collect(),
            })
        })
        .collect::<Result<_, Error>>()?;
    numbered.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(numbered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::model::LonLat;

    fn circles(households: &[&Household], target: usize, metres: &LocalMetres) -> Vec<Circle> {
        super::circles(households, target, metres, &|| true).unwrap()
    }

    fn regroup(households: &[&Household], former: &[&Group], target: usize, metres: &LocalMetres) -> Vec<Regrouped> {
        super::regroup(households, former, target, metres, &|| true).unwrap()
    }

    fn household(i: usize, building: usize, x: i32, y: i32) -> Household {
        Household {
            id: format!("H{i:04}"),
            building_id: Some(format!("B{building}")),
            position: LonLat::new(x, y),
            unit: Some((i % 3).to_string()),
            floor: Some((i % 6) as i16),
            persons: None,
            address: None,
            estimated: false,
        }
    }

    #[test]
    fn sizes_that_cannot_be() {
        let impossible: Vec<usize> = (1..60).filter(|n| !is_divisible(*n, 10)).collect();
        assert_eq!(impossible, [1, 2, 3, 4, 5, 6, 7, 13, 14, 15]);
    }

    type Place = (usize, i32, i32);

    fn town(places: &[Place]) -> Vec<Household> {
        places.iter().enumerate().map(|(i, (b, x, y))| household(i, *b, *x, *y)).collect()
    }

    fn metres() -> LocalMetres {
        LocalMetres::at(LonLat::new(0, 0))
    }

    fn as_groups(households: &[&Household], circles: &[Circle]) -> Vec<Group> {
        let group = |(sequence, circle): (usize, &Circle)| Group {
            code: Code::new(&format!("520201014001001{sequence:03}")).unwrap(),
            head: households[circle.head].id.clone(),
            members: circle.members.iter().map(|m| households[*m].id.clone()).collect(),
        };
        (1..).zip(circles).map(group).collect()
    }

    /// Everybody is in one group, and groups have allowed sizes if they can.
    fn check(count: usize, circles: &[&Circle]) -> Result<(), TestCaseError> {
        let mut seen: Vec<usize> = circles.iter().flat_map(|c| c.members.clone()).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        for circle in circles {
            prop_assert!(circle.members.contains(&circle.head));
            prop_assert!(!is_divisible(count, 10) || (8..=12).contains(&circle.members.len()), "{} of {}", circle.members.len(), count);
        }
        Ok(())
    }

    /// How many former groups have other members or another head, or are gone.
    fn changed(households: &[&Household], former: &[Group], now: &[Regrouped]) -> usize {
        let same = |group: &Group, regrouped: &Regrouped| {
            let ids: Vec<&str> = regrouped.circle.members.iter().map(|m| households[*m].id.as_str()).collect();
            group.members == ids && households[regrouped.circle.head].id == group.head
        };
        former.iter().enumerate().filter(|(f, group)| !now.iter().any(|r| r.former == Some(*f) && same(group, r))).count()
    }

    #[test]
    fn neighbours_in_one_building_are_one_group() {
        // Two towers of twenty and, between them, five cottages of two.
        let mut places: Vec<Place> = vec![(0, 0, 0); 20];
        places.extend([(1, 20_000, 0); 20]);
        (2..7).for_each(|b| places.extend([(b, 10_000 + 200 * b as i32, 500); 2]));
        let all = town(&places);
        let refs: Vec<&Household> = all.iter().collect();
        for circle in circles(&refs, 10, &metres()) {
            let kind = |m: &usize| places[*m].0.min(2);
            assert!(circle.members.iter().all(|m| kind(m) == kind(&circle.members[0])), "{circle:?}");
        }
    }

    #[test]
    fn a_unit_stays_together() {
        let mut all = town(&[(0, 0, 0); 30]);
        // Units of 9, 12 and 9: cut at tens, two of them would be torn.
        (0..).zip(&mut all).for_each(|(i, h)| {
            h.unit = Some(
                if i < 9 {
                    "1"
                } else if i < 21 {
                    "2"
                } else {
                    "3"
                }
                .into(),
            )
        });
        let refs: Vec<&Household> = all.iter().collect();
        let circles = circles(&refs, 10, &metres());
        assert_eq!(circles.iter().map(|c| c.members.len()).collect::<Vec<_>>(), [9, 12, 9]);
        assert!(circles.iter().all(|c| c.members.iter().all(|m| all[*m].unit == all[c.members[0]].unit)));
    }

    #[test]
    fn numbers_are_not_used_again_while_there_are_others() {
        let circle = |former| Regrouped { circle: Circle { members: vec![0], head: 0 }, former };
        let groups = [circle(Some(0)), circle(Some(2)), circle(None)];
        assert_eq!(sequences(&groups, &[1, 2, 5], 999), Some(vec![1, 5, 6]));
        assert_eq!(sequences(&groups, &[1, 2, 5], 5), Some(vec![1, 5, 2]));
        assert_eq!(sequences(&groups, &[1, 2, 5], 2).map(|s| s[2]), Some(2));
        assert_eq!(sequences(&[circle(None), circle(None)], &[], 1), None);
    }

    fn places(most: usize) -> impl Strategy<Value = Vec<Place>> {
        prop::collection::vec((0..20usize, 0..5000i32, 0..5000i32), 1..most)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]
        #[test]
        fn everybody_is_in_one_group_of_an_allowed_size(places in places(200), same_spot in any::<bool>()) {
            let mut all = town(&places);
            if same_spot {
                all.iter_mut().zip(&places).for_each(|(h, p)| h.position = LonLat::new(p.0 as i32 * 700, (p.0 * p.0) as i32 * 90));
            }
            let refs: Vec<&Household> = all.iter().collect();
            let drawn = circles(&refs, 10, &metres());
            check(refs.len(), &drawn.iter().collect::<Vec<_>>())?;
            let backwards: Vec<&Household> = refs.iter().rev().copied().collect();
            let again = circles(&backwards, 10, &metres());
            prop_assert_eq!(as_groups(&refs, &drawn), as_groups(&backwards, &again), "the order given does not matter");
        }

        #[test]
        fn nothing_changes_when_nobody_moves(places in places(200)) {
            let all = town(&places);
            let refs: Vec<&Household> = all.iter().collect();
            let former = as_groups(&refs, &circles(&refs, 10, &metres()));
            let now = regroup(&refs, &former.iter().collect::<Vec<_>>(), 10, &metres());
            prop_assert_eq!(now.len(), former.len());
            prop_assert_eq!(changed(&refs, &former, &now), 0);
        }

        #[test]
        fn one_move_changes_few_groups(places in places(300), moved in any::<prop::sample::Index>(), comes in any::<bool>()) {
            prop_assume!(places.len() > 40);
            let all = town(&places);
            let moved = moved.index(all.len());
            let others: Vec<&Household> = all.iter().enumerate().filter(|(i, _)| *i != moved).map(|(_, h)| h).collect();
            let everybody: Vec<&Household> = all.iter().collect();
            let (before, after) = if comes { (&others, &everybody) } else { (&everybody, &others) };
            let former = as_groups(before, &circles(before, 10, &metres()));
            let now = regroup(after, &former.iter().collect::<Vec<_>>(), 10, &metres());
            check(after.len(), &now.iter().map(|r| &r.circle).collect::<Vec<_>>())?;
            let changed = changed(after, &former, &now);
            prop_assert!(changed <= 8, "{} of {} groups changed", changed, former.len());
        }

        #[test]
        fn many_moves_leave_sizes_and_heads_right(places in places(200), fates in prop::collection::vec(0..4u8, 200)) {
            let all = town(&places);
            let before: Vec<&Household> = all.iter().zip(&fates).filter(|(_, f)| **f != 1).map(|(h, _)| h).collect();
            let after: Vec<&Household> = all.iter().zip(&fates).filter(|(_, f)| **f != 2).map(|(h, _)| h).collect();
            let former = as_groups(&before, &circles(&before, 10, &metres()));
            let now = regroup(&after, &former.iter().collect::<Vec<_>>(), 10, &metres());
            check(after.len(), &now.iter().map(|r| &r.circle).collect::<Vec<_>>())?;
            let mut heirs: Vec<usize> = now.iter().filter_map(|r| r.former).collect();
            let count = heirs.len();
            heirs.dedup();
            prop_assert_eq!(heirs.len(), count, "a code for one group");
            for regrouped in &now {
                let Some(group) = regrouped.former.map(|f| &former[f]) else { continue };
                let still = regrouped.circle.members.iter().any(|m| after[*m].id == group.head);
                prop_assert!(!still || after[regrouped.circle.head].id == group.head, "a head that is a member stays head");
            }
        }
    }

    /// Houses of one or two households, strewn about.
    fn village(households: usize) -> Vec<Household> {
        let mut rng = rand_pcg::Pcg64Mcg::seed_from_u64(5);
        let side = (households as f64).sqrt() as i32 * 200;
        let mut places: Vec<Place> = Vec::new();
        for building in 0.. {
            let (x, y) = (rng.random_range(0..side), rng.random_range(0..side));
            places.extend(vec![(building, x, y); rng.random_range(1..=2)]);
            if places.len() >= households {
                return town(&places);
            }
        }
        Vec::new()
    }

    #[test]
    fn a_large_cell_is_drawn_and_can_be_stopped_all_the_while() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let all = village(8000);
        let all: Vec<&Household> = all.iter().collect();
        let asked = AtomicUsize::new(0);
        let go_on = || {
            asked.fetch_add(1, Ordering::Relaxed);
            true
        };
        let drawn = super::circles(&all, 10, &metres(), &go_on).unwrap();
        assert!(asked.swap(0, Ordering::Relaxed) > 20);
        check(all.len(), &drawn.iter().collect::<Vec<_>>()).unwrap();
        // Half of them are in groups, the others come one by one.
        let old: Vec<&Household> = all.iter().step_by(2).copied().collect();
        let former = as_groups(&old, &circles(&old, 10, &metres()));
        let now = super::regroup(&all, &former.iter().collect::<Vec<_>>(), 10, &metres(), &go_on).unwrap();
        assert!(asked.load(Ordering::Relaxed) > 20);
        check(all.len(), &now.iter().map(|r| &r.circle).collect::<Vec<_>>()).unwrap();
        assert_eq!(super::circles(&all, 10, &metres(), &|| false), None);
        assert_eq!(super::regroup(&all, &former.iter().collect::<Vec<_>>(), 10, &metres(), &|| false), None);
    }

    proptest! {
        #[test]
        fn parts_of_a_walk_are_the_walk(places in places(300), most in 20usize..150) {
            let all = town(&places);
            let refs: Vec<&Household> = all.iter().collect();
            let order = walk::walk(&refs, &metres());
            let parts = walk::parts(&refs, &order, most);
            prop_assert_eq!(parts.concat(), order.clone());
            prop_assert!(order.is_empty() || parts.iter().all(|p| !p.is_empty() && p.len() <= most + most / 2 + 1));
            prop_assert!(order.len() > most || parts.len() == 1);
        }
    }
}

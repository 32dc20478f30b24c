//! Groups that stay when the plan changes around them.
//!
//! A group whose members are all still there stays as it is. One that lost members stays if it is large enough or can be filled
//! up again: with households that have no group, or else with members of groups that can spare some. Who is left over joins a
//! group nearby that has room, or makes a new group. Only where neither can be, groups nearby are drawn anew with them.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Circle, GoOn, Sizes, circles, is_divisible, medoid, walk::walk};
use crate::{
    geometry::LocalMetres,
    model::{Group, Household},
};

/// Rounding of a length in metres: what is nearer by less is looked at closely.
const ROUNDING_M: f64 = 1e-6;

/// A group after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regrouped {
    /// Its members and head now.
    pub circle: Circle,
    /// The former group whose code it keeps, as an index into the former groups; none for a new group.
    pub former: Option<usize>,
}

/// Groups the households of one cell, keeping the former groups of the cell as far as can be.
///
/// Former groups that stay come first, in their order, then the new ones in the order of a walk. A group whose members did not
/// change is returned as it was: the order of its members, its head. The head stays wherever it is still a member of its group.
/// Sizes are allowed ones if the number of households lets them. With the same households and no change in target the former
/// groups come back, whatever their sizes. None when told not to go on.
pub fn regroup(
    households: &[&Household],
    former: &[&Group],
    target: usize,
    metres: &LocalMetres,
    go_on: &GoOn<'_>,
) -> Option<Vec<Regrouped>> {
    let by_id: BTreeMap<&str, usize> = households.iter().enumerate().map(|(i, h)| (h.id.as_str(), i)).collect();
    let mut desk = Desk {
        households,
        at: households.iter().map(|h| metres.xy(h.position)).collect(),
        building: numbers(households.iter().map(|h| h.building_id.as_deref())),
        unit: numbers(households.iter().map(|h| h.unit.as_deref())),
        sizes: Sizes::around(target),
        metres,
        go_on,
        seats: Vec::with_capacity(former.len()),
        loose: Vec::new(),
    };
    let mut seated = vec![false; households.len()];
    for (index, group) in former.iter().enumerate() {
        let mut members: Vec<usize> = group.members.iter().filter_map(|m| by_id.get(m.as_str()).copied()).collect();
        members.retain(|m| !std::mem::replace(&mut seated[*m], true));
        let head = by_id.get(group.head.as_str()).copied();
        desk.seat(Some(index), head, members);
    }
    desk.loose = (0..households.len()).filter(|i| !seated[*i]).collect();
    let untouched = desk.loose.is_empty() && desk.seats.iter().zip(former).all(|(seat, group)| seat.members.len() == group.members.len());
    if is_divisible(households.len(), target) {
        desk.break_oversize();
        desk.fill_up()?;
        desk.place_loose()?;
    } else if !untouched {
        desk.draw_anew((0..desk.seats.len()).collect())?;
    }
    Some(desk.finish(former))
}

/// Texts by number: the same number for the same text, 0 for none.
fn numbers<'t>(texts: impl Iterator<Item = Option<&'t str>>) -> Vec<u32> {
    let mut known: FxHashMap<&str, u32> = FxHashMap::default();
    texts
        .map(|text| {
            let next = known.len() as u32 + 1;
            text.map_or(0, |text| *known.entry(text).or_insert(next))
        })
        .collect()
}

/// Sequence numbers for groups of a cell: who keeps a former group keeps its number, new groups are numbered after the highest
/// number any former group had. Only if there is no room above do they take numbers that no group has now, lowest first.
///
/// `former` are the numbers of the former groups, the vanished ones included, and `room` is the highest number there may be. None
/// if there are more groups than numbers.
pub fn sequences(groups: &[Regrouped], former: &[usize], room: usize) -> Option<Vec<usize>> {
    let kept: std::collections::BTreeSet<usize> = groups.iter().filter_map(|g| g.former).map(|f| former[f]).collect();
    let highest = former.iter().copied().max().unwrap_or(0);
    let mut free = (highest + 1..=room).chain((1..=highest.min(room)).filter(|s| !kept.contains(s)));
    groups.iter().map(|g| g.former.map(|f| former[f]).or_else(|| free.next())).collect()
}

/// A group while it is being changed.
struct Seat {
    former: Option<usize>,
    /// The former head, if it is in the cell at all.
    head: Option<usize>,
    members: Vec<usize>,
    /// West, south, east and north of all who are or were members, in metres.
    within: [f64; 4],
}

/// Around nobody.
const NOWHERE: [f64; 4] = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];

impl Seat {
    /// The least way there is to a member, in metres.
    fn least_way_m(&self, [x, y]: [f64; 2]) -> f64 {
        let [west, south, east, north] = self.within;
        (west - x).max(x - east).max(0.0).hypot((south - y).max(y - north).max(0.0)) - ROUNDING_M
    }
}

struct Desk<'a> {
    households: &'a [&'a Household],
    at: Vec<[f64; 2]>,
    /// The number of each household's building; 0: none.
    building: Vec<u32>,
    /// The number of each household's unit; 0: none.
    unit: Vec<u32>,
    sizes: Sizes,
    metres: &'a LocalMetres,
    go_on: &'a GoOn<'a>,
    seats: Vec<Seat>,
    /// Households in no group.
    loose: Vec<usize>,
}

impl Desk<'_> {
    /// Groups that are too large, because the target is another one now, are no more.
    fn break_oversize(&mut self) {
        for seat in &mut self.seats {
            if seat.members.len() > self.sizes.most {
                self.loose.append(&mut seat.members);
            }
        }
    }

    /// Fills groups below the least size up, the largest first, or else dissolves them.
    fn fill_up(&mut self) -> Option<()> {
        let mut short: Vec<usize> =
            (0..self.seats.len()).filter(|s| (1..self.sizes.least).contains(&self.seats[*s].members.len())).collect();
        short.sort_by_key(|s| (std::cmp::Reverse(self.seats[*s].members.len()), *s));
        for seat in short {
            while self.seats[seat].members.len() < self.sizes.least {
                let Some(place) = self.nearest_to(seat, self.loose.iter().copied()) else { break };
                let household = self.loose.remove(place);
                self.join(seat, household);
            }
            let need = self.sizes.least - self.seats[seat].members.len();
            let spare: usize = self.seats.iter().map(|s| s.members.len().saturating_sub(self.sizes.least)).sum();
            // With more to borrow than there are members the group would be another one.
            if need > spare || need > self.seats[seat].members.len() {
                let members = std::mem::take(&mut self.seats[seat].members);
                self.loose.extend(members);
                continue;
            }
            for _ in 0..need {
                self.borrow(seat);
            }
            (self.go_on)().then_some(())?;
        }
        Some(())
    }

    /// The nearest member another group can spare, but no head, joins a group.
    fn borrow(&mut self, to: usize) {
        let lenders = (0..self.seats.len()).filter(|s| *s != to && self.seats[*s].members.len() > self.sizes.least);
        let lent: Vec<(usize, usize)> = lenders
            .flat_map(|s| (0..self.seats[s].members.len()).map(move |m| (s, m)))
            .filter(|(s, m)| self.seats[*s].head != Some(self.seats[*s].members[*m]))
            .collect();
        let nearest = self.nearest_to(to, lent.iter().map(|(s, m)| self.seats[*s].members[*m]));
        if let Some((from, member)) = nearest.map(|place| lent[place]) {
            let household = self.seats[from].members.remove(member);
            self.join(to, household);
        }
    }

    /// The place of the first of some households that is nearest to a group.
    fn nearest_to(&self, seat: usize, households: impl Iterator<Item = usize>) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for (place, household) in households.enumerate() {
            let way_m = self.way_below_m(seat, household, best.map_or(f64::INFINITY, |b| b.0));
            if let Some(way_m) = way_m.filter(|way_m| best.is_none_or(|b| *way_m < b.0)) {
                best = Some((way_m, place));
            }
        }
        best.map(|b| b.1)
    }

    /// Households without a group make new ones where they are neighbours, join groups nearby that have room, or else groups nearby
    /// are drawn anew with them.
    fn place_loose(&mut self) -> Option<()> {
        let target = self.sizes.target;
        if self.loose.len() >= self.sizes.least {
            let loose: Vec<&Household> = self.loose.iter().map(|i| self.households[*i]).collect();
            let mut left = Vec::new();
            for circle in circles(&loose, target, self.metres, self.go_on)? {
                (self.go_on)().then_some(())?;
                let members: Vec<usize> = circle.members.iter().map(|m| self.loose[*m]).collect();
                let apart_m: f64 = members.iter().map(|m| self.distance(*m, self.loose[circle.head])).sum();
                let joining_m: f64 = members.iter().map(|m| self.nearest_with_room(*m).map_or(f64::MAX, |(way_m, _)| way_m)).sum();
                let fits = (self.sizes.least..=self.sizes.most).contains(&members.len());
                if fits && apart_m <= joining_m {
                    self.seat(None, None, members);
                } else {
                    left.extend(members);
                }
            }
            self.loose = left;
        }
        self.join_nearest()?;
        if self.loose.is_empty() {
            return Some(());
        }
        let centre = self.loose[medoid(&self.loose.iter().map(|i| self.at[*i]).collect::<Vec<_>>()).0];
        let mut nearest: Vec<usize> = (0..self.seats.len()).filter(|s| !self.seats[*s].members.is_empty()).collect();
        nearest.sort_by(|a, b| self.way_m(*a, centre).total_cmp(&self.way_m(*b, centre)).then(a.cmp(b)));
        let mut broken = Vec::new();
        let mut count = self.loose.len();
        for seat in nearest {
            if is_divisible(count, target) {
                break;
            }
            count += self.seats[seat].members.len();
            broken.push(seat);
        }
        self.draw_anew(broken)
    }

    /// Households without a group join one that has room: always the nearest first, so that whoever comes late does not take a
    /// neighbour's place.
    fn join_nearest(&mut self) -> Option<()> {
        let mut nearest: Vec<Option<(f64, usize)>> = self.loose.iter().map(|household| self.nearest_with_room(*household)).collect();
        let first = |nearest: &[Option<(f64, usize)>]| {
            let known = nearest.iter().enumerate().filter_map(|(place, near)| near.map(|(way_m, seat)| (way_m, seat, place)));
            known.min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))))
        };
        while let Some((_, seat, place)) = first(&nearest) {
            (self.go_on)().then_some(())?;
            let household = self.loose.remove(place);
            nearest.remove(place);
            self.join(seat, household);
            let is_full = self.seats[seat].members.len() >= self.sizes.most;
            for (near, other) in nearest.iter_mut().zip(&self.loose) {
                // Only this group has changed: it is full now, or it has come nearer.
                let Some(known) = near else { continue };
                if is_full && known.1 == seat {
                    *near = self.nearest_with_room(*other);
                } else if !is_full {
                    let way_m = self.way_between_m(household, *other);
                    if (way_m, seat) < *known {
                        *known = (way_m, seat);
                    }
                }
            }
        }
        Some(())
    }

    /// Groups are drawn anew, with the households that have none. A new group keeps the code of the one most of its members were
    /// in, if that has no other heir.
    fn draw_anew(&mut self, broken: Vec<usize>) -> Option<()> {
        let mut pool = std::mem::take(&mut self.loose);
        let mut seat_of: BTreeMap<usize, usize> = BTreeMap::new();
        for seat in &broken {
            for member in std::mem::take(&mut self.seats[*seat].members) {
                seat_of.insert(member, *seat);
                pool.push(member);
            }
        }
        let households: Vec<&Household> = pool.iter().map(|i| self.households[*i]).collect();
        let drawn = circles(&households, self.sizes.target, self.metres, self.go_on)?;
        let drawn: Vec<Vec<usize>> = drawn.iter().map(|c| c.members.iter().map(|m| pool[*m]).collect()).collect();
        let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (group, members) in drawn.iter().enumerate() {
            for seat in members.iter().filter_map(|m| seat_of.get(m)) {
                *shared.entry((group, *seat)).or_default() += 1;
            }
        }
        let mut heirs: Vec<((usize, usize), usize)> = shared.into_iter().collect();
        heirs.sort_by_key(|(pair, count)| (std::cmp::Reverse(*count), *pair));
        let mut seat_of_group = vec![None; drawn.len()];
        for ((group, seat), _) in heirs {
            if seat_of_group[group].is_none() && !seat_of_group.contains(&Some(seat)) {
                seat_of_group[group] = Some(seat);
            }
        }
        for (members, seat) in drawn.into_iter().zip(seat_of_group) {
            match seat {
                Some(seat) => members.into_iter().for_each(|member| self.join(seat, member)),
                None => self.seat(None, None, members),
            }
        }
        Some(())
    }

    /// The groups as they are now.
    fn finish(self, former: &[&Group]) -> Vec<Regrouped> {
        let order = walk(self.households, self.metres);
        let mut rank = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, household)| rank[*household] = place);
        let mut groups: Vec<Regrouped> = Vec::with_capacity(self.seats.len());
        for mut seat in self.seats {
            if seat.members.is_empty() {
                continue;
            }
            let same = seat.former.is_some_and(|f| {
                former[f].members.len() == seat.members.len()
                    && seat.members.iter().zip(&former[f].members).all(|(m, id)| self.households[*m].id == *id)
            });
            if !same {
                seat.members.sort_by_key(|m| rank[*m]);
            }
            let places: Vec<[f64; 2]> = seat.members.iter().map(|m| self.at[*m]).collect();
            let head = seat.head.filter(|h| seat.members.contains(h)).unwrap_or_else(|| seat.members[medoid(&places).0]);
            groups.push(Regrouped { circle: Circle { members: seat.members, head }, former: seat.former });
        }
        groups.sort_by_key(|g| (g.former.is_none(), g.former, rank[g.circle.members[0]]));
        groups
    }

    fn distance(&self, a: usize, b: usize) -> f64 {
        (self.at[a][0] - self.at[b][0]).hypot(self.at[a][1] - self.at[b][1])
    }

    /// A group more.
    fn seat(&mut self, former: Option<usize>, head: Option<usize>, members: Vec<usize>) {
        let place = self.seats.len();
        self.seats.push(Seat { former, head, members: Vec::with_capacity(members.len()), within: NOWHERE });
        members.into_iter().for_each(|member| self.join(place, member));
    }

    /// A household becomes a member of a group.
    fn join(&mut self, seat: usize, household: usize) {
        let [x, y] = self.at[household];
        let seat = &mut self.seats[seat];
        let [west, south, east, north] = seat.within;
        seat.within = [west.min(x), south.min(y), east.max(x), north.max(y)];
        seat.members.push(household);
    }

    /// How far a household is from a member of a group, in metres: a step more for each of building and unit that is another one.
    fn way_between_m(&self, member: usize, household: usize) -> f64 {
        let same_building = self.building[household] != 0 && self.building[household] == self.building[member];
        let step = if same_building && self.unit[household] == self.unit[member] { 0.0 } else { 0.1 };
        self.distance(member, household) + step + if same_building { 0.0 } else { 1.0 }
    }

    /// How far a household is from a group's nearest member, in metres.
    fn way_m(&self, seat: usize, household: usize) -> f64 {
        self.seats[seat].members.iter().map(|m| self.way_between_m(*m, household)).fold(f64::MAX, f64::min)
    }

    /// The same if it is not plain that it is more than `limit_m`.
    fn way_below_m(&self, seat: usize, household: usize, limit_m: f64) -> Option<f64> {
        (self.seats[seat].least_way_m(self.at[household]) <= limit_m).then(|| self.way_m(seat, household))
    }

    /// The nearest group that has members and room, and how far it is in metres.
    fn nearest_with_room(&self, household: usize) -> Option<(f64, usize)> {
        let mut best: Option<(f64, usize)> = None;
        for seat in (0..self.seats.len()).filter(|s| (1..self.sizes.most).contains(&self.seats[*s].members.len())) {
            let way_m = self.way_below_m(seat, household, best.map_or(f64::INFINITY, |b| b.0));
            if let Some(way_m) = way_m.filter(|way_m| best.is_none_or(|b| *way_m < b.0)) {
                best = Some((way_m, seat));
            }
        }
        best
    }
}

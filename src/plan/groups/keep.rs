//! Groups that stay when the plan changes around them.
//!
//! A group whose members are all still there stays as it is. One that lost members stays if it is large enough or can be filled
//! up again: with households that have no group, or else with members of groups that can spare some. Who is left over joins a
//! group nearby that has room, or makes a new group. Only where neither can be, groups nearby are drawn anew with them.

use std::collections::BTreeMap;

use super::{Circle, Sizes, circles, is_divisible, medoid, walk::walk};
use crate::{
    geometry::LocalMetres,
    model::{Group, Household},
};

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
/// groups come back, whatever their sizes.
pub fn regroup(households: &[&Household], former: &[&Group], target: usize, metres: &LocalMetres) -> Vec<Regrouped> {
    let by_id: BTreeMap<&str, usize> = households.iter().enumerate().map(|(i, h)| (h.id.as_str(), i)).collect();
    let mut desk = Desk {
        households,
        at: households.iter().map(|h| metres.xy(h.position)).collect(),
        sizes: Sizes::around(target),
        metres,
        seats: Vec::with_capacity(former.len()),
        loose: Vec::new(),
    };
    let mut seated = vec![false; households.len()];
    for (index, group) in former.iter().enumerate() {
        let mut members: Vec<usize> = group.members.iter().filter_map(|m| by_id.get(m.as_str()).copied()).collect();
        members.retain(|m| !std::mem::replace(&mut seated[*m], true));
        desk.seats.push(Seat { former: Some(index), head: by_id.get(group.head.as_str()).copied(), members });
    }
    desk.loose = (0..households.len()).filter(|i| !seated[*i]).collect();
    let untouched = desk.loose.is_empty() && desk.seats.iter().zip(former).all(|(seat, group)| seat.members.len() == group.members.len());
    if is_divisible(households.len(), target) {
        desk.break_oversize();
        desk.fill_up();
        desk.place_loose();
    } else if !untouched {
        desk.draw_anew((0..desk.seats.len()).collect());
    }
    desk.finish(former)
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
}

struct Desk<'a> {
    households: &'a [&'a Household],
    at: Vec<[f64; 2]>,
    sizes: Sizes,
    metres: &'a LocalMetres,
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
    fn fill_up(&mut self) {
        let mut short: Vec<usize> =
            (0..self.seats.len()).filter(|s| (1..self.sizes.least).contains(&self.seats[*s].members.len())).collect();
        short.sort_by_key(|s| (std::cmp::Reverse(self.seats[*s].members.len()), *s));
        for seat in short {
            while self.seats[seat].members.len() < self.sizes.least {
                let Some(place) =
                    (0..self.loose.len()).min_by(|a, b| self.way_m(seat, self.loose[*a]).total_cmp(&self.way_m(seat, self.loose[*b])))
                else {
                    break;
                };
                let household = self.loose.remove(place);
                self.seats[seat].members.push(household);
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
        }
    }

    /// The nearest member another group can spare, but no head, joins a group.
    fn borrow(&mut self, to: usize) {
        let lenders = (0..self.seats.len()).filter(|s| *s != to && self.seats[*s].members.len() > self.sizes.least);
        let lent = lenders
            .flat_map(|s| (0..self.seats[s].members.len()).map(move |m| (s, m)))
            .filter(|(s, m)| self.seats[*s].head != Some(self.seats[*s].members[*m]))
            .min_by(|a, b| {
                let way = |x: &(usize, usize)| self.way_m(to, self.seats[x.0].members[x.1]);
                way(a).total_cmp(&way(b)).then(a.cmp(b))
            });
        if let Some((from, member)) = lent {
            let household = self.seats[from].members.remove(member);
            self.seats[to].members.push(household);
        }
    }

    /// Households without a group make new ones where they are neighbours, join groups nearby that have room, or else groups nearby
    /// are drawn anew with them.
    fn place_loose(&mut self) {
        let target = self.sizes.target;
        if self.loose.len() >= self.sizes.least {
            let loose: Vec<&Household> = self.loose.iter().map(|i| self.households[*i]).collect();
            let mut left = Vec::new();
            for circle in circles(&loose, target, self.metres) {
                let members: Vec<usize> = circle.members.iter().map(|m| self.loose[*m]).collect();
                let apart_m: f64 = members.iter().map(|m| self.distance(*m, self.loose[circle.head])).sum();
                let joining_m: f64 = members.iter().map(|m| self.nearest_with_room(*m).map_or(f64::MAX, |(way_m, _)| way_m)).sum();
                let fits = (self.sizes.least..=self.sizes.most).contains(&members.len());
                if fits && apart_m <= joining_m {
                    self.seats.push(Seat { former: None, head: None, members });
                } else {
                    left.extend(members);
                }
            }
            self.loose = left;
        }
        // The nearest first, so that whoever comes late does not take a neighbour's place.
        while let Some((_, seat, place)) = (0..self.loose.len())
            .filter_map(|place| self.nearest_with_room(self.loose[place]).map(|(way_m, seat)| (way_m, seat, place)))
            .min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))))
        {
            let household = self.loose.remove(place);
            self.seats[seat].members.push(household);
        }
        if self.loose.is_empty() {
            return;
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
        self.draw_anew(broken);
    }

    /// Groups are drawn anew, with the households that have none. A new group keeps the code of the one most of its members were
    /// in, if that has no other heir.
    fn draw_anew(&mut self, broken: Vec<usize>) {
        let mut pool = std::mem::take(&mut self.loose);
        let mut seat_of: BTreeMap<usize, usize> = BTreeMap::new();
        for seat in &broken {
            for member in std::mem::take(&mut self.seats[*seat].members) {
                seat_of.insert(member, *seat);
                pool.push(member);
            }
        }
        let households: Vec<&Household> = pool.iter().map(|i| self.households[*i]).collect();
        let drawn = circles(&households, self.sizes.target, self.metres);
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
                Some(seat) => self.seats[seat].members = members,
                None => self.seats.push(Seat { former: None, head: None, members }),
            }
        }
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

    /// How far a household is from a group, in metres: from its nearest member, and a step for each of building and unit that is
    /// another one.
    fn way_m(&self, seat: usize, household: usize) -> f64 {
        let own = self.households[household];
        let way = |m: &usize| {
            let other = self.households[*m];
            let same_building = own.building_id.is_some() && own.building_id == other.building_id;
            let step = if same_building && own.unit == other.unit { 0.0 } else { 0.1 };
            self.distance(*m, household) + step + if same_building { 0.0 } else { 1.0 }
        };
        self.seats[seat].members.iter().map(way).fold(f64::MAX, f64::min)
    }

    /// The nearest group that has members and room, and how far it is in metres.
    fn nearest_with_room(&self, household: usize) -> Option<(f64, usize)> {
        let open = (0..self.seats.len()).filter(|s| (1..self.sizes.most).contains(&self.seats[*s].members.len()));
        open.map(|s| (self.way_m(s, household), s)).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    }
}

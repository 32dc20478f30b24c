//! Where the households of a cell meet, as a flow that is the cheapest there is.
//!
//! A group meets at its head's building. How many groups meet at each site is given; which households go where is then a
//! transport problem with a least and a most at each site. It stays solved while groups open and close: each change is a few
//! shortest augmenting paths (Jewell 1958; Busacker and Gowen 1961), found from label to label (Moore 1957), and can be undone.

use std::collections::VecDeque;

use super::{GoOn, Sizes, sites::Sites};

/// A gain below this is rounding, in metres.
pub(super) const EPSILON_M: f64 = 1e-6;

/// Paths that cost this much more than the search can afford are not followed, in metres: a detour may still win something back.
const DETOUR_M: f64 = 60.0;
/// How many meetings around their site a path tries for a party.
const ARCS: usize = 6;

/// Arcs looked at before it is asked whether to go on: a few milliseconds.
const WORK_UNASKED: usize = 500_000;

/// Households of one site that meet at another, or at home.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Party {
    /// The site they live at.
    pub site: u32,
    /// How many they are.
    pub households: u32,
    /// What the way costs each of them, in metres.
    way_m: f64,
}

/// Households that went from one meeting to another; taken back by going the other way.
#[derive(Clone, Copy)]
struct Step {
    site: u32,
    from: u32,
    to: u32,
    households: u32,
}

/// A moment of a flow's history, to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    steps: usize,
    openings: usize,
}

/// The households of a cell and where they meet.
pub(super) struct Flow<'a> {
    sites: &'a Sites,
    least: u32,
    most: u32,
    /// How many groups meet at each site.
    groups: Vec<u32>,
    /// How many households meet at each site.
    total: Vec<u32>,
    parties: Vec<Vec<Party>>,
    steps: Vec<Step>,
    /// Sites a group was opened (true) or closed at.
    openings: Vec<(u32, bool)>,
    paths: Paths,
    /// Arcs looked at so far: what the search has cost.
    pub work: usize,
    go_on: &'a GoOn<'a>,
    /// The work after which it is asked again whether to go on; none when the answer was no.
    ask_at: Option<usize>,
}

/// The shortest paths of one search.
struct Paths {
    way_m: Vec<f64>,
    /// The meeting somebody comes from, and which party of it.
    before: Vec<(u32, u32)>,
    queue: VecDeque<u32>,
    queued: Vec<bool>,
}

const NOBODY: u32 = u32::MAX;

impl<'a> Flow<'a> {
    /// The flow in which the groups given, of sites of their members, meet where it is nearest for them.
    pub fn of(sites: &'a Sites, groups: impl IntoIterator<Item = Vec<u32>>, sizes: &Sizes, go_on: &'a GoOn<'a>) -> Self {
        let n = sites.len();
        let mut flow = Self {
            sites,
            least: sizes.least as u32,
            most: sizes.most as u32,
            groups: vec![0; n],
            total: vec![0; n],
            parties: vec![Vec::new(); n],
            steps: Vec::new(),
            openings: Vec::new(),
            paths: Paths { way_m: vec![f64::MAX; n], before: vec![(NOBODY, 0); n], queue: VecDeque::new(), queued: vec![false; n] },
            work: 0,
            go_on,
            ask_at: Some(0),
        };
        for members in groups {
            let sum = |to: u32| members.iter().map(|m| sites.way_m(*m, to)).sum::<f64>();
            let Some(to) = members.iter().copied().min_by(|a, b| sum(*a).total_cmp(&sum(*b))) else { continue };
            flow.groups[to as usize] += 1;
            flow.total[to as usize] += members.len() as u32;
            for site in members {
                flow.arrive(site, to, 1);
            }
        }
        flow.settle();
        flow
    }

    /// Whether to go on, asked when enough was done since the last time.
    pub fn may_go_on(&mut self) -> bool {
        if self.ask_at.is_some_and(|at| self.work >= at) {
            self.ask_at = (self.go_on)().then_some(self.work + WORK_UNASKED);
        }
        !self.is_stopped()
    }

    /// Whether the answer was no: what there is then is nothing to go by.
    pub fn is_stopped(&self) -> bool {
        self.ask_at.is_none()
    }

    /// How many groups meet at a site.
    pub fn groups_at(&self, site: u32) -> u32 {
        self.groups[site as usize]
    }

    /// Who meets at a site.
    pub fn parties_at(&self, site: u32) -> &[Party] {
        &self.parties[site as usize]
    }

    /// What the way of all who meet at a site costs, in metres.
    pub fn way_to_m(&self, site: u32) -> f64 {
        self.parties[site as usize].iter().map(|p| f64::from(p.households) * p.way_m).sum()
    }

    /// Now, to come back to with [`Self::undo`].
    pub fn mark(&self) -> Mark {
        Mark { steps: self.steps.len(), openings: self.openings.len() }
    }

    /// Takes back everything since the mark.
    pub fn undo(&mut self, mark: Mark) {
        while self.steps.len() > mark.steps {
            let Some(step) = self.steps.pop() else { break };
            self.leave(step.site, step.to, step.households);
            self.arrive(step.site, step.from, step.households);
            self.total[step.to as usize] -= step.households;
            self.total[step.from as usize] += step.households;
        }
        while self.openings.len() > mark.openings {
            match self.openings.pop() {
                Some((site, true)) => self.groups[site as usize] -= 1,
                Some((site, false)) => self.groups[site as usize] += 1,
                None => break,
            }
        }
    }

    /// Sites where something changed since the last commit, some of them several times.
    pub fn changed(&self) -> impl Iterator<Item = u32> {
        self.steps.iter().flat_map(|step| [step.from, step.to])
    }

    /// Forgets the history: nothing before now can be undone.
    pub fn commit(&mut self) {
        self.steps.clear();
        self.openings.clear();
    }

    /// One group more meets at a site. What it costs in metres; none if it cannot be or would cost more than `limit_m`.
    pub fn open(&mut self, site: u32, limit_m: f64) -> Option<f64> {
        self.groups[site as usize] += 1;
        self.openings.push((site, true));
        let (least, most) = (self.groups[site as usize] * self.least, self.groups[site as usize] * self.most);
        let mut cost = 0.0;
        while self.total[site as usize] < most {
            let must = self.total[site as usize] < least;
            let need = if must { least } else { most } - self.total[site as usize];
            let bound_m = if must { (limit_m - cost) / f64::from(need) + DETOUR_M } else { f64::MAX };
            self.seek_from_full(site, bound_m);
            let way_m = self.paths.way_m[site as usize];
            if way_m == f64::MAX {
                if must {
                    return None;
                }
                break;
            }
            if !must && way_m > -EPSILON_M {
                break;
            }
            let households = self.push(site, need);
            if households == 0.0 {
                return None;
            }
            cost += households * way_m;
            if cost > limit_m && (way_m >= 0.0 || self.total[site as usize] >= least) {
                return None;
            }
        }
        self.has_heads(site).then_some(cost)
    }

    /// One group less meets at a site. What it costs in metres; none if it cannot be or would cost more than `limit_m`.
    pub fn close(&mut self, site: u32, limit_m: f64) -> Option<f64> {
        self.groups[site as usize] -= 1;
        self.openings.push((site, false));
        let most = self.groups[site as usize] * self.most;
        let mut cost = 0.0;
        while self.total[site as usize] > most {
            let excess = self.total[site as usize] - most;
            let to = self.seek_room(site, (limit_m - cost) / f64::from(excess) + DETOUR_M)?;
            let way_m = self.paths.way_m[to as usize];
            let room = self.groups[to as usize] * self.most - self.total[to as usize];
            let households = self.push(to, excess.min(room));
            if households == 0.0 {
                return None;
            }
            cost += households * way_m;
            if cost > limit_m && way_m >= 0.0 {
                return None;
            }
        }
        (cost <= limit_m).then_some(cost)
    }

    fn has_heads(&self, site: u32) -> bool {
        let at_home = self.parties[site as usize].iter().find(|p| p.site == site).map_or(0, |p| p.households);
        at_home >= self.groups[site as usize]
    }

    fn arrive(&mut self, site: u32, at: u32, households: u32) {
        let parties = &mut self.parties[at as usize];
        match parties.iter_mut().find(|p| p.site == site) {
            Some(party) => party.households += households,
            None => parties.push(Party { site, households, way_m: self.sites.way_m(site, at) }),
        }
    }

    fn leave(&mut self, site: u32, at: u32, households: u32) {
        let parties = &mut self.parties[at as usize];
        if let Some(place) = parties.iter().position(|p| p.site == site) {
            parties[place].households -= households;
            if parties[place].households == 0 {
                parties.swap_remove(place);
            }
        }
    }

    /// How many of a party may leave: each group keeps somebody at home as its head.
    fn may_leave(&self, at: u32, party: &Party) -> u32 {
        if party.site == at { party.households.saturating_sub(self.groups[at as usize]) } else { party.households }
    }

    /// Shortest paths to `to` from any meeting that has more households than it must have.
    fn seek_from_full(&mut self, to: u32, bound_m: f64) {
        self.paths.clear();
        for site in 0..self.groups.len() as u32 {
            if site != to && self.total[site as usize] > self.groups[site as usize] * self.least {
                self.paths.start(site);
            }
        }
        self.relax(to, bound_m);
    }

    /// The nearest meeting with room, on the shortest path from `from`.
    fn seek_room(&mut self, from: u32, bound_m: f64) -> Option<u32> {
        self.paths.clear();
        self.paths.start(from);
        self.relax(NOBODY, bound_m);
        (0..self.groups.len() as u32)
            .filter(|s| *s != from && self.total[*s as usize] < self.groups[*s as usize] * self.most)
            .filter(|s| self.paths.way_m[*s as usize] < f64::MAX)
            .min_by(|a, b| self.paths.way_m[*a as usize].total_cmp(&self.paths.way_m[*b as usize]))
    }

    /// Follows paths below the bound until none gets shorter; none goes on from `last`.
    fn relax(&mut self, last: u32, bound_m: f64) {
        let Self { sites, groups, parties, paths, work, .. } = self;
        // Without a negative cycle a path is shorter than the number of sites; the bound guards against rounding.
        let mut left = groups.len() * groups.len();
        while let Some(at) = paths.queue.pop_front() {
            paths.queued[at as usize] = false;
            left = left.saturating_sub(1);
            if left == 0 {
                break;
            }
            let so_far = paths.way_m[at as usize];
            for (party, place) in parties[at as usize].iter().zip(0..) {
                if party.site == at && party.households <= groups[at as usize] {
                    continue;
                }
                let base = so_far - party.way_m;
                let mut arcs = ARCS;
                for (to, way_m) in sites.around(party.site) {
                    if groups[to as usize] == 0 {
                        continue;
                    }
                    if arcs == 0 {
                        break;
                    }
                    arcs -= 1;
                    *work += 1;
                    let way_m = base + way_m;
                    if way_m < (paths.way_m[to as usize] - EPSILON_M).min(bound_m) && to != at {
                        paths.way_m[to as usize] = way_m;
                        paths.before[to as usize] = (at, place);
                        if to != last && !paths.queued[to as usize] {
                            paths.queued[to as usize] = true;
                            if paths.queue.front().is_some_and(|f| way_m < paths.way_m[*f as usize]) {
                                paths.queue.push_front(to);
                            } else {
                                paths.queue.push_back(to);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Makes the flow the cheapest one by cancelling cycles that save way (Klein 1967). A meeting with room may take somebody that
    /// another can spare: the cycle then goes through the reserve, the node after the last site.
    fn settle(&mut self) {
        for _ in 0..20 * self.groups.len() {
            let Some(cycle) = self.saving_cycle() else { break };
            let reserve = self.groups.len() as u32;
            let mut households = NOBODY;
            let mut moves = Vec::new();
            for (from, party, to) in cycle {
                if from == reserve {
                    households = households.min(self.total[to as usize] - self.groups[to as usize] * self.least);
                } else if to == reserve {
                    households = households.min(self.groups[from as usize] * self.most - self.total[from as usize]);
                } else {
                    let party = self.parties[from as usize][party as usize];
                    households = households.min(self.may_leave(from, &party));
                    moves.push((party.site, from, to));
                }
            }
            for (site, from, to) in moves {
                self.leave(site, from, households);
                self.arrive(site, to, households);
                self.total[from as usize] -= households;
                self.total[to as usize] += households;
            }
        }
    }

    /// A cycle of moves that saves way: from where, which party, to where.
    fn saving_cycle(&mut self) -> Option<Vec<(u32, u32, u32)>> {
        let n = self.groups.len();
        let reserve = n as u32;
        let mut way_m = vec![0.0; n + 1];
        let mut before = vec![(NOBODY, 0); n + 1];
        for _ in 0..=n {
            if !self.may_go_on() {
                return None;
            }
            let mut better = false;
            let mut relax = |from: u32, party: u32, to: u32, step_m: f64| {
                let candidate = way_m[from as usize] + step_m;
                if candidate < way_m[to as usize] - EPSILON_M {
                    way_m[to as usize] = candidate;
                    before[to as usize] = (from, party);
                    better = true;
                }
            };
            for at in 0..n as u32 {
                for (party, place) in self.parties[at as usize].iter().zip(0..) {
                    if self.may_leave(at, party) == 0 {
                        continue;
                    }
                    for (to, step_m) in self.sites.around(party.site) {
                        self.work += 1;
                        if to != at && self.groups[to as usize] > 0 {
                            relax(at, place, to, step_m - party.way_m);
                        }
                    }
                }
                if self.total[at as usize] < self.groups[at as usize] * self.most {
                    relax(at, 0, reserve, 0.0);
                }
                if self.total[at as usize] > self.groups[at as usize] * self.least {
                    relax(reserve, 0, at, 0.0);
                }
            }
            if !better {
                return None;
            }
            if let Some(cycle) = cycle_of(&before) {
                return Some(cycle);
            }
        }
        None
    }

    /// Sends up to `need` households along the path found to `to`; how many.
    fn push(&mut self, to: u32, need: u32) -> f64 {
        let mut path = Vec::new();
        let mut households = need;
        let mut at = to;
        while let (from, party) = self.paths.before[at as usize]
            && from != NOBODY
        {
            // A cycle: rounding only, there is none that saves way.
            if path.len() > self.groups.len() {
                return 0.0;
            }
            let party = self.parties[from as usize][party as usize];
            households = households.min(self.may_leave(from, &party));
            path.push((party.site, from, at));
            at = from;
        }
        let spare = self.total[at as usize].saturating_sub(self.groups[at as usize] * self.least);
        households = households.min(spare);
        for (site, from, to) in path {
            self.leave(site, from, households);
            self.arrive(site, to, households);
            self.steps.push(Step { site, from, to, households });
        }
        self.total[at as usize] -= households;
        self.total[to as usize] += households;
        f64::from(households)
    }
}

impl Paths {
    fn clear(&mut self) {
        self.way_m.fill(f64::MAX);
        self.before.fill((NOBODY, 0));
        self.queue.clear();
        self.queued.fill(false);
    }

    fn start(&mut self, at: u32) {
        self.way_m[at as usize] = 0.0;
        self.queued[at as usize] = true;
        self.queue.push_back(at);
    }
}

/// The cycle among nodes and where they were reached from, if there is one.
fn cycle_of(before: &[(u32, u32)]) -> Option<Vec<(u32, u32, u32)>> {
    let mut seen_by = vec![NOBODY; before.len()];
    for start in 0..before.len() as u32 {
        let mut at = start;
        while at != NOBODY && seen_by[at as usize] == NOBODY {
            seen_by[at as usize] = start;
            at = before[at as usize].0;
        }
        if at != NOBODY && seen_by[at as usize] == start {
            let mut cycle = Vec::new();
            let mut node = at;
            loop {
                let (from, party) = before[node as usize];
                cycle.push((from, party, node));
                node = from;
                if node == at {
                    return Some(cycle);
                }
            }
        }
    }
    None
}

//! Where groups meet: local search over opening, closing and shifting a group, each judged by the cheapest flow it leaves.
//!
//! This is the capacitated p-median problem (Mulvey and Beck 1984) with several groups at a site and a least size as well as a most;
//! the moves are those of Teitz and Bart (1968).

use super::{
    GoOn, Sizes,
    flow::{EPSILON_M, Flow},
    sites::Sites,
};

/// Arcs looked at for each site of a cell before the search is content with what it has.
const WORK_PER_SITE: usize = 30_000;
/// The most a move for the worse may cost before others make it good, in metres.
const SHAKE_M: f64 = 1000.0;
/// What the mean size of a cell's groups costs away from the target: for each group, by the square of the difference, in metres.
const MEAN_SIZE_PRICE_M: f64 = 0.3;
/// Groups shall not be smaller than this share of the target in the mean of a cell.
const LEAST_MEAN_SIZE: f64 = 0.932;
/// What each group costs that makes them smaller, in metres.
const SURPLUS_PRICE_M: f64 = 100.0;

/// No site.
const NOWHERE: u32 = u32::MAX;

/// How many households go from a site to a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    /// Where the households live.
    pub from: usize,
    /// Where their group meets.
    pub to: usize,
    /// How many.
    pub households: usize,
}

/// The best streams found, starting from groups that are there; none when told not to go on.
pub(super) fn streams(sites: &Sites, groups: &[Vec<usize>], sizes: &Sizes, go_on: &GoOn<'_>) -> Option<Vec<Stream>> {
    let mut site_of = vec![0_u32; groups.iter().map(Vec::len).sum()];
    for (site, households) in (0..).zip(&sites.households) {
        for household in households {
            site_of[*household] = site;
        }
    }
    let members = groups.iter().map(|g| g.iter().map(|m| site_of[*m]).collect());
    let flow = Flow::of(sites, members, sizes, go_on);
    let mut search = Search { flow, sites, sizes, households: site_of.len(), groups: groups.len() };
    search.descend(WORK_PER_SITE * sites.len());
    let streams = |to: u32| {
        let parties = search.flow.parties_at(to).iter();
        parties.map(move |p| Stream { from: p.site as usize, to: to as usize, households: p.households as usize })
    };
    (!search.flow.is_stopped()).then(|| (0..sites.len() as u32).flat_map(streams).collect())
}

struct Search<'a> {
    flow: Flow<'a>,
    sites: &'a Sites,
    sizes: &'a Sizes,
    households: usize,
    groups: usize,
}

impl Search<'_> {
    /// What so many groups cost by their sizes alone, in metres.
    fn size_m(&self, groups: usize) -> f64 {
        let off = self.households as f64 / groups.max(1) as f64 - self.sizes.target as f64;
        let beyond = (groups as f64 - self.households as f64 / (LEAST_MEAN_SIZE * self.sizes.target as f64)).max(0.0);
        MEAN_SIZE_PRICE_M * groups as f64 * off * off + SURPLUS_PRICE_M * beyond
    }

    /// Moves until none helps or the work is done.
    fn descend(&mut self, work: usize) {
        let all: Vec<u32> = (0..self.sites.len() as u32).collect();
        while self.flow.work < work && self.better_at(&all, [NOWHERE; 2]) < -EPSILON_M {
            self.flow.commit();
        }
        self.flow.commit();
        // A site is looked at again only if something changed around it.
        let mut fresh = vec![true; self.sites.len()];
        while fresh.contains(&true) {
            for site in all.iter().copied() {
                if self.flow.work > work || self.flow.is_stopped() {
                    return;
                }
                if !std::mem::replace(&mut fresh[site as usize], false) || !self.shake(site) {
                    continue;
                }
                for near in self.flow.changed().flat_map(|s| self.sites.around(s)) {
                    fresh[near.0 as usize] = true;
                }
                self.flow.commit();
            }
        }
    }

    /// A move for the worse at a site, if all that helps around it then makes more than good for it.
    fn shake(&mut self, site: u32) -> bool {
        let (start, groups) = (self.flow.mark(), self.groups);
        let mut change_m = f64::MAX;
        if let Some((shifted_m, closed)) = self.shift_to(site, SHAKE_M, NOWHERE) {
            let around: Vec<u32> = self.sites.around(site).map(|(s, _)| s).collect();
            change_m = shifted_m + self.better_at(&around, [site, closed]);
        }
        let better = change_m < -EPSILON_M;
        if !better {
            self.flow.undo(start);
            self.groups = groups;
        }
        better
    }

    /// Every move at the sites given that helps, once over; the change in metres. Nothing is closed at the first of the sites
    /// barred, nothing is opened at the second.
    fn better_at(&mut self, places: &[u32], [open, closed]: [u32; 2]) -> f64 {
        let mut change_m = 0.0;
        for site in places {
            if !self.flow.may_go_on() {
                break;
            }
            while *site != closed
                && let Some((shifted_m, _)) = self.shift_to(*site, -EPSILON_M, open)
            {
                change_m += shifted_m;
            }
            if *site != open {
                change_m += self.close(*site);
            }
        }
        change_m
    }

    /// Closes a group if that helps; the change in metres.
    fn close(&mut self, site: u32) -> f64 {
        if self.flow.groups_at(site) == 0 || self.groups == 1 {
            return 0.0;
        }
        let saved = self.size_m(self.groups) - self.size_m(self.groups - 1);
        let start = self.flow.mark();
        match self.flow.close(site, saved - EPSILON_M) {
            Some(cost_m) => {
                self.groups -= 1;
                cost_m - saved
            }
            None => {
                self.flow.undo(start);
                0.0
            }
        }
    }

    /// Opens a group at a site, and closes one nearby where that is better still, if the change is less than `limit_m`. The change
    /// in metres, and where one was closed. None is closed at `kept`.
    fn shift_to(&mut self, site: u32, limit_m: f64, kept: u32) -> Option<(f64, u32)> {
        let start = self.flow.mark();
        let more = self.size_m(self.groups + 1) - self.size_m(self.groups);
        let mut nearby: Vec<u32> = self.sites.around(site).map(|(s, _)| s).collect();
        nearby.retain(|s| *s != site && *s != kept && self.flow.groups_at(*s) > 0);
        if more >= 0.0 && self.sites.around(site).all(|(s, _)| self.flow.way_to_m(s) < EPSILON_M) {
            return None;
        }
        let most_saved = nearby.iter().map(|s| self.flow.way_to_m(*s)).fold(-more, f64::max);
        let Some(opened) = self.flow.open(site, most_saved + limit_m) else {
            self.flow.undo(start);
            return None;
        };
        let open = self.flow.mark();
        let mut best = (opened + more, NOWHERE);
        for other in nearby {
            let limit = best.0.min(limit_m) - opened - EPSILON_M;
            if self.flow.way_to_m(other) + limit > 0.0
                && let Some(closed) = self.flow.close(other, limit)
            {
                best = (opened + closed, other);
            }
            self.flow.undo(open);
        }
        if best.0 > limit_m {
            self.flow.undo(start);
            return None;
        }
        if best.1 == NOWHERE {
            self.groups += 1;
        } else if self.flow.close(best.1, f64::MAX).is_none() {
            self.flow.undo(start);
            return None;
        }
        Some(best)
    }
}

//! Where groups meet: local search over opening, closing and shifting a group, each judged by the cheapest flow it leaves.
//!
//! This is the capacitated p-median problem (Mulvey and Beck 1984) with several groups at a site and a least size as well as a most;
//! the moves are those of Teitz and Bart (1968).

use super::{
    SIZE_PRICE_M, Sizes,
    flow::{EPSILON_M, Flow},
    sites::Sites,
};

/// Arcs looked at for each site of a cell before the search is content with what it has.
const WORK_PER_SITE: usize = 40_000;

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

/// The best streams found, starting from groups that are there.
pub(super) fn streams(sites: &Sites, groups: &[Vec<usize>], sizes: &Sizes) -> Vec<Stream> {
    let mut site_of = vec![0_u32; groups.iter().map(Vec::len).sum()];
    for (site, households) in (0..).zip(&sites.households) {
        for household in households {
            site_of[*household] = site;
        }
    }
    let members = groups.iter().map(|g| g.iter().map(|m| site_of[*m]).collect());
    let flow = Flow::of(sites, members, sizes);
    let mut search = Search { flow, sites, sizes, households: site_of.len(), groups: groups.len() };
    search.descend(WORK_PER_SITE * sites.len());
    (0..sites.len() as u32)
        .flat_map(|to| {
            let parties = search.flow.parties_at(to).iter();
            parties.map(move |p| Stream { from: p.site as usize, to: to as usize, households: p.households as usize })
        })
        .collect()
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
        SIZE_PRICE_M * groups as f64 * off * off
    }

    /// Moves until none helps or the work is done.
    fn descend(&mut self, work: usize) {
        let mut better = true;
        while better {
            better = false;
            for site in 0..self.sites.len() as u32 {
                if self.flow.work > work {
                    return;
                }
                while self.shift_to(site) {
                    better = true;
                }
                better |= self.close(site);
            }
        }
    }

    /// Closes a group if that helps.
    fn close(&mut self, site: u32) -> bool {
        if self.flow.groups_at(site) == 0 || self.groups == 1 {
            return false;
        }
        let start = self.flow.mark();
        let saved = self.size_m(self.groups) - self.size_m(self.groups - 1);
        match self.flow.close(site, saved - EPSILON_M) {
            Some(_) => {
                self.groups -= 1;
                self.flow.commit();
                true
            }
            None => {
                self.flow.undo(start);
                false
            }
        }
    }

    /// Opens a group at a site, and closes one nearby where that is better still, if it helps.
    fn shift_to(&mut self, site: u32) -> bool {
        let start = self.flow.mark();
        let more = self.size_m(self.groups + 1) - self.size_m(self.groups);
        let mut nearby: Vec<u32> = self.sites.around(site).map(|(s, _)| s).collect();
        nearby.retain(|s| *s != site && self.flow.groups_at(*s) > 0);
        let most_saved = nearby.iter().map(|s| self.flow.way_to_m(*s)).fold(0.0, f64::max) - more.min(0.0);
        let Some(opened) = self.flow.open(site, most_saved) else {
            self.flow.undo(start);
            return false;
        };
        let open = self.flow.mark();
        let mut best = (opened + more, None);
        for other in nearby {
            let limit = best.0.min(0.0) - opened - EPSILON_M;
            if self.flow.way_to_m(other) + limit > 0.0
                && let Some(closed) = self.flow.close(other, limit)
            {
                best = (opened + closed, Some(other));
            }
            self.flow.undo(open);
        }
        if best.0 > -EPSILON_M {
            self.flow.undo(start);
            return false;
        }
        match best.1 {
            Some(other) => {
                let _ = self.flow.close(other, f64::MAX);
            }
            None => self.groups += 1,
        }
        self.flow.commit();
        true
    }
}

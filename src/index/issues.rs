//! Issues as columns: a bucket for each span of time of a street, along the curve.
//!
//! A new issue makes one bucket anew and leaves the others alone; a window of time skips whole buckets; a tile reads one run of
//! each. A cube of counts by bin, category and day would hold more rows than there are issues: they are too sparse to repeat.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    IssueFilter,
    points::CurvePoints,
    texts::{OptionalTexts, Texts, Words},
};
use crate::model::{Issue, IssueStatus, LonLat};

/// log2 of a bucket's seconds: 48.5 days.
const SPAN_BITS: u32 = 22;

/// The issues of one street that were reported in one span of time. Rows are places along the curve.
#[derive(Debug, Default)]
pub struct IssueBucket {
    /// Where they are.
    pub points: CurvePoints,
    /// Their categories.
    pub categories: Words,
    positions: Vec<LonLat>,
    ids: Texts,
    by_id: Vec<u32>,
    statuses: Vec<IssueStatus>,
    reported_at: Vec<Timestamp>,
    closed_at: Vec<Option<Timestamp>>,
    descriptions: OptionalTexts,
    span: i64,
}

/// An issue in the columns; see [`Issue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssueRow<'a> {
    /// Id, unique in the store.
    pub id: &'a str,
    /// Where it is.
    pub position: LonLat,
    /// Kind, in the source's word.
    pub category: &'a str,
    /// Where it stands.
    pub status: IssueStatus,
    /// When it was reported.
    pub reported_at: Timestamp,
    /// When it was finished.
    pub closed_at: Option<Timestamp>,
    /// Free text.
    pub description: Option<&'a str>,
}

impl<'a> From<&'a Issue> for IssueRow<'a> {
    fn from(issue: &'a Issue) -> Self {
        Self {
            id: &issue.id,
            position: issue.position,
            category: &issue.category,
            status: issue.status,
            reported_at: issue.reported_at,
            closed_at: issue.closed_at,
            description: issue.description.as_deref(),
        }
    }
}

/// A filter made ready for the issues of one bucket.
#[derive(Debug)]
pub struct BucketFilter<'a> {
    bucket: &'a IssueBucket,
    categories: Vec<bool>,
    statuses: [bool; IssueStatus::ALL.len()],
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl BucketFilter<'_> {
    /// Whether the issue of this row counts; the same as [`IssueFilter::admits`].
    pub fn admits(&self, row: u32) -> bool {
        let i = row as usize;
        self.categories[self.bucket.categories.word(row) as usize]
            && self.statuses[self.bucket.statuses[i] as usize]
            && self.from.is_none_or(|from| self.bucket.reported_at[i] >= from)
            && self.to.is_none_or(|to| self.bucket.reported_at[i] < to)
    }
}

/// Sorts issues into buckets, by time.
pub fn fill_buckets<'a>(issues: impl IntoIterator<Item = IssueRow<'a>>) -> Vec<Arc<IssueBucket>> {
    let mut spans: BTreeMap<i64, Vec<IssueRow<'a>>> = BTreeMap::new();
    for issue in issues {
        spans.entry(span_of(&issue)).or_default().push(issue);
    }
    spans.into_iter().map(|(span, rows)| Arc::new(IssueBucket::build(span, &rows))).collect()
}

/// The buckets with some issues put (replacing those of the same id) and some deleted; what does not change is shared.
pub fn change_buckets(buckets: &[Arc<IssueBucket>], put: &[Issue], deleted: &[&str]) -> Vec<Arc<IssueBucket>> {
    let mut spans: BTreeMap<i64, Arc<IssueBucket>> = buckets.iter().map(|bucket| (bucket.span, bucket.clone())).collect();
    let mut stale: BTreeMap<i64, Vec<IssueRow<'_>>> = put.iter().map(|issue| (span_of(&issue.into()), Vec::new())).collect();
    let is_changed = |id: &str| put.iter().any(|issue| issue.id == id) || deleted.contains(&id);
    for bucket in buckets {
        if put.iter().map(|issue| issue.id.as_str()).chain(deleted.iter().copied()).any(|id| bucket.find(id).is_some()) {
            stale.entry(bucket.span).or_default();
        }
    }
    for bucket in buckets {
        if let Some(rows) = stale.get_mut(&bucket.span) {
            rows.extend(bucket.iter().filter(|row| !is_changed(row.id)));
        }
    }
    for issue in put {
        stale.entry(span_of(&issue.into())).or_default().push(issue.into());
    }
    for (span, rows) in stale {
        match rows.is_empty() {
            true => drop(spans.remove(&span)),
            false => drop(spans.insert(span, Arc::new(IssueBucket::build(span, &rows)))),
        }
    }
    spans.into_values().collect()
}

fn span_of(issue: &IssueRow<'_>) -> i64 {
    issue.reported_at.as_second() >> SPAN_BITS
}

impl IssueBucket {
    fn build(span: i64, rows: &[IssueRow<'_>]) -> Self {
        // Issues at one place lie by id, whatever order they came in.
        let mut rows: Vec<&IssueRow<'_>> = rows.iter().collect();
        rows.sort_unstable_by_key(|row| row.id);
        let (points, order) = CurvePoints::build(rows.iter().map(|row| row.position));
        let mut by_id = vec![0; rows.len()];
        for (row, place) in (0..).zip(&order) {
            by_id[*place as usize] = row;
        }
        let along = || order.iter().map(|place| rows[*place as usize]);
        Self {
            points,
            categories: along().map(|row| Some(row.category)).collect(),
            positions: along().map(|row| row.position).collect(),
            ids: along().map(|row| row.id).collect(),
            by_id,
            statuses: along().map(|row| row.status).collect(),
            reported_at: along().map(|row| row.reported_at).collect(),
            closed_at: along().map(|row| row.closed_at).collect(),
            descriptions: along().map(|row| row.description).collect(),
            span,
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// An issue by its row.
    pub fn get(&self, row: u32) -> IssueRow<'_> {
        let i = row as usize;
        IssueRow {
            id: self.ids.get(row),
            position: self.positions[i],
            category: self.categories.get(row).unwrap_or_default(),
            status: self.statuses[i],
            reported_at: self.reported_at[i],
            closed_at: self.closed_at[i],
            description: self.descriptions.get(row),
        }
    }

    /// Every issue, in order of rows.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = IssueRow<'_>> {
        (0..self.len() as u32).map(|row| self.get(row))
    }

    /// The row of an id.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.by_id.binary_search_by_key(&id, |row| self.ids.get(*row)).ok().map(|place| self.by_id[place])
    }

    /// Id by row.
    pub fn ids(&self) -> &Texts {
        &self.ids
    }

    /// Position by row.
    pub fn positions(&self) -> &[LonLat] {
        &self.positions
    }

    /// Status by row.
    pub fn statuses(&self) -> &[IssueStatus] {
        &self.statuses
    }

    /// Time of report by row.
    pub fn reported_at(&self) -> &[Timestamp] {
        &self.reported_at
    }

    /// Makes a filter ready; `None` when it lets none of the bucket's issues through.
    pub fn ready<'a>(&'a self, filter: &IssueFilter) -> Option<BucketFilter<'a>> {
        // The bucket's span: seconds from `span << SPAN_BITS` to before the next.
        let (first, next) = (self.span << SPAN_BITS, (self.span + 1) << SPAN_BITS);
        if filter.from.is_some_and(|from| from.as_second() >= next) || filter.to.is_some_and(|to| to.as_second() < first) {
            return None;
        }
        let listed = |c: &str| filter.categories.is_empty() || filter.categories.iter().any(|wanted| wanted == c);
        let categories: Vec<bool> = (0..self.categories.words.len() as u32).map(|word| listed(self.categories.words.get(word))).collect();
        categories.contains(&true).then(|| BucketFilter {
            bucket: self,
            categories,
            statuses: IssueStatus::ALL.map(|s| filter.statuses.is_empty() || filter.statuses.contains(&s)),
            // Only the buckets at the window's ends look at times.
            from: filter.from.filter(|from| from.as_second() >= first),
            to: filter.to.filter(|to| to.as_second() < next),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn issue(id: u32, days: i64, place: i32) -> Issue {
        Issue {
            id: format!("i{id:02}"),
            position: LonLat::new(1_048_000_000 + place, 265_000_000),
            category: ["noise", "waste"][id as usize % 2].into(),
            status: IssueStatus::ALL[id as usize % 3],
            reported_at: Timestamp::from_second(1_700_000_000 + days * 86_400).unwrap(),
            closed_at: None,
            description: id.is_multiple_of(2).then(|| format!("{days}")),
        }
    }

    proptest! {
        #[test]
        fn changing_equals_filling_anew(
            before in prop::collection::btree_map(0u32..30, (0..300i64, 0..9i32), 0..25),
            put in prop::collection::btree_map(0u32..30, (0..300i64, 0..9i32), 0..4),
            deleted in prop::collection::btree_set(0u32..30, 0..4),
        ) {
            let rows = |ids: &BTreeMap<u32, (i64, i32)>| ids.iter().map(|(id, (days, x))| issue(*id, *days, *x)).collect::<Vec<_>>();
            let deleted: Vec<String> = deleted.into_iter().filter(|id| !put.contains_key(id)).map(|id| format!("i{id:02}")).collect();
            let mut after = before.clone();
            after.extend(put.clone());
            let mut after = rows(&after);
            after.retain(|issue| !deleted.contains(&issue.id));
            let old = rows(&before);
            let old = fill_buckets(old.iter().map(IssueRow::from));
            let new = change_buckets(&old, &rows(&put), &deleted.iter().map(String::as_str).collect::<Vec<_>>());
            let anew = fill_buckets(after.iter().map(IssueRow::from));
            let all = |buckets: &[Arc<IssueBucket>]| buckets.iter().map(|b| (b.span, b.iter().map(|r| format!("{r:?}")).collect::<Vec<_>>())).collect::<Vec<_>>();
            prop_assert_eq!(all(&new), all(&anew));
            prop_assert!(after.iter().all(|issue| new.iter().filter(|b| b.find(&issue.id).is_some()).count() == 1));
        }

        #[test]
        fn a_ready_filter_admits_what_the_filter_does(from in prop::option::of(0..300i64), to in prop::option::of(0..300i64), noise: bool, open: bool) {
            let at = |days: i64| Timestamp::from_second(1_700_000_000 + days * 86_400).unwrap();
            let filter = IssueFilter {
                categories: if noise { vec!["noise".into()] } else { vec![] },
                statuses: if open { vec![IssueStatus::Open] } else { vec![] },
                from: from.map(at),
                to: to.map(at),
            };
            let issues: Vec<Issue> = (0..60).map(|i| issue(i, i64::from(i) * 5, i as i32)).collect();
            let mut admitted = 0;
            for bucket in fill_buckets(issues.iter().map(IssueRow::from)) {
                let Some(ready) = bucket.ready(&filter) else { continue };
                admitted += (0..bucket.len() as u32).filter(|row| ready.admits(*row)).count();
            }
            prop_assert_eq!(admitted, issues.iter().filter(|issue| filter.admits(&(*issue).into())).count());
        }
    }
}

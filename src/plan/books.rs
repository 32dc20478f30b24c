//! Plans as versions: how a new plan enters among those that are there.

use super::Registration;
use crate::model::{Cell, Plan, PlanState};

/// The plans to write so that `new` is among `existing`: a draft changes nothing else. A published plan is in force from its first
/// day until the first day of the next published one, if there is any; the plan in force on its first day ends there. No other
/// day's answer changes, whether the day is past or future. Of two plans with the same first day the newer is in force.
///
/// `new` comes last.
pub fn enter(existing: &[Plan], mut new: Plan) -> Vec<Plan> {
    let Some(from) = new.valid_from.filter(|_| new.state != PlanState::Draft) else { return vec![new] };
    let begins = |p: &&Plan| p.state != PlanState::Draft && p.valid_from.is_some_and(|begin| p.valid_to.is_none_or(|end| begin < end));
    new.valid_to = existing.iter().filter(begins).filter_map(|p| p.valid_from).filter(|begin| *begin > from).min();
    let shortened = existing.iter().filter(|p| p.in_force(from)).map(|p| {
        let mut ended = p.clone();
        ended.valid_to = Some(from);
        ended
    });
    shortened.chain([new.clone()]).collect()
}

/// A draft that begins as a copy of a plan; nothing in it is locked.
pub fn copy(base: &Plan, registration: Registration) -> Plan {
    Plan {
        id: registration.id,
        state: registration.state(),
        name: registration.name,
        owner: registration.owner,
        valid_from: registration.publish_from,
        valid_to: None,
        created_at: registration.now,
        base: Some(base.id),
        revision: 0,
        cells: base.cells.iter().map(|c| Cell { locked: false, ..c.clone() }).collect(),
        ..base.clone()
    }
}

/// The plan that ended when `plan` began: of several that end on that day the one that was in force last. Those that were in force on no
/// day, because another with the same first day came after them, count by their numbers.
pub fn replaced_by<'a>(existing: impl IntoIterator<Item = &'a Plan>, plan: &Plan) -> Option<&'a Plan> {
    let from = plan.valid_from.filter(|_| plan.state != PlanState::Draft)?;
    // One that was in force on no day was followed by others that were not, either.
    let came_before = |p: &&Plan| plan.valid_to != Some(from) || p.valid_from != Some(from) || p.id < plan.id;
    let ended = existing.into_iter().filter(|p| p.id != plan.id && p.state != PlanState::Draft && p.valid_to == Some(from));
    ended.filter(came_before).max_by_key(|p| (p.valid_from, p.id))
}

/// The plans to write so that `plan` is a draft again and what was in force before it goes on; `None` when a later plan begins where
/// it ends, or it is a draft.
///
/// `plan` comes last.
pub fn leave(existing: &[Plan], mut plan: Plan) -> Option<Vec<Plan>> {
    plan.valid_from.filter(|_| plan.state != PlanState::Draft && plan.valid_to.is_none())?;
    let restored = replaced_by(existing, &plan).map(|p| {
        let mut again = p.clone();
        again.valid_to = None;
        again
    });
    (plan.state, plan.valid_from) = (PlanState::Draft, None);
    Some(restored.into_iter().chain([plan]).collect())
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::Date};
    use proptest::prelude::*;

    use super::*;
    use crate::model::PlanId;

    fn plan(id: u32, from: Option<Date>) -> Plan {
        Plan {
            id: PlanId(id),
            name: String::new(),
            state: if from.is_some() { PlanState::Published } else { PlanState::Draft },
            valid_from: from,
            valid_to: None,
            created_at: Timestamp::UNIX_EPOCH,
            owner: None,
            base: None,
            revision: 0,
            parameters: serde_json::Value::Null,
            estimated: false,
            communities: vec![],
            cells: vec![],
            blocks: vec![],
            groups: vec![],
        }
    }

    fn day(n: i8) -> Date {
        Date::constant(2026, 1, n)
    }

    proptest! {
        /// A plan replaced the one that was in force on its first day when it came.
        #[test]
        fn a_plan_knows_what_it_replaced(starts in prop::collection::vec(2i8..6, 1..9)) {
            let mut books: Vec<Plan> = Vec::new();
            let mut replaced = Vec::new();
            for (id, start) in (1..).zip(&starts) {
                replaced.push(books.iter().find(|p| p.in_force(day(*start))).map(|p| p.id));
                for p in enter(&books, plan(id, Some(day(*start)))) {
                    books.retain(|old| old.id != p.id);
                    books.push(p);
                }
                // As long as no other plan has come in between.
                let newest = books.iter().find(|p| p.id.0 == id).unwrap();
                prop_assert_eq!(replaced_by(&books, newest).map(|p| p.id), *replaced.last().unwrap());
            }
            // And those on one day later on, too, where it is the first that there was.
            let first = starts.iter().min().unwrap();
            let on_it = |id: &&PlanId| starts[id.0 as usize - 1] == *first;
            let ids: Vec<PlanId> = (1..).take(starts.len()).map(PlanId).collect();
            for id in ids.iter().filter(on_it) {
                let plan = books.iter().find(|p| p.id == *id).unwrap();
                prop_assert_eq!(replaced_by(&books, plan).map(|p| p.id), replaced[id.0 as usize - 1]);
            }
        }

        /// The last plan withdrawn: every day's answer is as if it had not been.
        #[test]
        fn leaving_takes_entering_back(starts in prop::collection::vec(2i8..28, 1..9)) {
            let mut books: Vec<Plan> = Vec::new();
            let put = |books: &mut Vec<Plan>, plans: Vec<Plan>| for p in plans {
                books.retain(|old| old.id != p.id);
                books.push(p);
            };
            for (id, start) in (1..).zip(&starts) {
                let before: Vec<Option<u32>> = (1..28).map(|d| books.iter().find(|p| p.in_force(day(d))).map(|p| p.id.0)).collect();
                let entered = enter(&books, plan(id, Some(day(*start))));
                put(&mut books, entered);
                let newest = books.iter().find(|p| p.id.0 == id).unwrap().clone();
                let mut without = books.clone();
                match leave(&books, newest.clone()) {
                    Some(left) => {
                        put(&mut without, left);
                        let after: Vec<Option<u32>> = (1..28).map(|d| without.iter().find(|p| p.in_force(day(d))).map(|p| p.id.0)).collect();
                        prop_assert_eq!(before, after);
                    }
                    None => prop_assert!(newest.valid_to.is_some()),
                }
            }
        }

        /// On every day the plan in force is the newest of those with the latest first day up to then.
        #[test]
        fn one_plan_is_in_force_on_every_day(starts in prop::collection::vec(prop::option::of(2i8..28), 1..9)) {
            let mut books: Vec<Plan> = Vec::new();
            for (id, start) in (1..).zip(&starts) {
                for p in enter(&books, plan(id, start.map(day))) {
                    books.retain(|old| old.id != p.id);
                    books.push(p);
                }
            }
            for today in 1..28 {
                let expected = (1..).zip(&starts).filter_map(|(id, s)| s.filter(|s| *s <= today).map(|s| (s, id))).max().map(|(_, id)| id);
                let in_force: Vec<u32> = books.iter().filter(|p| p.in_force(day(today))).map(|p| p.id.0).collect();
                prop_assert_eq!(in_force, expected.into_iter().collect::<Vec<u32>>());
            }
        }
    }
}

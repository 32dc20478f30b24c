//! What planners ask of a plan: features with a rule's word.

use std::{collections::BTreeSet, path::Path};

use super::{
    Enclosure, Error, Intake, Reason,
    feature::{FeatureFile, Row},
    report::printable,
    shape::{self, Flaw},
};
use crate::{
    geometry::Crs,
    model::{LonLat, MultiPolygon, Rule, Rules},
};

/// The word the report uses.
pub const KIND: &str = "rules";

/// The property with the rule's word.
const RULE: &str = "rule";
/// The property with its name.
const NAME: &str = "name";
/// The words, for those who wrote another.
const WORDS: &str = "dedicated, together, barrier or seed";

/// Reads a file of rules. Every feature has a property `rule`: `dedicated` or `together` (polygons), `barrier` (lines) or `seed`
/// (a point), and may have a `name`. A file without features gives no rules and a note.
///
/// # Errors
/// A broken file, or any feature that is no good rule: a plan that respects half of what was asked is not the one asked for.
pub fn read(path: &Path, crs: Option<Crs>, intake: &mut Intake<'_>) -> Result<Rules, Error> {
    let mut file = FeatureFile::open(path, crs, KIND, intake)?;
    let mut rules = Rules::default();
    let mut unknown = BTreeSet::new();
    while let Some(row) = file.next(intake)? {
        unknown.extend(row.members().filter(|member| ![RULE, NAME].contains(member)).map(printable));
        match add(&mut rules, &file, &row) {
            Ok(()) => intake.report.keep(KIND),
            Err(flaw) => {
                let number = format!("feature {}", row.number);
                intake.report.reject(file.place(&row, &number), flaw.reason, flaw.message);
            }
        }
    }
    if !unknown.is_empty() {
        let members = unknown.into_iter().collect::<Vec<_>>().join(", ");
        intake.report.note(format!("{}: a rule has {RULE} and {NAME}; these say nothing to it: {members}", file.name));
    }
    refuse_halves(path, intake)?;
    if intake.report.count(KIND).read == 0 {
        intake.report.note(format!("{}: there are no features in it, so no rules", file.name));
    }
    Ok(rules)
}

/// Fails when a rule was refused, with the first of them.
fn refuse_halves(path: &Path, intake: &Intake<'_>) -> Result<(), Error> {
    let bad = intake.report.count(KIND).rejected;
    let Some(first) = intake.report.problems().iter().find(|problem| problem.kind == KIND && !problem.kept) else { return Ok(()) };
    let more = if bad > 1 { format!(" ({} more rules are bad)", bad - 1) } else { String::new() };
    Err(Error::broken(path, first.line, format!("{}: {}{more}", first.record, first.message)))
}

fn add(rules: &mut Rules, file: &FeatureFile, row: &Row) -> Result<(), Flaw> {
    let word = row.text(RULE).ok_or_else(|| {
        let hint = if row.members().any(|member| member == RULE) { "is not a word" } else { "is missing" };
        Flaw::new(Reason::MissingField, format!("property {RULE:?} {hint}; write {WORDS}"))
    })?;
    let name = row.text(NAME).map_or_else(|| format!("feature {} of {}", row.number, file.name), |name| printable(&name));
    match word.as_str() {
        "dedicated" => rules.dedicated.push(Rule { name, place: area(file, row)? }),
        "together" => rules.together.push(Rule { name, place: area(file, row)? }),
        "barrier" => rules.barriers.extend(file.lines(row)?.into_iter().map(|place| Rule { name: name.clone(), place })),
        "seed" => rules.seeds.push(Rule { name, place: file.point(row)? }),
        _ => return Err(Flaw::new(Reason::BadValue, format!("there is no rule {word:?}; write {WORDS}"))),
    }
    Ok(())
}

fn area(file: &FeatureFile, row: &Row) -> Result<MultiPolygon, Flaw> {
    let area = file.polygons(row)?;
    shape::check_extent(&area).map(|()| area)
}

/// The rules that have a place in the area, for a file that speaks of several streets.
pub fn within(rules: &Rules, area: &Enclosure) -> Rules {
    fn chosen<T: Clone>(rules: &[Rule<T>], has_place: impl Fn(&T) -> bool) -> Vec<Rule<T>> {
        rules.iter().filter(|rule| has_place(&rule.place)).cloned().collect()
    }
    let has_area = |shape: &MultiPolygon| area.touches_shape(shape);
    Rules {
        dedicated: chosen(&rules.dedicated, has_area),
        max_dedicated: rules.max_dedicated,
        together: chosen(&rules.together, has_area),
        barriers: chosen(&rules.barriers, |path: &Vec<LonLat>| area.touches(path)),
        seeds: chosen(&rules.seeds, |position: &LonLat| area.owns(*position)),
    }
}

/// The names of the rules that have a place in none of the `used`. The parts of a barrier count as one.
pub fn unused<'a>(asked: &'a Rules, used: &[Rules]) -> Vec<&'a str> {
    fn of<'a, T: PartialEq>(asked: &'a [Rule<T>], used: &[Rules], list: impl Fn(&Rules) -> &[Rule<T>]) -> impl Iterator<Item = &'a str> {
        asked.iter().filter(move |rule| !used.iter().any(|used| list(used).contains(rule))).map(|rule| rule.name.as_str())
    }
    let areas = of(&asked.dedicated, used, |rules| &rules.dedicated).chain(of(&asked.together, used, |rules| &rules.together));
    let is_all_unused = |name: &&str| !used.iter().flat_map(|rules| &rules.barriers).any(|part| part.name == **name);
    let mut barriers: Vec<&str> = of(&asked.barriers, used, |rules| &rules.barriers).filter(is_all_unused).collect();
    barriers.dedup();
    areas.chain(barriers).chain(of(&asked.seeds, used, |rules| &rules.seeds)).collect()
}

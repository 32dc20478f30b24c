//! What an import read, kept and refused: counts by kind and every problem with its file, line and reason.

use std::{collections::BTreeMap, fmt, io::Write};

use serde::Serialize;

/// How many problems a report keeps and shows; a file given with [`Report::write_problems_to`] gets all of them.
pub const SHOWN: usize = 20;

/// Why a record was refused or deserves a remark. The words are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The record cannot be parsed.
    Malformed,
    /// The row holds bytes that are no text in the file's encoding.
    Undecodable,
    /// A row has more or fewer fields than the header.
    WrongFieldCount,
    /// A required field is empty.
    MissingField,
    /// A field's value cannot be understood.
    BadValue,
    /// The record has no geometry.
    NoGeometry,
    /// The geometry is of another type than this kind of record has.
    WrongGeometry,
    /// A coordinate is not a number, out of range, or not in the named CRS.
    BadCoordinate,
    /// A ring's last position is not its first.
    OpenRing,
    /// A ring or line has too few distinct positions.
    TooFewPositions,
    /// A ring crosses itself or another ring of the polygon.
    CrossingRing,
    /// A ring encloses nothing.
    NoArea,
    /// A hole lies outside its polygon.
    HoleOutside,
    /// The id or code was there before; the first one counts.
    DuplicateId,
    /// The class of a line is unknown; it counts as local.
    UnknownClass,
    /// The status of an issue is unknown.
    UnknownStatus,
    /// The household names a building that does not exist.
    UnknownBuilding,
    /// The household names no building.
    NoBuilding,
    /// The position lies outside the street.
    OutsideStreet,
    /// The code lies under no street that is known.
    UnknownStreet,
    /// The code is not one of the level asked for.
    WrongLevel,
    /// The building is not among those of the street, so it has no position either.
    NoPosition,
    /// Ways or nodes of the object are missing in the file.
    Incomplete,
    /// The area shares ground with another of its level.
    Overlap,
    /// A line reaches far beyond the street.
    FarOutside,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Longest text from a file that is shown, in characters.
const LONGEST: usize = 300;

/// Text from a file as a terminal may show it: what would steer the terminal or turn its writing direction is written out, and
/// very long text is cut.
pub fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown = String::with_capacity(text.len().min(4 * LONGEST));
    for (i, c) in text.chars().enumerate() {
        match c {
            _ if i == LONGEST => {
                shown.push('…');
                break;
            }
            c if steers(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// One record that was refused, or kept with a remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Its line, from 1, where the file has lines.
    pub line: Option<u64>,
    /// The record's id or number.
    pub record: String,
    /// Kind of record: buildings, households, …
    pub kind: &'static str,
    /// The stable reason.
    pub reason: Reason,
    /// The reason in words.
    pub message: String,
    /// The record was kept all the same.
    pub kept: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ", {}: {} ({})", printable(&self.record), printable(&self.message), self.reason)
    }
}

/// Where a record stands, for its problems.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The file.
    pub file: &'a str,
    /// Its line, from 1.
    pub line: Option<u64>,
    /// The record's id or number.
    pub record: &'a str,
    /// Kind of record.
    pub kind: &'static str,
}

/// How many records of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Found in the input.
    pub read: usize,
    /// Taken over.
    pub kept: usize,
    /// Refused with a reason.
    pub rejected: usize,
}

/// The report of one import.
#[derive(Default, Serialize)]
pub struct Report {
    counts: BTreeMap<&'static str, Count>,
    rejected: BTreeMap<Reason, usize>,
    remarked: BTreeMap<Reason, usize>,
    /// Remarks on the input as a whole.
    notes: Vec<String>,
    problems: Vec<Problem>,
    #[serde(skip)]
    sink: Option<Sink>,
}

struct Sink {
    out: Box<dyn Write + Send>,
    written: usize,
    failed: Option<std::io::Error>,
}

impl Report {
    /// Writes every problem, as it comes, into a JSON document `{"problems":[…],"report":{…}}`, so that memory does not grow
    /// with the number of problems. [`Report::finish`] completes it.
    pub fn write_problems_to(out: impl Write + Send + 'static) -> Self {
        let mut sink = Sink { out: Box::new(out), written: 0, failed: None };
        sink.put("{\"problems\":[");
        Self { sink: Some(sink), ..Self::default() }
    }

    /// Counts a record found.
    pub fn read(&mut self, kind: &'static str) {
        self.read_many(kind, 1);
    }

    /// Counts records found.
    pub fn read_many(&mut self, kind: &'static str, count: usize) {
        self.counts.entry(kind).or_default().read += count;
    }

    /// Counts a record taken over.
    pub fn keep(&mut self, kind: &'static str) {
        self.keep_many(kind, 1);
    }

    /// Counts records taken over.
    pub fn keep_many(&mut self, kind: &'static str, count: usize) {
        self.counts.entry(kind).or_default().kept += count;
    }

    /// Counts a record refused.
    pub fn reject(&mut self, place: Place<'_>, reason: Reason, message: impl Into<String>) {
        self.counts.entry(place.kind).or_default().rejected += 1;
        *self.rejected.entry(reason).or_default() += 1;
        self.add(place, reason, message.into(), false);
    }

    /// Remarks on a record that is kept.
    pub fn remark(&mut self, place: Place<'_>, reason: Reason, message: impl Into<String>) {
        *self.remarked.entry(reason).or_default() += 1;
        self.add(place, reason, message.into(), true);
    }

    /// Remarks on the input as a whole.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// How many of a kind.
    pub fn count(&self, kind: &str) -> Count {
        self.counts.get(kind).copied().unwrap_or_default()
    }

    /// Counts of every kind.
    pub fn counts(&self) -> &BTreeMap<&'static str, Count> {
        &self.counts
    }

    /// Records refused, by reason.
    pub fn rejected(&self) -> &BTreeMap<Reason, usize> {
        &self.rejected
    }

    /// Records kept with a remark, by reason.
    pub fn remarked(&self) -> &BTreeMap<Reason, usize> {
        &self.remarked
    }

    /// Remarks on the input as a whole.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The first [`SHOWN`] problems.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Problems of all kinds.
    pub fn problem_count(&self) -> usize {
        self.rejected.values().chain(self.remarked.values()).sum()
    }

    /// Completes the document of [`Report::write_problems_to`].
    ///
    /// # Errors
    /// The first error of the writer, also of an earlier write.
    pub fn finish(&mut self) -> std::io::Result<()> {
        let Some(mut sink) = self.sink.take() else { return Ok(()) };
        let summary = serde_json::to_string(self)?;
        sink.put(&format!("\n],\"report\":{summary}}}\n"));
        sink.failed.map_or_else(|| sink.out.flush(), Err)
    }

    fn add(&mut self, place: Place<'_>, reason: Reason, message: String, kept: bool) {
        let Place { file, line, record, kind } = place;
        let problem = Problem { file: file.to_owned(), line, record: record.to_owned(), kind, reason, message, kept };
        if let Some(sink) = &mut self.sink {
            let comma = if sink.written > 0 { "," } else { "" };
            match serde_json::to_string(&problem) {
                Ok(text) => sink.put(&format!("{comma}\n{text}")),
                Err(error) => sink.failed = Some(error.into()),
            }
            sink.written += 1;
        }
        if self.problems.len() < SHOWN {
            self.problems.push(problem);
        }
    }
}

impl Sink {
    fn put(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(text.as_bytes()).err();
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24} {:>10} {:>10} {:>10}", "", "read", "kept", "rejected")?;
        for (kind, Count { read, kept, rejected }) in &self.counts {
            writeln!(f, "{kind:<24} {read:>10} {kept:>10} {rejected:>10}")?;
        }
        for (what, counts) in [("rejected", &self.rejected), ("kept with a remark", &self.remarked)] {
            for (reason, count) in counts {
                writeln!(f, "{count} {what}: {reason}")?;
            }
        }
        for note in &self.notes {
            writeln!(f, "note: {}", printable(note))?;
        }
        for problem in &self.problems {
            writeln!(f, "  {problem}{}", if problem.kept { ", kept" } else { "" })?;
        }
        let more = self.problem_count() - self.problems.len();
        if more > 0 {
            writeln!(f, "  … and {more} more; --report FILE writes all")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_first_twenty_are_kept_and_all_are_written() {
        let out = Shared::default();
        let mut report = Report::write_problems_to(out.clone());
        for line in 2..52 {
            report.read("households");
            let record = format!("H{line}");
            let place = Place { file: "households.csv", line: Some(line), record: &record, kind: "households" };
            report.reject(place, Reason::DuplicateId, "seen before");
        }
        report.finish().unwrap();
        assert_eq!((report.problems().len(), report.problem_count()), (SHOWN, 50));
        assert_eq!(report.problems()[0].to_string(), "households.csv, line 2, H2: seen before (duplicate_id)");
        assert!(report.to_string().contains("… and 30 more"));
        let written: serde_json::Value = serde_json::from_slice(&out.0.lock().unwrap()).unwrap();
        assert_eq!(written["problems"].as_array().unwrap().len(), 50);
        assert_eq!(written["problems"][49]["line"], 51);
        assert_eq!(written["report"]["counts"]["households"]["rejected"], 50);
    }
}

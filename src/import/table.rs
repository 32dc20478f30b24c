//! CSV files: header names, line numbers, byte order mark, CRLF, UTF-8 or GB 18030 (which holds GBK).

use std::{
    collections::{BTreeMap, VecDeque},
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use csv::StringRecord;
use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8};

use super::{Error, Intake, Reason, report::Place};
use crate::geometry::Crs;

/// How a table is to be read.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// The CRS of its coordinates, as the caller names it.
    pub crs: Option<Crs>,
    /// Their CRS if nobody names one: that of the files beside it.
    pub fallback_crs: Option<Crs>,
    /// Columns of fields whose header has another name.
    pub columns: BTreeMap<String, String>,
    /// The text encoding, if it is not to be found out.
    pub encoding: Option<&'static Encoding>,
}

/// A CSV file being read row by row.
pub struct Table {
    /// The file as the report names it.
    pub name: String,
    path: PathBuf,
    kind: &'static str,
    reader: csv::Reader<Box<dyn Read + Send>>,
    header: Vec<String>,
    columns: BTreeMap<String, String>,
    record: StringRecord,
    encoding: &'static Encoding,
    seen: Arc<Mutex<Seen>>,
    total: u64,
    rows: u64,
}

/// One row.
pub struct Row<'a> {
    fields: &'a StringRecord,
}

impl Row<'_> {
    /// A field without surrounding space; `None` when the column does not exist or the field is empty.
    pub fn get(&self, column: Option<usize>) -> Option<&str> {
        column.and_then(|column| self.fields.get(column)).map(str::trim).filter(|text| !text.is_empty())
    }

    /// All fields in one text, for an id made from the row's content.
    pub fn content(&self) -> String {
        self.fields.iter().map(str::trim).collect::<Vec<_>>().join("\u{1f}")
    }
}

impl Table {
    /// Opens a file and reads its header. `fields` are the names `--map` may give.
    pub fn open(path: &Path, kind: &'static str, fields: &[&str], options: &TableOptions, intake: &mut Intake<'_>) -> Result<Self, Error> {
        let fail = |source| Error::io(path, source);
        let total = std::fs::metadata(path).map_err(fail)?.len();
        if total == 0 {
            return Err(Error::Empty(path.to_owned()));
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let (encoding, flaws) = match options.encoding {
            Some(encoding) => (encoding, 0),
            None => detect_encoding(path).map_err(fail)?,
        };
        if encoding != UTF_8 {
            intake.report.note(format!("{name} was read as {}", encoding.name()));
        } else if flaws > 0 {
            intake.report.note(format!("{name} is UTF-8 but for {flaws} damaged places; rows with one are left out"));
        }
        let seen = Arc::new(Mutex::new(Seen::default()));
        let input = Decoding::new(File::open(path).map_err(fail)?, encoding, seen.clone());
        let mut input = BufReader::with_capacity(1 << 16, input);
        let delimiter = detect_delimiter(io::BufRead::fill_buf(&mut input).map_err(fail)?);
        let input = Watching { input, delimiter, state: State::Start, after_return: false, seen: seen.clone() };
        let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(Box::new(input) as Box<dyn Read + Send>);
        let header: Vec<String> =
            reader.headers().map_err(|error| csv_error(path, error))?.iter().map(|column| column.trim().to_owned()).collect();
        if header.iter().all(String::is_empty) {
            return Err(Error::Empty(path.to_owned()));
        }
        let (line, flaw, end) = look(&seen).next(reader.position().byte());
        if let Some(line) = end.open_quote {
            return Err(cut_off(path, line, "a quote is opened here and never closed"));
        }
        if let Some(byte) = flaw {
            return Err(Error::broken(path, Some(line), format!("byte {byte} of the file, in its header, is not {}", encoding.name())));
        }
        for (i, column) in header.iter().enumerate().filter(|(_, column)| !column.is_empty()) {
            if header[..i].contains(column) {
                intake.report.note(format!("{name} has column {column:?} more than once; the first one counts"));
            }
        }
        for (field, column) in &options.columns {
            let why = if !fields.contains(&field.as_str()) {
                format!("there is no such field; fields are {}", fields.join(", "))
            } else if position(&header, column).is_none() {
                format!("{} has no such column; it has {}", path.display(), header.join(", "))
            } else {
                continue;
            };
            return Err(Error::Map { field: field.clone(), column: column.clone(), why });
        }
        let columns = options.columns.clone();
        Ok(Self { name, path: path.to_owned(), kind, reader, header, columns, record: StringRecord::new(), encoding, seen, total, rows: 0 })
    }

    /// The column of a field; `None` when the file has none.
    pub fn column(&self, field: &str) -> Option<usize> {
        position(&self.header, self.columns.get(field).map_or(field, String::as_str))
    }

    /// Whether `--map` names the field's column.
    pub fn is_mapped(&self, field: &str) -> bool {
        self.columns.contains_key(field)
    }

    /// The column of a field that must be there.
    pub fn required(&self, field: &'static str) -> Result<usize, Error> {
        self.column(field).ok_or_else(|| self.no_column(field.to_owned(), field))
    }

    /// The error for a column that is not there.
    pub fn no_column(&self, missing: String, example: &'static str) -> Error {
        Error::NoColumn { file: self.path.clone(), missing, example, have: self.header.clone() }
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a record stands, for the report.
    pub fn place<'a>(&'a self, line: u64, record: &'a str) -> Place<'a> {
        Place { file: &self.name, line: Some(line), record, kind: self.kind }
    }

    /// Moves to the next row with the right number of fields and gives its line; wrong ones are reported on the way.
    ///
    /// # Errors
    /// A file that cannot be read, ends within quotes, or ends within a row: it is cut off, and what is missing is unknown.
    pub fn advance(&mut self, intake: &mut Intake<'_>) -> Result<Option<u64>, Error> {
        loop {
            if self.rows.is_multiple_of(1024) {
                let bytes = look(&self.seen).bytes;
                intake.progress(&self.name, bytes, self.total);
            }
            let more = self.reader.read_record(&mut self.record).map_err(|error| csv_error(&self.path, error))?;
            let (line, flaw, end) = look(&self.seen).next(self.reader.position().byte());
            if let Some(line) = end.open_quote {
                return Err(cut_off(&self.path, line, "a quote is opened here and never closed"));
            }
            if !more {
                intake.progress(&self.name, self.total, self.total);
                return Ok(None);
            }
            self.rows += 1;
            if end.mid_line && self.record.len() < self.header.len() {
                return Err(cut_off(&self.path, line, "the file ends in the middle of a row"));
            }
            if let Some(byte) = flaw {
                intake.report.read(self.kind);
                let message = format!("byte {byte} of the file is not {}; the row was left out", self.encoding.name());
                let record = format!("row {}", self.rows);
                intake.report.reject(self.place(line, &record), Reason::Undecodable, message);
                continue;
            }
            if self.record.iter().all(|field| field.trim().is_empty()) {
                continue;
            }
            intake.report.read(self.kind);
            if self.record.len() == self.header.len() {
                return Ok(Some(line));
            }
            let quote = if self.record.iter().any(|field| field.contains('\n')) { "; is a quote left open?" } else { "" };
            let message = format!("the row has {} fields, the header {}{quote}", self.record.len(), self.header.len());
            let record = format!("row {}", self.rows);
            intake.report.reject(self.place(line, &record), Reason::WrongFieldCount, message);
        }
    }

    /// The row [`Table::advance`] moved to.
    pub fn row(&self) -> Row<'_> {
        Row { fields: &self.record }
    }
}

fn position(header: &[String], column: &str) -> Option<usize> {
    header.iter().position(|name| name == column).or_else(|| header.iter().position(|name| name.eq_ignore_ascii_case(column)))
}

fn cut_off(path: &Path, line: u64, why: &str) -> Error {
    Error::broken(path, Some(line), format!("{why}; the file is cut off or damaged, export it again"))
}

fn csv_error(path: &Path, error: csv::Error) -> Error {
    let line = error.position().map(csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => Error::io(path, source),
        other => Error::broken(path, line, format!("this is not CSV: {other:?}")),
    }
}

/// The delimiter that the header line has most of; comma in doubt.
pub fn detect_delimiter(start: &[u8]) -> u8 {
    let header = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    b",;\t".iter().copied().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// How many well-formed characters beyond ASCII stand against one malformed for a file to be damaged UTF-8. Of GB 18030 read
/// as UTF-8 less than one character in six is well-formed.
const WELL_FORMED: u64 = 4;

/// UTF-8 or UTF-16 by their mark, UTF-8 if the whole file is valid or nearly all of it, else GB 18030; and how many places are
/// malformed in UTF-8.
fn detect_encoding(path: &Path) -> io::Result<(&'static Encoding, u64)> {
    let mut input = File::open(path)?;
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let (mut bytes, mut text) = (vec![0; 1 << 16], String::with_capacity(1 << 18));
    let (mut at_start, mut good, mut bad) = (true, 0_u64, 0_u64);
    loop {
        let count = input.read(&mut bytes)?;
        if at_start && let Some((encoding, _)) = Encoding::for_bom(&bytes[..count]) {
            return Ok((encoding, 0));
        }
        at_start = false;
        let mut rest = &bytes[..count];
        loop {
            text.clear();
            let (result, used) = decoder.decode_to_string_without_replacement(rest, &mut text, count == 0);
            rest = &rest[used..];
            good += text.chars().filter(|c| !c.is_ascii()).count() as u64;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => bad += 1,
            }
        }
        if count == 0 {
            return Ok(if good >= WELL_FORMED * bad { (UTF_8, bad) } else { (GB18030, bad) });
        }
    }
}

/// What the layers under the CSV reader saw. The reader reads ahead of the rows it hands out, hence the queues.
#[derive(Default)]
struct Seen {
    /// Bytes of the file read.
    bytes: u64,
    /// Bytes decoded.
    decoded: u64,
    /// Malformed places: where in the decoded text, where in the file.
    flaws: VecDeque<(u64, u64)>,
    /// Line of the file where each row that has not been handed out begins, from 1.
    starts: VecDeque<u64>,
    /// Line ends passed.
    lines: u64,
    /// Line of the quote that is open.
    quote_line: u64,
    end: End,
}

/// How the file ended; nothing yet while it has not.
#[derive(Clone, Copy, Default)]
struct End {
    open_quote: Option<u64>,
    mid_line: bool,
}

impl Seen {
    /// The line of the row that ends before `end` of the decoded text, where in the file it is malformed, and the file's end.
    fn next(&mut self, end: u64) -> (u64, Option<u64>, End) {
        let mut first = None;
        while let Some((_, byte)) = self.flaws.pop_front_if(|(at, _)| *at < end) {
            first = first.or(Some(byte));
        }
        (self.starts.pop_front().unwrap_or_default(), first, self.end)
    }
}

fn look(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Decodes to UTF-8 while reading; what cannot be decoded becomes U+FFFD and is remembered.
struct Decoding<R> {
    input: R,
    decoder: Decoder,
    raw: Box<[u8]>,
    start: usize,
    end: usize,
    at_end: bool,
    finished: bool,
    /// A replacement that is still to be handed out.
    owed: bool,
    seen: Arc<Mutex<Seen>>,
}

impl<R: Read> Decoding<R> {
    fn new(input: R, encoding: &'static Encoding, seen: Arc<Mutex<Seen>>) -> Self {
        let raw = vec![0; 1 << 16].into_boxed_slice();
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { input, decoder, raw, start: 0, end: 0, at_end: false, finished: false, owed: false, seen }
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();
        while !into.is_empty() {
            if self.owed {
                let Some(place) = into.get_mut(..REPLACEMENT.len()) else { break };
                place.copy_from_slice(REPLACEMENT);
                self.owed = false;
                look(&self.seen).decoded += REPLACEMENT.len() as u64;
                return Ok(REPLACEMENT.len());
            }
            if self.finished {
                return Ok(0);
            }
            if self.start == self.end && !self.at_end {
                (self.start, self.end) = (0, self.input.read(&mut self.raw)?);
                self.at_end = self.end == 0;
            }
            let (result, used, written) =
                self.decoder.decode_to_utf8_without_replacement(&self.raw[self.start..self.end], into, self.at_end);
            self.start += used;
            self.finished = self.at_end && result == DecoderResult::InputEmpty;
            let mut seen = look(&self.seen);
            (seen.bytes, seen.decoded) = (seen.bytes + used as u64, seen.decoded + written as u64);
            if let DecoderResult::Malformed(length, after) = result {
                let flaw = (seen.decoded, seen.bytes.saturating_sub(u64::from(length) + u64::from(after)));
                seen.flaws.push_back(flaw);
                self.owed = true;
            }
            drop(seen);
            if written > 0 {
                return Ok(written);
            }
            if result == DecoderResult::OutputFull {
                break;
            }
        }
        if into.is_empty() { Ok(0) } else { Err(io::Error::other("the read buffer is too small to decode into")) }
    }
}

/// Where the CSV reader is, by the same rules as its own: quotes open at the start of a field only and are doubled inside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a row.
    Start,
    /// Before a field.
    Field,
    Plain,
    Quoted,
    /// After a quote within quotes: the end, or half of a doubled one.
    Unquoted,
}

/// Watches the text on its way to the CSV reader, which can tell neither an open quote at the end of the file nor the line of a
/// row that follows blank ones or ends with CR alone.
struct Watching<R> {
    input: R,
    delimiter: u8,
    state: State,
    after_return: bool,
    seen: Arc<Mutex<Seen>>,
}

impl<R: Read> Read for Watching<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        let mut seen = look(&self.seen);
        if count == 0 && !into.is_empty() {
            let open_quote = (self.state == State::Quoted).then_some(seen.quote_line);
            seen.end = End { open_quote, mid_line: self.state != State::Start };
        }
        for &byte in &into[..count] {
            let is_end = byte == b'\r' || byte == b'\n';
            if self.state == State::Start && !is_end {
                let line = seen.lines + 1;
                seen.starts.push_back(line);
                self.state = State::Field;
            }
            self.state = match self.state {
                State::Quoted if byte == b'"' => State::Unquoted,
                State::Quoted => State::Quoted,
                _ if is_end => State::Start,
                _ if byte == self.delimiter => State::Field,
                State::Field | State::Unquoted if byte == b'"' => {
                    if self.state == State::Field {
                        seen.quote_line = seen.lines + 1;
                    }
                    State::Quoted
                }
                State::Start | State::Field | State::Plain | State::Unquoted => State::Plain,
            };
            seen.lines += u64::from(byte == b'\r' || (byte == b'\n' && !self.after_return));
            self.after_return = byte == b'\r';
        }
        Ok(count)
    }
}

//! CSV files: header names, line numbers, byte order mark, CRLF, UTF-8 or GB 18030 (which holds GBK).

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use csv::StringRecord;
use encoding_rs::{CoderResult, Decoder, Encoding, GB18030, UTF_8};

use super::{Error, Intake, Reason, report::Place};
use crate::geometry::Crs;

/// How a table is to be read.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// The CRS of its coordinates.
    pub crs: Option<Crs>,
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
    read: Arc<AtomicU64>,
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
        let encoding = match options.encoding {
            Some(encoding) => encoding,
            None => detect_encoding(path).map_err(fail)?,
        };
        if encoding != UTF_8 {
            intake.report.note(format!("{name} was read as {}", encoding.name()));
        }
        let read = Arc::new(AtomicU64::new(0));
        let input = Counting { input: File::open(path).map_err(fail)?, read: read.clone() };
        let mut input = BufReader::with_capacity(1 << 16, Decoding::new(input, encoding));
        let delimiter = detect_delimiter(io::BufRead::fill_buf(&mut input).map_err(fail)?);
        let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(Box::new(input) as Box<dyn Read + Send>);
        let header: Vec<String> =
            reader.headers().map_err(|error| csv_error(path, error))?.iter().map(|column| column.trim().to_owned()).collect();
        if header.iter().all(String::is_empty) {
            return Err(Error::Empty(path.to_owned()));
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
        Ok(Self { name, path: path.to_owned(), kind, reader, header, columns, record: StringRecord::new(), read, total, rows: 0 })
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
    pub fn advance(&mut self, intake: &mut Intake<'_>) -> Result<Option<u64>, Error> {
        loop {
            if self.rows.is_multiple_of(1024) {
                intake.progress(&self.name, self.read.load(Ordering::Relaxed), self.total);
            }
            if !self.reader.read_record(&mut self.record).map_err(|error| csv_error(&self.path, error))? {
                intake.progress(&self.name, self.total, self.total);
                return Ok(None);
            }
            self.rows += 1;
            let line = self.record.position().map_or(0, csv::Position::line);
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

/// UTF-8 or UTF-16 by their mark, UTF-8 if the whole file is valid UTF-8, else GB 18030.
fn detect_encoding(path: &Path) -> io::Result<&'static Encoding> {
    let mut input = File::open(path)?;
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let (mut bytes, mut text) = (vec![0; 1 << 16], String::with_capacity(1 << 18));
    let mut at_start = true;
    loop {
        let count = input.read(&mut bytes)?;
        if at_start && let Some((encoding, _)) = Encoding::for_bom(&bytes[..count]) {
            return Ok(encoding);
        }
        at_start = false;
        text.clear();
        let (_, _, errors) = decoder.decode_to_string(&bytes[..count], &mut text, count == 0);
        if errors {
            return Ok(GB18030);
        }
        if count == 0 {
            return Ok(UTF_8);
        }
    }
}

struct Counting<R> {
    input: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Decodes to UTF-8 while reading; what cannot be decoded becomes U+FFFD.
struct Decoding<R> {
    input: R,
    decoder: Decoder,
    raw: Box<[u8]>,
    start: usize,
    end: usize,
    at_end: bool,
    finished: bool,
}

impl<R: Read> Decoding<R> {
    fn new(input: R, encoding: &'static Encoding) -> Self {
        let raw = vec![0; 1 << 16].into_boxed_slice();
        Self { input, decoder: encoding.new_decoder_with_bom_removal(), raw, start: 0, end: 0, at_end: false, finished: false }
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.finished && !into.is_empty() {
            if self.start == self.end && !self.at_end {
                (self.start, self.end) = (0, self.input.read(&mut self.raw)?);
                self.at_end = self.end == 0;
            }
            let (result, used, written, _) = self.decoder.decode_to_utf8(&self.raw[self.start..self.end], into, self.at_end);
            self.start += used;
            self.finished = self.at_end && result == CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
            if result == CoderResult::OutputFull {
                return Err(io::Error::other("the read buffer is too small to decode into"));
            }
        }
        Ok(0)
    }
}

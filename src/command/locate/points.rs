//! Locating the rows of a CSV: read in windows of whole records, every step over all parts of a window at once, written in order.
//! The next window is read, and the one before is written, meanwhile.

use std::{
    fmt, io,
    io::{Read as _, Write},
    time::{Duration, Instant},
};

use anyhow::{anyhow, bail};
use jiff::civil::Date;
use rayon::prelude::*;
use wangge::{
    geometry::{Crs, crs::ToLonLat},
    import::detect_delimiter,
    index::{FoundCell, NoPlace, Snapshot},
    model::{Code, LonLat},
};

use super::{
    cut::record_ends,
    pipe::{Windows, Writer, while_writing},
};

/// Bytes of a part at least: rows are measured cell by cell, and a part has several in most cells of a city.
const PART_BYTES: usize = 2 << 20;
const ANSWER: [&str; 7] = ["street_code", "community_code", "cell_code", "group_code", "border_distance_m", "beyond_cell_code", "reason"];

/// What became of the points, and how long it took. Reading and writing go on beside the other steps: together the steps may take
/// longer than the whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    points: usize,
    placed: usize,
    unplaced: usize,
    bad: usize,
    /// Loading the database and indexing it.
    pub load: Duration,
    read: Duration,
    assign: Duration,
    measure: Duration,
    /// Writing the rows.
    pub write: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { points, placed, unplaced, bad, .. } = self;
        write!(f, "{points} points: {placed} in a cell, {unplaced} outside, {bad} unreadable\nseconds:")?;
        self.seconds().iter().try_for_each(|(step, seconds)| write!(f, " {step} {seconds:.2}"))
    }
}

impl Summary {
    fn seconds(&self) -> [(&'static str, f64); 5] {
        [("load", self.load), ("read", self.read), ("assign", self.assign), ("measure", self.measure), ("write", self.write)]
            .map(|(step, took)| (step, (took.as_secs_f64() * 1000.0).round() / 1000.0))
    }

    /// The same for machines.
    pub fn to_json(self) -> String {
        let seconds: serde_json::Map<String, serde_json::Value> =
            self.seconds().into_iter().map(|(step, seconds)| (step.to_owned(), seconds.into())).collect();
        let Self { points, placed, unplaced, bad, .. } = self;
        serde_json::json!({"points": points, "in_a_cell": placed, "outside": unplaced, "unreadable": bad, "seconds": seconds}).to_string()
    }
}

/// What rows are located by.
pub struct Locator<'a> {
    /// The city.
    pub snapshot: &'a Snapshot,
    /// As it was asked for.
    pub crs: Option<Crs>,
    /// From that CRS.
    pub converter: &'a ToLonLat,
    /// The day whose plans answer.
    pub as_of: Date,
}

/// How a table is laid out.
#[derive(Clone, Copy)]
struct Layout {
    delimiter: u8,
    /// How many columns the header has.
    width: usize,
    /// Where the coordinates are.
    x: usize,
    y: usize,
}

/// A run of records on its way from bytes to bytes. Kept for the next window, so that its memory is.
#[derive(Default)]
struct Part<'a> {
    /// Fields of all records end to end.
    text: Vec<u8>,
    /// For every field where it ends in `text`.
    field_ends: Vec<usize>,
    /// For every record how many fields there are up to its end.
    record_ends: Vec<usize>,
    positions: Vec<Option<LonLat>>,
    found: Vec<Option<Result<FoundCell<'a>, NoPlace>>>,
    /// The columns of all answers in the order they were found, the first delimiter and the line's end included.
    answers: Vec<u8>,
    /// For every record where its answer lies in `answers`.
    spans: Vec<(usize, usize)>,
    out: Vec<u8>,
}

impl<'a> Locator<'a> {
    /// Appends the answer's columns to a CSV; bytes that are not UTF-8 in other columns pass through. `watch` is told how many bytes
    /// are done with.
    pub fn annotate(
        &self,
        mut input: Windows,
        out: &mut (impl Write + Send),
        summary: &mut Summary,
        watch: &dyn Fn(u64),
    ) -> Result<(), Failure> {
        let (done, write) = while_writing(out, |writer| self.annotate_windows(&mut input, writer, summary, watch));
        summary.read += input.took();
        summary.write += write;
        done
    }

    fn annotate_windows(
        &self,
        input: &mut Windows,
        writer: &mut Writer,
        summary: &mut Summary,
        watch: &dyn Fn(u64),
    ) -> Result<(), Failure> {
        let mut window = Vec::new();
        let mut is_last = input.fill(&mut window)?;
        let clock = Instant::now();
        let (layout, mut start, header) = self.read_header(&window)?;
        writer.write(header)?;
        summary.read += clock.elapsed();
        let mut parts: Vec<Part<'a>> = Vec::new();
        let mut bytes = 0;
        loop {
            let clock = Instant::now();
            let mut ends = record_ends(&window[start..], layout.delimiter, PART_BYTES);
            if is_last && ends.last().copied().unwrap_or(0) < window.len() - start {
                ends.push(window.len() - start);
            }
            summary.read += clock.elapsed();
            parts.resize_with(parts.len().max(ends.len()), Part::default);
            self.annotate_window(&window[start..], &ends, layout, &mut parts[..ends.len()], writer, summary)?;
            let done = start + ends.last().copied().unwrap_or(0);
            bytes += done as u64;
            watch(bytes);
            if is_last {
                return Ok(());
            }
            window.drain(..done);
            start = 0;
            is_last = input.fill(&mut window)?;
        }
    }

    /// Also tells where the first record begins, and gives the header with the answer's columns.
    fn read_header(&self, window: &[u8]) -> Result<(Layout, usize, Vec<u8>), Failure> {
        let delimiter = detect_delimiter(window);
        let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(window);
        let mut headers = reader.byte_headers().map_err(Failure::reading)?.clone();
        let start = reader.position().byte() as usize;
        if let Some(first) = headers.get(0).and_then(|name| name.strip_prefix(b"\xef\xbb\xbf")) {
            // The quotes of a name behind the mark are still there.
            let first = first.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(first).to_vec();
            headers = std::iter::once(first.as_slice()).chain(headers.iter().skip(1)).collect();
        }
        let (x, y) = self.coordinate_columns(&headers).map_err(Failure::Read)?;
        let layout = Layout { delimiter, width: headers.len(), x, y };
        let mut line = Vec::new();
        for (i, name) in headers.iter().chain(ANSWER.map(str::as_bytes)).enumerate() {
            if i > 0 {
                line.push(delimiter);
            }
            put_field(&mut line, name, delimiter);
        }
        line.push(b'\n');
        Ok((layout, start, line))
    }

    fn annotate_window(
        &self,
        window: &[u8],
        ends: &[usize],
        layout: Layout,
        parts: &mut [Part<'a>],
        writer: &mut Writer,
        summary: &mut Summary,
    ) -> Result<(), Failure> {
        let clock = Instant::now();
        let starts = std::iter::once(&0).chain(ends);
        let slices: Vec<&[u8]> = starts.zip(ends).map(|(start, end)| &window[*start..*end]).collect();
        parts.par_iter_mut().zip(slices).try_for_each(|(part, bytes)| part.read(bytes, layout, self.converter))?;
        summary.read += clock.elapsed();

        let clock = Instant::now();
        parts.par_iter_mut().for_each(|part| part.assign(self.snapshot, self.as_of));
        summary.assign += clock.elapsed();

        let clock = Instant::now();
        parts.par_iter_mut().for_each(|part| part.measure(self.snapshot, self.as_of, layout.delimiter));
        summary.measure += clock.elapsed();

        let clock = Instant::now();
        parts.iter_mut().for_each(|part| part.out = writer.buffer());
        parts.par_iter_mut().for_each(|part| part.write(layout));
        summary.write += clock.elapsed();
        for part in parts {
            for found in &part.found {
                let count = match found {
                    None => &mut summary.bad,
                    Some(Ok(_)) => &mut summary.placed,
                    Some(Err(_)) => &mut summary.unplaced,
                };
                *count += 1;
            }
            summary.points += part.found.len();
            writer.write(std::mem::take(&mut part.out))?;
        }
        Ok(())
    }

    fn coordinate_columns(&self, headers: &csv::ByteRecord) -> anyhow::Result<(usize, usize)> {
        if headers.iter().all(|name| name.trim_ascii().is_empty()) {
            bail!("there is no header; the first line names the columns, lon,lat or x,y among them");
        }
        if headers.iter().any(|name| name.contains(&b'\n')) {
            bail!("line 1: a quote is left open in the header");
        }
        let find = |name: &str| headers.iter().position(|column| column.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        match (find("lon").zip(find("lat")), find("x").zip(find("y"))) {
            (Some(degrees), _) if self.crs.is_none_or(Crs::is_geographic) => Ok(degrees),
            (_, Some(_)) if self.crs.is_none() => bail!("x and y need a CRS; name it with --crs, EPSG:4544 for example"),
            (_, Some(columns)) => Ok(columns),
            (Some(_), None) => {
                let crs = self.crs.map(|crs| crs.to_string()).unwrap_or_default();
                bail!("lon and lat are degrees, but {crs} has metres; call the columns x and y, or leave out --crs")
            }
            (None, None) => {
                let names: Vec<_> = headers.iter().map(|name| String::from_utf8_lossy(name).escape_debug().to_string()).collect();
                bail!("line 1: the file needs columns lon,lat or x,y; it has {}", names.join(","))
            }
        }
    }
}

impl<'a> Part<'a> {
    fn read(&mut self, bytes: &[u8], layout: Layout, converter: &ToLonLat) -> Result<(), Failure> {
        self.text.clear();
        self.field_ends.clear();
        self.record_ends.clear();
        self.positions.clear();
        // The blank line keeps a mark that stands in the first field, which is none in the middle of a file.
        let bytes = b"\n".chain(bytes);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(layout.delimiter)
            .buffer_capacity(1 << 16)
            .from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(Failure::reading)? {
            let ordinate = |column| std::str::from_utf8(record.get(column)?).ok()?.trim().parse::<f64>().ok();
            let at = ordinate(layout.x).zip(ordinate(layout.y)).and_then(|(x, y)| converter.convert(x, y).ok());
            self.positions.push(at);
            for field in &record {
                self.text.extend_from_slice(field);
                self.field_ends.push(self.text.len());
            }
            self.record_ends.push(self.field_ends.len());
        }
        Ok(())
    }

    fn assign(&mut self, snapshot: &'a Snapshot, as_of: Date) {
        self.found.clear();
        self.found.extend(self.positions.iter().map(|at| at.map(|at| snapshot.find_cell(at, as_of))));
    }

    /// Cell by cell, so that a cell's border and households are fetched from memory once.
    fn measure(&mut self, snapshot: &'a Snapshot, as_of: Date, delimiter: u8) {
        let mut order: Vec<(usize, u32, usize)> = Vec::with_capacity(self.found.len());
        for (i, found) in self.found.iter().enumerate() {
            if let Some(Ok(found)) = found {
                order.push((std::ptr::from_ref(found.plan) as usize, found.cell, i));
            }
        }
        order.sort_unstable();
        self.answers.clear();
        self.spans.clear();
        self.spans.resize(self.found.len(), (0, 0));
        for (_, _, i) in order {
            let (Some(at), Some(Ok(found))) = (self.positions[i], self.found[i]) else { continue };
            let around = snapshot.surroundings(found, at, as_of);
            let start = self.answers.len();
            let community = found.community().map(|community| &community.code);
            let codes = [Some(&found.street.code), community, Some(&found.cell().code), around.group];
            for code in codes {
                put_code(&mut self.answers, code, delimiter);
            }
            self.answers.push(delimiter);
            put_hundredths(&mut self.answers, around.border_distance_m);
            put_code(&mut self.answers, around.beyond, delimiter);
            self.answers.extend([delimiter, b'\n']);
            self.spans[i] = (start, self.answers.len());
        }
    }

    fn write(&mut self, Layout { delimiter, width, .. }: Layout) {
        let out = &mut self.out;
        out.clear();
        let reasons = ["bad_coordinate", "no_plan_in_force", "outside_every_street"].map(|reason| {
            let blanks = std::iter::repeat_n(delimiter, ANSWER.len());
            blanks.chain(reason.bytes()).chain([b'\n']).collect::<Vec<u8>>()
        });
        let (mut field, mut at) = (0, 0);
        for ((end, found), span) in self.record_ends.iter().zip(&self.found).zip(&self.spans) {
            let count = end - field;
            for (i, field_end) in self.field_ends[field..*end].iter().enumerate() {
                if i < width {
                    if i > 0 {
                        out.push(delimiter);
                    }
                    put_field(out, &self.text[at..*field_end], delimiter);
                }
                at = *field_end;
            }
            // A short row is filled up, so that the answer stands in its columns.
            out.extend(std::iter::repeat_n(delimiter, width.saturating_sub(count)));
            out.extend_from_slice(match found {
                None => &reasons[0],
                Some(Err(NoPlace::NoPlanInForce)) => &reasons[1],
                Some(Err(NoPlace::OutsideEveryStreet)) => &reasons[2],
                Some(Ok(_)) => &self.answers[span.0..span.1],
            });
            field = *end;
        }
    }
}

/// A field as the `csv` crate writes it.
fn put_field(out: &mut Vec<u8>, field: &[u8], delimiter: u8) {
    if !field.iter().any(|byte| matches!(byte, b'"' | b'\r' | b'\n') || *byte == delimiter) {
        out.extend_from_slice(field);
        return;
    }
    out.push(b'"');
    for byte in field {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

fn put_code(out: &mut Vec<u8>, code: Option<&Code>, delimiter: u8) {
    out.push(delimiter);
    out.extend_from_slice(code.map_or("", Code::as_str).as_bytes());
}

/// The same as `{:.2}` of whole thousandths.
fn put_hundredths(out: &mut Vec<u8>, metres: f64) {
    let thousandths = (metres * 1000.0).round();
    // Half-way it is the binary fraction that decides.
    if !(0.0..1e12).contains(&thousandths) || thousandths as u64 % 10 == 5 {
        out.extend_from_slice(format!("{metres:.2}").as_bytes());
        return;
    }
    let hundredths = (thousandths as u64 + 5) / 10;
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut rest = hundredths;
    while rest > 0 || first > digits.len() - 3 {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let (whole, fraction) = digits[first..].split_at(digits.len() - first - 2);
    out.extend_from_slice(whole);
    out.push(b'.');
    out.extend_from_slice(fraction);
}

/// Which of the two files failed.
pub enum Failure {
    /// The one to read.
    Read(anyhow::Error),
    /// The one to write.
    Write(io::Error),
}

impl Failure {
    fn reading(error: csv::Error) -> Self {
        Self::Read(match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            other => anyhow!("this is not CSV: {other:?}"),
        })
    }

    /// Says which file it was.
    pub fn naming(self, input: &str, output: &str) -> anyhow::Error {
        match self {
            Self::Read(error) => error.context(format!("reading {input}")),
            Self::Write(error) => anyhow::Error::from(error).context(format!("writing {output}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_are_written_as_the_formatter_does() {
        for thousandths in (0..30_000).chain((1_000_000..400_000_000).step_by(7919)) {
            let metres = f64::from(thousandths) / 1000.0;
            let mut out = Vec::new();
            put_hundredths(&mut out, metres);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{metres:.2}"));
        }
    }

    #[test]
    fn fields_are_written_as_the_csv_crate_does() {
        for field in ["", "a", "a b", "a,b", "a;b", "\"", "5\" pipe", "a\nb", "a\r", " a ", "#a", "\u{feff}a"] {
            for delimiter in [b',', b';', b'\t'] {
                let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
                writer.write_record([field, "x"]).unwrap();
                let mut out = Vec::new();
                put_field(&mut out, field.as_bytes(), delimiter);
                out.extend([delimiter, b'x', b'\n']);
                assert_eq!(out, writer.into_inner().unwrap());
            }
        }
    }
}

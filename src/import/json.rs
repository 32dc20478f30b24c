//! Walks a GeoJSON file without holding it: hands out the raw text of one feature after the other with its line number.
//!
//! It only matches brackets and strings; whether a feature is good JSON is asked feature by feature, so that one broken
//! feature (a literal `NaN`, say) is one bad record and not a broken file.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use super::Error;

/// Longest top-level member other than `features` that is kept, bytes.
const MEMBER_LIMIT: usize = 1 << 20;

/// One element of `features`, or the whole document when it is not a collection.
pub struct RawFeature {
    /// The JSON text.
    pub text: Vec<u8>,
    /// Line of its first byte, from 1.
    pub line: u64,
}

/// The top level of the document besides its features.
#[derive(Default)]
pub struct Header {
    /// The `type` member.
    pub kind: Option<String>,
    /// The `crs` member.
    pub crs: Option<serde_json::Value>,
    /// There is a `features` array.
    pub has_features: bool,
}

/// Reads the top level only.
pub fn header(path: &Path) -> Result<Header, Error> {
    let mut scanner = Scanner::open(path)?;
    let mut header = Header::default();
    scanner.expect(b'{', "GeoJSON begins with {")?;
    while let Some(key) = scanner.next_key()? {
        if key == b"features" && scanner.peek()? == Some(b'[') {
            header.has_features = true;
            scanner.value(&mut None)?;
            continue;
        }
        let mut text = Some(vec![]);
        scanner.value(&mut text)?;
        let value = text.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
        match (key.as_slice(), value) {
            (b"type", Some(serde_json::Value::String(kind))) => header.kind = Some(kind),
            (b"crs", Some(value)) => header.crs = Some(value),
            _ => {}
        }
    }
    if let Some(byte) = scanner.peek()? {
        return Err(scanner.broken(format!("there is more text ({:?}) after the end of the document", char::from(byte))));
    }
    Ok(header)
}

/// Hands out features one by one.
pub struct Features {
    scanner: Scanner,
    state: State,
}

enum State {
    Start { collection: bool },
    Inside { first: bool },
    Done,
}

impl Features {
    /// Features of a file whose [`header`] has been read.
    pub fn open(path: &Path, header: &Header) -> Result<Self, Error> {
        Ok(Self { scanner: Scanner::open(path)?, state: State::Start { collection: header.has_features } })
    }

    /// The next feature; `None` after the last.
    pub fn next(&mut self) -> Result<Option<RawFeature>, Error> {
        loop {
            match self.state {
                State::Start { collection: false } => {
                    self.state = State::Done;
                    return self.raw().map(Some);
                }
                State::Start { collection: true } => {
                    self.scanner.expect(b'{', "GeoJSON begins with {")?;
                    while let Some(key) = self.scanner.next_key()? {
                        if key == b"features" && self.scanner.peek()? == Some(b'[') {
                            self.scanner.bump()?;
                            break;
                        }
                        self.scanner.value(&mut None)?;
                    }
                    self.state = State::Inside { first: true };
                }
                State::Inside { first } => {
                    match self.scanner.peek()? {
                        Some(b']') => {
                            self.state = State::Done;
                            return Ok(None);
                        }
                        Some(b',') if !first => self.scanner.bump()?,
                        Some(_) if first => {}
                        Some(byte) => {
                            return Err(self.scanner.broken(format!("expected , or ] between features, found {:?}", char::from(byte))));
                        }
                        None => return Err(self.scanner.cut_off()),
                    }
                    self.state = State::Inside { first: false };
                    return self.raw().map(Some);
                }
                State::Done => return Ok(None),
            }
        }
    }

    /// Bytes read so far, and of the whole file.
    pub fn position(&self) -> (u64, u64) {
        (self.scanner.offset, self.scanner.total)
    }

    fn raw(&mut self) -> Result<RawFeature, Error> {
        self.scanner.peek()?;
        let line = self.scanner.line;
        let mut text = Some(vec![]);
        self.scanner.limit = usize::MAX;
        self.scanner.value(&mut text)?;
        Ok(RawFeature { text: text.unwrap_or_default(), line })
    }
}

struct Scanner {
    path: PathBuf,
    input: BufReader<File>,
    line: u64,
    offset: u64,
    total: u64,
    limit: usize,
}

impl Scanner {
    fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::io(path, source))?;
        let total = file.metadata().map_err(|source| Error::io(path, source))?.len();
        if total == 0 {
            return Err(Error::Empty(path.to_owned()));
        }
        let input = BufReader::with_capacity(1 << 16, file);
        let mut scanner = Self { path: path.to_owned(), input, line: 1, offset: 0, total, limit: MEMBER_LIMIT };
        let has_mark = scanner.input.fill_buf().map_err(|source| Error::io(path, source))?.starts_with(b"\xef\xbb\xbf");
        if has_mark {
            scanner.input.consume(3);
        }
        if scanner.peek()?.is_none() {
            return Err(Error::Empty(path.to_owned()));
        }
        Ok(scanner)
    }

    fn broken(&self, why: String) -> Error {
        Error::broken(&self.path, Some(self.line), format!("{why}; the file is not GeoJSON or is damaged"))
    }

    fn cut_off(&self) -> Error {
        Error::broken(&self.path, Some(self.line), "the file ends in the middle of the document; it is cut off, export or copy it again")
    }

    fn byte(&mut self) -> Result<Option<u8>, Error> {
        let path = &self.path;
        Ok(self.input.fill_buf().map_err(|source| Error::io(path, source))?.first().copied())
    }

    fn bump(&mut self) -> Result<(), Error> {
        if self.byte()? == Some(b'\n') {
            self.line += 1;
        }
        self.input.consume(1);
        self.offset += 1;
        Ok(())
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Result<Option<u8>, Error> {
        while let Some(byte) = self.byte()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.bump()?;
        }
        Ok(None)
    }

    fn expect(&mut self, wanted: u8, what: &str) -> Result<(), Error> {
        match self.peek()? {
            Some(byte) if byte == wanted => self.bump(),
            Some(byte) => Err(self.broken(format!("{what}, found {:?}", char::from(byte)))),
            None => Err(self.cut_off()),
        }
    }

    /// The next key of the object that was entered, up to its colon; `None` at the closing brace.
    fn next_key(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match self.peek()? {
            Some(b'}') => {
                self.bump()?;
                return Ok(None);
            }
            Some(b',') => self.bump()?,
            Some(_) => {}
            None => return Err(self.cut_off()),
        }
        if self.peek()? != Some(b'"') {
            return Err(self.broken("expected a member name in quotes".to_owned()));
        }
        let mut key = Some(vec![]);
        self.string(&mut key)?;
        self.expect(b':', "a colon follows a member name")?;
        Ok(key.map(|key| key[1..key.len() - 1].to_vec()))
    }

    fn take(&mut self, into: &mut Option<Vec<u8>>) -> Result<u8, Error> {
        let Some(byte) = self.byte()? else { return Err(self.cut_off()) };
        self.bump()?;
        match into {
            Some(text) if text.len() < self.limit => text.push(byte),
            Some(_) => *into = None,
            None => {}
        }
        Ok(byte)
    }

    fn string(&mut self, into: &mut Option<Vec<u8>>) -> Result<(), Error> {
        self.take(into)?;
        loop {
            match self.take(into)? {
                b'"' => return Ok(()),
                b'\\' => {
                    self.take(into)?;
                }
                _ => {}
            }
        }
    }

    /// Passes over one value, copying its text.
    fn value(&mut self, into: &mut Option<Vec<u8>>) -> Result<(), Error> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                None => return Err(self.cut_off()),
                Some(b'"') => self.string(into)?,
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.take(into)?;
                    continue;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    self.take(into)?;
                }
                Some(b',' | b':') if depth > 0 => {
                    self.take(into)?;
                    continue;
                }
                Some(b',' | b':' | b'}' | b']') => return Err(self.broken("a value is missing".to_owned())),
                // A number or a literal word.
                Some(_) => {
                    while let Some(byte) = self.byte()? {
                        if byte.is_ascii_whitespace() || b",:{}[]\"".contains(&byte) {
                            break;
                        }
                        self.take(into)?;
                    }
                    // Two words side by side stay two words.
                    if let Some(text) = into {
                        text.push(b' ');
                    }
                }
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }
}

//! Where a CSV may be cut, so that its parts can be read at the same time.

/// Ends of runs of whole records, each at least `least` bytes long where there are as many: places right behind a line break that
/// ends a record, as the `csv` crate reads it (a quote counts at the start of a field only). What is behind the last is no whole
/// record yet, or too little.
///
/// `bytes` begins with a record.
pub fn record_ends(bytes: &[u8], delimiter: u8, least: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut wanted = least;
    if !bytes.contains(&b'"') {
        // Every line break ends a record.
        while let Some(more) = bytes.get(wanted.saturating_sub(1)..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
            let end = wanted.saturating_sub(1) + more + 1;
            ends.push(end);
            wanted = end + least;
        }
        return ends;
    }
    let mut state = State::FieldStart;
    for (i, byte) in bytes.iter().enumerate() {
        state = state.after(*byte, delimiter);
        if *byte == b'\n' && state == State::FieldStart && i + 1 >= wanted {
            ends.push(i + 1);
            wanted = i + 1 + least;
        }
    }
    ends
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Bare,
    Quoted,
    /// Behind a quote in quotes: the end of them, or the first of two that stand for one.
    QuoteInQuotes,
}

impl State {
    fn after(self, byte: u8, delimiter: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::QuoteInQuotes,
            (Self::Quoted, _) | (Self::FieldStart | Self::QuoteInQuotes, b'"') => Self::Quoted,
            (_, b'\n' | b'\r') => Self::FieldStart,
            (_, byte) if byte == delimiter => Self::FieldStart,
            _ => Self::Bare,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(bytes: &[u8], delimiter: u8) -> Vec<csv::ByteRecord> {
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
        reader.into_byte_records().map(Result::unwrap).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_parts_have_the_records_of_the_whole(text in "[ab,;\"\r\n]{0,60}", least in 1usize..12, delimiter in prop::sample::select(vec![b',', b';'])) {
            let bytes = text.as_bytes();
            let mut parts = Vec::new();
            let mut start = 0;
            for end in record_ends(bytes, delimiter, least) {
                prop_assert!(end - start >= least);
                parts.extend(records(&bytes[start..end], delimiter));
                start = end;
            }
            parts.extend(records(&bytes[start..], delimiter));
            prop_assert_eq!(parts, records(bytes, delimiter));
        }
    }

    #[test]
    fn a_line_break_in_quotes_ends_nothing() {
        assert_eq!(record_ends(b"a,\"b\nc\"\nd\n", b',', 1), [8, 10]);
        assert_eq!(record_ends(b"5\" pipe\nd\n", b',', 1), [8, 10]);
        assert_eq!(record_ends(b"a\nb\nc\nd", b',', 3), [4]);
    }
}

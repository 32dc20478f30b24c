//! Content encodings: which one a client is answered in, how it is made, what its entity tag is.
//!
//! Measured on tiles of cells, households and issues of z14–16, in bytes and µs of CPU a tile (all lists: docs/operation.md):
//!
//! | | zlib 6 | gzip, libdeflate 1 | 2 | zstd 6 | br 5 |
//! |---|---|---|---|---|---|
//! | households | 10,804 · 706 | 11,248 · 105 | 10,889 · 152 | 9,095 · 306 | 8,012 · 652 |
//! | issues | 9,870 · 624 | 10,128 · 91 | 9,937 · 125 | 9,524 · 228 | 8,635 · 452 |
//! | cells | 1,963 · 85 | 2,018 · 16 | 1,988 · 22 | 1,927 · 32 | 1,857 · 75 |
//!
//! A tile is made anew after every edit near it, so what making it costs is waited for. zstd is smaller than gzip by far
//! and the quickest for the client to undo; br saves another tenth for twice the cost. So, where a client weighs them equally:
//! zstd, then br, then gzip, which is left to clients that know nothing better: it takes the level that costs least and still is below
//! what Martin sends of the same features, libdeflate's 1, for households alone 2.

use std::{cell::RefCell, io::Read};

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;

/// How hard gzip looks for what repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// For most tiles.
    Quick,
    /// For tiles of households alone: ids that differ in a digit or two, where looking a little longer pays.
    Thorough,
}

/// How a tile's bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Encoding {
    /// zstd, RFC 8878.
    Zstd,
    /// Brotli, RFC 7932.
    Br,
    /// gzip, RFC 1952.
    Gzip,
    /// As it is.
    Identity,
}

/// Of libdeflate.
const GZIP_LEVELS: [i32; 2] = [1, 2];
const ZSTD_LEVEL: i32 = 6;
const BR_QUALITY: i32 = 5;
/// No tile is that large by far; a larger one would not be ours.
const MAX_PLAIN_BYTES: usize = 16 << 20;

impl Encoding {
    /// Every encoding, in the order that we prefer.
    pub const ALL: [Self; 4] = [Self::Zstd, Self::Br, Self::Gzip, Self::Identity];

    /// The token of `Accept-Encoding` and `Content-Encoding`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Br => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// The value of `Content-Encoding`; none for the bytes as they are.
    pub fn header(self) -> Option<HeaderValue> {
        (self != Self::Identity).then(|| HeaderValue::from_static(self.as_str()))
    }

    /// The one to answer in: of the largest weight, and of those the one we prefer (RFC 9110, 12.5.3). A client that says nothing
    /// gets the bytes as they are; so does one that takes nothing we have, which the RFC leaves to us.
    pub fn negotiate(headers: &HeaderMap) -> Self {
        // In the order of ALL; `None` where the client does not name it.
        let mut weights: [Option<u16>; 4] = [None; 4];
        let mut any = None;
        for value in headers.get_all(header::ACCEPT_ENCODING) {
            for item in value.as_bytes().split(|byte| *byte == b',') {
                let (name, weight) = weighed(item);
                if name == b"*" {
                    any = Some(weight);
                } else if name.eq_ignore_ascii_case(b"x-gzip") {
                    weights[Self::Gzip as usize] = Some(weight);
                } else if let Some(known) = Self::ALL.into_iter().find(|e| name.eq_ignore_ascii_case(e.as_str().as_bytes())) {
                    weights[known as usize] = Some(weight);
                }
            }
        }
        // Unnamed codings are refused, the bytes as they are taken last: so `gzip;q=0.1` alone gets gzip.
        let weight = |encoding: Self| match (weights[encoding as usize].or(any), encoding) {
            (Some(weight), _) => weight.saturating_mul(2),
            (None, Self::Identity) => 1,
            (None, _) => 0,
        };
        // Of equal ones the last is the largest: so from the least preferred on.
        Self::ALL.into_iter().rev().max_by_key(|encoding| weight(*encoding)).filter(|e| weight(*e) > 0).unwrap_or(Self::Identity)
    }

    /// The strong entity tag of a content in this encoding, quotes included.
    pub fn etag(self, hash: u64) -> HeaderValue {
        let text = match self {
            Self::Identity => format!("\"{hash:016x}\""),
            _ => format!("\"{hash:016x}-{}\"", self.as_str()),
        };
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""))
    }

    /// Whether `If-None-Match` names the content in this encoding (weakly compared, as RFC 9110 has it).
    pub fn is_known_to(self, request: &HeaderMap, hash: u64) -> bool {
        request.get_all(header::IF_NONE_MATCH).iter().any(|value| {
            value.as_bytes().split(|byte| *byte == b',').any(|tag| {
                let tag = tag.trim_ascii();
                tag == b"*" || self.is_tag(tag.strip_prefix(b"W/").unwrap_or(tag), hash)
            })
        })
    }

    fn is_tag(self, tag: &[u8], hash: u64) -> bool {
        let Some(tag) = tag.strip_prefix(b"\"").and_then(|tag| tag.strip_suffix(b"\"")) else { return false };
        let Some((digits, rest)) = tag.split_at_checked(16) else { return false };
        let is_encoding = match self {
            Self::Identity => rest.is_empty(),
            _ => rest.strip_prefix(b"-").is_some_and(|name| name == self.as_str().as_bytes()),
        };
        let is_lower_hex = digits.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte));
        is_encoding
            && is_lower_hex
            && std::str::from_utf8(digits).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok()) == Some(hash)
    }

    /// Encodes; always the same bytes of the same bytes with the same effort.
    pub fn encode(self, plain: &[u8], effort: Effort) -> Bytes {
        WORKROOM.with_borrow_mut(|room| match self {
            Self::Identity => Bytes::copy_from_slice(plain),
            Self::Gzip => room.gzip(plain, effort),
            Self::Zstd => room.zstd(plain),
            Self::Br => room.br(plain),
        })
    }

    /// What was encoded; `None` when the bytes are damaged.
    pub fn decode(self, encoded: &[u8]) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        match self {
            Self::Identity => plain.extend_from_slice(encoded),
            Self::Gzip => {
                let length = u32::from_le_bytes(*encoded.last_chunk()?) as usize;
                plain.resize(length.min(MAX_PLAIN_BYTES), 0);
                libdeflater::Decompressor::new().gzip_decompress(encoded, &mut plain).ok()?;
            }
            Self::Zstd => plain = zstd::bulk::decompress(encoded, MAX_PLAIN_BYTES).ok()?,
            Self::Br => {
                brotli::Decompressor::new(encoded, 4096).take(MAX_PLAIN_BYTES as u64).read_to_end(&mut plain).ok()?;
            }
        }
        Some(plain)
    }
}

/// A name and its weight in thousandths. A weight that is none is no refusal.
fn weighed(item: &[u8]) -> (&[u8], u16) {
    let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")));
    (name, weight.map_or(1000, |text| thousandths(text.trim_ascii()).unwrap_or(1000)))
}

fn thousandths(text: &[u8]) -> Option<u16> {
    let value: f32 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (0.0..=1.0).contains(&value).then_some((value * 1000.0).round() as u16)
}

/// What the compressors need again and again: their tables are larger than most tiles.
struct Workroom {
    /// By effort.
    gzip: [libdeflater::Compressor; 2],
    zstd: Option<zstd::bulk::Compressor<'static>>,
    out: Vec<u8>,
}

thread_local! {
    static WORKROOM: RefCell<Workroom> = RefCell::new(Workroom {
        gzip: GZIP_LEVELS.map(|level| libdeflater::Compressor::new(libdeflater::CompressionLvl::new(level).unwrap_or_default())),
        zstd: zstd::bulk::Compressor::new(ZSTD_LEVEL).ok(),
        out: Vec::new(),
    });
}

impl Workroom {
    fn room(&mut self, bytes: usize) {
        if self.out.len() < bytes {
            self.out.resize(bytes.next_power_of_two(), 0);
        }
    }

    fn gzip(&mut self, plain: &[u8], effort: Effort) -> Bytes {
        let at_most = self.gzip[effort as usize].gzip_compress_bound(plain.len());
        self.room(at_most);
        // The room is as large as it can get, so there is no error.
        let length = self.gzip[effort as usize].gzip_compress(plain, &mut self.out).unwrap_or_default();
        Bytes::copy_from_slice(&self.out[..length])
    }

    fn zstd(&mut self, plain: &[u8]) -> Bytes {
        self.room(zstd::zstd_safe::compress_bound(plain.len()));
        let Self { zstd, out, .. } = self;
        let length = zstd.as_mut().and_then(|zstd| zstd.compress_to_buffer(plain, out.as_mut_slice()).ok()).unwrap_or_default();
        Bytes::copy_from_slice(&self.out[..length])
    }

    fn br(&mut self, plain: &[u8]) -> Bytes {
        let parameters = brotli::enc::BrotliEncoderParams { quality: BR_QUALITY, lgwin: 19, size_hint: plain.len(), ..Default::default() };
        self.out.clear();
        // Writing to memory does not fail.
        let _ = brotli::BrotliCompress(&mut &plain[..], &mut self.out, &parameters);
        Bytes::copy_from_slice(&self.out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_weight_wins_and_of_equal_ones_our_order() {
        let chosen = |value: &str| Encoding::negotiate(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())])).as_str();
        for (value, expected) in [
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip, deflate, br", "br"),
            ("gzip", "gzip"),
            ("GZIP", "gzip"),
            ("x-gzip", "gzip"),
            ("gzip;q=0.1", "gzip"),
            ("gzip;q=0.8, br;q=0.5, zstd;q=0.1", "gzip"),
            ("gzip; q=0.5 , br ;q=0.5", "br"),
            ("zstd;q=0, *", "br"),
            ("*;q=0.5, gzip;q=0.6", "gzip"),
            ("gzip;q=0", "identity"),
            ("*;q=0", "identity"),
            ("identity;q=0", "identity"),
            ("identity, gzip;q=0.5", "identity"),
            ("identity;q=0.5, gzip;q=0.5", "gzip"),
            ("deflate, compress", "identity"),
            ("", "identity"),
            ("gzip;q=nonsense", "gzip"),
        ] {
            assert_eq!(chosen(value), expected, "{value}");
        }
        assert_eq!(Encoding::negotiate(&HeaderMap::new()), Encoding::Identity);
        let mut headers = HeaderMap::new();
        for value in ["br;q=0.5", "gzip"] {
            headers.append(header::ACCEPT_ENCODING, value.parse().unwrap());
        }
        assert_eq!(Encoding::negotiate(&headers), Encoding::Gzip, "two lines are one list");
    }

    #[test]
    fn a_tag_is_known_in_its_own_encoding_only() {
        let asks = |value: &str| HeaderMap::from_iter([(header::IF_NONE_MATCH, value.parse().unwrap())]);
        let hash = 0x00ab_cdef_0123_4567;
        for encoding in Encoding::ALL {
            let tag = encoding.etag(hash).to_str().unwrap().to_owned();
            assert!(encoding.is_known_to(&asks(&tag), hash));
            assert!(encoding.is_known_to(&asks(&format!("\"x\", W/{tag}")), hash));
            assert!(encoding.is_known_to(&asks("*"), hash));
            assert!(!encoding.is_known_to(&asks(&tag), hash + 1));
            assert!(!encoding.is_known_to(&asks(&tag.to_uppercase()), hash));
            assert!(!encoding.is_known_to(&asks(tag.trim_matches('"')), hash));
            let others = Encoding::ALL.into_iter().filter(|other| *other != encoding);
            assert!(others.into_iter().all(|other| !other.is_known_to(&asks(&tag), hash)));
        }
        assert!(!Encoding::Identity.is_known_to(&asks("\"+0abcdef01234567\""), hash), "one way to write a tag");
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(plain in prop::collection::vec(0u8..8, 0..5000)) {
            for encoding in Encoding::ALL {
                let encoded = encoding.encode(&plain, Effort::Thorough);
                prop_assert_eq!(encoding.decode(&encoded), Some(plain.clone()), "{:?}", encoding);
                prop_assert_eq!(encoding.encode(&plain, Effort::Thorough), encoded, "{:?}", encoding);
            }
        }
    }
}

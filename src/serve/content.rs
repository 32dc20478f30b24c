//! A tile's content in every encoding it was asked for.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use axum::http::HeaderValue;
use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::encoding::{Effort, Encoding};

/// One representation, as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Representation {
    pub body: Bytes,
    pub etag: HeaderValue,
}

/// The representations asked for so far. The plain bytes are kept only when somebody asked for them as they are: nearly every client
/// takes a compressed tile, and beside one they would be three quarters of the weight. Another encoding is made from any that is there.
#[derive(Debug)]
pub(super) struct Content {
    /// Of the plain bytes: the same content has the same hash after a restart and on another machine.
    pub hash: u64,
    representations: [OnceLock<Representation>; Encoding::ALL.len()],
    bytes: AtomicUsize,
    effort: Effort,
}

impl Content {
    /// A content, in the encoding that is asked for first.
    pub fn new(plain: Vec<u8>, encoding: Encoding, effort: Effort) -> Self {
        let content = Self { hash: xxh3_64(&plain), representations: Default::default(), bytes: AtomicUsize::new(0), effort };
        content.representation(encoding, || plain);
        content
    }

    /// The representation, if it is there.
    pub fn get(&self, encoding: Encoding) -> Option<&Representation> {
        self.representations[encoding as usize].get()
    }

    /// The representation, made from another if need be; that can take milliseconds.
    pub fn get_or_make(&self, encoding: Encoding) -> &Representation {
        self.representation(encoding, || self.plain().unwrap_or_default())
    }

    fn representation(&self, encoding: Encoding, plain: impl FnOnce() -> Vec<u8>) -> &Representation {
        self.representations[encoding as usize].get_or_init(|| {
            let mut plain = plain();
            let body = if encoding == Encoding::Identity {
                if plain.capacity() > plain.len() + plain.len() / 8 {
                    plain.shrink_to_fit();
                }
                plain.into()
            } else {
                encoding.encode(&plain, self.effort)
            };
            self.bytes.fetch_add(body.len(), Ordering::Relaxed);
            Representation { body, etag: encoding.etag(self.hash) }
        })
    }

    fn plain(&self) -> Option<Vec<u8>> {
        // From the cheapest to decode on.
        let [zstd, br, gzip, identity] = Encoding::ALL;
        [identity, zstd, gzip, br].into_iter().find_map(|encoding| encoding.decode(&self.get(encoding)?.body))
    }

    /// Bytes of all representations.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_made_when_asked_for_from_any_other() {
        let plain: Vec<u8> = (0..20_000u32).map(|i| (i % 100) as u8).collect();
        for first in Encoding::ALL {
            let content = Content::new(plain.clone(), first, Effort::Quick);
            let alone = content.bytes();
            assert_eq!(alone, content.get(first).unwrap().body.len());
            assert!(first == Encoding::Identity || alone < plain.len() / 4, "{first:?} keeps {alone} bytes");
            for other in Encoding::ALL {
                let made = content.get_or_make(other);
                assert_eq!(other.decode(&made.body).unwrap(), plain, "{other:?} after {first:?}");
            }
            let sum: usize = Encoding::ALL.into_iter().map(|e| content.get(e).unwrap().body.len()).sum();
            assert_eq!(content.bytes(), sum);
        }
        let tags: std::collections::BTreeSet<String> =
            Encoding::ALL.map(|e| Content::new(plain.clone(), e, Effort::Quick).get(e).unwrap().etag.to_str().unwrap().to_owned()).into();
        assert_eq!(tags.len(), 4, "each representation has a tag of its own");
    }
}

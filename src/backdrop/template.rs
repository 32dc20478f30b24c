//! The URL of a tile, as XYZ services and WMTS write it: a WMTS request, REST or KVP, on a Web Mercator matrix set is a template, too.

use std::fmt::{self, Write};

use http::Uri;

use crate::tile::TileCoord;

/// Where a source's tiles are, with the key in its place. Never shown, not even by `Debug`.
#[derive(Clone)]
pub struct Template(Vec<Part>);

#[derive(Clone)]
enum Part {
    Text(String),
    Zoom,
    Column,
    Row,
    /// Counted from the south, as TMS does.
    RowFromSouth,
    /// One of several servers of the same tiles.
    Server(Vec<char>),
}

/// What is wrong with a template. None of them repeats it: it may carry a key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Not fetched over HTTP.
    #[error("the backdrop's URL must begin with http:// or https://")]
    Scheme,
    /// Not a URL.
    #[error("the backdrop's URL is not one, once its places are filled in")]
    NotAUrl,
    /// A name and password in the URL, which no header would carry.
    #[error("the backdrop's URL has a user name in it, which is not supported")]
    UserInfo,
    /// A place that is not closed.
    #[error("the backdrop's URL has a {{ without a }}")]
    Unclosed,
    /// A place nobody knows.
    #[error(
        "the backdrop's URL has a place {{{0}}}; known are {{z}} {{x}} {{y}} {{-y}} {{s}} (a, b or c), a range as {{0-7}}, {{key}}, and WMTS' {{TileMatrix}} {{TileCol}} {{TileRow}}"
    )]
    UnknownPlace(String),
    /// Every tile would have the same URL.
    #[error("the backdrop's URL must say where the tile's {{z}}, {{x}} and {{y}} go")]
    Incomplete,
    /// The key is needed.
    #[error("the backdrop's URL has a {{key}}, and no key is given")]
    NoKey,
    /// The key has no place.
    #[error("a key for the backdrop is given, and its URL has no {{key}}")]
    NoPlaceForKey,
}

impl Template {
    /// Reads a template and puts the key in its place.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn parse(text: &str, key: Option<&str>) -> Result<Self, TemplateError> {
        let scheme_end = ["http://", "https://"].iter().find_map(|scheme| {
            let head = text.get(..scheme.len())?;
            head.eq_ignore_ascii_case(scheme).then_some(scheme.len())
        });
        let scheme_end = scheme_end.ok_or(TemplateError::Scheme)?;
        let (mut parts, mut rest, mut has_key) = (Vec::new(), text, false);
        while let Some((before, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(match place.to_ascii_lowercase().as_str() {
                "z" | "tilematrix" => Part::Zoom,
                "x" | "tilecol" => Part::Column,
                "y" | "tilerow" => Part::Row,
                "-y" => Part::RowFromSouth,
                "s" => Part::Server(vec!['a', 'b', 'c']),
                "key" => {
                    has_key = true;
                    Part::Text(escaped(key.ok_or(TemplateError::NoKey)?))
                }
                _ => Part::Server(range(place).ok_or_else(|| TemplateError::UnknownPlace(place.chars().take(20).collect()))?),
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        if key.is_some() && !has_key {
            return Err(TemplateError::NoPlaceForKey);
        }
        let has = |wanted: fn(&Part) -> bool| parts.iter().any(wanted);
        let is_complete = has(|part| matches!(part, Part::Zoom))
            && has(|part| matches!(part, Part::Column))
            && has(|part| matches!(part, Part::Row | Part::RowFromSouth));
        if !is_complete {
            return Err(TemplateError::Incomplete);
        }
        let authority = text[scheme_end..].split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(TemplateError::UserInfo);
        }
        let template = Self(parts);
        template.uri(TileCoord { z: 0, x: 0, y: 0 }).ok_or(TemplateError::NotAUrl)?;
        Ok(template)
    }

    /// The URL of a tile. Neighbours ask different servers, a tile always the same one.
    pub(super) fn uri(&self, tile: TileCoord) -> Option<Uri> {
        let mut url = String::with_capacity(160);
        for part in &self.0 {
            // Writing to a string does not fail.
            let _ = match part {
                Part::Text(text) => url.write_str(text),
                Part::Zoom => write!(url, "{}", tile.z),
                Part::Column => write!(url, "{}", tile.x),
                Part::Row => write!(url, "{}", tile.y),
                Part::RowFromSouth => write!(url, "{}", (1_u64 << tile.z) - 1 - u64::from(tile.y)),
                Part::Server(names) => url.write_char(names[(tile.x as usize + tile.y as usize) % names.len()]),
            };
        }
        url.parse::<Uri>().ok().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(…)")
    }
}

/// `0-7`, `a-d`.
fn range(place: &str) -> Option<Vec<char>> {
    let [first, b'-', last] = *place.as_bytes() else { return None };
    let is_range =
        first < last && (first.is_ascii_digit() && last.is_ascii_digit() || first.is_ascii_lowercase() && last.is_ascii_lowercase());
    is_range.then(|| (first..=last).map(char::from).collect())
}

/// As it may stand in a path or a query.
fn escaped(key: &str) -> String {
    key.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TILE: TileCoord = TileCoord { z: 3, x: 6, y: 2 };

    fn url(text: &str, key: Option<&str>) -> String {
        Template::parse(text, key).unwrap().uri(TILE).unwrap().to_string()
    }

    #[test]
    fn places_are_filled() {
        assert_eq!(url("https://tiles.example/{z}/{x}/{y}.png", None), "https://tiles.example/3/6/2.png");
        assert_eq!(url("http://{s}.example/{z}/{x}/{-y}", None), "http://c.example/3/6/5");
        assert_eq!(
            url("https://t{0-7}.example/img_w/wmts?SERVICE=WMTS&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}", Some("a b&c")),
            "https://t0.example/img_w/wmts?SERVICE=WMTS&TILEMATRIX=3&TILEROW=2&TILECOL=6&tk=a%20b%26c"
        );
        assert_eq!(url("http://w.example/l/{TileMatrix}/{TileRow}/{TileCol}.jpg", None), "http://w.example/l/3/2/6.jpg");
    }

    #[test]
    fn what_is_no_template_is_refused_and_not_repeated() {
        for (text, key, error) in [
            ("ftp://e.example/{z}/{x}/{y}", None, TemplateError::Scheme),
            ("tiles/{z}/{x}/{y}", None, TemplateError::Scheme),
            ("http:///{z}/{x}/{y}", None, TemplateError::NotAUrl),
            ("http://e.example/a b/{z}/{x}/{y}", None, TemplateError::NotAUrl),
            ("http://me:secret@e.example/{z}/{x}/{y}", None, TemplateError::UserInfo),
            ("http://e.example/{z}/{x}/{y", None, TemplateError::Unclosed),
            ("http://e.example/{z}/{x}/{row}", None, TemplateError::UnknownPlace("row".into())),
            ("http://e.example/{7-0}/{z}/{x}/{y}", None, TemplateError::UnknownPlace("7-0".into())),
            ("http://e.example/{z}/{x}", None, TemplateError::Incomplete),
            ("http://e.example/{z}/{x}/{y}?tk={key}", None, TemplateError::NoKey),
            ("http://e.example/{z}/{x}/{y}", Some("secret"), TemplateError::NoPlaceForKey),
        ] {
            let found = Template::parse(text, key).unwrap_err();
            assert_eq!(found, error, "{text}");
            assert!(!found.to_string().contains("example") && !found.to_string().contains("secret"), "{found}");
        }
    }

    #[test]
    fn the_key_is_not_in_debug() {
        let template = Template::parse("http://e.example/{z}/{x}/{y}?tk={key}", Some("secret")).unwrap();
        assert!(!format!("{template:?}").contains("secret"));
    }
}

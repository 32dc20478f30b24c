//! Query strings: decoded, every name known, every value checked.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use jiff::{Timestamp, civil::Date, tz};
use utoipa::IntoParams;

use super::Error;
use crate::{
    geometry::Crs,
    index::IssueFilter,
    model::{Bounds, Code, IssueStatus, LonLat},
};

/// Hours east of Greenwich of the days that clients name.
const CHINA_HOURS: i8 = 8;

/// How a bare day is written; no RFC 3339 timestamp is as short.
const DAY_FORM: &str = "YYYY-MM-DD";

/// The day it is in China.
pub fn today(now: Timestamp) -> Date {
    tz::offset(CHINA_HOURS).to_datetime(now).date()
}

/// The same as days since 1970-01-01: cheap enough for every request.
pub(super) fn day_in_china(now: Timestamp) -> i32 {
    (now.as_second() + i64::from(CHINA_HOURS) * 3600).div_euclid(86_400) as i32
}

/// The day, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "documents what Params::day reads")]
pub struct AsOf {
    /// The day (YYYY-MM-DD) whose plan in force answers; today in China by default.
    #[param(rename = "as-of", format = Date)]
    as_of: Option<String>,
}

/// The issue filter, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "documents what Params::issue_filter reads")]
pub struct IssueFilterParams {
    /// Categories, repeated or comma-separated.
    category: Option<String>,
    /// open, in_progress, closed; repeated or comma-separated.
    status: Option<String>,
    /// Reported at or after: RFC 3339, or a day in China (YYYY-MM-DD).
    from: Option<String>,
    /// Reported before: RFC 3339, or a day in China (YYYY-MM-DD).
    to: Option<String>,
}

/// A decoded query string.
#[derive(Debug)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let bad = || Error::BadRequest("the query string is not percent-encoded UTF-8".into());
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| bad())?;
        // The decoder puts a replacement character in place of what is not UTF-8; no name or address has one.
        if pairs.iter().any(|(name, value)| name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER)) {
            return Err(bad());
        }
        Ok(Self { pairs })
    }
}

impl Params {
    /// The same, once every name is one of `known`.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`].
    pub fn only(self, known: &'static [&'static str]) -> Result<Self, Error> {
        match self.pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Error::UnknownParameter { name: name.clone(), known }),
            None => Ok(self),
        }
    }

    /// The value of a parameter that may stand once.
    ///
    /// # Errors
    /// [`Error::BadParameter`] when it stands more than once.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let mut values = self.pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Error::BadParameter { name, why: "given more than once".into() });
        }
        Ok(first)
    }

    /// The value of a parameter that must stand once.
    ///
    /// # Errors
    /// [`Error::MissingParameter`], [`Error::BadParameter`].
    pub fn required(&self, name: &'static str) -> Result<&str, Error> {
        self.one(name)?.ok_or(Error::MissingParameter(name))
    }

    /// A whole number within a range.
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn count(&self, name: &'static str, default: usize, range: std::ops::RangeInclusive<usize>) -> Result<usize, Error> {
        let Some(text) = self.one(name)? else { return Ok(default) };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => {
                Err(Error::BadParameter { name, why: format!("{text:?} is not a whole number from {} to {}", range.start(), range.end()) })
            }
        }
    }

    /// The day of `as-of`, or `today`.
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn day(&self, today: Date) -> Result<Date, Error> {
        self.one("as-of")?.map_or(Ok(today), |text| parse_day("as-of", text))
    }

    /// The CRS of `crs`, EPSG:4326 by default.
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn crs(&self) -> Result<Crs, Error> {
        Ok(self.one("crs")?.map_or(Ok(Crs::Wgs84), str::parse)?)
    }

    /// The position of `lon`, `lat` and `crs`.
    ///
    /// # Errors
    /// [`Error::BadCoordinate`] and those of [`Params::crs`].
    pub fn position(&self) -> Result<LonLat, Error> {
        let ordinate = |name| {
            let text = self.required(name)?;
            text.trim().parse::<f64>().map_err(|_| Error::BadCoordinate(format!("{name} {text:?} is not a number")))
        };
        let (x, y) = (ordinate("lon")?, ordinate("lat")?);
        let converter = self.crs()?.to_lonlat()?;
        converter.convert(x, y).map_err(|error| Error::BadCoordinate(format!("{error}{}", converter.swap_hint(x, y))))
    }

    /// An instant, or the beginning of a day in China.
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn instant(&self, name: &'static str) -> Result<Option<Timestamp>, Error> {
        self.one(name)?.map(|text| parse_instant(name, text)).transpose()
    }

    /// The issue filter of `category`, `status`, `from` and `to`.
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn issue_filter(&self) -> Result<IssueFilter, Error> {
        let statuses = self.list("status").map(|word| {
            IssueStatus::parse(word).ok_or_else(|| Error::BadParameter {
                name: "status",
                why: format!("{word:?} is no status; there are: {}", IssueStatus::ALL.map(IssueStatus::as_str).join(", ")),
            })
        });
        let mut filter = IssueFilter {
            categories: self.list("category").map(str::to_owned).collect(),
            statuses: statuses.collect::<Result<_, _>>()?,
            from: self.instant("from")?,
            to: self.instant("to")?,
        };
        // One way to write each filter, so that it is one key in the tile cache.
        filter.categories.sort();
        filter.categories.dedup();
        filter.statuses.sort();
        filter.statuses.dedup();
        Ok(filter)
    }

    /// The box of `bbox`: west, south, east, north in degrees (six numbers with heights are understood, heights ignored).
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn bbox(&self) -> Result<Option<Bounds>, Error> {
        let Some(text) = self.one("bbox")? else { return Ok(None) };
        let bad = || Error::BadParameter { name: "bbox", why: format!("{text:?} is not west,south,east,north in degrees") };
        let numbers = text.split(',').map(|n| n.trim().parse::<f64>()).collect::<Result<Vec<_>, _>>().map_err(|_| bad())?;
        let [west, south, east, north] = match numbers[..] {
            [w, s, e, n] | [w, s, _, e, n, _] => [w, s, e, n],
            _ => return Err(bad()),
        };
        let corner = |lon, lat| LonLat::from_degrees(lon, lat).ok_or_else(bad);
        let bounds = Bounds { min: corner(west, south)?, max: corner(east, north)? };
        if bounds.min.lon_e7 > bounds.max.lon_e7 || bounds.min.lat_e7 > bounds.max.lat_e7 {
            return Err(bad());
        }
        Ok(Some(bounds))
    }

    /// The plan of `plan=STREET:NUMBER`.
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn plan(&self) -> Result<Option<(Code, u32)>, Error> {
        let Some(text) = self.one("plan")? else { return Ok(None) };
        let parsed = text.split_once(':').and_then(|(street, plan)| Some((Code::new(street).ok()?, plan.parse().ok()?)));
        parsed.map(Some).ok_or_else(|| Error::BadParameter { name: "plan", why: format!("{text:?} is not STREET:NUMBER") })
    }

    /// The interval of OGC's `datetime` as an issue filter: an instant, `from/to`, with `..` or nothing for an open end.
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn datetime(&self) -> Result<IssueFilter, Error> {
        let mut filter = IssueFilter::default();
        let Some(text) = self.one("datetime")? else { return Ok(filter) };
        let end = |text: &str| match text {
            "" | ".." => Ok(None),
            text => parse_instant("datetime", text).map(Some),
        };
        // OGC's intervals are closed, ours are half-open: up to the next instant there is. A day reaches to its end.
        let after = |text: &str| -> Result<Option<Timestamp>, Error> {
            let step = if text.len() == DAY_FORM.len() { jiff::Span::new().hours(24) } else { jiff::Span::new().nanoseconds(1) };
            Ok(end(text)?.and_then(|at| at.checked_add(step).ok()))
        };
        (filter.from, filter.to) = match text.split_once('/') {
            Some((from, to)) => (end(from)?, after(to)?),
            None => (end(text)?, after(text)?),
        };
        Ok(filter)
    }

    fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.pairs.iter().filter(move |(n, _)| n == name);
        values.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
    }
}

fn parse_day(name: &'static str, text: &str) -> Result<Date, Error> {
    text.parse().map_err(|_| Error::BadParameter { name, why: format!("{text:?} is not a day; write YYYY-MM-DD") })
}

fn parse_instant(name: &'static str, text: &str) -> Result<Timestamp, Error> {
    let bad = || Error::BadParameter { name, why: format!("{text:?} is neither an RFC 3339 timestamp nor a day YYYY-MM-DD") };
    // An unescaped + arrives as a blank.
    if let Ok(instant) = text.replace(' ', "+").parse::<Timestamp>() {
        return Ok(instant);
    }
    let day: Date = if text.len() == DAY_FORM.len() { text.parse().map_err(|_| bad())? } else { return Err(bad()) };
    tz::offset(CHINA_HOURS).to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        let uri: axum::http::Uri = format!("/x?{query}").parse().unwrap();
        Params { pairs: Query::<Vec<(String, String)>>::try_from_uri(&uri).unwrap().0 }
    }

    #[test]
    fn days_are_chinese_days() {
        assert_eq!(today("2026-11-23T16:00:00Z".parse().unwrap()).to_string(), "2026-11-24");
        assert_eq!(today("2026-11-23T15:59:59Z".parse().unwrap()).to_string(), "2026-11-23");
        assert_eq!(parse_instant("from", "2026-11-24").unwrap().to_string(), "2026-11-23T16:00:00Z");
        assert_eq!(parse_instant("from", "2026-11-24T00:00:00 08:00").unwrap().to_string(), "2026-11-23T16:00:00Z");
        assert!(parse_instant("from", "yesterday").is_err());
    }

    #[test]
    fn a_filter_has_one_form() {
        let a = params("category=waste,noise&status=open").issue_filter().unwrap();
        let b = params("category=noise&category=waste&category=noise&status=open").issue_filter().unwrap();
        assert_eq!(a, b);
        assert!(params("status=lost").issue_filter().is_err());
    }

    #[test]
    fn boxes_and_plans_are_checked() {
        assert!(params("bbox=1,2,3,4").bbox().unwrap().is_some());
        assert!(params("bbox=1,2,0,3,4,9").bbox().unwrap().is_some());
        for bad in ["1,2,3", "3,2,1,4", "a,b,c,d", "1,2,3,91"] {
            assert!(params(&format!("bbox={bad}")).bbox().is_err(), "{bad}");
        }
        assert_eq!(params("plan=520201011:3").plan().unwrap(), Some((Code::new("520201011").unwrap(), 3)));
        assert!(params("plan=3").plan().is_err());
    }

    #[test]
    fn a_closed_interval_becomes_half_open() {
        let filter = params("datetime=2026-01-01T00:00:00Z/..").datetime().unwrap();
        assert_eq!((filter.from.unwrap().to_string().as_str(), filter.to), ("2026-01-01T00:00:00Z", None));
        let filter = params("datetime=../2026-01-01T00:00:00Z").datetime().unwrap();
        assert_eq!(filter.to.unwrap().to_string(), "2026-01-01T00:00:00.000000001Z");
        // Days are China's and whole, as an end and alone.
        let filter = params("datetime=2026-01-01/2026-01-31").datetime().unwrap();
        assert_eq!([filter.from, filter.to].map(|at| at.unwrap().to_string()), ["2025-12-31T16:00:00Z", "2026-01-31T16:00:00Z"]);
        let filter = params("datetime=2026-01-01").datetime().unwrap();
        assert_eq!([filter.from, filter.to].map(|at| at.unwrap().to_string()), ["2025-12-31T16:00:00Z", "2026-01-01T16:00:00Z"]);
    }
}

//! What OpenStreetMap tags mean here.

use crate::model::LineClass;

/// The tags of one object.
pub struct Tags<'a>(pub Vec<(&'a str, &'a str)>);

/// Values that say a tag does not apply.
const NO: &[&str] = &["no", "none"];

/// Keys whose value says what a `building=yes` is used for.
const USES: &[&str] = &[
    "amenity",
    "shop",
    "office",
    "craft",
    "industrial",
    "healthcare",
    "tourism",
    "leisure",
    "man_made",
    "military",
    "power",
    "railway",
    "aeroway",
    "public_transport",
    "historic",
    "emergency",
];

impl<'a> Tags<'a> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, value)| *value).filter(|value| !value.is_empty())
    }

    /// The value of a key unless it is "no".
    fn yes(&self, key: &str) -> Option<&'a str> {
        self.get(key).filter(|value| !NO.contains(value))
    }

    /// The name, Chinese first.
    pub fn name(&self) -> Option<String> {
        ["name:zh", "name:zh-Hans", "name"].into_iter().find_map(|key| self.get(key)).map(str::to_owned)
    }

    /// Every name it goes by.
    pub fn all_names(&self) -> Vec<String> {
        let is_name =
            |key: &str| key.starts_with("name:") || ["name", "official_name", "alt_name", "int_name", "short_name"].contains(&key);
        self.0.iter().filter(|(key, _)| is_name(key)).map(|(_, value)| (*value).to_owned()).collect()
    }

    /// Whether it is a building.
    pub fn is_building(&self) -> bool {
        self.yes("building").is_some()
    }

    /// Whether, closed, it is an area of water.
    pub fn is_water(&self) -> bool {
        self.get("natural") == Some("water") || self.get("waterway") == Some("riverbank") || self.get("landuse") == Some("reservoir")
    }

    /// Whether it is an administrative boundary.
    pub fn is_administrative(&self) -> bool {
        self.get("boundary") == Some("administrative")
    }

    /// The class of the line it is: road, railway, river or canal. Left out are tunnels (what lies above is not cut), things
    /// not yet or no longer there, areas, indoor ways, streams and ditches (too small to bound a cell), trams and sidings.
    pub fn line_class(&self) -> Option<LineClass> {
        if self.yes("tunnel").is_some_and(|tunnel| tunnel != "building_passage")
            || self.get("area") == Some("yes")
            || self.yes("indoor").is_some()
        {
            return None;
        }
        if let Some(highway) = self.get("highway") {
            return match highway {
                "motorway" | "motorway_link" | "trunk" | "trunk_link" | "primary" | "primary_link" => Some(LineClass::Arterial),
                "secondary" | "secondary_link" | "tertiary" | "tertiary_link" => Some(LineClass::Secondary),
                "service" if ["driveway", "parking_aisle", "drive-through"].contains(&self.get("service").unwrap_or("")) => {
                    Some(LineClass::Alley)
                }
                "residential" | "unclassified" | "living_street" | "service" | "road" | "busway" => Some(LineClass::Local),
                "pedestrian" | "track" | "footway" | "path" | "cycleway" | "steps" | "bridleway" => Some(LineClass::Alley),
                _ => None,
            };
        }
        match (self.get("railway"), self.get("waterway")) {
            (Some("rail" | "light_rail" | "narrow_gauge"), _) if self.get("service").is_none() => Some(LineClass::Railway),
            (_, Some("river" | "canal")) => Some(LineClass::River),
            _ => None,
        }
    }

    /// What the building is used for: its `building` value, or the more telling tag beside a mere `building=yes`.
    pub fn purpose(&self) -> Option<String> {
        let building = self.yes("building")?;
        let used = USES.iter().find_map(|key| self.yes(key)).filter(|value| *value != "yes");
        Some(if building == "yes" { used.unwrap_or(building) } else { building }.to_owned())
    }

    /// Storeys above ground.
    pub fn levels(&self) -> Option<u16> {
        let levels = self.get("building:levels")?.parse::<f64>().ok()?.floor();
        (1.0..=200.0).contains(&levels).then_some(levels as u16)
    }

    /// Flats that the map declares.
    pub fn flats(&self) -> Option<u32> {
        self.get("building:flats")?.parse().ok()
    }

    /// The address: `addr:full`, else street (or place) and house number, in Chinese without a space and with 号.
    pub fn address(&self) -> Option<String> {
        if let Some(full) = self.get("addr:full") {
            return Some(full.to_owned());
        }
        let number = self.get("addr:housenumber")?;
        let street = ["addr:street", "addr:place"].into_iter().find_map(|key| self.get(key));
        Some(match street {
            Some(street) if street.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) => {
                let sign = if number.ends_with(|c: char| c.is_ascii_digit()) { "号" } else { "" };
                format!("{street}{number}{sign}")
            }
            Some(street) => format!("{street} {number}"),
            None => number.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(tags: &[(&'static str, &'static str)]) -> Option<LineClass> {
        Tags(tags.to_vec()).line_class()
    }

    #[test]
    fn lines_are_classed() {
        assert_eq!(class(&[("highway", "trunk_link")]), Some(LineClass::Arterial));
        assert_eq!(class(&[("highway", "tertiary")]), Some(LineClass::Secondary));
        assert_eq!(class(&[("highway", "service")]), Some(LineClass::Local));
        assert_eq!(class(&[("highway", "service"), ("service", "driveway")]), Some(LineClass::Alley));
        assert_eq!(class(&[("highway", "steps")]), Some(LineClass::Alley));
        assert_eq!(class(&[("railway", "rail")]), Some(LineClass::Railway));
        assert_eq!(class(&[("waterway", "river")]), Some(LineClass::River));
        for left_out in [
            [("highway", "construction"), ("x", "y")],
            [("highway", "primary"), ("tunnel", "yes")],
            [("highway", "pedestrian"), ("area", "yes")],
            [("railway", "tram"), ("x", "y")],
            [("railway", "rail"), ("service", "siding")],
            [("waterway", "stream"), ("x", "y")],
        ] {
            assert_eq!(class(&left_out), None, "{left_out:?}");
        }
        assert_eq!(class(&[("highway", "primary"), ("tunnel", "no")]), Some(LineClass::Arterial));
    }

    #[test]
    fn addresses_and_uses() {
        assert_eq!(Tags(vec![("addr:street", "Aeulestrasse"), ("addr:housenumber", "12")]).address().unwrap(), "Aeulestrasse 12");
        assert_eq!(Tags(vec![("addr:street", "中关村东路"), ("addr:housenumber", "66")]).address().unwrap(), "中关村东路66号");
        assert_eq!(Tags(vec![("addr:street", "Aeulestrasse")]).address(), None);
        assert_eq!(Tags(vec![("building", "yes"), ("amenity", "school")]).purpose().unwrap(), "school");
        assert_eq!(Tags(vec![("building", "house"), ("office", "lawyer")]).purpose().unwrap(), "house");
        assert!(!Tags(vec![("building", "no")]).is_building());
        assert_eq!(Tags(vec![("name", "Vaduz"), ("name:zh", "瓦都兹")]).name().unwrap(), "瓦都兹");
    }
}

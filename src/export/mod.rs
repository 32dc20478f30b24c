//! Areas, groups, households and issues as files.
//!
//! In: a snapshot and an area code. Out: GeoJSON (RFC 7946), CSV, an indexed GeoPackage, streamed.

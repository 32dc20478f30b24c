//! Files to records, with a report that counts every bad one.
//!
//! In: OSM PBF, a survey folder, GeoJSON, CSV. Out: records and a [`Report`].
//! **Invariant:** a bad record is counted with file, line and reason and left out; only a broken file aborts.

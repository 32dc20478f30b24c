//! Wangge (网格): the grid a district is served by. The code map, in reading order, is the way of the data:
//!
//! ```text
//! import ──► plan ──► store ──► index ──► tile · heat · locate · export · render ──► serve ──► web
//! records    cells    changes   snapshot    answers                                 HTTP      map
//! ```

pub mod model;

pub mod geometry;

pub mod city;

pub mod import;

pub mod plan;

pub mod store;

pub mod index;

pub mod tile;

pub mod export;

pub mod render;

pub mod backdrop;

pub mod serve;

//! The sample city: a believable, deterministic, invented street as a survey folder.

//! Lines to faces: noding by snap rounding on the integer grid, then faces by walking half-edges.

//! What a GIS sees of a GeoPackage, asked of GDAL's `ogrinfo`.

use std::process::Command;

/// Runs `ogrinfo` and returns what it prints; warnings are failures, too.
pub fn ogrinfo(arguments: &[&str]) -> String {
    let output = Command::new("ogrinfo").arg("-ro").args(arguments).output().expect("ogrinfo runs: install gdal-bin");
    let (out, err) = (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && err.is_empty(), "ogrinfo {arguments:?}: {err}\n{out}");
    out
}

//! The picture behind the map, on the commands that serve it.

use std::path::PathBuf;

use anyhow::{Context, bail};
use wangge::backdrop::{Config, DEFAULT_MAX_ZOOM, Datum, Template};

/// Where the key is when no file is named.
const KEY_VARIABLE: &str = "WANGGE_BACKDROP_KEY";

/// Arguments.
#[derive(clap::Args)]
#[command(next_help_heading = "Backdrop")]
pub struct BackdropArgs {
    /// Offer a satellite or street picture behind the map, from this XYZ or WMTS source: a URL with {z} {x} {y} (or {-y}), {key}, {s} or {0-7}
    #[arg(long, value_name = "URL", env = "WANGGE_BACKDROP", hide_env_values = true)]
    backdrop: Option<String>,
    /// File with the source's key, which goes where the URL has {key}; else the variable WANGGE_BACKDROP_KEY holds it
    #[arg(long, value_name = "FILE", requires = "backdrop")]
    backdrop_key: Option<PathBuf>,
    /// On which datum the source draws; gcj02 is shifted onto the map
    #[arg(long, value_name = "CRS", value_enum, default_value = "wgs84", requires = "backdrop")]
    backdrop_crs: Crs,
    /// Whom the map has to name as the picture's source
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, requires = "backdrop")]
    backdrop_attribution: String,
    /// The source's deepest zoom; beyond it the map enlarges
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_ZOOM, value_parser = clap::value_parser!(u8).range(0..=22), requires = "backdrop")]
    backdrop_max_zoom: u8,
}

/// The URL may carry a key that is none of ours to show.
impl std::fmt::Debug for BackdropArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackdropArgs").field("backdrop", &self.backdrop.is_some()).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Crs {
    Wgs84,
    Gcj02,
}

impl BackdropArgs {
    /// What was asked for; `None` without `--backdrop`.
    ///
    /// # Errors
    /// A key that cannot be read, and what is wrong with the URL. Neither is repeated.
    pub fn config(&self) -> anyhow::Result<Option<Config>> {
        let Some(url) = self.backdrop.as_deref().filter(|url| !url.is_empty()) else { return Ok(None) };
        let key = self.key(url)?;
        let datum = match self.backdrop_crs {
            Crs::Wgs84 => Datum::Wgs84,
            Crs::Gcj02 => Datum::Gcj02,
        };
        let config = Config::new(Template::parse(url, key.as_deref())?);
        Ok(Some(Config { datum, attribution: self.backdrop_attribution.trim().to_owned(), max_zoom: self.backdrop_max_zoom, ..config }))
    }

    fn key(&self, url: &str) -> anyhow::Result<Option<String>> {
        let key = match &self.backdrop_key {
            // Without its name: somebody may have written the key itself.
            Some(path) => std::fs::read_to_string(path)
                .context("--backdrop-key names the file that the backdrop's key is read from, and that file cannot be read")?,
            None if url.to_ascii_lowercase().contains("{key}") => std::env::var(KEY_VARIABLE)
                .with_context(|| format!("the backdrop's URL has a {{key}}: name its file with --backdrop-key, or set {KEY_VARIABLE}"))?,
            None => return Ok(None),
        };
        match key.trim() {
            "" => bail!("the backdrop's key is empty"),
            key => Ok(Some(key.to_owned())),
        }
    }
}

//! The command line, one file a command. Each reads its arguments, calls the rooms of the library, prints.

pub mod backdrop;
pub mod city;
pub mod demo;
pub mod edit;
pub mod export;
pub mod import;
pub mod locate;
pub mod migrate;
pub mod output;
pub mod plan;
pub mod progress;
pub mod render;
pub mod score;
pub mod serve;
pub mod signal;

use std::{path::Path, sync::Arc};

use anyhow::Context;
use wangge::{
    model::{Code, CodeScheme, Level, NO_STREET, StreetData},
    store::{self, Store},
};

/// Where the data is, on every command that needs it.
#[derive(clap::Args, Debug)]
pub struct Database {
    /// gpkg:PATH or postgres://USER@HOST/NAME
    #[arg(long = "db", value_name = "URL", default_value = "gpkg:wangge.gpkg", env = "WANGGE_DB", hide_env_values = true)]
    pub url: String,
}

impl Database {
    /// Opens a database that must be there already: a misspelt path is an error, not a new empty file.
    ///
    /// # Errors
    /// When there is no such file, and the store's own.
    pub async fn open_existing(&self) -> anyhow::Result<Arc<dyn Store>> {
        self.expect()?;
        Ok(store::open(&self.url).await?)
    }

    /// The same, to read only: a read-only disk and an indexed copy will do.
    ///
    /// # Errors
    /// When there is no such file, and the store's own.
    pub async fn open_read(&self) -> anyhow::Result<Arc<dyn Store>> {
        self.expect()?;
        Ok(store::open_read(&self.url).await?)
    }

    fn expect(&self) -> anyhow::Result<()> {
        if let Some(path) = self.url.strip_prefix("gpkg:")
            && !path.is_empty()
            && !Path::new(path).exists()
        {
            anyhow::bail!("there is no database at {path}; import something into it first, or name another one with --db gpkg:PATH");
        }
        Ok(())
    }
}

impl Database {
    /// Refuses an output file that is the database itself.
    ///
    /// # Errors
    /// When it is.
    pub fn refuse_as_output(&self, out: &Path) -> anyhow::Result<()> {
        if store::owns_file(&self.url, out) {
            anyhow::bail!("--out {} is the database itself; name another file", out.display());
        }
        Ok(())
    }
}

/// The day it is in China, where the service's days begin and end.
pub use wangge::serve::today;

/// A street that must be there.
pub async fn load_street(store: &dyn Store, code: &Code) -> anyhow::Result<StreetData> {
    store.load_street(code).await?.with_context(|| format!("street {code} is not in the database; `wangge import` brings it in"))
}

/// A street's code on the command line.
///
/// # Errors
/// What is wrong with it: not digits, the wrong length, or the place of issues that lie in no street.
pub fn street_code(text: &str) -> Result<Code, String> {
    let code = area_code(text)?;
    match CodeScheme::default().level(&code) {
        Ok(Level::Street) if code.as_str() == NO_STREET => {
            Err(format!("{NO_STREET} keeps the issues that lie in no street; it is none itself"))
        }
        Ok(Level::Street) => Ok(code),
        Ok(level) => Err(format!("{code} is the code of a {level}; a street has 9 digits")),
        Err(error) => Err(error.to_string()),
    }
}

/// A county's code on the command line, or any other beginning of streets' codes.
///
/// # Errors
/// What is wrong with it: not digits, or longer than a street's code.
pub fn street_prefix(text: &str) -> Result<Code, String> {
    let code = Code::new(text.trim()).map_err(|error| error.to_string())?;
    let longest = CodeScheme::default().digits(Level::Street);
    match code.as_str().len() {
        digits if digits > longest => {
            Err(format!("{code} has {digits} digits; a county has 6, and the beginning of a street's code at most {longest}"))
        }
        _ => Ok(code),
    }
}

/// An area's code of any level on the command line.
///
/// # Errors
/// What is wrong with it: not digits, or a length that no level has.
pub fn area_code(text: &str) -> Result<Code, String> {
    let code = Code::new(text.trim()).map_err(|error| error.to_string())?;
    CodeScheme::default().level(&code).map_err(|error| error.to_string())?;
    Ok(code)
}

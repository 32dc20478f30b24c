//! `wangge demo`: the sample city, imported, planned, with issues, served.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, bail};
use jiff::{Span, Timestamp, civil::Date};
use tempfile::TempDir;
use wangge::{
    city::{self, names},
    import::{Intake, Report, diff, survey},
    model::{Code, Community, PlanId, StreetData},
    plan,
    serve::{self, Options, SAMPLE_CITY},
    store::{self, Store},
};

use super::{
    backdrop::BackdropArgs,
    output::tell,
    plan::{book, interrupted},
    progress::Progress,
    serve::{Listen, leave, serve_until_signal},
    signal::{Stop, end_signal},
    street_code, today,
};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    listen: Listen,
    /// Households of the sample city
    #[arg(long, value_name = "N", default_value_t = 40_000)]
    households: usize,
    /// The same seed makes the same city
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The street's code; the names of Zhongshan's (520201…) are known
    #[arg(long, value_name = "CODE", default_value = "520201014", value_parser = street_code)]
    street: Code,
    /// Keep the city and its database in this folder, and use what is there; else they are temporary
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    backdrop: BackdropArgs,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let backdrop = args.backdrop.config()?;
    let listener = serve::bind(&args.listen.listen, args.listen.insecure).await?;
    let end = end_signal();
    let folder = Folder::open(args.data.clone())?;
    let options = Options { households: true, hosts: args.listen.hosts(), backdrop, ..Options::default() };
    let ready = async {
        let store = store::open(&format!("gpkg:{}", folder.path().join("demo.gpkg").display())).await?;
        let unplanned = find_city(&args, folder.path(), &store).await?;
        anyhow::Ok((store, unplanned))
    };
    let ready = tokio::select! {
        ready = ready => Some(ready?),
        () = end.clone() => None,
    };
    let Some((store, unplanned)) = ready else { leave(folder) };
    if let Some(street) = unplanned
        && let Err(error) = plan_city(&args, street, &store, Stop::at(end.clone())).await
    {
        store.close().await;
        return Err(error);
    }
    serve_until_signal(listener, store, options, end, folder).await
}

/// The city as it is stored, made first if need be; `None` when it has a plan already.
async fn find_city(args: &Args, folder: &Path, store: &Arc<dyn Store>) -> anyhow::Result<Option<StreetData>> {
    match store.load_street(&args.street).await? {
        Some(stored) if !stored.plans.is_empty() => {
            tell(&format!("using the city in {}", folder.display()));
            Ok(None)
        }
        Some(stored) => Ok(Some(stored)),
        None => import_city(args, folder, store).await.map(Some),
    }
}

/// Writes a survey folder and imports it, by the same way as any other.
async fn import_city(args: &Args, folder: &Path, store: &Arc<dyn Store>) -> anyhow::Result<StreetData> {
    let start = Instant::now();
    let request =
        city::Request { households: args.households, seed: args.seed, street: args.street.clone(), until: today(Timestamp::now()) };
    let survey_folder = folder.join("survey");
    let (set, issues, households) = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        let city = city::generate(&request)?;
        city::write(&city, &survey_folder)?;
        let mut intake = Intake::new(Report::default(), |_| ());
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
        let options = survey::Options { crs: None, zone, filed: HashMap::new() };
        let mut records = survey::read(&survey_folder, &city.street, Some(&city.name), &options, &mut intake)?;
        if intake.report.problem_count() > 0 {
            bail!("the sample city is not clean:\n{}", intake.report);
        }
        let set =
            diff::change_set(city.street.clone(), SAMPLE_CITY, &StreetData::default(), &records.remove(&city.street).unwrap_or_default());
        Ok((set, city.issues.len(), city.households.len()))
    })
    .await??;
    store.commit(0, &set).await?;
    let seconds = start.elapsed().as_secs_f64();
    tell(&format!("sample city: {households} households and {issues} issues, all invented, imported in {seconds:.1} s"));
    store.load_street(&args.street).await?.context("the sample city was not stored")
}

async fn plan_city(args: &Args, street: StreetData, store: &Arc<dyn Store>, stop: Stop) -> anyhow::Result<()> {
    let start = Instant::now();
    let code = args.street.clone();
    let known_communities = names::communities_of(&code).into_iter().map(|(code, name)| Community { code, name }).collect();
    let request = plan::Request { seed: args.seed, known_communities, ..plan::Request::default() };
    let now = Timestamp::now();
    let registration =
        plan::Registration { id: PlanId(1), name: "demo".into(), now, owner: None, publish_from: Some(a_year_before(today(now))) };
    let (set, version, summary) = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        let progress = Progress::until(stop);
        tracing::debug!(street = %code, households = street.households.len(), "planning begins");
        let drawn = plan::plan(&street, &request, registration, &|stage, share| progress.at(stage, share));
        let (new, warnings) = match drawn {
            Err(plan::Error::Cancelled) => return Err(interrupted()),
            drawn => drawn?,
        };
        for warning in &warnings {
            tracing::warn!("{}", warning.message);
        }
        let summary = format!("{} communities, {} cells, {} groups", new.communities.len(), new.cells.len(), new.groups.len());
        Ok((book(&code, &street, new), street.version, summary))
    })
    .await??;
    store.commit(version, &set).await?;
    tell(&format!("planned in {:.1} s: {summary}", start.elapsed().as_secs_f64()));
    Ok(())
}

/// The city's issues reach back a year; so does the plan, for "as of" to have something to say.
fn a_year_before(day: Date) -> Date {
    day.saturating_sub(Span::new().years(1))
}

/// Where the demo's files are; a temporary folder goes when it is dropped.
enum Folder {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Folder {
    fn open(kept: Option<PathBuf>) -> anyhow::Result<Self> {
        let Some(path) = kept else {
            let made = tempfile::Builder::new().prefix("wangge-demo-").tempdir();
            return Ok(Self::Temporary(made.context("cannot make a temporary folder")?));
        };
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self::Kept(path))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

//! Commits from a process of its own, timed from the commit's return until the server's tile has another tag.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use jiff::Timestamp;
use rand::{SeedableRng, rngs::StdRng, seq::IndexedRandom};
use wangge::{
    index::WorldPixel,
    model::{Change, ChangeSet, Code, Household, Issue, IssueStatus, LonLat, StreetData},
    store::{self, Store},
};

use super::client::Client;

/// Zoom of the tile that is watched.
const ZOOM: u32 = 16;
/// An edit that does not show by then is an error.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    db: String,
    #[arg(long)]
    street: String,
    #[arg(long)]
    to: SocketAddr,
    /// Only new issues, or only moved households
    #[arg(long)]
    kind: Option<Kind>,
    /// Ask for the layer's tiles of the place, z10 to z16, before an edit
    #[arg(long)]
    warm: bool,
    /// How many edits, unless --seconds says how long
    #[arg(long, default_value_t = 20)]
    count: usize,
    #[arg(long)]
    seconds: Option<f64>,
    /// Between an edit that shows and the next
    #[arg(long, default_value_t = 100)]
    pause_ms: u64,
    /// Other seeds edit elsewhere
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Issue,
    Household,
}

/// Prints a JSON object: how many edits, and their milliseconds, sorted.
#[tokio::main(flavor = "current_thread")]
pub async fn run(args: &Args) -> anyhow::Result<()> {
    let street = Code::new(&args.street)?;
    let store = store::open(&args.db).await?;
    let data = store.load_street(&street).await?.context("the street is not there")?;
    let mut editor =
        Editor { street, data, rng: StdRng::seed_from_u64(args.seed), seed: args.seed, warm: args.warm, client: Client::connect(args.to)? };
    let end = args.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let (mut issues, mut households) = (Vec::new(), Vec::new());
    for number in 0.. {
        if end.map_or(number >= args.count, |end| Instant::now() >= end) {
            break;
        }
        match args.kind.unwrap_or([Kind::Issue, Kind::Household][number % 2]) {
            Kind::Issue => issues.push(editor.add_issue(store.as_ref(), number).await?),
            Kind::Household => households.push(editor.move_household(store.as_ref()).await?),
        }
        tokio::time::sleep(Duration::from_millis(args.pause_ms)).await;
    }
    store.close().await;
    issues.sort_by(f64::total_cmp);
    households.sort_by(f64::total_cmp);
    println!(r#"{{"issue_ms": {issues:.3?}, "household_ms": {households:.3?}}}"#);
    Ok(())
}

struct Editor {
    street: Code,
    data: StreetData,
    rng: StdRng,
    seed: u64,
    warm: bool,
    client: Client,
}

impl Editor {
    async fn add_issue(&mut self, store: &dyn Store, number: usize) -> anyhow::Result<f64> {
        let at = self.somewhere()?;
        let issue = Issue {
            id: format!("BENCH{}-{number}", self.seed),
            position: at,
            category: "暴露垃圾".to_owned(),
            status: IssueStatus::Open,
            reported_at: Timestamp::now(),
            closed_at: None,
            description: None,
        };
        self.commit(store, Change::PutIssues(vec![issue]), "issues", at).await
    }

    /// Moves a household to where another one lives.
    async fn move_household(&mut self, store: &dyn Store) -> anyhow::Result<f64> {
        let to = self.somewhere()?;
        let elsewhere: Vec<usize> = (0..self.data.households.len()).filter(|row| self.data.households[*row].position != to).collect();
        let row = *elsewhere.choose(&mut self.rng).context("all live in one place")?;
        let household = &mut self.data.households[row];
        household.position = to;
        let change = Change::PutHouseholds(vec![household.clone()]);
        self.commit(store, change, "households", to).await
    }

    fn somewhere(&mut self) -> anyhow::Result<LonLat> {
        let household: &Household = self.data.households.choose(&mut self.rng).context("nobody lives here")?;
        Ok(household.position)
    }

    /// Milliseconds from the commit's return until the tile of the place differs.
    async fn commit(&mut self, store: &dyn Store, change: Change, layer: &str, at: LonLat) -> anyhow::Result<f64> {
        let set = ChangeSet { street: self.street.clone(), what: "bench".to_owned(), changes: vec![change] };
        let pixel = WorldPixel::of(at);
        let path = |zoom: u32| format!("/tiles/{layer}/{zoom}/{}/{}", pixel.x >> (32 - zoom), pixel.y >> (32 - zoom));
        if self.warm {
            for zoom in 10..ZOOM {
                self.client.get(&path(zoom), "")?;
            }
        }
        let path = path(ZOOM);
        let before = self.client.get(&path, "")?;
        let unless = before.etag.as_ref().map(|tag| format!("If-None-Match: {tag}\r\n")).unwrap_or_default();
        self.data.version = store.commit(self.data.version, &set).await?;
        let start = Instant::now();
        loop {
            let answer = self.client.get(&path, &unless)?;
            match answer.status {
                200 if answer.etag != before.etag => return Ok(start.elapsed().as_secs_f64() * 1e3),
                200 | 204 | 304 if start.elapsed() < PATIENCE => {}
                status => bail!("{path} still answers {status} {:?} after a commit", start.elapsed()),
            }
        }
    }
}

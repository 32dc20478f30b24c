//! A process that commits is killed at any moment; the store has the old or the new state.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use jiff::civil::date;
use rand::{Rng, SeedableRng, rngs::StdRng};
use wangge::{model::*, store};

use super::{place::Place, sample::*};

const URL: &str = "WANGGE_TEST_CHILD_URL";
const STREET: &str = "WANGGE_TEST_CHILD_STREET";
const ROWS: &str = "WANGGE_TEST_CHILD_ROWS";

/// The process that is killed: commits for ever, every commit rewriting every row with the version it makes.
pub async fn commit_for_ever() {
    let Ok(url) = std::env::var(URL) else { panic!("{URL} is set by the test that starts this one") };
    let street = code(&std::env::var(STREET).unwrap());
    let rows: usize = std::env::var(ROWS).unwrap().parse().unwrap();
    let store = store::open(&url).await.unwrap();
    let mut version = store.versions().await.unwrap().get(&street).copied().unwrap_or(0);
    println!("ready");
    loop {
        let next = version + 1;
        let ids: Vec<String> = (0..rows).map(|n| format!("{n:05}")).collect();
        let members: Vec<&str> = ids.iter().map(String::as_str).collect();
        let changes = vec![
            Change::PutHouseholds(ids.iter().map(|id| household(id, next as u16)).collect()),
            Change::PutIssues(vec![issue(&street.to_string(), &next.to_string())]),
            Change::PutPlan(Box::new(plan(&street, 1, &next.to_string(), &members))),
        ];
        version = store.commit(version, &set(&street, &next.to_string(), changes)).await.unwrap();
    }
}

/// The other process that is killed: takes a step of the draft and publishes it in place of what is in force, then takes it
/// back, for ever. Version 1 has the two plans.
pub async fn publish_for_ever() {
    let Ok(url) = std::env::var(URL) else { panic!("{URL} is set by the test that starts this one") };
    let street = code(STREET_OF_PLANS);
    let store = store::open(&url).await.unwrap();
    let mut version = store.versions().await.unwrap()[&street];
    let mut is_ready = false;
    loop {
        let is_published = version % 2 == 0;
        let mut changes = Vec::new();
        if !is_published {
            let plans = store.load_street(&street).await.unwrap().unwrap().plans;
            let mut next = plans[1].clone();
            next.blocks[0].cell ^= 1;
            next.blocks.sort_by(Block::order);
            let edit = step(next.revision + 1);
            let patch = Patch::between(&plans[1], &next);
            changes.push(Change::EditPlan(Box::new(PlanEdit { plan: PlanId(2), patch, log: LogChange::Append(Box::new(edit)) })));
        }
        let [old, new] = lives(!is_published);
        changes.extend([Change::SetValidity(PlanId(1), old), Change::SetValidity(PlanId(2), new)]);
        version = store.commit(version, &set(&street, "publish", changes)).await.unwrap();
        if !std::mem::replace(&mut is_ready, true) {
            println!("ready");
        }
    }
}

const STREET_OF_PLANS: &str = "520201003";

fn step(number: u32) -> Edit {
    Edit {
        number,
        at: "2026-11-24T08:00:00Z".parse().unwrap(),
        who: None,
        why: None,
        key: None,
        command: serde_json::json!({ "op": "assign" }),
        answer: serde_json::json!({}),
        standing: Standing::Done,
    }
}

/// The lives of the old plan and of the new one, before and after it is published.
fn lives(is_published: bool) -> [Validity; 2] {
    let (start, change) = (Some(date(2026, 1, 1)), Some(date(2026, 12, 1)));
    let published = |from, to| Validity { state: PlanState::Published, from, to };
    if is_published {
        [published(start, change), published(change, None)]
    } else {
        [published(start, None), Validity { state: PlanState::Draft, from: None, to: None }]
    }
}

/// Kills the process that publishes at 12 moments: both plans have their old life or both their new one, and the draft has
/// every step that its log has.
pub async fn a_killed_publisher_leaves_one_plan_in_force(place: Arc<Place>) {
    let street = code(STREET_OF_PLANS);
    let members: Vec<String> = (0..300).map(|n| format!("{n:05}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let draft = Plan { state: PlanState::Draft, valid_from: None, ..plan(&street, 2, "new", &members) };
    let plans = [plan(&street, 1, "old", &members), draft.clone()].map(|plan| Change::PutPlan(Box::new(plan)));
    place.open().await.commit(0, &set(&street, "plan", plans.to_vec())).await.unwrap();
    let mut random = StdRng::seed_from_u64(5);
    let mut last = 1;
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["a_process_that_publishes_for_ever", "--exact", "--ignored", "--nocapture"])
            .env(URL, &place.url)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(output.any(|line| line.unwrap().contains("ready")), "the child never came up");
        std::thread::sleep(Duration::from_micros(random.random_range(0..150_000)));
        child.kill().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.wait().unwrap()), Some(9), "the child died by itself");

        let store = store::open(&place.url).await.unwrap();
        let StreetData { version, plans, .. } = store.load_street(&street).await.unwrap().unwrap();
        assert!(version >= last, "round {round}");
        last = version;
        assert_eq!([plans[0].validity(), plans[1].validity()], lives(version % 2 == 0), "round {round}, version {version}");
        let steps = (version / 2) as u32;
        let log = store.load_edits(&street, PlanId(2)).await.unwrap();
        assert_eq!((plans[1].revision, log.len() as u32), (steps, steps), "round {round}");
        let mut replayed = draft.clone();
        log.iter().for_each(|logged| logged.patch.apply(&mut replayed).unwrap());
        assert_eq!(plans[1].blocks, replayed.blocks, "round {round}");
    }
    assert!(last > 12, "only {last} commits between the kills");
}

/// A file that cannot grow any more, as on a full disk: the commit fails, says what to do, and leaves the old state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_the_old_state() {
    super::place::on(super::place::Kind::GeoPackage, |place: Arc<Place>| async move {
        let store = place.open().await;
        let street = code("520201001");
        store.commit(0, &set(&street, "1", vec![Change::PutHouseholds(vec![household("h", 1)])])).await.unwrap();
        let before = store.load().await.unwrap();
        // 2 MB, and an error instead of the signal.
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 4000; exec \"$0\" a_process_that_commits_for_ever --exact --ignored --nocapture"])
            .arg(std::env::current_exe().unwrap())
            .env(URL, &place.url)
            .env(STREET, street.as_str())
            .env(ROWS, "100000")
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && message.contains("free space"), "{message}");
        assert_eq!(store.load().await.unwrap(), before);
        assert_eq!(place.open().await.load().await.unwrap(), before);
    })
    .await;
}

/// Kills the process at 25 moments: imports of thousands of rows, edits of a few.
pub async fn a_killed_process_leaves_old_or_new(place: Arc<Place>) {
    drop(place.open().await);
    let mut random = StdRng::seed_from_u64(20_261_124);
    let (mut commits, mut last) = (0, [0, 0]);
    for round in 0..25 {
        let import = usize::from(round % 2 == 0);
        let (street, rows) = [("520201002", 5), ("520201001", 2000)][import];
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["a_process_that_commits_for_ever", "--exact", "--ignored", "--nocapture"])
            .env(URL, &place.url)
            .env(STREET, street)
            .env(ROWS, rows.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(output.any(|line| line.unwrap().contains("ready")), "the child never came up");
        std::thread::sleep(Duration::from_micros(random.random_range(0..400_000)));
        child.kill().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.wait().unwrap()), Some(9), "the child died by itself");

        let street = code(street);
        let store = store::open(&place.url).await.unwrap();
        let Some(data) = store.load_street(&street).await.unwrap() else {
            continue;
        };
        let version = data.version;
        assert!(version >= last[import], "round {round}: version {version} after {}", last[import]);
        let marker = version.to_string();
        assert_eq!(data.households.len(), rows, "round {round}");
        assert!(data.households.iter().all(|household| household.persons == Some(version as u16)), "round {round}");
        assert_eq!((data.issues.len(), &data.issues[0].category), (1, &marker), "round {round}");
        assert_eq!((data.plans.len(), &data.plans[0].name), (1, &marker), "round {round}");
        assert_eq!(data.plans[0].groups[0].members.len(), rows, "round {round}");
        let log: Vec<String> = store.changes_since(&street, 0).await.unwrap().into_iter().map(|note| note.what).collect();
        assert_eq!(log, (1..=version).map(|n| n.to_string()).collect::<Vec<_>>(), "round {round}");
        commits += version - last[import];
        last[import] = version;
    }
    assert!(commits > 25, "only {commits} commits were made between the kills");
}

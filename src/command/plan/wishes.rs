//! What the plan is to be like: numbers, and the rules of a file.

use std::path::PathBuf;

use wangge::{
    city::names,
    geometry::Crs,
    import::{Intake, rules},
    model::{Code, Community, Plan, Rules},
    plan,
};

use crate::command::output::tell;

/// Sizes and numbers.
#[derive(clap::Args, Debug)]
pub struct Wishes {
    /// Number of cells of a street; overrides --cell-households. A plan that is drawn again keeps its number by default
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    cells: Option<u32>,
    /// Households a cell should have
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    cell_households: u32,
    /// What even cells weigh beside round ones along streets, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share)]
    balance: f64,
    /// Allowed deviation of a cell from the mean, as a share
    #[arg(long, default_value_t = 0.1, value_parser = share)]
    tolerance: f64,
    /// Number of communities of a street; overrides --community-households
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    communities: Option<u32>,
    /// Households a community should have
    #[arg(long, value_name = "N", default_value_t = 3000, value_parser = clap::value_parser!(u32).range(1..))]
    community_households: u32,
    /// Households in a group, sizes run from two less to two more; default: 10, or as in the plan to start from
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50))]
    group_size: Option<u32>,
    /// Same input and seed, same plan
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "give a share between 0 and 1, e.g. 0.1".to_owned())
}

impl Wishes {
    /// What the planner is asked for a street, whose plan `base` is drawn again if there is one.
    pub fn request(&self, street: &Code, base: Option<&Plan>, rules: Rules) -> plan::Request {
        let group_size = || base.and_then(|base| base.parameters["group_size"].as_u64()).unwrap_or(10);
        plan::Request {
            cells: self.cells.map(|k| k as usize),
            cell_households: self.cell_households as usize,
            communities: self.communities.map(|k| k as usize),
            community_households: self.community_households as usize,
            balance: self.balance,
            tolerance: self.tolerance,
            group_size: self.group_size.map_or_else(group_size, u64::from) as usize,
            seed: self.seed,
            rules,
            known_communities: names::communities_of(street).into_iter().map(|(code, name)| Community { code, name }).collect(),
            ..plan::Request::default()
        }
    }
}

/// Where the rules are.
#[derive(clap::Args, Debug)]
pub struct RulesFile {
    /// What else the plan must respect: features with a property `rule`, which is dedicated or together (polygons), barrier (lines)
    /// or seed (a point), and perhaps a `name`
    #[arg(long, value_name = "FILE.geojson")]
    rules: Option<PathBuf>,
    /// CRS of the rules, whatever the file says; default: its crs member, else EPSG:4326
    #[arg(long, requires = "rules")]
    crs: Option<Crs>,
    /// Most dedicated cells in a street
    #[arg(long, value_name = "N", requires = "rules")]
    max_dedicated: Option<usize>,
}

impl RulesFile {
    /// Reads the file, if one is named, and tells what is odd about it.
    ///
    /// # Errors
    /// A broken file or a bad rule, with file, feature and reason.
    pub fn read(&self) -> anyhow::Result<Rules> {
        let Some(path) = &self.rules else { return Ok(Rules::default()) };
        let mut intake = Intake::quiet();
        let read = rules::read(path, self.crs, &mut intake);
        let report = intake.into_report();
        report.notes().iter().for_each(|note| tell(&format!("warning: {note}")));
        if report.problem_count() > 1 {
            report.problems().iter().for_each(|problem| tell(&problem.to_string()));
        }
        Ok(Rules { max_dedicated: self.max_dedicated, ..read? })
    }
}

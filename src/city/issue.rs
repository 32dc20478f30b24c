//! A year of issues: what, where, when, with hot spots, a daily and weekly rhythm, seasons.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use rand::Rng;
use rand::distr::weighted::WeightedIndex;
use rand::prelude::Distribution;
use rand::seq::IndexedRandom;
use rustc_hash::FxHashMap;

use super::fabric::{House, LandUse};
use super::ground::Ground;
use super::network::Network;
use super::shape::Xy;
use crate::geometry::ring::{Side, side};
use crate::model::{Issue, IssueStatus, LineClass, LonLat, Polygon};

/// Where issues of a category are found.
#[derive(Clone, Copy)]
enum Scene {
    /// On roads of these classes.
    Roads(&'static [LineClass]),
    /// By buildings of these uses.
    Buildings(&'static [LandUse]),
    /// On roads near the river.
    LowGround,
}

/// When in the day they are reported.
#[derive(Clone, Copy)]
enum Rhythm {
    Day,
    Evening,
    Night,
}

impl Rhythm {
    /// Weight of each hour.
    fn hours(self) -> [u32; 24] {
        match self {
            Self::Day => [1, 1, 0, 0, 0, 1, 4, 9, 15, 18, 17, 12, 7, 7, 11, 14, 14, 12, 10, 9, 7, 5, 3, 2],
            Self::Evening => [2, 1, 1, 0, 0, 0, 2, 5, 6, 6, 5, 5, 4, 4, 5, 5, 6, 10, 16, 20, 18, 12, 7, 4],
            Self::Night => [9, 6, 4, 2, 1, 2, 4, 4, 4, 4, 3, 3, 5, 5, 3, 3, 4, 6, 9, 13, 18, 22, 20, 14],
        }
    }
}

/// A kind of issue.
struct Category {
    name: &'static str,
    weight: u32,
    scene: Scene,
    rhythm: Rhythm,
    /// Weight of each month of the year.
    months: [u32; 12],
    /// Weight of Saturday and Sunday against 10 of a working day.
    weekend: u32,
    /// Half are closed within so many days.
    median_days: f64,
    descriptions: [&'static str; 3],
}

const EVEN: [u32; 12] = [10; 12];
const SUMMER: [u32; 12] = [5, 6, 8, 10, 13, 16, 18, 18, 13, 10, 7, 6];
const RAINS: [u32; 12] = [1, 1, 2, 6, 14, 26, 24, 18, 10, 4, 2, 1];
const WINTER: [u32; 12] = [16, 13, 10, 8, 7, 6, 6, 7, 9, 11, 14, 17];

const CATEGORIES: [Category; 12] = {
    use LandUse::{Office, Shops, Slabs, Towers, Village, Walkups, Works};
    use LineClass::{Alley, Arterial, Local, Secondary};
    [
        Category {
            name: "暴露垃圾",
            weight: 19,
            scene: Scene::Buildings(&[Walkups, Village, Shops]),
            rhythm: Rhythm::Day,
            months: SUMMER,
            weekend: 8,
            median_days: 0.8,
            descriptions: ["垃圾堆放未清运，有异味", "垃圾桶满溢，周边散落垃圾", "装修垃圾堆在路边"],
        },
        Category {
            name: "违章停车",
            weight: 17,
            scene: Scene::Roads(&[Secondary, Local, Alley]),
            rhythm: Rhythm::Evening,
            months: EVEN,
            weekend: 8,
            median_days: 0.3,
            descriptions: ["车辆占用人行道停放", "路口停车影响通行", "消防登高面上停有车辆"],
        },
        Category {
            name: "占道经营",
            weight: 13,
            scene: Scene::Roads(&[Arterial, Secondary, Local]),
            rhythm: Rhythm::Evening,
            months: SUMMER,
            weekend: 13,
            median_days: 0.6,
            descriptions: ["流动摊贩占用人行道", "夜市摊位占道，油烟扰民", "店铺出店经营"],
        },
        Category {
            name: "噪音扰民",
            weight: 12,
            scene: Scene::Buildings(&[Towers, Slabs, Walkups]),
            rhythm: Rhythm::Night,
            months: SUMMER,
            weekend: 14,
            median_days: 1.5,
            descriptions: ["夜间施工噪音", "广场舞音响声音过大", "楼上装修噪音影响休息"],
        },
        Category {
            name: "邻里纠纷",
            weight: 8,
            scene: Scene::Buildings(&[Walkups, Slabs, Village]),
            rhythm: Rhythm::Evening,
            months: EVEN,
            weekend: 13,
            median_days: 5.0,
            descriptions: ["楼上漏水引起纠纷", "公共楼道堆物纠纷", "宅基地边界争议"],
        },
        Category {
            name: "路灯故障",
            weight: 8,
            scene: Scene::Roads(&[Arterial, Secondary, Local, Alley]),
            rhythm: Rhythm::Evening,
            months: WINTER,
            weekend: 9,
            median_days: 2.5,
            descriptions: ["路灯不亮", "整段路灯熄灭", "灯杆倾斜"],
        },
        Category {
            name: "井盖破损",
            weight: 6,
            scene: Scene::Roads(&[Arterial, Secondary, Local]),
            rhythm: Rhythm::Day,
            months: EVEN,
            weekend: 6,
            median_days: 1.2,
            descriptions: ["井盖破损", "井盖松动，车辆经过有异响", "雨水箅子缺失"],
        },
        Category {
            name: "积水内涝",
            weight: 5,
            scene: Scene::LowGround,
            rhythm: Rhythm::Day,
            months: RAINS,
            weekend: 10,
            median_days: 0.7,
            descriptions: ["雨后路面积水", "下水道堵塞，污水外溢", "低洼路段积水，行人无法通过"],
        },
        Category {
            name: "道路破损",
            weight: 4,
            scene: Scene::Roads(&[Arterial, Secondary, Local, Alley]),
            rhythm: Rhythm::Day,
            months: EVEN,
            weekend: 5,
            median_days: 7.0,
            descriptions: ["路面坑洼", "人行道地砖缺失", "盲道破损"],
        },
        Category {
            name: "消防隐患",
            weight: 4,
            scene: Scene::Buildings(&[Walkups, Towers, Slabs, Office]),
            rhythm: Rhythm::Day,
            months: WINTER,
            weekend: 7,
            median_days: 3.0,
            descriptions: ["楼道堆放杂物堵塞消防通道", "电动车飞线充电", "灭火器过期"],
        },
        Category {
            name: "违法搭建",
            weight: 3,
            scene: Scene::Buildings(&[Village, Walkups]),
            rhythm: Rhythm::Day,
            months: EVEN,
            weekend: 7,
            median_days: 20.0,
            descriptions: ["楼顶违法搭建", "院内私搭棚房", "占用绿地搭建"],
        },
        Category {
            name: "扬尘污染",
            weight: 3,
            scene: Scene::Buildings(&[Works, Shops]),
            rhythm: Rhythm::Day,
            months: WINTER,
            weekend: 6,
            median_days: 1.5,
            descriptions: ["工地未覆盖，扬尘大", "运输车辆抛洒渣土", "堆场未采取防尘措施"],
        },
    ]
};

/// A place where the same trouble comes back.
struct HotSpot {
    centre: Xy,
    spread_m: f64,
    /// Index of [`CATEGORIES`].
    category: usize,
}

/// Where things can happen.
pub(super) struct Stage<'a> {
    ground: &'a Ground,
    houses: &'a [House],
    boundary: &'a Polygon,
    roads: Vec<RoadPiece>,
    /// Picks a road piece: more often where more people live.
    busy: Option<WeightedIndex<u32>>,
}

/// Some forty metres of a road.
struct RoadPiece {
    class: LineClass,
    /// On the ground.
    a: Xy,
    b: Xy,
    near_river: bool,
}

/// `count` issues of the 365 days before `until`, in order of time; [`number`] gives them ids.
pub(super) fn report(rng: &mut impl Rng, stage: &Stage<'_>, households: usize, count: usize, until: Date) -> Vec<Issue> {
    let Ok(categories) = WeightedIndex::new(CATEGORIES.iter().map(|c| c.weight)) else { return Vec::new() };
    let spots: Vec<HotSpot> = (0..5 + households / 3000)
        .filter_map(|_| {
            let category = categories.sample(rng);
            let centre = stage.place(rng, CATEGORIES[category].scene)?;
            Some(HotSpot { centre, spread_m: rng.random_range(15.0..60.0), category })
        })
        .collect();

    let mut issues = Vec::with_capacity(count);
    while issues.len() < count {
        // A few spots are much hotter than the rest, and a hot spot draws other trouble too.
        let rank = spots.len() as f64 * rng.random_range(0.0..1.0_f64).powi(2);
        let spot = spots.get(rank as usize).filter(|_| rng.random_bool(0.34));
        let kind = match spot {
            Some(spot) if rng.random_bool(0.75) => spot.category,
            _ => categories.sample(rng),
        };
        let category = &CATEGORIES[kind];
        let place = match spot {
            Some(spot) => Some(spot.centre + Xy::new(normal(rng), normal(rng)) * spot.spread_m),
            None => stage.place(rng, category.scene),
        };
        let Some(position) = place.map(|place| stage.ground.position(place)).filter(|p| stage.is_inside(*p)) else { continue };
        let Some(issue) = happen(rng, category, position, until) else { continue };
        issues.push(issue);
    }
    issues.sort_by(|a, b| a.reported_at.cmp(&b.reported_at).then(a.position.cmp(&b.position)));
    issues
}

/// Numbers issues from `first`; `last` is the largest number that will be needed, so that ids are of one length.
pub(super) fn number(issues: &mut [Issue], first: usize, last: usize) {
    let width = last.to_string().len().max(6);
    for (index, issue) in issues.iter_mut().enumerate() {
        issue.id = format!("E{:0width$}", first + index);
    }
}

impl<'a> Stage<'a> {
    pub fn set(ground: &'a Ground, network: &Network, houses: &'a [House], boundary: &'a Polygon) -> Self {
        let square = |p: Xy| ((p.x / 200.0).floor() as i32, (p.y / 200.0).floor() as i32);
        let mut people = FxHashMap::<(i32, i32), u32>::default();
        for house in houses {
            *people.entry(square(house.rect.centre)).or_default() += house.capacity() as u32;
        }
        let mut roads = Vec::new();
        for way in network.ways.iter().filter(|way| way.is_road()) {
            roads.extend(way.samples(40.0).windows(2).map(|pair| RoadPiece {
                class: way.class,
                a: ground.xy(pair[0]),
                b: ground.xy(pair[1]),
                near_river: pair[0].y.abs() < 260.0,
            }));
        }
        let weights = roads.iter().map(|road| 8 + people.get(&square(road.a)).copied().unwrap_or(0));
        let busy = WeightedIndex::new(weights).ok();
        Self { ground, houses, boundary, roads, busy }
    }

    fn is_inside(&self, p: LonLat) -> bool {
        side(self.boundary, p) == Side::Inside
    }

    /// A place for a scene; `None` when the draw found none, so that the caller draws again.
    fn place(&self, rng: &mut impl Rng, scene: Scene) -> Option<Xy> {
        match scene {
            Scene::Roads(classes) => self.beside_road(rng, |road| classes.contains(&road.class)),
            Scene::LowGround => self.beside_road(rng, |road| road.near_river),
            Scene::Buildings(uses) => (0..60).find_map(|_| {
                let house = self.houses.choose(rng)?;
                // Trouble is where people are.
                let likely = 0.15 + house.capacity() as f64 / 60.0;
                (uses.contains(&house.land) && rng.random_bool(likely.min(1.0))).then(|| {
                    let side = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
                    let step = rng.random_range(2.0..7.0);
                    house.rect.at(rng.random_range(-1.0..1.0), side) + house.rect.axis.left() * (side * step)
                })
            }),
        }
    }

    /// A place at the edge of a road that will do.
    fn beside_road(&self, rng: &mut impl Rng, will_do: impl Fn(&RoadPiece) -> bool) -> Option<Xy> {
        let busy = self.busy.as_ref()?;
        let road = (0..60).map(|_| &self.roads[busy.sample(rng)]).find(|road| will_do(road))?;
        let aside = rng.random_range(-7.0..7.0);
        Some(road.a.towards(road.b, rng.random_range(0.0..1.0)) + (road.b - road.a).unit().left() * aside)
    }
}

/// Gives an issue its times and its status; `None` when the day drawn does not suit the category, so that the caller draws again.
fn happen(rng: &mut impl Rng, category: &Category, position: LonLat, until: Date) -> Option<Issue> {
    let zone = TimeZone::fixed(Offset::constant(8));
    let day = until.checked_sub(rng.random_range(1..=365_i64).days()).ok()?;
    let month = category.months[day.month() as usize - 1];
    let weekday = if day.weekday().to_monday_one_offset() >= 6 { category.weekend } else { 10 };
    if rng.random_range(0..26 * 14) >= month * weekday {
        return None;
    }
    let hour = WeightedIndex::new(category.rhythm.hours()).ok()?.sample(rng) as i8;
    let time = jiff::civil::time(hour, rng.random_range(0..60), rng.random_range(0..60), 0);
    let reported_at = day.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp();
    let end = until.to_datetime(jiff::civil::Time::midnight()).to_zoned(zone).ok()?.timestamp();

    // Log-normal: most are dealt with soon, some drag on for weeks.
    let days = 1.5 * category.median_days * normal(rng).exp();
    let closed_at = reported_at.checked_add(((days * 86_400.0) as i64 + 600).seconds()).ok()?;
    let stuck = rng.random_bool(0.02);
    let begun = reported_at.checked_add(((days * 0.4 * 86_400.0) as i64).seconds()).is_ok_and(|t: Timestamp| t < end);
    let (status, closed_at) = match () {
        () if !stuck && closed_at < end => (IssueStatus::Closed, Some(closed_at)),
        () if begun => (IssueStatus::InProgress, None),
        () => (IssueStatus::Open, None),
    };
    let description = category.descriptions.choose(rng).map(|text| (*text).to_owned());
    Some(Issue { id: String::new(), position, category: category.name.to_owned(), status, reported_at, closed_at, description })
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut impl Rng) -> f64 {
    let (u, v): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random_range(0.0..1.0));
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

//! Names: the real ones of Zhongshan's streets and communities, invented ones for roads and compounds.

use rand::seq::SliceRandom;
use rustc_hash::FxHashSet;

use crate::model::{Code, LineClass};

/// Codes and names of 六盘水市钟山区; see `data/README.md`.
const ZHONGSHAN: &str = include_str!("../../data/zhongshan_520201.csv");

/// The rows of the table: code, level, name.
fn rows() -> impl Iterator<Item = [&'static str; 3]> {
    ZHONGSHAN.lines().skip(1).filter_map(|line| {
        let mut fields = line.split(',');
        Some([fields.next()?, fields.next()?, fields.next()?])
    })
}

/// The name of a street of the table; `None` when the code is not in it.
pub fn street_name(street_code: &Code) -> Option<&'static str> {
    rows().find(|[code, level, _]| *level == "street" && *code == street_code.as_str()).map(|[_, _, name]| name)
}

/// The streets of the table, by code.
pub fn streets() -> Vec<(Code, String)> {
    rows().filter(|[_, level, _]| *level == "street").filter_map(|[code, _, name]| Some((Code::new(code).ok()?, name.to_owned()))).collect()
}

/// The communities of a street of the table, by code; empty when the street is not in it.
pub fn communities_of(street_code: &Code) -> Vec<(Code, String)> {
    rows()
        .filter(|[code, level, _]| *level == "community" && code.starts_with(street_code.as_str()))
        .filter_map(|[code, _, name]| Some((Code::new(code).ok()?, name.to_owned())))
        .collect()
}

const ROAD_WORDS: [&str; 64] = [
    "翠屏", "青峰", "云岭", "碧云", "银杏", "望江", "临江", "松坪", "竹林", "桂花", "兰亭", "梅园", "清溪", "石桥", "龙泉", "凤鸣", "白鹤",
    "双桥", "文昌", "育才", "书院", "学府", "建设", "和平", "民主", "团结", "胜利", "解放", "新华", "人民", "迎宾", "工农", "红旗", "振兴",
    "长青", "朝阳", "东风", "向阳", "春晓", "明湖", "麒麟", "金盆", "水文", "山城", "凉风", "杜鹃", "樱花", "紫荆", "丹霞", "石林", "天门",
    "鹤鸣", "锦江", "玉泉", "康宁", "安顺", "德厚", "仁和", "广场", "体育", "交通", "车站", "粮库", "煤城",
];
const ESTATE_WORDS: [&str; 40] = [
    "锦绣", "凤凰", "金源", "盛世", "阳光", "御景", "碧水", "东方", "世纪", "华府", "龙庭", "翡翠", "紫金", "丽景", "山水", "森林", "湖畔",
    "江南", "天和", "祥和", "恒信", "宏远", "美嘉", "星河", "云顶", "凉都", "康乐", "安居", "鑫源", "福满", "怡景", "幸福", "书香", "兴隆",
    "名仕", "时代", "春天", "金水", "明珠", "佳和",
];
const NEW_ESTATES: [&str; 8] = ["花园", "华庭", "名都", "国际", "新城", "公馆", "首府", "一号院"];
const OLD_ESTATES: [&str; 6] = ["小区", "新村", "家园", "家属区", "苑", "大院"];
const SHARES: [&str; 6] = ["", "东", "西", "南", "北", "中"];
const NUMERALS: [&str; 9] = ["一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// Hands out invented names, each once.
pub(super) struct Names {
    roads: Vec<&'static str>,
    estates: Vec<&'static str>,
    given: FxHashSet<String>,
}

impl Names {
    pub fn new(rng: &mut impl rand::Rng) -> Self {
        let (mut roads, mut estates) = (ROAD_WORDS.to_vec(), ESTATE_WORDS.to_vec());
        roads.shuffle(rng);
        estates.shuffle(rng);
        Self { roads, estates, given: FxHashSet::default() }
    }

    /// A name for a way of a class; `None` for what bears none.
    pub fn way(&mut self, class: LineClass) -> Option<String> {
        match class {
            LineClass::River => Some("清溪河".to_owned()),
            LineClass::Railway => Some("环城铁路".to_owned()),
            LineClass::Arterial => Some(self.road(&["大道", "路"])),
            LineClass::Secondary => Some(self.road(&["路", "大街"])),
            LineClass::Local => Some(self.road(&["街", "路"])),
            LineClass::Alley => Some(self.road(&["巷", "里"])),
            LineClass::DeadEnd | LineClass::Boundary => None,
        }
    }

    fn road(&mut self, endings: &[&str]) -> String {
        // 翠屏路, then 翠屏东路, then 翠屏一路, then, in a town of thousands of streets, 翠屏东一路 and on.
        let plain = SHARES.iter().map(|share| (*share).to_owned());
        let numbered = NUMERALS.iter().map(|numeral| (*numeral).to_owned());
        let both = SHARES[1..].iter().flat_map(|share| NUMERALS.iter().map(move |numeral| format!("{share}{numeral}")));
        for middle in plain.chain(numbered).chain(both) {
            for ending in endings {
                for word in &self.roads {
                    let name = format!("{word}{middle}{ending}");
                    if self.given.insert(name.clone()) {
                        return name;
                    }
                }
            }
        }
        let name = format!("{}号路", self.given.len() + 1);
        self.given.insert(name.clone());
        name
    }

    /// A name for a compound.
    pub fn estate(&mut self, new: bool) -> String {
        let endings: &[&str] = if new { &NEW_ESTATES } else { &OLD_ESTATES };
        let phases = ["", "二期", "三期", "四期", "五期", "六期", "七期", "八期", "九期"];
        for phase in phases {
            for ending in endings {
                for word in &self.estates {
                    let name = format!("{word}{ending}{phase}");
                    if self.given.insert(name.clone()) {
                        return name;
                    }
                }
            }
        }
        let name = format!("{}号小区", self.given.len() + 1);
        self.given.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_zhongshan() {
        let street = Code::new("520201014").unwrap();
        assert_eq!(street_name(&street), Some("荷城街道"));
        assert_eq!(streets().len(), 17);
        let communities = communities_of(&street);
        assert_eq!(communities.len(), 11);
        assert_eq!((communities[0].0.as_str(), communities[0].1.as_str()), ("520201014001", "钟环社区"));
        assert!(communities_of(&Code::new("520201999").unwrap()).is_empty());
        assert_eq!(streets().iter().map(|(code, _)| communities_of(code).len()).sum::<usize>(), 180);
    }

    #[test]
    fn no_two_roads_and_no_two_compounds_bear_one_name() {
        let mut names = Names::new(&mut rand_pcg::Pcg64::new(1, 1));
        let given: FxHashSet<String> =
            (0..3000).map(|i| if i % 3 == 0 { names.estate(i % 2 == 0) } else { names.road(&["巷", "里"]) }).collect();
        assert_eq!(given.len(), 3000);
    }
}

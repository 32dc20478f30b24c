use std::sync::atomic::{AtomicBool, AtomicU64};

use super::*;
use crate::{
    model::LonLat,
    serve::encoding::{Effort, Encoding},
    tile::Layer,
};

const DAY: i32 = 20_781;

fn variant(layers: &[Layer]) -> Variant {
    Variant::plain(layers.iter().copied().collect(), DAY)
}

fn tile(x: u32) -> TileCoord {
    TileCoord { z: 14, x, y: 7 }
}

/// Bytes that do not compress.
fn noise(seed: u32, length: u32) -> Vec<u8> {
    (0..length).map(|i| ((i ^ seed << 16).wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// Puts a tile in, as making does, and returns its place.
fn put(cache: &TileCache, coord: TileCoord, variant: &Variant, plain: Option<Vec<u8>>) -> Place {
    let place = cache.open(coord, variant);
    let content = plain.map(|plain| Content::new(plain, Encoding::Identity, Effort::Quick));
    let tag = content.as_ref().map_or(Tag::Empty, |content| Tag::Hash(content.hash));
    if let Some(slot) = &place.slot {
        // Made already when it is put in a second time.
        let _ = slot.set(content);
    }
    cache.settle(coord, variant, &place, tag);
    place
}

fn is_kept(cache: &TileCache, coord: TileCoord, variant: &Variant) -> bool {
    cache.shard(packed(coord)).find(packed(coord), variant).is_some()
}

/// What the counts say is what is there.
fn check(cache: &TileCache) {
    let (mut bytes, mut zooms) = (0, [0; MAX_ZOOM as usize + 1]);
    for shard in &cache.shards {
        let shard = shard.lock().unwrap();
        let sum: usize = shard.nodes.iter().flatten().map(|node| node.bytes).sum();
        assert_eq!(shard.bytes, sum);
        assert_eq!(shard.nodes.len() - shard.vacant.len(), shard.nodes.iter().flatten().count());
        bytes += sum;
        let mut linked = 0;
        for first in shard.first.values() {
            let mut at = Some(*first);
            while let Some(place) = at {
                let node = shard.nodes[place as usize].as_ref().unwrap();
                zooms[usize::from(unpacked(node.coord).z)] += 1;
                (at, linked) = (node.next, linked + 1);
            }
        }
        assert_eq!(linked, shard.nodes.iter().flatten().count());
    }
    assert_eq!(cache.bytes(), bytes);
    assert_eq!(cache.at_zoom.each_ref().map(|count| count.load(Ordering::Relaxed)), zooms);
}

#[test]
fn an_inner_point_drops_one_tile_a_zoom() {
    let cache = TileCache::new(8 << 20);
    let point = LonLat::new(1_048_349_123, 265_921_456);
    let (issues, both, cells) = (variant(&[Layer::Issues]), variant(&[Layer::Cells, Layer::Issues]), variant(&[Layer::Cells]));
    for z in 10..=16 {
        let middle = TileCoord::at(point, z);
        for (dx, dy) in (-2..=2).flat_map(|dx: i32| (-2..=2).map(move |dy: i32| (dx, dy))) {
            let near = TileCoord { z, x: middle.x.wrapping_add_signed(dx), y: middle.y.wrapping_add_signed(dy) };
            for variant in [&issues, &both, &cells] {
                put(&cache, near, variant, Some(vec![1; 50]));
            }
        }
    }
    check(&cache);
    let at = [Bounds { min: point, max: point }];
    assert_eq!(cache.forget(&[Layer::Heat], &at), 0, "nothing shows heat");
    assert_eq!(cache.forget(&[Layer::Issues], &at), 14, "two sets of layers on seven zooms");
    assert_eq!(cache.forget(&[Layer::Issues], &at), 0);
    for z in 10..=16 {
        let middle = TileCoord::at(point, z);
        assert!(!is_kept(&cache, middle, &issues) && !is_kept(&cache, middle, &both) && is_kept(&cache, middle, &cells));
    }
    assert_eq!(cache.forget(&[Layer::Cells], &at), 7, "far enough from every edge");
    check(&cache);
    assert_eq!(cache.retain(|_| false), 3 * 7 * 25 - 21);
    assert_eq!(cache.bytes(), 0);
    check(&cache);
}

#[test]
fn areas_reach_into_the_next_tile_and_points_do_not() {
    let cache = TileCache::new(8 << 20);
    let here = TileCoord { z: 14, x: 12_963, y: 6_938 };
    let east = TileCoord { x: here.x + 1, ..here };
    // 30 of 4096 pixels from the eastern edge.
    let edge = here.bounds();
    let at = LonLat::new(edge.max.lon_e7 - (edge.max.lon_e7 - edge.min.lon_e7) / 4096 * 30, (edge.min.lat_e7 + edge.max.lat_e7) / 2);
    let both = variant(&[Layer::Cells, Layer::Households]);
    let fill = || [here, east].map(|coord| put(&cache, coord, &both, Some(vec![1; 50])));
    fill();
    assert_eq!(cache.forget(&[Layer::Households], &[Bounds { min: at, max: at }]), 1);
    assert!(is_kept(&cache, east, &both));
    cache.retain(|_| false);
    fill();
    assert_eq!(cache.forget(&[Layer::Cells], &[Bounds { min: at, max: at }]), 2);
}

#[test]
fn forgetting_a_city_drops_the_same_by_scan_and_by_tile() {
    let city = Bounds { min: LonLat::new(1_048_000_000, 265_000_000), max: LonLat::new(1_050_000_000, 267_000_000) };
    let meets = |coord: TileCoord| touched(city).any(|zoom| zoom.inside.contains(coord));
    let cache = TileCache::new(8 << 20);
    let labels = variant(&[Layer::Labels]);
    let mut expected = 0;
    for z in [3, 12, 16, 20] {
        let corner = TileCoord::at(city.min, z);
        for (dx, dy) in (-4..=4).flat_map(|dx: i32| (-4..=4).map(move |dy: i32| (dx, dy))) {
            let coord = TileCoord { z, x: corner.x.wrapping_add_signed(dx), y: corner.y.wrapping_add_signed(dy) };
            if coord.is_valid() {
                put(&cache, coord, &labels, Some(vec![1; 10]));
                expected += usize::from(meets(coord));
            }
        }
    }
    let far = TileCoord { z: 16, x: 1, y: 1 };
    put(&cache, far, &labels, Some(vec![1; 10]));
    assert!(expected > 40);
    assert_eq!(cache.forget(&[Layer::Labels], &[city]), expected);
    assert!(is_kept(&cache, far, &labels));
    check(&cache);
}

#[test]
fn the_budget_holds_and_what_is_in_use_stays() {
    let cache = TileCache::new(64 << 10);
    let cells = variant(&[Layer::Cells]);
    put(&cache, tile(9999), &cells, Some(noise(1, 1000)));
    for x in 0..500 {
        put(&cache, tile(x), &cells, Some(noise(x, 1000)));
        assert!(cache.bytes() <= 64 << 10, "{}", cache.bytes());
        let used = cache.open(tile(9999), &cells);
        assert!(used.slot.unwrap().get().is_some(), "a tile asked for all the time was dropped after {x}");
    }
    assert!(cache.bytes() > 56 << 10, "most of the budget is used: {}", cache.bytes());
    check(&cache);
}

#[test]
fn a_tag_outlives_its_bytes_and_places_are_bounded() {
    let cache = TileCache::new(64 << 10);
    let cells = variant(&[Layer::Cells]);
    put(&cache, tile(0), &cells, Some(noise(0, 1000)));
    let hash = Content::new(noise(0, 1000), Encoding::Identity, Effort::Quick).hash;
    for x in 1..300 {
        put(&cache, tile(x), &cells, Some(noise(x, 1000)));
    }
    let place = cache.open(tile(0), &cells);
    assert_eq!((place.tag, place.slot.unwrap().get().is_some()), (Tag::Hash(hash), false));
    for x in 0..2 * MAX_PLACES as u32 {
        put(&cache, tile(x), &cells, None);
    }
    assert_eq!(cache.at_zoom[14].load(Ordering::Relaxed), MAX_PLACES);
    check(&cache);
}

#[test]
fn without_bytes_there_are_tags_alone() {
    let cache = TileCache::new(0);
    let cells = variant(&[Layer::Cells]);
    let place = put(&cache, tile(0), &cells, Some(noise(0, 1000)));
    assert!(place.slot.is_none() && cache.bytes() == 0);
    assert!(matches!(cache.open(tile(0), &cells).tag, Tag::Hash(_)));
    let bounds = tile(0).bounds();
    assert_eq!(cache.forget(&[Layer::Cells], &[bounds]), 1);
    assert_eq!(cache.open(tile(0), &cells).tag, Tag::Unknown);
}

#[test]
fn variants_of_one_tile_are_bounded() {
    let cache = TileCache::new(8 << 20);
    for day in 0..500 {
        put(&cache, tile(0), &Variant::plain(LayerSet::from_iter([Layer::Cells]), day), Some(vec![1; 10]));
    }
    assert_eq!(cache.at_zoom[14].load(Ordering::Relaxed), MAX_VARIANTS);
    assert!(is_kept(&cache, tile(0), &Variant::plain(LayerSet::from_iter([Layer::Cells]), 499)));
    assert!(!is_kept(&cache, tile(0), &Variant::plain(LayerSet::from_iter([Layer::Cells]), 500)), "another day is another tile");
    check(&cache);
}

#[test]
fn what_is_made_for_a_dropped_place_is_not_found() {
    let cache = TileCache::new(8 << 20);
    let cells = variant(&[Layer::Cells]);
    let old = cache.open(tile(0), &cells);
    assert_eq!(cache.forget(&[Layer::Cells], &[tile(0).bounds()]), 1);
    let new = cache.open(tile(0), &cells);
    let stale = Content::new(vec![1], Encoding::Identity, Effort::Quick);
    let tag = Tag::Hash(stale.hash);
    old.slot.as_ref().unwrap().set(Some(stale)).unwrap();
    cache.settle(tile(0), &cells, &old, tag);
    assert!(new.slot.unwrap().get().is_none());
    assert_eq!(cache.open(tile(0), &cells).tag, Tag::Unknown);
    check(&cache);
}

/// Writers count versions up, each swap followed by a forgetting; readers open, then load, then make. After a forgetting has
/// returned, nobody who comes anew may be given an older version, by bytes or by tag.
#[test]
fn no_stale_tile_stays() {
    for (kept_bytes, is_area) in [(8 << 20, false), (8 << 20, true), (3000, false), (0, true)] {
        let cache = TileCache::new(kept_bytes);
        let (snapshot, forgotten, end) = (AtomicU64::new(1), AtomicU64::new(1), AtomicBool::new(false));
        let cells = variant(&[Layer::Cells]);
        let coords: Vec<TileCoord> = (0..6).map(|x| TileCoord { z: 12 + (x % 3) as u8, x: 100 + x, y: 50 }).collect();
        let content = |version: u64| Content::new(version.to_le_bytes().repeat(32), Encoding::Identity, Effort::Quick);
        let hashes: Vec<u64> = (0..=4000).map(|version| content(version).hash).collect();
        std::thread::scope(|scope| {
            for reader in 0..3 {
                let (cache, snapshot, forgotten, end, cells, coords, content, hashes) =
                    (&cache, &snapshot, &forgotten, &end, &cells, &coords, &content, &hashes);
                scope.spawn(move || {
                    let mut round = reader;
                    while !end.load(Ordering::Acquire) {
                        round += 1;
                        let coord = coords[round % coords.len()];
                        let least = forgotten.load(Ordering::SeqCst);
                        let place = cache.open(coord, cells);
                        let is_new_enough = |hash: u64, what: &str| {
                            let version = hashes.iter().position(|known| *known == hash).unwrap() as u64;
                            assert!(version >= least, "{what} of version {version} after {least} was forgotten");
                        };
                        if let Tag::Hash(hash) = place.tag {
                            is_new_enough(hash, "a tag");
                        }
                        if let Some(made) = place.slot.as_ref().and_then(|slot| slot.get()) {
                            is_new_enough(made.as_ref().unwrap().hash, "bytes");
                            continue;
                        }
                        let version = snapshot.load(Ordering::SeqCst);
                        if round % 3 == 0 {
                            std::thread::yield_now();
                        }
                        let made = content(version);
                        let tag = Tag::Hash(made.hash);
                        if let Some(slot) = &place.slot {
                            // Another reader may have been first.
                            if slot.set(Some(made)).is_err() {
                                continue;
                            }
                        }
                        cache.settle(coord, cells, &place, tag);
                    }
                });
            }
            let area = coords.iter().map(|coord| coord.bounds()).reduce(Bounds::union).unwrap();
            for version in 2..=2000 {
                snapshot.store(version, Ordering::SeqCst);
                if is_area {
                    cache.forget(&[Layer::Cells], &[area]);
                } else {
                    let bounds: Vec<Bounds> = coords.iter().map(|coord| coord.bounds()).collect();
                    cache.forget(&[Layer::Cells], &bounds);
                }
                forgotten.store(version, Ordering::SeqCst);
                if version % 7 == 0 {
                    std::thread::yield_now();
                }
            }
            end.store(true, Ordering::Release);
        });
        check(&cache);
    }
}

//! Tiles, encoded once and kept by where they lie.
//!
//! **Invariant:** no tile outlives what it shows. Whoever makes a tile opens its place here *first* and loads the snapshot *after*; a
//! change puts the new snapshot in place first and forgets after. So a tile made from an old snapshot either had its place before the
//! forgetting, which drops the place, or it was opened after the swap and shows the new one. What is put into a dropped place is
//! never found again.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering, fence},
    },
    vec::Vec,
};

use rustc_hash::FxHashMap;
use tokio::sync::OnceCell;

use super::{
    content::Content,
    tile_key::{LayerSet, Variant, packed, unpacked},
    touched::{Touched, touched},
};
use crate::{
    model::{Bounds, Code},
    tile::{Layer, MAX_ZOOM, TileCoord},
};

/// A tile in the making or made: `None` when it holds no feature. Requests for a tile in the making wait for it.
pub(super) type Slot = OnceCell<Option<Content>>;

/// What is known of a tile's content, also when its bytes are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// Not made yet.
    Unknown,
    /// It holds no feature.
    Empty,
    /// Its hash.
    Hash(u64),
}

/// A tile's place in the cache.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Of this opening of the place; another after it was dropped.
    stamp: u64,
    /// Known without making the tile.
    pub tag: Tag,
    /// Where the tile is or goes; none when no bytes are kept.
    pub slot: Option<Arc<Slot>>,
}

/// Places in all, so how many entity tags outlive their bytes.
const MAX_PLACES: usize = 32_768;
/// Variants of one tile: filters and days that clients may ask for without end.
const MAX_VARIANTS: usize = 64;
/// Bytes that justify one more shard.
const SHARD_BYTES: usize = 4 << 20;
const MAX_SHARDS: usize = 16;
/// What a kept tile weighs beside its bytes: slot, tags, allocations.
const SLOT_BYTES: usize = 320;

/// A cache bounded by bytes; places and their entity tags, at most [`MAX_PLACES`] or 4 MB, come on top.
///
/// Shards by coordinate, each a table under a lock that is held for some nanoseconds. What gives way is found by a hand that goes round
/// the places of a shard (CLOCK) and passes by those asked for since it last came along. New ones start as not asked for, so that
/// a client that walks over the whole map does not drive out what others look at.
pub(super) struct TileCache {
    shards: Vec<Mutex<Shard>>,
    shard_bytes: usize,
    shard_places: usize,
    /// Places of each zoom.
    at_zoom: [AtomicUsize; MAX_ZOOM as usize + 1],
    bytes: AtomicUsize,
}

#[derive(Default)]
struct Shard {
    /// The first place of each coordinate.
    first: FxHashMap<u64, u32>,
    nodes: Vec<Option<Node>>,
    vacant: Vec<u32>,
    hand: usize,
    bytes: usize,
    stamps: u64,
}

struct Node {
    coord: u64,
    next: Option<u32>,
    variant: Variant,
    stamp: u64,
    tag: Tag,
    slot: Option<Arc<Slot>>,
    bytes: usize,
    is_asked_for: bool,
}

impl TileCache {
    /// A cache of so many bytes; with none, it keeps entity tags alone.
    pub fn new(bytes: usize) -> Self {
        let shards = (bytes / SHARD_BYTES).clamp(1, MAX_SHARDS);
        Self {
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            shard_bytes: bytes / shards,
            shard_places: MAX_PLACES / shards,
            at_zoom: Default::default(),
            bytes: AtomicUsize::new(0),
        }
    }

    /// Bytes kept.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The place of a tile, made if there is none. The snapshot that the tile is made from must be loaded after.
    pub fn open(&self, coord: TileCoord, variant: &Variant) -> Place {
        let key = packed(coord);
        let mut shard = self.shard(key);
        let keeps = self.shard_bytes > 0;
        if let Some(node) = shard.find(key, variant) {
            node.is_asked_for = true;
            if keeps && node.slot.is_none() && node.tag != Tag::Empty {
                node.slot = Some(Arc::default());
            }
            return Place { stamp: node.stamp, tag: node.tag, slot: node.slot.clone() };
        }
        let stamp = shard.stamps;
        shard.stamps += 1;
        let place = Place { stamp, tag: Tag::Unknown, slot: keeps.then(Arc::default) };
        let node = Node {
            coord: key,
            next: None,
            variant: variant.clone(),
            stamp,
            tag: Tag::Unknown,
            slot: place.slot.clone(),
            bytes: 0,
            is_asked_for: false,
        };
        self.at_zoom[usize::from(coord.z)].fetch_add(1, Ordering::Relaxed);
        let dropped = shard.insert(node, self.shard_places);
        self.count_out(dropped);
        drop(shard);
        // Pairs with the one in `forget`: either it sees this zoom's count, or we see the new snapshot.
        fence(Ordering::SeqCst);
        place
    }

    /// Notes what was made for a place, unless the place was dropped meanwhile: what it is and what it weighs.
    pub fn settle(&self, coord: TileCoord, variant: &Variant, place: &Place, tag: Tag) {
        let key = packed(coord);
        let mut shard = self.shard(key);
        let before = shard.bytes;
        if let Some(node) = shard.find(key, variant).filter(|node| node.stamp == place.stamp) {
            node.tag = tag;
            // Bytes that gave way, and came back for another request, are that one's to weigh.
            let is_kept = match (&node.slot, &place.slot) {
                (Some(kept), Some(slot)) => Arc::ptr_eq(kept, slot),
                _ => false,
            };
            if is_kept {
                let content = place.slot.as_ref().and_then(|slot| slot.get()).and_then(Option::as_ref);
                let (old, new) = (node.bytes, content.map_or(0, |content| content.bytes() + SLOT_BYTES + variant.bytes()));
                node.bytes = new;
                if content.is_none() {
                    node.slot = None;
                }
                shard.bytes = shard.bytes + new - old;
                shard.shed_bytes(self.shard_bytes);
            }
        }
        let after = shard.bytes;
        drop(shard);
        self.add_bytes(before, after);
    }

    /// Drops every tile that shows one of the layers and meets one of the areas, and returns how many. Lines and areas are drawn
    /// [`crate::tile::BUFFER`] pixels beyond a tile's edge, points are in one tile. Costs as much as there are tiles touched; where
    /// an area has more tiles on a zoom than are kept of it, one pass over what is kept.
    pub fn forget(&self, layers: &[Layer], areas: &[Bounds]) -> usize {
        self.forget_where(layers, areas, &|_| true)
    }

    /// The same of those tiles only that show a draft.
    pub fn forget_draft(&self, street: &Code, plan: u32, layers: &[Layer], areas: &[Bounds]) -> usize {
        let shows = |variant: &Variant| {
            let asked = variant.query.as_ref().and_then(|query| query.plan.as_ref());
            asked.is_some_and(|(code, number)| code == street && *number == plan)
        };
        self.forget_where(layers, areas, &shows)
    }

    fn forget_where(&self, layers: &[Layer], areas: &[Bounds], which: &dyn Fn(&Variant) -> bool) -> usize {
        // Pairs with the one in `open`.
        fence(Ordering::SeqCst);
        let layers: LayerSet = layers.iter().copied().collect();
        let with_buffer = layers.without(LayerSet::points());
        let mut dropped = 0;
        let mut to_scan: Vec<Touched> = Vec::new();
        for zoom in areas.iter().flat_map(|area| touched(*area)) {
            let kept = self.at_zoom[usize::from(zoom.inside.z)].load(Ordering::Relaxed);
            let reach = if with_buffer == LayerSet::default() { zoom.inside } else { zoom.buffered };
            match kept {
                0 => {}
                kept if reach.count() > 16 && reach.count() > kept as u64 => to_scan.push(zoom),
                _ => {
                    for tile in reach.tiles() {
                        dropped += self.forget_tile(tile, if zoom.inside.contains(tile) { layers } else { with_buffer }, which);
                    }
                }
            }
        }
        if !to_scan.is_empty() {
            dropped += self.retain(|node| {
                let tile = unpacked(node.coord);
                !(which(&node.variant)
                    && to_scan.iter().any(|zoom| {
                        zoom.inside.contains(tile) && node.variant.layers.meets(layers)
                            || zoom.buffered.contains(tile) && node.variant.layers.meets(with_buffer)
                    }))
            });
        }
        dropped
    }

    fn forget_tile(&self, tile: TileCoord, layers: LayerSet, which: &dyn Fn(&Variant) -> bool) -> usize {
        let key = packed(tile);
        let mut shard = self.shard(key);
        let before = shard.bytes;
        let dropped = shard.remove_of(key, |node| node.variant.layers.meets(layers) && which(&node.variant));
        self.at_zoom[usize::from(tile.z)].fetch_sub(dropped, Ordering::Relaxed);
        let after = shard.bytes;
        drop(shard);
        self.add_bytes(before, after);
        dropped
    }

    fn retain(&self, stays: impl Fn(&Node) -> bool) -> usize {
        let mut all = 0;
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let before = shard.bytes;
            let mut coords: Vec<u64> = shard.nodes.iter().flatten().filter(|node| !stays(node)).map(|node| node.coord).collect();
            coords.dedup();
            for coord in coords {
                let dropped = shard.remove_of(coord, |node| !stays(node));
                self.at_zoom[usize::from(unpacked(coord).z)].fetch_sub(dropped, Ordering::Relaxed);
                all += dropped;
            }
            let after = shard.bytes;
            drop(shard);
            self.add_bytes(before, after);
        }
        all
    }

    fn shard(&self, coord: u64) -> MutexGuard<'_, Shard> {
        // Neighbours in different ones.
        let mixed = (coord ^ coord >> 22).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        self.shards[mixed as usize % self.shards.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a node that gave way.
    fn count_out(&self, dropped: Vec<Node>) {
        for node in dropped {
            self.at_zoom[usize::from(unpacked(node.coord).z)].fetch_sub(1, Ordering::Relaxed);
            self.bytes.fetch_sub(node.bytes, Ordering::Relaxed);
        }
    }

    fn add_bytes(&self, before: usize, after: usize) {
        match after.checked_sub(before) {
            Some(more) => self.bytes.fetch_add(more, Ordering::Relaxed),
            None => self.bytes.fetch_sub(before - after, Ordering::Relaxed),
        };
    }
}

impl Shard {
    fn find(&mut self, coord: u64, variant: &Variant) -> Option<&mut Node> {
        let mut at = self.first.get(&coord).copied();
        while let Some(place) = at {
            let node = self.nodes[place as usize].as_ref()?;
            if node.variant == *variant {
                return self.nodes[place as usize].as_mut();
            }
            at = node.next;
        }
        None
    }

    /// Puts a node in; returns the ones that had to give way.
    fn insert(&mut self, mut node: Node, max_places: usize) -> Vec<Node> {
        let mut dropped = Vec::new();
        while self.nodes.len() - self.vacant.len() >= max_places.max(1) {
            dropped.extend(self.drop_one());
        }
        dropped.extend(self.drop_last_variant(node.coord));
        node.next = self.first.get(&node.coord).copied();
        let coord = node.coord;
        let place = match self.vacant.pop() {
            Some(place) => {
                self.nodes[place as usize] = Some(node);
                place
            }
            None => {
                self.nodes.push(Some(node));
                (self.nodes.len() - 1) as u32
            }
        };
        self.first.insert(coord, place);
        dropped
    }

    /// The oldest variant of a coordinate that has too many.
    fn drop_last_variant(&mut self, coord: u64) -> Option<Node> {
        let (mut count, mut last) = (0, None);
        let mut at = self.first.get(&coord).copied();
        while let Some(place) = at {
            (count, last) = (count + 1, Some(place));
            at = self.nodes[place as usize].as_ref().and_then(|node| node.next);
        }
        last.filter(|_| count >= MAX_VARIANTS).and_then(|last| self.remove(last))
    }

    /// The next place that nobody asked for since the hand last came along.
    fn drop_one(&mut self) -> Option<Node> {
        for _ in 0..2 * self.nodes.len() {
            let place = self.step();
            match &mut self.nodes[place] {
                Some(node) if node.is_asked_for => node.is_asked_for = false,
                Some(_) => return self.remove(place as u32),
                None => {}
            }
        }
        None
    }

    /// Lets bytes go, and keeps their tags, until the rest is within bounds.
    fn shed_bytes(&mut self, max_bytes: usize) {
        for _ in 0..2 * self.nodes.len() {
            if self.bytes <= max_bytes {
                return;
            }
            let place = self.step();
            if let Some(node) = self.nodes[place].as_mut().filter(|node| node.bytes > 0) {
                if node.is_asked_for {
                    node.is_asked_for = false;
                    continue;
                }
                node.slot = None;
                self.bytes -= std::mem::take(&mut node.bytes);
            }
        }
    }

    fn step(&mut self) -> usize {
        let place = self.hand % self.nodes.len().max(1);
        self.hand = place + 1;
        place
    }

    /// Takes a node out.
    fn remove(&mut self, place: u32) -> Option<Node> {
        let node = self.nodes[place as usize].take()?;
        self.vacant.push(place);
        self.bytes -= node.bytes;
        let head = self.first.get(&node.coord).copied();
        if head == Some(place) {
            match node.next {
                Some(next) => self.first.insert(node.coord, next),
                None => self.first.remove(&node.coord),
            };
            return Some(node);
        }
        let mut at = head;
        while let Some(before) = at.and_then(|at| self.nodes[at as usize].as_mut()) {
            if before.next == Some(place) {
                before.next = node.next;
                break;
            }
            at = before.next;
        }
        Some(node)
    }

    /// Takes the nodes of a coordinate out that are meant; returns how many.
    fn remove_of(&mut self, coord: u64, is_meant: impl Fn(&Node) -> bool) -> usize {
        let mut removed = 0;
        let mut at = self.first.get(&coord).copied();
        while let Some(place) = at {
            let Some(node) = &self.nodes[place as usize] else { break };
            at = node.next;
            if is_meant(node) {
                self.remove(place);
                removed += 1;
            }
        }
        removed
    }
}

#[cfg(test)]
mod tests;

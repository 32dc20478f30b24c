//! A place where later rooms keep what they derive from an indexed thing, for as long as it lives.

use std::{any::Any, sync::OnceLock};

/// One value of the keeper's own type, made once. The index does not know what a tile is; the tile room keeps its generalised
/// arcs here, so that they vanish with the plan they were made from and need no invalidation.
#[derive(Default)]
pub struct Derived(OnceLock<Box<dyn Any + Send + Sync>>);

impl Derived {
    /// The kept value, made on the first call. `None` when the slot holds a value of another type, which is a mistake of the
    /// caller: one slot serves one room.
    pub fn get_or_init<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Derived").field(&self.0.get().is_some()).finish()
    }
}

//! The keys of a cache by the thing that they are about.
//!
//! Invariant: the key of every cached value is in the index. A value that is dropped while it is inserted may leave its key
//! behind; such keys are swept.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::OnceLock,
};

use parking_lot::Mutex;

use super::name::Tag;

/// New keys after which those without a value are swept.
const SLACK: usize = 4096;

type TagOf<K> = Box<dyn Fn(&K) -> Option<Tag> + Send + Sync>;
type Holds<K> = Box<dyn Fn(&K) -> bool + Send + Sync>;

pub(super) struct Index<K> {
    tag: TagOf<K>,
    holds: OnceLock<Holds<K>>,
    keys: Mutex<Keys<K>>,
}

struct Keys<K> {
    of: HashMap<Tag, HashSet<K>>,
    count: usize,
    sweep_at: usize,
}

impl<K: Hash + Eq> Index<K> {
    pub(super) fn new(tag: impl Fn(&K) -> Option<Tag> + Send + Sync + 'static) -> Self {
        Self {
            tag: Box::new(tag),
            holds: OnceLock::new(),
            keys: Mutex::new(Keys {
                of: HashMap::new(),
                count: 0,
                sweep_at: SLACK,
            }),
        }
    }

    /// `holds`: whether a key's value is cached. Set once, before the first insertion.
    pub(super) fn watch(&self, holds: impl Fn(&K) -> bool + Send + Sync + 'static) {
        let _ = self.holds.set(Box::new(holds));
    }

    /// The thing that a key's value is about.
    pub(super) fn tag(&self, key: &K) -> Option<Tag> {
        (self.tag)(key)
    }

    fn holds(&self, key: &K) -> bool {
        self.holds.get().is_some_and(|holds| holds(key))
    }

    /// A value was inserted.
    pub(super) fn inserted(&self, key: K) {
        let Some(tag) = (self.tag)(&key) else {
            return;
        };
        let mut keys = self.keys.lock();
        if keys.of.entry(tag).or_default().insert(key) {
            keys.count += 1;
        }
        if keys.count >= keys.sweep_at {
            for set in keys.of.values_mut() {
                set.retain(|key| self.holds(key));
            }
            keys.of.retain(|_, set| !set.is_empty());
            keys.count = keys.of.values().map(HashSet::len).sum();
            keys.sweep_at = keys.count * 2 + SLACK;
        }
    }

    /// A value was dropped. Its key goes too, unless another value has replaced it. Checked under the lock: an insertion adds its
    /// key after its value.
    pub(super) fn removed(&self, key: &K) {
        let Some(tag) = (self.tag)(key) else {
            return;
        };
        let mut keys = self.keys.lock();
        if self.holds(key) {
            return;
        }
        let Some(set) = keys.of.get_mut(&tag) else {
            return;
        };
        let (was_there, is_empty) = (set.remove(key), set.is_empty());
        if is_empty {
            keys.of.remove(&tag);
        }
        keys.count -= usize::from(was_there);
    }

    /// All keys that are about this thing.
    pub(super) fn keys(&self, tag: &Tag) -> Vec<K>
    where
        K: Clone,
    {
        let keys = self.keys.lock();
        keys.of
            .get(tag)
            .map(|set| set.iter().cloned().collect())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn index() -> (Index<u32>, Arc<Mutex<HashSet<u32>>>) {
        let index = Index::new(|key: &u32| Some(Tag::Slug((key % 3).to_string().into())));
        let held: Arc<Mutex<HashSet<u32>>> = Arc::default();
        let seen = Arc::clone(&held);
        index.watch(move |key| seen.lock().contains(key));
        (index, held)
    }

    #[test]
    fn keys_are_found_by_their_tag() {
        let (index, held) = index();
        for key in 0..9 {
            held.lock().insert(key);
            index.inserted(key);
        }
        let mut keys = index.keys(&Tag::Slug("1".into()));
        keys.sort_unstable();
        assert_eq!(keys, [1, 4, 7]);
        index.removed(&4);
        assert_eq!(
            index.keys(&Tag::Slug("1".into())).len(),
            3,
            "another value took its place"
        );
        held.lock().remove(&4);
        index.removed(&4);
        assert_eq!(index.keys(&Tag::Slug("1".into())).len(), 2);
        assert!(index.keys(&Tag::Slug("9".into())).is_empty());
    }

    #[test]
    fn keys_without_a_value_are_swept() {
        let (index, _) = index();
        for key in 0..100_000 {
            index.inserted(key);
        }
        assert!(index.keys.lock().count <= SLACK);
    }
}

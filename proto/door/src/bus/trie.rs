//! All subscriptions of the bus as a tree of levels: a topic finds its subscribers along one path.
//!
//! Its depth is that of the deepest filter, which is bounded. A filter that a subscriber has already
//! is replaced, never held twice. Not here: what a subscriber gets (`fanout`).

use std::collections::BTreeMap;

use super::Wish;
use super::filter::levels;

/// What a subscriber wants of a topic, all of its matching filters together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hit {
    /// The highest quality of service.
    pub(crate) qos: u8,
    /// Some filter wants the retain flag as it was published.
    pub(crate) as_published: bool,
    /// Identifiers of the filters that have one, in order of the path.
    pub(crate) ids: Vec<u32>,
}

#[derive(Debug, Default)]
pub(crate) struct Trie {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<Box<str>, Self>,
    /// Subscribers whose filter ends here, by number.
    here: BTreeMap<u64, Wish>,
}

impl Trie {
    /// Subscribes; says whether the subscriber had this filter already.
    pub(crate) fn insert(&mut self, filter: &str, subscriber: u64, wish: Wish) -> bool {
        let mut node = &mut self.root;
        for level in levels(filter) {
            node = node.children.entry(level.into()).or_default();
        }
        node.here.insert(subscriber, wish).is_some()
    }

    /// Ends a subscription; says whether there was one.
    pub(crate) fn remove(&mut self, filter: &str, subscriber: u64) -> bool {
        self.root.remove(&mut levels(filter), subscriber)
    }

    /// Who wants a topic, each once. Wishes of the publisher itself that say so are left out.
    pub(crate) fn find(&self, topic: &str, publisher: Option<u64>) -> BTreeMap<u64, Hit> {
        let mut hits = BTreeMap::new();
        let path: Vec<_> = levels(topic).take(super::filter::LEVELS_MAX + 1).collect();
        let apart = topic.starts_with('$');
        self.root.find(&path, apart, publisher, &mut hits);
        hits
    }
}

impl Node {
    fn remove<'a>(&mut self, path: &mut impl Iterator<Item = &'a str>, subscriber: u64) -> bool {
        let Some(level) = path.next() else { return self.here.remove(&subscriber).is_some() };
        let Some(child) = self.children.get_mut(level) else { return false };
        let existed = child.remove(path, subscriber);
        if child.here.is_empty() && child.children.is_empty() {
            self.children.remove(level);
        }
        existed
    }

    fn find(
        &self,
        path: &[&str],
        apart: bool,
        publisher: Option<u64>,
        hits: &mut BTreeMap<u64, Hit>,
    ) {
        if let Some(rest) = self.children.get("#")
            && !apart
        {
            rest.add(publisher, hits);
        }
        let Some((level, path)) = path.split_first() else { return self.add(publisher, hits) };
        // A level that is spelled like a wildcard comes in no topic.
        if let Some(exact) = self.children.get(*level) {
            exact.find(path, false, publisher, hits);
        }
        if let Some(any) = self.children.get("+")
            && !apart
        {
            any.find(path, false, publisher, hits);
        }
    }

    fn add(&self, publisher: Option<u64>, hits: &mut BTreeMap<u64, Hit>) {
        for (subscriber, wish) in &self.here {
            if wish.no_local && publisher == Some(*subscriber) {
                continue;
            }
            let hit = hits.entry(*subscriber).or_default();
            hit.qos = hit.qos.max(wish.qos);
            hit.as_published |= wish.as_published;
            hit.ids.extend(wish.id);
        }
    }
}

//! The naive model: a vector of entries, and a copy of it for every open iterator.

use super::history::{Event, Operation, Outcome};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Which container is modelled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Set,
    Keys,
    Values,
}

/// An entry: by what it is told apart, its object, and the value beside it (none in a set, the key itself
/// in a map to objects).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) class: u32,
    pub(crate) object: usize,
    pub(crate) value: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Naive {
    kind: Kind,
    entries: Vec<Entry>,
    /// The classes of all objects there ever were.
    classes: BTreeMap<usize, u32>,
    alive: BTreeSet<usize>,
    iterators: BTreeMap<usize, VecDeque<Entry>>,
}

impl Naive {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            entries: Vec::new(),
            classes: BTreeMap::new(),
            alive: BTreeSet::new(),
            iterators: BTreeMap::new(),
        }
    }

    pub(crate) fn contents(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn alive(&self) -> BTreeSet<usize> {
        self.alive.clone()
    }

    fn find(&self, class: u32) -> Option<usize> {
        self.entries.iter().position(|entry| entry.class == class)
    }

    /// By what an object is told apart in the container.
    fn class_of(&self, object: usize, key: u32) -> u32 {
        if self.kind == Kind::Values {
            key
        } else {
            self.classes[&object]
        }
    }

    fn push(&mut self, object: usize, key: u32, value: u32) {
        let class = self.class_of(object, key);
        let value = match self.kind {
            Kind::Set => 0,
            Kind::Keys => value,
            Kind::Values => key,
        };
        self.entries.push(Entry {
            class,
            object,
            value,
        });
    }

    fn given(&self, entry: Option<Entry>) -> Outcome {
        match self.kind {
            Kind::Keys => Outcome::Value(entry.map(|entry| entry.value)),
            Kind::Set | Kind::Values => Outcome::Object(entry.map(|entry| entry.object)),
        }
    }

    /// What the container must answer.
    pub(crate) fn apply(&mut self, event: &Event) -> Outcome {
        match *event {
            Event::Death(object) => {
                self.alive.remove(&object);
                self.entries.retain(|entry| entry.object != object);
                Outcome::Done
            }
            Event::Birth { object, class } => {
                self.classes.insert(object, class);
                self.alive.insert(object);
                Outcome::Done
            }
            Event::Operation(ref operation) => self.perform(operation),
        }
    }

    fn perform(&mut self, operation: &Operation) -> Outcome {
        match *operation {
            Operation::Make(_) | Operation::Kill(_) | Operation::RemoveExpired => Outcome::Done,
            Operation::Insert { object, key, value } => {
                let present = self.find(self.class_of(object, key));
                let Some(at) = present else {
                    self.push(object, key, value);
                    return if self.kind == Kind::Set {
                        Outcome::Flag(true)
                    } else {
                        self.given(None)
                    };
                };
                let old = self.entries[at];
                match self.kind {
                    Kind::Set => return Outcome::Flag(false),
                    Kind::Keys => self.entries[at].value = value,
                    Kind::Values => self.entries[at].object = object,
                }
                self.given(Some(old))
            }
            Operation::Replace { object } => {
                let present = self.find(self.classes[&object]);
                let old = present.map(|at| std::mem::replace(&mut self.entries[at].object, object));
                if old.is_none() {
                    self.push(object, 0, 0);
                }
                Outcome::Object(old)
            }
            Operation::Get(class) => pair(self.find(class).map(|at| self.entries[at])),
            Operation::Remove(class) => {
                let entry = self.find(class).map(|at| self.entries.remove(at));
                self.given(entry)
            }
            Operation::PopFirst => {
                let entry = (!self.entries.is_empty()).then(|| self.entries.remove(0));
                pair(entry)
            }
            Operation::PopLast => pair(self.entries.pop()),
            Operation::First => pair(self.entries.first().copied()),
            Operation::Last => pair(self.entries.last().copied()),
            Operation::Clear => {
                self.entries.clear();
                Outcome::Done
            }
            Operation::Drain => {
                let entries = std::mem::take(&mut self.entries).into_iter();
                Outcome::List(entries.map(|entry| (entry.object, entry.value)).collect())
            }
            Operation::Retain(parity) => {
                self.entries
                    .retain(|entry| entry.object as u32 % 2 == parity);
                Outcome::Done
            }
            Operation::Update { object, key } => self.update(object, key),
            Operation::GetOrMake { object, key, made } => {
                match self.find(self.class_of(object, key)) {
                    Some(at) => self.given(Some(self.entries[at])),
                    None => {
                        // Not before it was made.
                        let is_there =
                            |made: &usize| self.kind == Kind::Keys || self.alive.contains(made);
                        let Some(made) = made.filter(is_there) else {
                            return Outcome::Impossible;
                        };
                        let (object, value) = if self.kind == Kind::Keys {
                            (object, made as u32)
                        } else {
                            (made, 0)
                        };
                        self.push(object, key, value);
                        self.given(self.entries.last().copied())
                    }
                }
            }
            Operation::Open(number) => {
                self.iterators
                    .insert(number, self.entries.iter().copied().collect());
                Outcome::Done
            }
            Operation::Next(number) => {
                let left = self.iterators.get_mut(&number).expect("open");
                let next = std::iter::from_fn(|| left.pop_front())
                    .find(|entry| self.alive.contains(&entry.object));
                Outcome::Pair(next.map(|entry| (entry.object, entry.value)))
            }
            Operation::Close(number) => {
                self.iterators.remove(&number);
                Outcome::Done
            }
        }
    }

    /// A set gets or inserts, a map of values counts up, a map to objects removes the same and stores
    /// another.
    fn update(&mut self, object: usize, key: u32) -> Outcome {
        let present = self.find(self.class_of(object, key));
        match (self.kind, present) {
            (Kind::Keys, Some(at)) => self.entries[at].value += 1,
            (Kind::Values, Some(at)) if self.entries[at].object == object => {
                self.entries.remove(at);
                return Outcome::Object(None);
            }
            (Kind::Values, Some(at)) => self.entries[at].object = object,
            (_, None) => self.push(object, key, 1),
            (Kind::Set, Some(_)) => {}
        }
        let at = present.unwrap_or(self.entries.len() - 1);
        self.given(Some(self.entries[at]))
    }
}

fn pair(entry: Option<Entry>) -> Outcome {
    Outcome::Pair(entry.map(|entry| (entry.object, entry.value)))
}

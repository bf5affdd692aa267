//! Running a script, and the trees of what happened.

use super::container::{Container, Element, Iter, Outer, Strong, Way, at, enter};
use super::naive::Entry;
use super::{Plan, Step};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

/// An operation, and what it is about.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Make(#[allow(dead_code, reason = "for messages")] u32),
    Kill(#[allow(dead_code, reason = "for messages")] usize),
    Insert {
        object: usize,
        key: u32,
        value: u32,
    },
    Replace {
        object: usize,
    },
    Get(u32),
    Remove(u32),
    PopFirst,
    PopLast,
    First,
    Last,
    Clear,
    Drain,
    Retain(u32),
    RemoveExpired,
    Update {
        object: usize,
        key: u32,
    },
    /// `made` is what the factory made, if it was called.
    GetOrMake {
        object: usize,
        key: u32,
        made: Option<usize>,
    },
    Open(usize),
    Next(usize),
    Close(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Done,
    Flag(bool),
    Object(Option<usize>),
    Value(Option<u32>),
    Pair(Option<(usize, u32)>),
    List(Vec<(usize, u32)>),
    /// What no container may answer.
    Impossible,
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Birth {
        object: usize,
        class: u32,
    },
    /// The last owner is gone; what is nested happened in the object's `Drop`.
    Death(usize),
    Operation(Operation),
}

#[derive(Debug)]
pub(crate) struct Tree {
    event: Event,
    outcome: Outcome,
    nested: Vec<Tree>,
}

type Order<'a> = Vec<(&'a Event, &'a Outcome)>;

/// The orders of a tree in which each event has one moment between its beginning and its end. A death is
/// at its beginning.
pub(crate) fn orders<'a>(tree: &'a Tree) -> Vec<Order<'a>> {
    let mut inner: Vec<Order<'a>> = vec![Vec::new()];
    for nested in &tree.nested {
        let orders = orders(nested);
        let join = |before: &Order<'a>| -> Vec<Order<'a>> {
            let orders = orders.iter();
            orders.map(|order| [&before[..], order].concat()).collect()
        };
        inner = inner.iter().flat_map(join).collect();
    }
    let own = (&tree.event, &tree.outcome);
    let with_own = |order: Order<'a>| {
        let last = if matches!(tree.event, Event::Operation(_)) {
            order.len()
        } else {
            0
        };
        let put = |at: usize| [&order[..at], &[own], &order[at..]].concat();
        (0..=last).map(put).collect::<Vec<Order<'a>>>()
    };
    inner.into_iter().flat_map(with_own).collect()
}

/// How deep operations of a script may be nested.
const NESTED: usize = 4;

/// The state of a run.
pub(crate) struct History<C: Container> {
    container: C,
    steps: RefCell<std::vec::IntoIter<Step>>,
    /// Who keeps the objects alive.
    handles: RefCell<Vec<Strong<C>>>,
    references: RefCell<Vec<<C::Way as Way>::Reference>>,
    /// How often the callback of each object has been called.
    calls: RefCell<Vec<usize>>,
    iterators: RefCell<Vec<(usize, Iter)>>,
    /// What has happened so far in the operations under way, the outermost first.
    open: RefCell<Vec<Vec<Tree>>>,
    /// How many more operations may be nested in this one.
    budget: Cell<usize>,
    occasions: Cell<usize>,
    numbers: Cell<usize>,
}

impl<C: Container> History<C> {
    pub(crate) fn start(steps: Vec<Step>, container: C) -> Rc<Self> {
        let history = Rc::new(Self {
            container,
            steps: RefCell::new(steps.into_iter()),
            handles: RefCell::default(),
            references: RefCell::default(),
            calls: RefCell::default(),
            iterators: RefCell::default(),
            open: RefCell::new(vec![Vec::new()]),
            budget: Cell::new(0),
            occasions: Cell::new(0),
            numbers: Cell::new(0),
        });
        enter(Some(Rc::clone(&history) as Rc<dyn Outer>));
        history
    }

    /// Performs the next operation of the script, with what it nests.
    pub(crate) fn advance(&self) -> Option<Tree> {
        self.budget.set(NESTED);
        let step = self.steps.borrow_mut().next()?;
        self.perform(&step);
        self.budget.set(0);
        let tree = self.open.borrow_mut()[0].pop();
        let calls = self.calls.borrow();
        let alive = self.alive();
        for (object, calls) in calls.iter().enumerate() {
            let is_told = C::Way::IS_TOLD && !alive.contains(&object);
            assert_eq!(*calls, usize::from(is_told), "callbacks of {object}");
        }
        tree
    }

    pub(crate) fn alive(&self) -> BTreeSet<usize> {
        self.handles
            .borrow()
            .iter()
            .map(|handle| handle.number)
            .collect()
    }

    pub(crate) fn contents(&self) -> Vec<Entry> {
        let contents = self.container.contents();
        self.assert_len(contents.len());
        contents
    }

    /// Exact where deaths are told, else an upper bound.
    fn assert_len(&self, living: usize) {
        let len = self.container.len();
        assert!(len == living || len > living && !C::Way::IS_TOLD, "{len}");
    }

    /// Takes the dead out, which makes the length exact.
    fn remove_expired(&self) {
        self.container.remove_expired();
        // What goes may put others in, which die.
        self.at_once(|| {
            self.container.remove_expired();
            assert_eq!(self.container.len(), self.container.contents().len());
            assert_eq!(self.container.remove_expired(), 0);
        });
    }

    /// Lets everything die.
    pub(crate) fn end(&self) {
        self.iterators.take();
        self.handles.take();
        self.assert_len(0);
        let len = self.container.len();
        assert_eq!(
            (self.container.remove_expired(), self.container.len()),
            (len, 0)
        );
    }

    pub(crate) fn make(&self, class: u32) -> Strong<C> {
        let object = self.calls.borrow().len();
        self.calls.borrow_mut().push(0);
        let element = C::Way::own(Element::new(object, class));
        self.references.borrow_mut().extend(C::Way::watch(&element));
        self.record(Event::Birth { object, class }, || Outcome::Done);
        element
    }

    fn number(&self) -> usize {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// Runs `work` as an event, of which what happens meanwhile is a part.
    fn record(&self, event: Event, work: impl FnOnce() -> Outcome) {
        let mut made = None;
        self.record_made(event, &mut made, |_| work());
    }

    fn record_made(
        &self,
        mut event: Event,
        made: &mut Option<usize>,
        work: impl FnOnce(&mut Option<usize>) -> Outcome,
    ) {
        self.open.borrow_mut().push(Vec::new());
        let outcome = work(made);
        if let Event::Operation(Operation::GetOrMake { made: of_event, .. }) = &mut event {
            *of_event = *made;
        }
        let mut open = self.open.borrow_mut();
        let nested = open.pop().expect("opened above");
        let tree = Tree {
            event,
            outcome,
            nested,
        };
        open.last_mut().expect("the outermost").push(tree);
    }

    /// Without nesting.
    fn at_once<R>(&self, work: impl FnOnce() -> R) -> R {
        let budget = self.budget.replace(0);
        let result = work();
        self.budget.set(budget);
        result
    }

    fn perform(&self, step: &Step) {
        let handles = self.handles.borrow().len();
        let open = self.iterators.borrow().len();
        let plan = step.choose(handles, open);
        let handle = |at: usize| self.handles.borrow()[at].clone();
        let container = &self.container;
        match plan {
            Plan::Make(class) => self.record(Event::Operation(Operation::Make(class)), || {
                let made = self.make(class);
                self.handles.borrow_mut().push(made);
                Outcome::Done
            }),
            Plan::Kill(at) => {
                let dying = self.handles.borrow_mut().swap_remove(at);
                let operation = Operation::Kill(dying.number);
                self.record(Event::Operation(operation), || {
                    drop(dying);
                    Outcome::Done
                });
            }
            Plan::Insert(at, key) => {
                let (element, value) = (handle(at), self.number() as u32 * 1000);
                let operation = Operation::Insert {
                    object: element.number,
                    key,
                    value,
                };
                self.record(Event::Operation(operation), move || {
                    container.insert(element, key, value)
                });
            }
            Plan::Replace(at, key) => {
                let element = handle(at);
                let object = element.number;
                if C::REPLACES {
                    let operation = Operation::Replace { object };
                    self.record(Event::Operation(operation), move || {
                        container.replace(element)
                    });
                } else {
                    let operation = Operation::Insert {
                        object,
                        key,
                        value: 7,
                    };
                    self.record(Event::Operation(operation), move || {
                        container.insert(element, key, 7)
                    });
                }
            }
            Plan::Update(at, key) => {
                let element = handle(at);
                let operation = Operation::Update {
                    object: element.number,
                    key,
                };
                self.record(Event::Operation(operation), move || {
                    container.update(element, key)
                });
            }
            Plan::GetOrMake(one, key) => {
                let element = handle(one);
                let key = if C::REPLACES { element.class } else { key };
                let operation = Operation::GetOrMake {
                    object: element.number,
                    key,
                    made: None,
                };
                let mut made = None;
                self.record_made(Event::Operation(operation), &mut made, |made| {
                    container.get_or_make(element, key, || {
                        at();
                        let new = C::MAKES_OBJECTS.then(|| self.make(key));
                        *made = Some(
                            new.as_ref()
                                .map_or_else(|| self.number() * 1000, |new| new.number),
                        );
                        if let Some(new) = &new {
                            self.handles.borrow_mut().push(new.clone());
                        }
                        (new, made.unwrap_or(0) as u32)
                    })
                });
            }
            Plan::Get(class) => {
                self.record(Event::Operation(Operation::Get(class)), || {
                    container.get(class)
                });
            }
            Plan::Remove(class) => {
                self.record(Event::Operation(Operation::Remove(class)), || {
                    container.remove(class)
                });
            }
            Plan::PopFirst => self.record(Event::Operation(Operation::PopFirst), || {
                container.pop_first()
            }),
            Plan::PopLast => self.record(Event::Operation(Operation::PopLast), || {
                container.pop_last()
            }),
            Plan::First => self.record(Event::Operation(Operation::First), || container.first()),
            Plan::Last => self.record(Event::Operation(Operation::Last), || container.last()),
            Plan::Clear => self.record(Event::Operation(Operation::Clear), || {
                container.clear();
                Outcome::Done
            }),
            Plan::Drain => self.record(Event::Operation(Operation::Drain), || {
                self.at_once(|| container.drain())
            }),
            Plan::Retain(parity) => {
                self.record(Event::Operation(Operation::Retain(parity)), || {
                    self.at_once(|| container.retain(parity));
                    Outcome::Done
                })
            }
            Plan::RemoveExpired => self.record(Event::Operation(Operation::RemoveExpired), || {
                self.remove_expired();
                Outcome::Done
            }),
            Plan::Open => {
                let number = self.number();
                self.record(Event::Operation(Operation::Open(number)), || {
                    let iterator = container.iter();
                    self.iterators.borrow_mut().push((number, iterator));
                    Outcome::Done
                });
            }
            Plan::Next(at) => {
                let (number, mut iterator) = self.iterators.borrow_mut().swap_remove(at);
                self.record(Event::Operation(Operation::Next(number)), || {
                    let next = iterator.next();
                    self.iterators.borrow_mut().push((number, iterator));
                    Outcome::Pair(next)
                });
            }
            Plan::Close(at) => {
                let (number, iterator) = self.iterators.borrow_mut().swap_remove(at);
                self.record(Event::Operation(Operation::Close(number)), || {
                    drop(iterator);
                    Outcome::Done
                });
            }
        }
    }
}

impl<C: Container> Outer for History<C> {
    fn nest(&self) {
        // Not always, so that the later occasions have their turn.
        self.occasions.set(self.occasions.get() + 1);
        let Some(budget) = self.budget.get().checked_sub(1) else {
            return;
        };
        if self.occasions.get() % 3 == 0 {
            self.budget.set(budget);
            let step = self.steps.borrow_mut().next();
            if let Some(step) = step {
                self.perform(&step);
            }
        }
    }

    fn die(&self, object: usize) {
        self.record(Event::Death(object), || {
            self.nest();
            Outcome::Done
        });
    }

    fn call(&self, object: usize) {
        self.calls.borrow_mut()[object] += 1;
        self.nest();
    }
}

//! `weakrefs::rc`: objects that stay in one thread, with code, values and keys that no other thread could have.
//!
//! What is the same code for both kinds of owners is tested over `Arc` by the other files, and by `oracle/` and `moves/` over
//! both: here is what each name does, and what is the owner's own: locks that are none, factories that wait for nobody,
//! finalizers that run when their thread ends.

mod chains;
mod containers;
mod derived;
mod finalizers;
mod hostile;
mod lazy;
mod methods;
mod references;
#[path = "../support/mod.rs"]
mod support;

use std::cell::RefCell;
use std::rc::Rc;
use weakrefs::rc::Tracked;

/// What happened, in order. Not `Send`.
#[derive(Clone, Debug, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn note(&self, event: impl Into<String>) {
        self.0.borrow_mut().push(event.into());
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }

    /// A callback that notes an event.
    fn noting<R>(&self, event: &'static str) -> impl FnOnce(&R) + use<R> {
        let log = self.clone();
        move |_| log.note(event)
    }
}

/// Runs what it holds when it is dropped.
struct OnDrop(Option<Box<dyn FnOnce()>>);

impl OnDrop {
    fn new(run: impl FnOnce() + 'static) -> Self {
        Self(Some(Box::new(run)))
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            run();
        }
    }
}

/// An object of a value, with `Hash` and `Eq`.
type Item = Tracked<u32>;

fn item(value: u32) -> Rc<Item> {
    Rc::new(Tracked::new(value))
}

fn items(values: std::ops::Range<u32>) -> Vec<Rc<Item>> {
    values.map(item).collect()
}

fn values(items: impl IntoIterator<Item = Rc<Item>>) -> Vec<u32> {
    items.into_iter().map(|item| **item).collect()
}

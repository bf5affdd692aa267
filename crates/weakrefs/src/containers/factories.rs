//! [`Factories`]: at most one factory runs for a key at a time, and who comes meanwhile waits.
//!
//! No lock is held while a factory runs. What a container keeps of it is a [`Run`], under the hash of
//! the key (two keys of equal hash take turns, no harm is done); a thread that wants the same waits
//! for the run to end, and looks again.
//!
//! Waiting must not last forever: a factory may want its own key, or two factories each other's. Who is
//! about to wait therefore follows the threads that wait for each other ([`WAITING`], for all
//! containers), and if that leads back to itself does not wait but runs its factory, too; the first
//! result to be inserted wins.

use crate::owner::sealed::Turns;
use crate::sync::{Condvar, Mutex, ThreadId, current_thread, statics};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The factories that are running for one container.
pub struct Factories {
    runs: Mutex<Vec<Arc<Run>>>,
}

/// A running factory.
struct Run {
    hash: u64,
    owner: ThreadId,
    /// Set and read under the lock of [`WAITING`].
    has_ended: AtomicBool,
    ended: Condvar,
}

/// A thread that waits, and for what.
struct Waiting {
    thread: ThreadId,
    run: Arc<Run>,
}

/// Ends with the factory, whether it returns or panics.
#[allow(
    unreachable_pub,
    reason = "sealed traits speak of it, which Rust 1.85 does not see"
)]
pub struct Turn<'a> {
    factories: &'a Factories,
    /// None if this thread runs beside one that it must not wait for.
    run: Option<Arc<Run>>,
}

statics! {
    static WAITING: Mutex<Vec<Waiting>> = Mutex::new(Vec::new());
}

impl Turns for Factories {
    type Turn<'a> = Turn<'a>;

    fn new() -> Self {
        Self {
            runs: Mutex::new(Vec::new()),
        }
    }

    fn turn(&self, hash: u64) -> Option<Turn<'_>> {
        let this = current_thread();
        let running = {
            let mut runs = self.runs.lock();
            match runs.iter().find(|run| run.hash == hash) {
                Some(run) => Arc::clone(run),
                None => {
                    let run = Arc::new(Run {
                        hash,
                        owner: this,
                        has_ended: AtomicBool::new(false),
                        ended: Condvar::default(),
                    });
                    runs.push(Arc::clone(&run));
                    return Some(Turn {
                        factories: self,
                        run: Some(run),
                    });
                }
            }
        };
        if running.wait(this) {
            None
        } else {
            Some(Turn {
                factories: self,
                run: None,
            })
        }
    }
}

impl Run {
    /// Waits until the run has ended; `false`, at once, if it never would.
    fn wait(self: Arc<Self>, this: ThreadId) -> bool {
        let mut waiting = WAITING.lock();
        if self.has_ended.load(Ordering::Relaxed) {
            return true;
        }
        let mut owner = self.owner;
        loop {
            if owner == this {
                return false;
            }
            match waiting.iter().find(|other| other.thread == owner) {
                Some(other) => owner = other.run.owner,
                None => break,
            }
        }
        waiting.push(Waiting {
            thread: this,
            run: Arc::clone(&self),
        });
        // The run's end takes us off the list.
        while waiting.iter().any(|other| other.thread == this) {
            self.ended.wait(&mut waiting);
        }
        true
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Some(run) = self.run.take() else { return };
        self.factories
            .runs
            .lock()
            .retain(|other| !Arc::ptr_eq(other, &run));
        // From here on nobody finds the run; whoever has found it, waits or is about to.
        if Arc::strong_count(&run) > 1 {
            let mut waiting = WAITING.lock();
            run.has_ended.store(true, Ordering::Relaxed);
            waiting.retain(|waiting| !Arc::ptr_eq(&waiting.run, &run));
            drop(waiting);
            run.ended.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    fn waits(of: &Factories) -> bool {
        let runs = of.runs.lock().clone();
        let waiting = WAITING.lock();
        waiting
            .iter()
            .any(|waiting| runs.iter().any(|run| Arc::ptr_eq(run, &waiting.run)))
    }

    /// S33: a turn is had by one at a time, whoever waits looks again, nothing stays behind.
    #[test]
    fn a_turn_ends_for_those_who_wait() {
        let factories = Factories::new();
        let turn = factories.turn(7).expect("the first");
        assert!(factories.turn(8).is_some(), "another key");
        let inner = factories.turn(7).expect("the same thread does not wait");
        assert!(inner.run.is_none());
        drop(inner);
        thread::scope(|scope| {
            let waiter = scope.spawn(|| factories.turn(7).is_none());
            while !waits(&factories) {
                thread::sleep(Duration::from_millis(1));
            }
            drop(turn);
            assert!(waiter.join().expect("no panic"));
        });
        assert!(factories.runs.lock().is_empty() && !waits(&factories));
        assert!(factories.turn(7).is_some_and(|turn| turn.run.is_some()));
    }

    /// S33: two threads that want what the other makes: one of them does not wait.
    #[test]
    fn a_circle_of_threads_does_not_wait() {
        let (one, two) = (Factories::new(), Factories::new());
        let turn = one.turn(1).expect("the first");
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                let own = two.turn(2).expect("the first");
                let waited = one.turn(1).is_none();
                drop(own);
                waited
            });
            while !waits(&one) {
                thread::sleep(Duration::from_millis(1));
            }
            let beside = two.turn(2).expect("would wait for itself");
            assert!(beside.run.is_none());
            drop((beside, turn));
            assert!(other.join().expect("no panic"));
        });
    }
}

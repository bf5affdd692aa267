//! Deaths that set off deaths, however long the chain (S35).
//!
//! What a dying object's entries and callbacks own is dropped, and may own the last `Arc` of another object, whose entries
//! own the next. As a recursion a long chain would use up the stack.
//!
//! # Protocol
//! - Whatever of the user's the crate drops or calls because something died is a [step](step), counted for its thread.
//! - Beyond [`MANY`] steps within each other, the next one is put off: it waits in a queue of the thread.
//! - The outermost step does what waits before it ends. So when the drop of the last `Arc` returns, the whole chain is done
//!   (S2); only *within* a chain can a drop return before what it sets off is done.
//! - References read dead and entries leave their containers at once, in any case: that runs nothing of the user's.
//!
//! The thread's variable has no destructor, and so is there as long as the thread is. The queue gives its memory back
//! with the outermost step.

use crate::sync::thread_local;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::mem::{self, ManuallyDrop};

/// So many steps may be under way within each other: nested deaths as one writes them on purpose are told at once, and
/// the stack of a small thread has room for them.
const MANY: usize = 16;

type Step = Box<dyn FnOnce()>;

struct Steps {
    under_way: Cell<usize>,
    waiting: ManuallyDrop<RefCell<VecDeque<Step>>>,
}

thread_local! {
    static STEPS: Steps = const {
        Steps {
            under_way: Cell::new(0),
            waiting: ManuallyDrop::new(RefCell::new(VecDeque::new())),
        }
    };
}

/// Does `work`, which runs code of the user's (and lets no panic out): now, or where too many such steps are under way,
/// before the outermost of them ends.
#[inline]
pub(crate) fn step(work: impl FnOnce() + 'static) {
    let under_way = STEPS.try_with(|steps| {
        let under_way = steps.under_way.get();
        if under_way < MANY {
            steps.under_way.set(under_way + 1);
        }
        under_way
    });
    match under_way {
        Ok(MANY) => put_off(Box::new(work)),
        Ok(outer) => {
            let _under_way = UnderWay { outer };
            work();
        }
        // A system whose threads lose even such variables.
        Err(_) => work(),
    }
}

/// A step that is under way.
struct UnderWay {
    /// How many were already.
    outer: usize,
}

impl Drop for UnderWay {
    #[inline]
    fn drop(&mut self) {
        if self.outer == 0 {
            finish();
        }
        _ = STEPS.try_with(|steps| steps.under_way.set(self.outer));
    }
}

#[cold]
fn put_off(work: Step) {
    _ = STEPS.try_with(|steps| steps.waiting.borrow_mut().push_back(work));
}

/// Does what was put off, in the order of the deaths, until nothing is left.
#[inline]
fn finish() {
    let is_done = STEPS.try_with(|steps| steps.waiting.borrow().is_empty());
    if is_done != Ok(true) {
        finish_waiting();
    }
}

#[cold]
fn finish_waiting() {
    // A statement of its own: nothing is borrowed when the step is done.
    let next = || STEPS.try_with(|steps| steps.waiting.borrow_mut().pop_front());
    while let Ok(Some(work)) = next() {
        work();
    }
    let queue = STEPS.try_with(|steps| mem::take(&mut *steps.waiting.borrow_mut()));
    drop(queue);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    /// S2: a few levels are done at once, the others in their order before the outermost ends, and nothing stays.
    #[test]
    fn what_is_put_off_is_done_in_order() {
        fn nest(level: usize, log: &Rc<RefCell<Vec<usize>>>) {
            let inner = Rc::clone(log);
            step(move || {
                inner.borrow_mut().push(level);
                if level == 2 * MANY {
                    nest(1000, &inner);
                    nest(1001, &inner);
                    inner.borrow_mut().push(1002);
                } else if level < 1000 {
                    nest(level + 1, &inner);
                }
            });
        }
        let log = Rc::default();
        nest(1, &log);
        let expected = (1..=2 * MANY).chain([1002, 1000, 1001]);
        assert!(log.take().into_iter().eq(expected));
        STEPS.with(|steps| {
            assert_eq!(steps.under_way.get(), 0);
            assert_eq!(steps.waiting.borrow().capacity(), 0);
        });
    }
}

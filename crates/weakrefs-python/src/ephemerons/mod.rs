//! Ephemerons: what refers to some objects only as long as others are reachable (S43, S44).
//!
//! In a `WeakKeyDictionary` an entry whose value refers to its key never dies: the dictionary holds the value, the value the
//! key. An *ephemeron* (Hayes, 1997) counts only while its key is reachable otherwise. That takes part of the collector's own
//! decision, which the interpreter offers nobody. But it lets every object say what it refers to, and says in which phase it
//! asks. That is enough.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `header` | the words that the collector keeps before each of its objects |
//! | `engine` | the phases of a collection, and the search for what is reachable through ephemerons |
//! | `poll` | the objects by which the engine knows where a collection is |
//! | `rule` | for whom the rule holds, whether the engine is active, and why not |
//!
//! # What the collector does
//! The collector of CPython 3.10 to 3.13, 3.14.5 and later, and 3.15 takes a list of objects, and
//! 1. notes in each header the object's count of references;
//! 2. *subtracts*: traverses each object with itself as argument, and lowers the noted count of whatever it visits. What is
//!    left above zero is referred to from outside;
//! 3. *marks*: goes through the list. An object whose count is above zero is reachable: it is traversed with the list's head
//!    as argument, and loses its mark "collecting". A visited object whose count is zero gets a count of one. An object
//!    whose count is zero is set aside, with a mark; if it is visited later, it comes back to the end of the list;
//! 4. clears the weak references to what stayed aside, and calls their callbacks; runs finalizers;
//! 5. does 1 to 3 anew with what is aside, for callbacks and finalizers may have brought some of it back; clears the rest.
//!
//! # What the engine does
//! A *holder* (a container with the rule, a finalizer that refers to its object) reports all it refers to when the collector
//! subtracts. When it marks, a holder reports what belongs to objects that have been found reachable by then. If there is
//! more, it is listed. Eight objects of ours, the *polls*, make the engine come last. Each is referred to by the one after it,
//! so only the last of the list counts as referred to from outside. The collector traverses it when it has gone through its
//! first list. If others have come to the end since, the poll has another one visited, which so becomes the last; and so on,
//! until nothing is behind a poll, or no poll is left.
//!
//! Then each listed holder *settles*. What belongs to an object that has been found reachable since is visited with the
//! collector's own function, which puts it at the end of its list. The engine follows that list to its end, and traverses what
//! is there with a function that does the same. For each object that it meets there, it looks through the object's weak
//! references for entries of holders that are reachable, and visits what they hold for it. So each entry is settled, either
//! with its holder or with its object, without any memory: what is to be done is in the collector's list. The collector
//! traverses it all once more, and finds nothing new.
//!
//! What belongs to objects that were not found stays aside. It is ordinary garbage: the collector clears the reference to the
//! object and calls its callback, which evicts the entry, or runs the finalizer. A `KeyedRef` itself refers to the key
//! that is held. It is visited at the very end, lest the collector think that its callback is garbage, too, and does not
//! report the key then.
//!
//! # Why that is safe
//! - Only headers and weak references are read; nothing is written but by the collector's own function. No Python code
//!   can run meanwhile, for the collector runs none in these phases, and the interpreter's lock is held.
//! - What the engine takes for unreachable and is not, the collector finds in step 5, whose count knows each reference: an
//!   entry could be lost early, but no object is freed that anything refers to.
//! - Whether the collector is the one described here is asked in each collection, of the polls ([canaries](engine)): that
//!   they come before anything is marked, each with its count, which a visit lowers by one; that all but the last are aside
//!   when that is reached; that a visited one is the last of the list, with a count of one; that whatever is met behind it
//!   has such a count; that a visited object counts as found. If anything is not so, all holders report everything, and
//!   behave as their standard counterparts.
//! - The engine does so as well in collections of the young, in which not all polls are.
//! - One engine works in a process ([`rule`]). Two would each take the other's holders for settled.

pub(crate) mod engine;
mod header;
mod poll;
pub(crate) mod rule;

//! The weak containers: a table of entries, each with a weak reference, that loses an entry the moment its referent dies.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `entry` | [`Entry`](entry::Entry): what is in a table |
//! | `container` | [`Container`](container::Container): the table of a container object |
//! | `lookup` | finding and inserting, with comparisons outside of the table |
//! | `evictor` | the callback that evicts |
//! | `holder` | containers that hold keys or values only as long as others are reachable |
//! | `iterator` | iterators |
//! | `data` | the references of a container, shown and exchanged |
//! | `subclassing` | what native code asks about the Python classes derived from it |
//! | `filling` | room for many entries at once |
//! | `hashing` | the hashes of keys and elements, and the words for what has none |
//! | `builtin_keys` | hash and equality of strings, numbers, and tuples of them |
//! | `element`, `weak_set`, `set_algebra`, `set_comparison` | the set |
//! | `mapped` | where the two mappings differ |
//! | `mapping`, `mapping_equality` | what they share: nearly all |
//! | `pairs` | what a mapping is filled from |
//! | `weak_key_dictionary`, `weak_value_dictionary` | the mappings |

pub(crate) mod builtin_keys;
pub(crate) mod container;
pub(crate) mod data;
pub(crate) mod element;
pub(crate) mod entry;
pub(crate) mod evictor;
mod filling;
pub(crate) mod hashing;
pub(crate) mod holder;
pub(crate) mod iterator;
pub(crate) mod lookup;
pub(crate) mod mapped;
pub(crate) mod mapping;
pub(crate) mod mapping_equality;
mod pairs;
pub(crate) mod set_algebra;
pub(crate) mod set_comparison;
pub(crate) mod subclassing;
pub(crate) mod weak_key_dictionary;
pub(crate) mod weak_set;
pub(crate) mod weak_value_dictionary;

//! What the package needs of the interpreter: everything unsafe that is not about one class.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `error`, `key_error` | [`Raised`](error::Raised): a Python exception is set; how exceptions are raised |
//! | `object` | calls, attributes, comparisons, new objects: each gives a `Raised` where it fails |
//! | `owned` | references that fields own: [`Slot`](owned::Slot), [`Lasting`](owned::Lasting), [`Strong`](owned::Strong) |
//! | `guarded` | [`Guarded`](guarded::Guarded), [`Shared`](guarded::Shared): state that changes behind a shared reference |
//! | `lock` | [`Lock`](lock::Lock), [`Wide`](lock::Wide): what keeps threads apart without a global lock |
//! | `field` | fields of the interpreter's structs that another thread may be changing |
//! | `constant` | [`Constant`](constant::Constant), [`name!`](names): what is made once, at import |
//! | `class` | the one way to make a native class |
//! | `slots` | slots, methods and attributes, each made from a plain function |
//! | `method` | [`Method`](method::Method): native methods that are functions to whoever looks |
//! | `arguments` | the one reader of arguments |
//! | `entry` | functions that the interpreter calls |
//! | `vectorcall` | calls of classes and objects without a tuple of arguments |
//! | `remains` | deaths that set off deaths, however long the chain |
//! | `turns` | loops that can be interrupted, and let other threads run |
//! | `home` | the one interpreter in which the package runs |

pub(crate) mod arguments;
pub(crate) mod class;
pub(crate) mod constant;
pub(crate) mod entry;
pub(crate) mod error;
pub(crate) mod field;
pub(crate) mod guarded;
pub(crate) mod home;
pub(crate) mod key_error;
pub(crate) mod lock;
pub(crate) mod method;
pub(crate) mod names;
pub(crate) mod object;
pub(crate) mod owned;
pub(crate) mod remains;
pub(crate) mod slots;
pub(crate) mod turns;
pub(crate) mod vectorcall;

//! What weak references are used for, and how.
//!
//! | you want | use |
//! | --- | --- |
//! | objects by name, as long as somebody uses them | [`WeakValueMap`]: [a cache](#a-cache) |
//! | all objects that are alive | [`WeakSet`] or [`PtrWeakSet`]: [a registry](#a-registry) |
//! | equal values to be one object | [`WeakSet`]: [an interner](#an-interner) |
//! | to tell objects something | [`PtrWeakSet`]: [observers](#observers); [`WeakMethod`]: [callbacks](#methods-as-callbacks) |
//! | to attach data to objects that are not yours | [`WeakKeyMap`] or [`PtrWeakKeyMap`]: [side data](#data-beside-objects) |
//! | something done when an object dies | [`finalize`]: [clean-up](#cleaning-up); [`Ref::with_callback`]: [news of a death](#news-of-a-death) |
//! | only to check whether an object is alive | [`std::sync::Weak`]: it needs no slot |
//!
//! Larger programs are in the crate's `examples/`: `parsed_files`, `observer`, `interner`,
//! `connections`, `temp_files`, `metadata`.
//!
//! # A cache
//! [`WeakValueMap::get_or_insert_with`] finds an object or makes it. Threads that want the same one at
//! the same time get the same one, made once. The cache owns nothing. It is as large as what the program
//! uses, and there is no policy to tune.
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{WeakReferenceable, WeakSlot, WeakValueMap};
//!
//! #[derive(WeakReferenceable)]
//! struct Font {
//!     slot: WeakSlot,
//!     glyphs: Vec<u8>,
//! }
//!
//! #[derive(Clone, Default)]
//! struct Fonts {
//!     loaded: WeakValueMap<String, Font>,
//! }
//!
//! impl Fonts {
//!     fn get(&self, name: &str) -> Arc<Font> {
//!         // Only a miss needs the key by value.
//!         self.loaded.get(name).unwrap_or_else(|| {
//!             self.loaded.get_or_insert_with(name.to_owned(), || {
//!                 Arc::new(Font { slot: WeakSlot::new(), glyphs: name.into() })
//!             })
//!         })
//!     }
//! }
//!
//! let fonts = Fonts::default();
//! let title = fonts.get("serif");
//! let body = fonts.get("serif");
//! assert!(Arc::ptr_eq(&title, &body));
//! # assert_eq!(title.glyphs, b"serif");
//! drop((title, body));
//! assert!(fonts.loaded.is_empty());
//! ```
//!
//! *If making it can fail*, make the failure a part of the object. All callers of that time see the same
//! failure. When they have dropped it, the next caller tries again:
//!
//! ```
//! use std::io;
//! use std::path::{Path, PathBuf};
//! use std::sync::Arc;
//! use weakrefs::{Tracked, WeakValueMap};
//!
//! type Text = Tracked<io::Result<String>>;
//!
//! fn read(texts: &WeakValueMap<PathBuf, Text>, path: &Path) -> Arc<Text> {
//!     texts.get_or_insert_with(path.into(), || {
//!         Arc::new(Tracked::new(std::fs::read_to_string(path)))
//!     })
//! }
//!
//! let texts = WeakValueMap::new();
//! match &**read(&texts, Path::new("/no/such/file")) {
//!     Ok(text) => println!("{text}"),
//!     Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
//! }
//! assert!(texts.is_empty());
//! ```
//!
//! *If unused objects should survive for a while*, hold a few of them strongly in front of the cache. An
//! object that falls off that list stays in the cache as long as somebody else has it. The example drops
//! the oldest after the lock, because it may be the last `Arc`, and a death runs code.
//!
//! ```
//! use std::collections::VecDeque;
//! use std::sync::{Arc, Mutex};
//! use weakrefs::{Tracked, WeakValueMap};
//!
//! #[derive(Default)]
//! struct Squares {
//!     all: WeakValueMap<u64, Tracked<u64>>,
//!     recent: Mutex<VecDeque<Arc<Tracked<u64>>>>,
//! }
//!
//! impl Squares {
//!     fn get(&self, n: u64) -> Arc<Tracked<u64>> {
//!         let square = self.all.get_or_insert_with(n, || Arc::new(Tracked::new(n * n)));
//!         let mut recent = self.recent.lock().unwrap();
//!         recent.retain(|other| !Arc::ptr_eq(other, &square)); // not the last: we have one
//!         recent.push_back(Arc::clone(&square));
//!         let oldest = if recent.len() > 2 { recent.pop_front() } else { None };
//!         drop(recent);
//!         drop(oldest);
//!         square
//!     }
//! }
//!
//! let squares = Squares::default();
//! let one = squares.get(1);
//! for n in 2..=5 {
//!     squares.get(n);
//! }
//! let cached: Vec<_> = squares.all.keys().map(|key| *key).collect();
//! assert_eq!(cached, [1, 4, 5]); // 1 is used, 4 and 5 are recent
//! # drop(one);
//! ```
//!
//! # A registry
//! All living sessions, windows or tasks; none of them has to sign off. Objects without `Hash` and `Eq` go
//! into a [`PtrWeakSet`], which tells them apart by identity.
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{PtrWeakSet, WeakReferenceable, WeakSlot};
//!
//! #[derive(WeakReferenceable)]
//! struct Session {
//!     slot: WeakSlot,
//!     user: String,
//! }
//!
//! #[derive(Default)]
//! struct Server {
//!     sessions: PtrWeakSet<Session>,
//! }
//!
//! impl Server {
//!     fn log_in(&self, user: &str) -> Arc<Session> {
//!         let session = Arc::new(Session { slot: WeakSlot::new(), user: user.into() });
//!         self.sessions.insert(&session);
//!         session
//!     }
//! }
//!
//! let server = Server::default();
//! let anna = server.log_in("anna");
//! let ben = server.log_in("ben");
//! drop(anna);
//! assert_eq!(server.sessions.len(), 1);
//! let users: Vec<_> = server.sessions.iter().map(|session| session.user.clone()).collect();
//! assert_eq!(users, ["ben"]);
//! # drop(ben);
//! ```
//!
//! # An interner
//! A set that finds elements by something equivalent. If the elements are `Borrow<str>` and hash as their
//! string does (a slot adds nothing to a hash), [`WeakSet::get`] and [`WeakSet::get_or_insert_with`] take
//! a `&str`. Equal symbols are then the same pointer.
//!
//! ```
//! use std::borrow::Borrow;
//! use std::sync::Arc;
//! use weakrefs::{WeakReferenceable, WeakSet, WeakSlot};
//!
//! #[derive(WeakReferenceable, PartialEq, Eq, Hash)]
//! struct Symbol {
//!     slot: WeakSlot,
//!     name: Box<str>,
//! }
//!
//! impl Borrow<str> for Symbol {
//!     fn borrow(&self) -> &str {
//!         &self.name
//!     }
//! }
//!
//! fn intern(symbols: &WeakSet<Symbol>, name: &str) -> Arc<Symbol> {
//!     symbols.get_or_insert_with(name, || {
//!         Arc::new(Symbol { slot: WeakSlot::new(), name: name.into() })
//!     })
//! }
//!
//! let symbols = WeakSet::new();
//! let one = intern(&symbols, "x");
//! let two = intern(&symbols, "x");
//! assert!(Arc::ptr_eq(&one, &two));
//! assert!(symbols.get("y").is_none());
//! drop((one, two));
//! assert!(symbols.is_empty());
//! ```
//!
//! # Observers
//! Objects of different types behind one trait. Iteration is over a snapshot. It keeps an observer alive
//! only during its own turn, and holds no lock: the observer may subscribe others, unsubscribe, or drop
//! its last owner.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use weakrefs::{PtrWeakSet, WeakReferenceable, WeakSlot};
//!
//! trait Observer: WeakReferenceable {
//!     fn changed(&self, value: u32);
//! }
//!
//! #[derive(WeakReferenceable, Default)]
//! struct Sum {
//!     slot: WeakSlot,
//!     sum: AtomicU32,
//! }
//!
//! impl Observer for Sum {
//!     fn changed(&self, value: u32) {
//!         self.sum.fetch_add(value, Ordering::Relaxed);
//!     }
//! }
//!
//! let observers: PtrWeakSet<dyn Observer> = PtrWeakSet::new();
//! let sum = Arc::new(Sum::default());
//! let observer: Arc<dyn Observer> = sum.clone();
//! observers.insert(&observer);
//! drop(observer);
//!
//! for value in [1, 2] {
//!     for observer in &observers {
//!         observer.changed(value);
//!     }
//! }
//! assert_eq!(sum.sum.load(Ordering::Relaxed), 3);
//! drop(sum);
//! assert!(observers.is_empty());
//! ```
//!
//! # Methods as callbacks
//! A closure that owns an `Arc` keeps its object alive as long as it is subscribed. A [`WeakMethod`] does
//! not. Methods of one signature have one type, whatever their name.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use weakrefs::{WeakMethod, WeakReferenceable, WeakSlot};
//!
//! #[derive(WeakReferenceable, Default)]
//! struct Editor {
//!     slot: WeakSlot,
//!     log: Mutex<Vec<String>>,
//! }
//!
//! impl Editor {
//!     fn saved(&self, name: Arc<str>) {
//!         self.log.lock().unwrap().push(format!("saved {name}"));
//!     }
//!
//!     fn closed(&self, name: Arc<str>) {
//!         self.log.lock().unwrap().push(format!("closed {name}"));
//!     }
//! }
//!
//! let editor = Arc::new(Editor::default());
//! let mut listeners = vec![
//!     WeakMethod::new(&editor, Editor::saved),
//!     WeakMethod::new(&editor, Editor::closed),
//! ];
//! for listener in &listeners {
//!     listener.call(("a.txt".into(),));
//! }
//! assert_eq!(*editor.log.lock().unwrap(), ["saved a.txt", "closed a.txt"]);
//!
//! drop(editor);
//! listeners.retain(WeakMethod::is_alive);
//! assert!(listeners.is_empty());
//! ```
//!
//! Here dead methods leave when the program next sweeps the list. `examples/observer.rs` shows how they
//! leave at once, and how to mix methods of different types of object.
//!
//! # Data beside objects
//! A map keyed by objects can hold what you know about them, if you cannot change their type or want to
//! keep it private. The data goes when its object goes. If the objects have no equality, or one by value
//! where you mean identity, use a [`PtrWeakKeyMap`].
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{PtrWeakKeyMap, WeakReferenceable, WeakSlot};
//!
//! #[derive(WeakReferenceable)]
//! struct Node {
//!     slot: WeakSlot,
//! }
//!
//! let types: PtrWeakKeyMap<Node, &str> = PtrWeakKeyMap::new();
//! let node = Arc::new(Node { slot: WeakSlot::new() });
//! assert_eq!(*types.get_or_insert_with(&node, || "integer"), "integer");
//! assert_eq!(types.get(&node).as_deref(), Some(&"integer"));
//! drop(node);
//! assert!(types.is_empty());
//! ```
//!
//! If the objects are in `Arc`s that others make, of a type that has no slot, the map of the same name in
//! [`lazy`](crate::lazy) takes them: `examples/metadata.rs`.
//!
//! The value must not own its key: see [limitations](super::limitations#values-that-own-their-key).
//!
//! # Cleaning up
//! A destructor is the usual way to clean up. But `std::process::exit` runs none, and neither a static nor
//! a leaked `Arc` is dropped. A finalizer runs once, at the object's death or at exit, whichever comes
//! first (S29, S31). Give it what it needs, never the object itself.
//!
//! ```
//! use std::path::PathBuf;
//! use std::sync::Arc;
//! use std::{env, fs, io, process};
//! use weakrefs::{Finalizer, WeakReferenceable, WeakSlot, finalize};
//!
//! #[derive(WeakReferenceable)]
//! struct TempFile {
//!     slot: WeakSlot,
//!     path: PathBuf,
//! }
//!
//! fn temp_file() -> io::Result<(Arc<TempFile>, Finalizer<TempFile, io::Result<()>>)> {
//!     let path = env::temp_dir().join(format!("weakrefs-patterns-{}", process::id()));
//!     fs::File::create_new(&path)?;
//!     let doomed = path.clone();
//!     let file = Arc::new(TempFile { slot: WeakSlot::new(), path });
//!     let remove = finalize(&file, move || fs::remove_file(doomed));
//!     Ok((file, remove))
//! }
//!
//! # fn main() -> io::Result<()> {
//! let (file, remove) = temp_file()?;
//! let path = file.path.clone();
//! assert!(path.exists());
//! drop(file);
//! assert!(!path.exists() && !remove.alive());
//!
//! // Early, and to see an error:
//! let (_file, remove) = temp_file()?;
//! remove.call().expect("the first to end it")?;
//! # assert!(!path.exists());
//! # Ok(())
//! # }
//! ```
//!
//! # News of a container
//! To know what leaves a container, and whether it died, was replaced or removed, give it a listener. It runs after the entry
//! has left, outside of all locks.
//!
//! ```
//! use std::sync::{Arc, mpsc};
//! use weakrefs::{RemovalCause, Tracked, WeakValueMap};
//!
//! let (sender, receiver) = mpsc::channel();
//! let sessions = WeakValueMap::new();
//! sessions.set_removal_listener(move |name: &Arc<&str>, cause| {
//!     let _ = sender.send((**name, cause));
//! });
//! let ann = Arc::new(Tracked::new("session"));
//! sessions.insert("ann", &ann);
//! drop(ann);
//! assert_eq!(receiver.try_recv(), Ok(("ann", RemovalCause::Died)));
//! ```
//!
//! # News of a death
//! A callback runs in the thread that happens to drop the last `Arc`, and that thread may hold your locks.
//! Work that takes long or needs locks belongs elsewhere: let the callback only send a message.
//!
//! ```
//! use std::sync::{Arc, mpsc};
//! use std::thread;
//! use weakrefs::{Ref, Tracked};
//!
//! let (sender, receiver) = mpsc::channel();
//! let janitor = thread::spawn(move || receiver.iter().collect::<Vec<_>>());
//!
//! let object = Arc::new(Tracked::new("connection"));
//! let reference = Ref::with_callback(&object, move |_| {
//!     let _ = sender.send("connection 7 is gone"); // does not block
//! });
//! drop(object);
//! assert_eq!(janitor.join().unwrap(), ["connection 7 is gone"]);
//! # drop(reference);
//! ```
//!
//! # Trait objects
//! With [`WeakReferenceable`] as a supertrait, an `Arc<dyn Trait>` works wherever an `Arc<T>` does. It is
//! the same object: [`count`](crate::count) sees references made through either. References of different
//! types are not shared (S6), and a container has one type.
//!
//! ```
//! use std::sync::Arc;
//! use weakrefs::{Ref, WeakReferenceable, WeakSlot, WeakValueMap};
//!
//! trait Plugin: WeakReferenceable {
//!     fn run(&self) -> u32;
//! }
//!
//! #[derive(WeakReferenceable)]
//! struct Seven {
//!     slot: WeakSlot,
//! }
//!
//! impl Plugin for Seven {
//!     fn run(&self) -> u32 {
//!         7
//!     }
//! }
//!
//! let seven = Arc::new(Seven { slot: WeakSlot::new() });
//! let plugin: Arc<dyn Plugin> = seven.clone();
//! let plugins: WeakValueMap<&str, dyn Plugin> = WeakValueMap::new();
//! plugins.insert("seven", &plugin);
//! assert_eq!(plugins.get("seven").unwrap().run(), 7);
//!
//! let (_one, _other) = (Ref::new(&plugin), Ref::new(&seven));
//! assert_eq!(weakrefs::count(&seven), 2);
//! ```
//!
//! If you cannot give a type a slot, for example a closure or a type of another crate, wrap it in
//! [`Tracked`](crate::Tracked).
//!
//! [`finalize`]: crate::finalize
//! [`PtrWeakKeyMap`]: crate::PtrWeakKeyMap
//! [`PtrWeakSet`]: crate::PtrWeakSet
//! [`Ref::with_callback`]: crate::Ref::with_callback
//! [`WeakKeyMap`]: crate::WeakKeyMap
//! [`WeakMethod`]: crate::WeakMethod
//! [`WeakReferenceable`]: crate::WeakReferenceable
//! [`WeakSet`]: crate::WeakSet
//! [`WeakSet::get`]: crate::WeakSet::get
//! [`WeakSet::get_or_insert_with`]: crate::WeakSet::get_or_insert_with
//! [`WeakValueMap`]: crate::WeakValueMap
//! [`WeakValueMap::get_or_insert_with`]: crate::WeakValueMap::get_or_insert_with

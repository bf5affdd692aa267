//! The two-step lookup against a naive model: a vector of entries. Comparisons follow a script: they insert, remove and
//! replace entries, let some die, look others up, or fail.
//!
//! Keys are numbers, and all but a few have one hash. The table is in a `RefCell`, so a comparison inside of it would
//! panic.

use proptest::prelude::*;
use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use weakrefs_table::{Lookup, Miss, NoRoom, Position, Search, Table, look_up};

const KEYS: u32 = 6;

fn hash_of(key: u32) -> u64 {
    u64::from(key == KEYS - 1)
}

/// What is the same in all clones of an entry.
#[derive(Debug)]
struct Object {
    id: u32,
    key: u32,
    is_alive: Cell<bool>,
}

type Entry = Rc<Object>;

/// What a comparison does beside comparing.
#[derive(Clone, Debug)]
enum Action {
    Nothing,
    Insert(u32),
    Remove(usize),
    /// Removes an entry and inserts another one of an equal key.
    Replace(usize),
    /// The entry stays until it is evicted, but is not found any more.
    Die(usize),
    Evict,
    Clear,
    LookUp(u32),
    Put(u32),
    Fail,
}

fn action() -> impl Strategy<Value = Action> {
    use Action::*;
    prop_oneof![
        8 => Just(Nothing),
        6 => (0..KEYS).prop_map(Insert),
        4 => (0..8usize).prop_map(Remove),
        6 => (0..8usize).prop_map(Replace),
        3 => (0..8usize).prop_map(Die),
        1 => Just(Evict),
        1 => Just(Clear),
        2 => (0..KEYS).prop_map(LookUp),
        2 => (0..KEYS).prop_map(Put),
        1 => Just(Fail),
    ]
}

/// A table, and what should be in it.
struct World {
    table: RefCell<Table<Entry>>,
    model: RefCell<Vec<Entry>>,
    script: RefCell<Box<dyn Iterator<Item = Action>>>,
    next_id: Cell<u32>,
}

/// How a comparison fails.
#[derive(Debug, PartialEq, Eq)]
struct Failed;

/// A lookup of a key, or of the entry with this number.
struct Sought<'a> {
    world: &'a World,
    key: u32,
    id: Option<u32>,
    compared: RefCell<BTreeMap<u32, u32>>,
}

impl Lookup for Sought<'_> {
    type Table = Table<Entry>;
    type Candidate = Entry;
    type Error = Failed;

    fn enter<R>(&self, work: impl FnOnce(&mut Table<Entry>) -> R) -> R {
        work(&mut self.world.table.borrow_mut())
    }

    fn hash(&self) -> u64 {
        hash_of(self.key)
    }

    fn is_same(&self, entry: &Entry) -> bool {
        entry.is_alive.get() && Some(entry.id) == self.id
    }

    fn candidate(&self, entry: &Entry) -> Option<Entry> {
        entry.is_alive.get().then(|| Rc::clone(entry))
    }

    fn is_of(&self, candidate: &Entry, entry: &Entry) -> bool {
        entry.is_alive.get() && candidate.id == entry.id
    }

    fn is_equal(&self, candidate: &Entry) -> Result<bool, Failed> {
        *self.compared.borrow_mut().entry(candidate.id).or_default() += 1;
        let next = self.world.script.borrow_mut().next();
        self.world.act(next.unwrap_or(Action::Nothing))?;
        Ok(candidate.key == self.key)
    }

    fn refused(&self, NoRoom: NoRoom) -> Failed {
        Failed
    }
}

/// The same, whose action only reads: the table is searched through what lends it.
struct Reading<'a>(&'a Sought<'a>);

impl<'a> Lookup for Reading<'a> {
    type Table = Ref<'a, Table<Entry>>;
    type Candidate = Entry;
    type Error = Failed;

    fn enter<R>(&self, work: impl FnOnce(&mut Self::Table) -> R) -> R {
        work(&mut self.0.world.table.borrow())
    }

    fn hash(&self) -> u64 {
        self.0.hash()
    }

    fn is_same(&self, entry: &Entry) -> bool {
        self.0.is_same(entry)
    }

    fn candidate(&self, entry: &Entry) -> Option<Entry> {
        self.0.candidate(entry)
    }

    fn is_of(&self, candidate: &Entry, entry: &Entry) -> bool {
        self.0.is_of(candidate, entry)
    }

    fn is_equal(&self, candidate: &Entry) -> Result<bool, Failed> {
        self.0.is_equal(candidate)
    }

    fn refused(&self, refusal: NoRoom) -> Failed {
        self.0.refused(refusal)
    }
}

impl World {
    fn new(keys: &[u32], script: impl IntoIterator<Item = Action> + 'static) -> Self {
        let world = Self {
            table: RefCell::default(),
            model: RefCell::default(),
            script: RefCell::new(Box::new(script.into_iter())),
            next_id: Cell::new(0),
        };
        for &key in keys {
            world.insert(key);
        }
        world
    }

    fn make(&self, key: u32) -> Entry {
        let id = self.next_id.replace(self.next_id.get() + 1);
        let is_alive = Cell::new(true);
        Rc::new(Object { id, key, is_alive })
    }

    /// The living entry of a key.
    fn find(&self, key: u32) -> Option<Entry> {
        let model = self.model.borrow();
        let is_it = |entry: &&Entry| entry.key == key && entry.is_alive.get();
        model.iter().find(is_it).cloned()
    }

    fn insert(&self, key: u32) {
        if self.find(key).is_none() {
            let entry = self.make(key);
            self.model.borrow_mut().push(Rc::clone(&entry));
            let inserted = self.table.borrow_mut().insert(hash_of(key), entry);
            inserted.expect("memory");
        }
    }

    fn choose(&self, n: usize) -> Option<Entry> {
        let model = self.model.borrow();
        model.get(n.checked_rem(model.len())?).cloned()
    }

    fn remove(&self, gone: &Entry) {
        self.model.borrow_mut().retain(|entry| entry.id != gone.id);
        let mut table = self.table.borrow_mut();
        let removed = table.remove(hash_of(gone.key), |entry| entry.id == gone.id);
        assert!(removed.is_some());
    }

    fn act(&self, action: Action) -> Result<(), Failed> {
        match action {
            Action::Nothing => {}
            Action::Insert(key) => self.insert(key),
            Action::Remove(n) => {
                if let Some(entry) = self.choose(n) {
                    self.remove(&entry);
                }
            }
            Action::Replace(n) => {
                if let Some(entry) = self.choose(n) {
                    self.remove(&entry);
                    self.insert(entry.key);
                }
            }
            Action::Die(n) => {
                if let Some(entry) = self.choose(n) {
                    entry.is_alive.set(false);
                }
            }
            Action::Evict => {
                self.model.borrow_mut().retain(|entry| entry.is_alive.get());
                let mut table = self.table.borrow_mut();
                drop(table.extract(|entry| !entry.is_alive.get()));
            }
            Action::Clear => {
                self.model.borrow_mut().clear();
                drop(self.table.borrow_mut().clear());
            }
            Action::LookUp(key) => self.look_up(key, None).map(drop)?,
            Action::Put(key) => self.put(key)?,
            Action::Fail => return Err(Failed),
        }
        Ok(())
    }

    fn sought(&self, key: u32, id: Option<u32>) -> Sought<'_> {
        let compared = RefCell::default();
        let world = self;
        Sought {
            world,
            key,
            id,
            compared,
        }
    }

    /// What is found is what the model has at that moment, and nothing is compared twice.
    fn checked<L, R>(
        &self,
        sought: &Sought<'_>,
        lookup: &L,
        act: impl FnOnce(&mut L::Table, Result<Position, Miss>) -> R,
    ) -> Result<R, Failed>
    where
        L: Lookup<Error = Failed>,
        L::Table: Search<Entry = Entry, Position = Position, Miss = Miss>,
    {
        let result = look_up(lookup, |table, found| {
            let entry = found.ok().map(|at| table.get(at).expect("an entry").id);
            assert_eq!(entry, self.find(sought.key).map(|entry| entry.id));
            act(table, found)
        });
        let compared = sought.compared.borrow();
        assert!(compared.values().all(|times| *times == 1), "{compared:?}");
        result
    }

    fn look_up(&self, key: u32, id: Option<u32>) -> Result<Option<u32>, Failed> {
        let sought = self.sought(key, id);
        self.checked(&sought, &Reading(&sought), |table, found| {
            Some(table.get(found.ok()?).expect("an entry").id)
        })
    }

    fn put(&self, key: u32) -> Result<(), Failed> {
        let (entry, sought) = (self.make(key), self.sought(key, None));
        self.checked(&sought, &sought, |table, found| {
            if let Err(miss) = found {
                self.model.borrow_mut().push(Rc::clone(&entry));
                let inserted = table.insert_after(miss, hash_of(key), entry);
                inserted.expect("memory");
            }
        })
    }

    fn check(&self) {
        let table = self.table.borrow();
        let model = self.model.borrow();
        assert!(
            table
                .iter()
                .map(|entry| entry.id)
                .eq(model.iter().map(|entry| entry.id))
        );
        for key in 0..KEYS {
            let living = model
                .iter()
                .filter(|entry| entry.key == key && entry.is_alive.get());
            assert!(living.count() <= 1, "no doubles");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// S18: whatever comparisons do, a lookup finds what is there when it ends, and an insertion makes no double.
    #[test]
    fn agrees_with_the_model(
        keys in prop::collection::vec(0..KEYS, 0..8),
        script in prop::collection::vec(action(), 0..40),
        sought in prop::collection::vec((0..KEYS, any::<bool>(), any::<bool>()), 1..8),
    ) {
        let world = World::new(&keys, script);
        for (key, identical, put) in sought {
            let id = world.find(key).filter(|_| identical).map(|entry| entry.id);
            if put {
                _ = world.put(key);
            } else {
                _ = world.look_up(key, id);
            }
            world.check();
        }
    }
}

/// S18: the identical entry is found without a comparison, and one that is alone under its hash by one.
#[test]
fn nothing_is_compared_needlessly() {
    let world = World::new(&[0, 5], vec![Action::Fail, Action::Fail]);
    for key in [0, 5] {
        let entry = world.find(key).expect("inserted");
        assert_eq!(world.look_up(key, Some(entry.id)), Ok(Some(entry.id)));
    }
    assert_eq!(world.look_up(0, None), Err(Failed));
    assert_eq!(world.look_up(5, None), Err(Failed));
    let sought = world.sought(0, None);
    assert!(matches!(
        look_up(&sought, |_, found| found.is_ok()),
        Ok(true)
    ));
    assert_eq!(sought.compared.borrow().len(), 1);
}

/// S18: a comparison that fails ends the lookup: its action does not run, and the table can be used.
#[test]
fn a_failure_ends_the_lookup() {
    let world = World::new(&[0, 1], vec![Action::Nothing, Action::Fail]);
    let sought = world.sought(2, None);
    let found = look_up(&sought, |_, _| {
        unreachable!("the action of a lookup that has failed")
    });
    assert_eq!(found.map(|never: ()| never), Err(Failed));
    assert_eq!(sought.compared.borrow().len(), 2);
    assert_eq!(world.look_up(2, None), Ok(None));
}

/// S18: comparisons that never stop to change the table cannot keep a lookup from ending: here each inserts an entry
/// that is unequal, or replaces the equal one.
#[test]
fn every_lookup_ends() {
    let endless: [(u32, Box<dyn Iterator<Item = Action>>); 2] = [
        (2, Box::new((10..).map(Action::Insert))),
        (0, Box::new(std::iter::repeat(Action::Replace(0)))),
    ];
    for (key, script) in endless {
        let world = World::new(&[0], script);
        let sought = world.sought(key, None);
        assert_eq!(look_up(&sought, |_, found| found.is_ok()), Ok(false));
        let compared = sought.compared.borrow();
        assert!((10..1000).contains(&compared.len()), "{}", compared.len());
        assert!(compared.values().all(|times| *times == 1));
    }
}

/// S18: identity is enough: an entry that comes during a comparison is recognised even if it equals nothing.
#[test]
fn what_is_identical_may_come_late() {
    let world = World::new(&[0], [Action::Insert(1)]);
    let sought = world.sought(2, Some(1));
    assert_eq!(look_up(&sought, |_, found| found.is_ok()), Ok(true));
    assert_eq!(sought.compared.borrow().len(), 1);
}

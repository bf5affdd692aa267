//! The two-step lookup: keys are compared by user code, which must not run inside the table.
//!
//! # Protocol
//! 1. *Inside.* The entry sought is mostly recognised by identity, or there is none of its hash: then the lookup ends
//!    here, and its action runs in the same stay in the table.
//! 2. *Outside.* Else the entries of equal hash are its candidates. They are taken out and compared, one after the other.
//!    A comparison may do anything: change the table, drop what is compared, look up another key, fail.
//! 3. *Inside again.* An equal candidate counts if it still is in the table. A miss counts if no entry of equal hash is
//!    there that has not been compared. Else the new ones are compared, and so on.
//!
//! The action so runs once, inside, on what is true at that moment: what it inserts after a miss has no double, and an
//! entry that it finds is there.
//!
//! No candidate is compared twice, for all that were unequal are kept until the end, so that none can be taken for
//! another one. Where comparisons keep adding entries of equal hash, the lookup ends after [`ROUNDS`] rounds: what
//! has not been compared by then counts as unequal.
//!
//! What leaves the table on the way (candidates) is dropped outside of it. The first candidate, which mostly is equal,
//! costs no memory.

use crate::room::NoRoom;
use crate::table::{Miss, Position, Table};
use alloc::vec::Vec;
use core::ops::Deref;

/// How often new candidates are compared before a lookup gives up. Comparisons that change nothing need two rounds, and
/// other threads that insert entries of the same hash a few more.
const ROUNDS: usize = 64;

/// A table to look something up in.
///
/// Nothing in it runs user code.
pub trait Search {
    /// What the table holds.
    type Entry;
    /// Where an entry is; good until the table's next change.
    type Position: Copy;
    /// A search that has found nothing.
    type Miss;

    /// A number that differs from all earlier ones as soon as the table has changed.
    fn version(&self) -> u64;

    /// Finds the entry with this hash for which `same` holds, which is called on entries of equal hash only and decides
    /// by identity.
    ///
    /// # Errors
    /// What there is to know of a miss.
    fn search(
        &self,
        hash: u64,
        same: impl FnMut(&Self::Entry) -> bool,
    ) -> Result<Self::Position, Self::Miss>;

    /// What is known of a miss that was established otherwise.
    fn miss(&self) -> Self::Miss;

    /// An entry of equal hash that the search has passed, if there is any.
    fn candidate(miss: &Self::Miss) -> Option<Self::Position>;

    /// All entries with this hash, in no particular order: to be compared outside.
    fn candidates(&self, hash: u64) -> impl Iterator<Item = (Self::Position, &Self::Entry)>;

    /// The entry at a position, if one is there.
    fn get(&self, at: Self::Position) -> Option<&Self::Entry>;
}

impl<E> Search for Table<E> {
    type Entry = E;
    type Position = Position;
    type Miss = Miss;

    #[inline]
    fn version(&self) -> u64 {
        self.version()
    }

    #[inline]
    fn search(&self, hash: u64, same: impl FnMut(&E) -> bool) -> Result<Position, Miss> {
        self.search(hash, same)
    }

    #[inline]
    fn miss(&self) -> Miss {
        self.miss()
    }

    #[inline]
    fn candidate(miss: &Miss) -> Option<Position> {
        miss.candidate
    }

    fn candidates(&self, hash: u64) -> impl Iterator<Item = (Position, &E)> {
        self.candidates(hash)
    }

    #[inline]
    fn get(&self, at: Position) -> Option<&E> {
        self.get(at)
    }
}

/// What gives access to a table for a time, such as a guard, is searched as that is: by a lookup whose action only reads.
impl<A: Deref<Target: Search>> Search for A {
    type Entry = <A::Target as Search>::Entry;
    type Position = <A::Target as Search>::Position;
    type Miss = <A::Target as Search>::Miss;

    #[inline]
    fn version(&self) -> u64 {
        (**self).version()
    }

    #[inline]
    fn search(
        &self,
        hash: u64,
        same: impl FnMut(&Self::Entry) -> bool,
    ) -> Result<Self::Position, Self::Miss> {
        (**self).search(hash, same)
    }

    #[inline]
    fn miss(&self) -> Self::Miss {
        (**self).miss()
    }

    #[inline]
    fn candidate(miss: &Self::Miss) -> Option<Self::Position> {
        A::Target::candidate(miss)
    }

    fn candidates(&self, hash: u64) -> impl Iterator<Item = (Self::Position, &Self::Entry)> {
        (**self).candidates(hash)
    }

    #[inline]
    fn get(&self, at: Self::Position) -> Option<&Self::Entry> {
        (**self).get(at)
    }
}

/// What a lookup finds: an entry's place, or the miss.
pub type Found<T> = Result<<T as Search>::Position, <T as Search>::Miss>;

/// What a lookup's table holds.
pub type EntryOf<L> = <<L as Lookup>::Table as Search>::Entry;

/// What is looked for, and where.
///
/// [`enter`](Self::enter) is the only way to the table. What is asked inside of it must run no user code.
pub trait Lookup {
    /// Where it looks: a table, or what lends one out.
    type Table: Search;
    /// What is taken out of an entry to be compared. While it lives, no other entry is [taken](Self::is_of) for its own.
    type Candidate;
    /// How a comparison may fail.
    type Error;

    /// Does `work` inside the table, which nobody else changes meanwhile, nor uses, if `work` may change it.
    fn enter<R>(&self, work: impl FnOnce(&mut Self::Table) -> R) -> R;

    /// The hash of what is sought.
    fn hash(&self) -> u64;

    /// Inside: whether this is the entry sought beyond doubt.
    fn is_same(&self, entry: &EntryOf<Self>) -> bool;

    /// Inside: what there is to compare with an entry of equal hash; `None` if it cannot be the one sought.
    fn candidate(&self, entry: &EntryOf<Self>) -> Option<Self::Candidate>;

    /// Inside: whether `candidate` was taken out of this entry, and could be now.
    fn is_of(&self, candidate: &Self::Candidate, entry: &EntryOf<Self>) -> bool;

    /// Outside: compares. The user's code may run.
    ///
    /// # Errors
    /// What the lookup is to fail with.
    fn is_equal(&self, candidate: &Self::Candidate) -> Result<bool, Self::Error>;

    /// Outside: how the lookup fails if there is no memory for listing its candidates.
    fn refused(&self, refusal: NoRoom) -> Self::Error;
}

/// Looks an entry up and does `act` inside the table: on the position of the entry, or on the miss.
///
/// What `act` takes out of the table it must return, to be dropped outside.
///
/// # Errors
/// That of a comparison, or [`Lookup::refused`]'s. `act` has not run then.
#[inline(always)]
pub fn look_up<L: Lookup, R>(
    lookup: &L,
    act: impl FnOnce(&mut L::Table, Found<L::Table>) -> R,
) -> Result<R, L::Error> {
    let step = lookup.enter(|table| {
        let miss = match table.search(lookup.hash(), |entry| lookup.is_same(entry)) {
            Ok(at) => return Ok(act(table, Ok(at))),
            Err(miss) => miss,
        };
        match L::Table::candidate(&miss) {
            Some(at) => Err((Listed::at(lookup, table, at), act)),
            None => Ok(act(table, Err(miss))),
        }
    });
    match step {
        Ok(result) => Ok(result),
        Err((first, act)) => compare(lookup, first, act),
    }
}

/// The second and the third step.
#[inline(never)]
fn compare<L: Lookup, R, A: FnOnce(&mut L::Table, Found<L::Table>) -> R>(
    lookup: &L,
    first: Option<Listed<L>>,
    mut act: A,
) -> Result<R, L::Error> {
    let mut candidates = Candidates::new(first);
    loop {
        let equal = candidates.compare(lookup)?;
        let step = lookup.enter(
            |table| match candidates.settle(lookup, table, equal.as_ref()) {
                Ok(Some(found)) => Ok(act(table, found)),
                Ok(None) => Err((act, Ok(()))),
                Err(refusal) => Err((act, Err(refusal))),
            },
        );
        let listed;
        (act, listed) = match step {
            Ok(result) => return Ok(result),
            Err(unsettled) => unsettled,
        };
        listed.map_err(|refusal| lookup.refused(refusal))?;
    }
}

/// A candidate, and where its entry was at some version of the table.
struct Listed<L: Lookup> {
    candidate: L::Candidate,
    at: <L::Table as Search>::Position,
    version: u64,
}

impl<L: Lookup> Listed<L> {
    #[inline]
    fn at(lookup: &L, table: &L::Table, at: <L::Table as Search>::Position) -> Option<Self> {
        Some(Self {
            candidate: lookup.candidate(table.get(at)?)?,
            at,
            version: table.version(),
        })
    }

    /// Where its entry is now.
    fn position(&self, lookup: &L, table: &L::Table) -> Option<<L::Table as Search>::Position> {
        let is_of = |entry: &EntryOf<L>| lookup.is_of(&self.candidate, entry);
        if table.version() == self.version {
            table.get(self.at).is_some_and(is_of).then_some(self.at)
        } else {
            table.search(lookup.hash(), is_of).ok()
        }
    }
}

/// The candidates of a lookup.
struct Candidates<L: Lookup> {
    /// The next one to be compared; others only follow where it was unequal.
    next: Option<Listed<L>>,
    others: Vec<Listed<L>>,
    unequal: Vec<Listed<L>>,
    /// The version of the table at which all were listed, once they have been.
    version: Option<u64>,
    rounds: usize,
}

impl<L: Lookup> Candidates<L> {
    fn new(first: Option<Listed<L>>) -> Self {
        Self {
            next: first,
            others: Vec::new(),
            unequal: Vec::new(),
            version: None,
            rounds: 0,
        }
    }

    /// Compares those that have not been compared, until one is equal.
    fn compare(&mut self, lookup: &L) -> Result<Option<Listed<L>>, L::Error> {
        while let Some(listed) = self.next.take().or_else(|| self.others.pop()) {
            if lookup.is_equal(&listed.candidate)? {
                return Ok(Some(listed));
            }
            let room = self.unequal.try_reserve(1);
            room.map_err(|refusal| lookup.refused(refusal.into()))?;
            self.unequal.push(listed);
        }
        Ok(None)
    }

    /// What has been found, inside the table, after comparisons of which the last one was `equal`; `None` if there
    /// is more to be compared.
    fn settle(
        &mut self,
        lookup: &L,
        table: &L::Table,
        equal: Option<&Listed<L>>,
    ) -> Result<Option<Found<L::Table>>, NoRoom> {
        if let Some(at) = equal.and_then(|equal| equal.position(lookup, table)) {
            return Ok(Some(Ok(at)));
        }
        if self.version != Some(table.version()) {
            // The same one may have come meanwhile.
            if let Ok(at) = table.search(lookup.hash(), |entry| lookup.is_same(entry)) {
                return Ok(Some(Ok(at)));
            }
            self.rounds += 1;
            if self.rounds <= ROUNDS {
                self.list(lookup, table)?;
            }
        }
        let is_over = self.others.is_empty() || self.rounds > ROUNDS;
        Ok(is_over.then(|| Err(table.miss())))
    }

    /// Lists those that are not listed yet.
    fn list(&mut self, lookup: &L, table: &L::Table) -> Result<(), NoRoom> {
        let pending = self.others.len();
        for (at, entry) in table.candidates(lookup.hash()) {
            let mut known = self.unequal.iter().chain(self.others.iter().take(pending));
            if !known.any(|listed| lookup.is_of(&listed.candidate, entry)) {
                self.others.try_reserve(1)?;
                self.others.extend(Listed::at(lookup, table, at));
            }
        }
        self.version = Some(table.version());
        Ok(())
    }
}

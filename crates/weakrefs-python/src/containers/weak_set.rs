//! `WeakSet`: a set that lets go of an element when it dies.
//!
//! The native base of the public class: elements, iteration, copies, and the way to each operation. Combining sets is in
//! [`set_algebra`], comparing them in [`set_comparison`].

#![allow(unsafe_code, reason = "entry points from the interpreter")]

use super::container::{self, Container, Scratch};
use super::data::Shown;
use super::entry::{Classes, Entry, Part, Taken};
use super::hashing::{element_hash, possible_element_hash};
use super::iterator::WeakIterator;
use super::set_algebra;
use super::set_comparison::{self, Relation};
use super::subclassing::{class_of, is_container, is_unchanged, new_public};
use crate::interpreter::arguments::{Arguments, Signature};
use crate::interpreter::class::{self, OPEN, Stop, Visit, slot};
use crate::interpreter::entry::{enter, passed};
use crate::interpreter::error::{Result, empty, key_error, no_memory};
use crate::interpreter::method::{Function, Name, Native};
use crate::interpreter::names::name;
use crate::interpreter::object::{
    self, Argument, boolean, call, call_method, is_instance, none, not_implemented,
};
use crate::interpreter::owned::Strong;
use crate::interpreter::turns::Turns;
use crate::references::weak_ref::WeakRef;
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::ffi::{CStr, c_int, c_void};

/// A weakly held element.
#[derive(Clone)]
pub(crate) struct Element(WeakRef);

impl Entry for Element {
    const CLASS: &'static str = "WeakSet";

    fn classes() -> &'static Classes {
        static CLASSES: Classes = Classes::new();
        &CLASSES
    }

    fn natives() -> [&'static [Native]; 2] {
        [&NATIVES, &[]]
    }

    fn reference(&self) -> &WeakRef {
        &self.0
    }

    fn identity(&self) -> &Strong {
        self.0.object()
    }

    #[inline]
    fn is_for(&self, key: &Bound<'_, PyAny>) -> bool {
        self.0.refers_to(key)
    }

    #[inline]
    fn has_key_of(&self, _py: Python<'_>, other: &Self) -> bool {
        self.0.has_referent_of(&other.0)
    }

    #[inline]
    fn hash(&self, _py: Python<'_>) -> isize {
        self.0.remembered_hash()
    }

    fn key_of<'py>(identity: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: the identity of an entry is its reference.
        unsafe { WeakRef::view_unchecked(identity) }.upgrade(identity.py())
    }

    fn hash_of(reference: &Bound<'_, PyAny>) -> Result<isize> {
        Ok(WeakRef::view(reference)?.remembered_hash())
    }

    fn visit(&self, visit: Visit) -> std::result::Result<(), Stop> {
        visit.one(self.0.object().as_ptr())
    }

    #[inline]
    fn take<'py>(&self, py: Python<'py>, _part: Part) -> Option<Taken<'py>> {
        self.0.upgrade(py).map(Taken::One)
    }

    /// A dead reference owns nothing.
    fn give_up(self, _py: Python<'_>) {
        drop(self);
    }
}

impl Container<Element> {
    /// A new entry for `element`, whose hash is `hash`.
    pub(crate) fn element(&self, element: &Bound<'_, PyAny>, hash: isize) -> Result<Element> {
        let (evictor, _) = self.evictor(element.py())?;
        let reference = WeakRef::new(element, evictor)?;
        reference.remember_hash(hash);
        Ok(Element(reference))
    }

    /// Adds `element`, whose hash is `hash`, unless an equal one is there, which stays (S19). Gives whether it was added.
    pub(crate) fn add(&self, element: &Bound<'_, PyAny>, hash: isize) -> Result<bool> {
        let present = self.put(element, hash, |_, _| (), || self.element(element, hash))?;
        Ok(present.is_none())
    }

    /// Adds the live elements of `other`, none of which is in this new container yet.
    fn copy_from(&self, py: Python<'_>, other: &Self) -> Result<()> {
        let mut turns = Turns::default();
        let elements = other.collect(py, Clone::clone)?;
        self.reserve(py, elements.len())?;
        let mut miss = self.miss(py)?;
        for Element(reference) in elements {
            let Some(element) = reference.upgrade(py) else {
                continue;
            };
            let hash = reference.remembered_hash();
            self.append(&element, hash, self.element(&element, hash)?, &mut miss)?;
            turns.take(py)?;
        }
        Ok(())
    }
}

impl Shown for Element {
    fn references<'py>(container: &Container<Self>, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        let references = container.collect(py, |element| element.0.object().clone())?;
        Ok(object::list(py, references, |reference| reference.into_bound(py))?.into_any())
    }

    fn replace(container: &Container<Self>, references: Borrowed<'_, '_, PyAny>) -> Result<()> {
        let py = references.py();
        let (evictor, _) = container.evictor(py)?;
        // With the elements themselves, so that none can die before its entry is in place.
        let mut entries = Vec::new();
        // Of equal elements, the first one counts.
        let distinct = Scratch::<Element>::new(py);
        for reference in object::iterate(&references)? {
            let reference = reference?;
            let reference = WeakRef::view(&reference)?;
            let Some(element) = reference.upgrade(py) else {
                continue;
            };
            let hash = reference.referent_hash(&element)?;
            if !distinct.add(&element, hash)? {
                continue;
            }
            let entry = if reference.calls(evictor) {
                reference.remember_hash(hash);
                Element(reference.clone())
            } else {
                container.element(&element, hash)?
            };
            entries.try_reserve(1).map_err(|_| no_memory(py))?;
            entries.push((element, hash, entry));
        }
        container.replace(
            py,
            entries
                .iter()
                .map(|(_, hash, entry)| (*hash, entry.clone())),
        )
    }
}

const INIT: Signature = Signature::new(Element::CLASS, "__init__", &["data"], 0);

const DOC: &CStr = c"WeakSet(data=None)\n--\n\nThe native base of weakrefs.WeakSet.";

/// Makes the native class.
pub(crate) fn make_class(py: Python<'_>) -> Result<()> {
    Element::classes().container.make(py, || {
        class::create::<Container<Element>, _>(
            py,
            c"weakrefs._weakrefs.WeakSet",
            OPEN | ffi::Py_TPFLAGS_IMMUTABLETYPE,
            [
                slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
                slot(ffi::Py_tp_init, init as *mut c_void),
                slot(ffi::Py_tp_iter, iterate as *mut c_void),
                slot(ffi::Py_tp_richcompare, compare as *mut c_void),
                slot(ffi::Py_sq_contains, contains as *mut c_void),
                slot(ffi::Py_sq_length, len as *mut c_void),
                slot(ffi::Py_mp_length, len as *mut c_void),
                slot(ffi::Py_nb_or, or as *mut c_void),
                slot(ffi::Py_nb_and, and as *mut c_void),
                slot(ffi::Py_nb_subtract, subtract as *mut c_void),
                slot(ffi::Py_nb_xor, xor as *mut c_void),
                slot(ffi::Py_nb_inplace_or, inplace_or as *mut c_void),
                slot(ffi::Py_nb_inplace_and, inplace_and as *mut c_void),
                slot(ffi::Py_nb_inplace_subtract, inplace_subtract as *mut c_void),
                slot(ffi::Py_nb_inplace_xor, inplace_xor as *mut c_void),
                slot(
                    ffi::Py_tp_methods,
                    const { &<Element as Shown>::METHODS }.pointer(),
                ),
            ],
        )
    })?;
    Ok(())
}

const ADD: Native = flat(name::add, add);
const UPDATE: Native = native(name::update, update);

/// The methods that the public class describes.
static NATIVES: [Native; 18] = [
    ADD,
    flat(name::discard, discard),
    flat(name::remove, remove),
    flat(name::pop, pop),
    native(name::clear, clear),
    UPDATE,
    native(name::copy, copy),
    native(name::issubset, issubset),
    native(name::issuperset, issuperset),
    native(name::isdisjoint, isdisjoint),
    native(name::union, union),
    native(name::intersection, intersection),
    native(name::difference, difference),
    native(name::symmetric_difference, symmetric_difference),
    native(name::intersection_update, intersection_update),
    native(name::difference_update, difference_update),
    native(
        name::symmetric_difference_update,
        symmetric_difference_update,
    ),
    native(name::__sizeof__, __sizeof__),
];

const fn native(name: Name, function: impl Function) -> Native {
    Native::new::<Container<Element>, _>(name, function)
}

const fn flat(name: Name, function: impl Function) -> Native {
    Native::flat::<Container<Element>, _>(name, function)
}

// Slots

unsafe extern "C" fn init(
    this: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: called by the interpreter with an object of the class, and the arguments of a call.
    unsafe {
        enter(|py| {
            let this = passed(py, this);
            let [data] = Arguments::in_tuple(py, args, kwargs).read(&INIT)?;
            container::of::<Element>(this).clear_entries(py);
            match data.filter(|data| data.as_ptr() != ffi::Py_None()) {
                None => Ok(()),
                Some(data) if !UPDATE.is_of(this)? => {
                    call_method(name::update(py), [this, data]).map(drop)
                }
                Some(data) => add_each(this, data),
            }
        })
    }
}

unsafe extern "C" fn len(this: *mut ffi::PyObject) -> ffi::Py_ssize_t {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter(|py| Ok(container::of::<Element>(passed(py, this)).len(py))) }
}

unsafe extern "C" fn contains(this: *mut ffi::PyObject, item: *mut ffi::PyObject) -> c_int {
    // SAFETY: called by the interpreter with an object of the class, and another one.
    unsafe {
        enter(|py| {
            let (this, item) = (passed(py, this), passed(py, item));
            let Some(hash) = possible_element_hash(&item)? else {
                return Ok(false);
            };
            let found = container::of::<Element>(this).find(&item, hash, |_, _| ())?;
            Ok(found.is_some())
        })
    }
}

unsafe extern "C" fn iterate(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class.
    unsafe { enter(|py| WeakIterator::<Element>::make(passed(py, this), Part::Key)) }
}

unsafe extern "C" fn compare(
    this: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
    op: c_int,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter with an object of the class, and another one.
    unsafe {
        enter(|py| {
            let (this, other) = (passed(py, this), passed(py, other));
            let relation = match op {
                ffi::Py_LE => Relation::Subset,
                ffi::Py_LT => Relation::ProperSubset,
                ffi::Py_GE => Relation::Superset,
                ffi::Py_GT => Relation::ProperSuperset,
                ffi::Py_EQ if !is_instance(&other, &class_of(&this)?)? => {
                    return Ok(not_implemented(py));
                }
                ffi::Py_EQ => Relation::Equal,
                _ => {
                    // The opposite of `==`, which a subclass may have overridden.
                    let equal = call_method(name::eq(py), [this, other])?;
                    if equal.as_ptr() == ffi::Py_NotImplemented() {
                        return Ok(equal);
                    }
                    return Ok(boolean(py, !object::is_true(&equal)?));
                }
            };
            let holds = set_comparison::holds(relation, container::of(this), &other)?;
            Ok(boolean(py, holds))
        })
    }
}

/// A binary operator: what it does with a set on its left.
macro_rules! operator {
    ($name:ident($this:ident, $other:ident) $body:expr) => {
        unsafe extern "C" fn $name(
            this: *mut ffi::PyObject,
            other: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            // SAFETY: called by the interpreter with two objects, one of which is of the class.
            unsafe {
                enter(|py| {
                    let ($this, $other) = (passed(py, this), passed(py, other));
                    if !is_container::<Element>($this) {
                        return Ok(not_implemented(py));
                    }
                    $body
                })
            }
        }
    };
}

operator!(or(this, other) set_algebra::union(this, other));
operator!(and(this, other) set_algebra::intersection(this, other));
operator!(subtract(this, other) {
    set_algebra::changed_copy(this, name::difference_update(this.py()), other)
});
operator!(xor(this, other) {
    set_algebra::changed_copy(this, name::symmetric_difference_update(this.py()), other)
});
operator!(inplace_or(this, other) {
    call_method(name::update(this.py()), [this, other])?;
    Ok(this.to_owned())
});
operator!(inplace_and(this, other) {
    set_algebra::keep(container::of(this), &other)?;
    Ok(this.to_owned())
});
operator!(inplace_subtract(this, other) {
    set_algebra::remove(container::of(this), &other)?;
    Ok(this.to_owned())
});
operator!(inplace_xor(this, other) {
    set_algebra::toggle(container::of(this), &other)?;
    Ok(this.to_owned())
});

// Methods

/// A method: what it does with the object, the container in it, and the arguments, all of which must be given.
macro_rules! method {
    ($name:ident($this:ident, $container:ident $(, $argument:ident)*) $body:expr) => {
        fn $name<'py>(
            $this: Argument<'_, 'py>,
            arguments: Arguments<'_, 'py>,
        ) -> Result<Bound<'py, PyAny>> {
            const PARAMETERS: &[&str] = &[$(stringify!($argument)),*];
            const SIGNATURE: Signature =
                Signature::new(Element::CLASS, stringify!($name), PARAMETERS, PARAMETERS.len());
            // SAFETY: methods are entered with an object of the class.
            let $container = unsafe { container::of::<Element>($this) };
            let [$($argument),*] = arguments.all(&SIGNATURE)?;
            $body
        }
    };
}

method!(add(this, container, item) {
    container.add(&item, element_hash(&item)?)?;
    Ok(none(this.py()))
});

method!(discard(this, container, item) {
    let element = container.take(&item, element_hash(&item)?)?;
    drop(element);
    Ok(none(this.py()))
});

method!(remove(this, container, item) {
    match container.take(&item, element_hash(&item)?)? {
        Some(element) => {
            drop(element);
            Ok(none(this.py()))
        }
        None => Err(key_error(this.py(), WeakRef::plain(&item))),
    }
});

method!(pop(this, container) {
    loop {
        let Some(Element(reference)) = container.pop(this.py()) else {
            return Err(empty(this.py(), "pop from empty WeakSet"));
        };
        if let Some(element) = reference.upgrade(this.py()) {
            return Ok(element);
        }
    }
});

method!(clear(this, container) {
    container.clear_entries(this.py());
    Ok(none(this.py()))
});

method!(update(this, _container, other) {
    add_each(this, other)?;
    Ok(none(this.py()))
});

/// Adds each element of `other`: by `add`, if that is not ours.
fn add_each<'py>(this: Argument<'_, 'py>, other: Argument<'_, 'py>) -> Result<()> {
    let py = this.py();
    if !ADD.is_of(this)? {
        let mut turns = Turns::default();
        for element in object::iterate(&other)? {
            call_method(name::add(py), [this, element?.as_borrowed()])?;
            turns.take(py)?;
        }
        return Ok(());
    }
    // SAFETY: the caller's object is of the class.
    set_algebra::add_all(unsafe { container::of(this) }, &other)
}

method!(copy(this, _container) copy_of(this));

/// A shallow copy of the same class.
pub(crate) fn copy_of<'py>(this: Argument<'_, 'py>) -> Result<Bound<'py, PyAny>> {
    if !is_unchanged::<Element>(this)? {
        return call(&class_of(&this)?, [this]);
    }
    let copy = new_public::<Element>(this)?;
    // SAFETY: the caller's object is of the class.
    let container = unsafe { container::of(this) };
    copy.container().copy_from(this.py(), container)?;
    Ok(copy.0)
}

method!(issubset(this, _container, other) relation(Relation::Subset, this, other));
method!(issuperset(this, _container, other) relation(Relation::Superset, this, other));

fn relation<'py>(
    relation: Relation,
    this: Argument<'_, 'py>,
    other: Argument<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: the caller's object is of the class.
    let holds = set_comparison::holds(relation, unsafe { container::of(this) }, &other)?;
    Ok(boolean(this.py(), holds))
}

method!(isdisjoint(this, _container, other) {
    Ok(boolean(this.py(), set_comparison::is_disjoint(this, other)?))
});
method!(union(this, _container, other) set_algebra::union(this, other));
method!(intersection(this, _container, other) set_algebra::intersection(this, other));
method!(difference(this, _container, other) {
    set_algebra::changed_copy(this, name::difference_update(this.py()), other)
});
method!(symmetric_difference(this, _container, other) {
    set_algebra::changed_copy(this, name::symmetric_difference_update(this.py()), other)
});
method!(intersection_update(this, _container, other) {
    call_method(name::iand(this.py()), [this, other]).map(|_set| none(this.py()))
});
method!(difference_update(this, _container, other) {
    call_method(name::isub(this.py()), [this, other]).map(|_set| none(this.py()))
});
method!(symmetric_difference_update(this, _container, other) {
    call_method(name::ixor(this.py()), [this, other]).map(|_set| none(this.py()))
});

method!(__sizeof__(this, container) {
    let own = size_of::<class::Object<Container<Element>>>();
    object::integer(this.py(), own + container.allocated_bytes(this.py()))
});

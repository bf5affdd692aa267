//! The one reader of arguments: of methods, constructors and calls, however the interpreter passes them.
//!
//! A [`Signature`] says what is taken, and words what is refused as a function written in Python would: the standard
//! classes are such functions, and messages count `self`. The words are those of 3.14 on every version (S25).

#![allow(
    unsafe_code,
    reason = "the arguments of a call, as the interpreter passes them"
)]

use super::entry::passed;
use super::error::{Raised, Result, given, type_error};
use super::object::{self, dict, set_item};
use pyo3::types::{PyDict, PyTuple};
use pyo3::{Borrowed, Bound, PyAny, Python, ffi};
use std::fmt;
use std::marker::PhantomData;
use std::{array, ptr};

/// What a function takes.
pub(crate) struct Signature {
    pub(crate) class: &'static str,
    pub(crate) method: &'static str,
    /// The names of the parameters, without `self`.
    pub(crate) parameters: &'static [&'static str],
    /// How many of them must be given.
    pub(crate) required: usize,
    /// How many of them cannot be named.
    pub(crate) positional_only: usize,
    /// The name of what goes before them.
    receiver: &'static str,
}

impl Signature {
    /// One whose parameters can all be named.
    pub(crate) const fn new(
        class: &'static str,
        method: &'static str,
        parameters: &'static [&'static str],
        required: usize,
    ) -> Self {
        Self {
            class,
            method,
            parameters,
            required,
            positional_only: 0,
            receiver: "self",
        }
    }

    /// The same, with another name than `self` for what goes before the parameters.
    pub(crate) const fn receiver(self, receiver: &'static str) -> Self {
        Self { receiver, ..self }
    }

    /// The same, but that no parameter can be named.
    pub(crate) const fn positional_only(self) -> Self {
        Self {
            positional_only: self.parameters.len(),
            ..self
        }
    }
}

/// As messages call it: `WeakSet.add`.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.class, self.method)
    }
}

/// Where the arguments with a name are.
#[derive(Clone, Copy)]
enum Named {
    /// The tuple of their names, or null, and where their values begin.
    Tuple(*mut ffi::PyObject, *const *mut ffi::PyObject),
    /// A `dict`.
    Dict(*mut ffi::PyObject),
}

/// The arguments of a call. They live as long as it.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a, 'py> {
    py: Python<'py>,
    first: *const *mut ffi::PyObject,
    /// How many there are without a name.
    unnamed: usize,
    named: Named,
    call: PhantomData<&'a ()>,
}

impl<'a, 'py> Arguments<'a, 'py> {
    /// Those of a call that passes an array (PEP 590). `unnamed` is a number, or that with a flag.
    ///
    /// # Safety
    /// They are what the interpreter has passed, and live as long as the result is used.
    #[inline]
    pub(crate) unsafe fn in_array(
        py: Python<'py>,
        first: *const *mut ffi::PyObject,
        unnamed: usize,
        names: *mut ffi::PyObject,
    ) -> Self {
        // SAFETY: arithmetic.
        let unnamed = unsafe { ffi::PyVectorcall_NARGS(unnamed) } as usize;
        // The values with names follow those without.
        let named = Named::Tuple(names, first.wrapping_add(unnamed));
        Self {
            py,
            first,
            unnamed,
            named,
            call: PhantomData,
        }
    }

    /// Those of a call that passes a tuple, and a `dict` or null.
    ///
    /// # Safety
    /// As [`in_array`](Self::in_array).
    #[inline]
    pub(crate) unsafe fn in_tuple(
        py: Python<'py>,
        args: *mut ffi::PyObject,
        kwargs: *mut ffi::PyObject,
    ) -> Self {
        // SAFETY: a tuple, whose items lie in a row.
        let (first, unnamed) = unsafe {
            (
                (&raw const (*args.cast::<ffi::PyTupleObject>()).ob_item).cast(),
                ffi::PyTuple_GET_SIZE(args),
            )
        };
        let named = if kwargs.is_null() {
            Named::Tuple(kwargs, first)
        } else {
            Named::Dict(kwargs)
        };
        Self {
            py,
            first,
            unnamed: unnamed as usize,
            named,
            call: PhantomData,
        }
    }

    /// How many have no name.
    pub(crate) fn unnamed(&self) -> usize {
        self.unnamed
    }

    /// Whether any has a name.
    #[inline]
    pub(crate) fn has_named(&self) -> bool {
        match self.named {
            Named::Tuple(names, _) => !names.is_null(),
            // SAFETY: a `dict`.
            Named::Dict(named) => unsafe { ffi::PyDict_Size(named) != 0 },
        }
    }

    /// The one at `at` of those without a name.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<Borrowed<'a, 'py, PyAny>> {
        // SAFETY: the interpreter has passed as many.
        (at < self.unnamed).then(|| unsafe { passed(self.py, *self.first.add(at)) })
    }

    /// The values of the parameters of `signature`, of which there are `N`.
    #[inline]
    pub(crate) fn read<const N: usize>(
        &self,
        signature: &Signature,
    ) -> Result<[Option<Borrowed<'a, 'py, PyAny>>; N]> {
        let values = array::from_fn(|at| self.get(at));
        let plain = self.unnamed >= signature.required && self.unnamed <= N && !self.has_named();
        if plain {
            Ok(values)
        } else {
            self.sort(signature, values)
        }
    }

    /// The values of the parameters of `signature`, all of which must be given.
    #[inline]
    pub(crate) fn all<const N: usize>(
        &self,
        signature: &Signature,
    ) -> Result<[Borrowed<'a, 'py, PyAny>; N]> {
        let values: [_; N] = self.read(signature)?;
        // SAFETY: None is never freed. It is taken for nothing: the signature requires all.
        Ok(values.map(|value| value.unwrap_or_else(|| unsafe { passed(self.py, ffi::Py_None()) })))
    }

    /// The values of two parameters of `signature`, the second of which need not be given.
    #[inline]
    pub(crate) fn one_or_two(
        &self,
        signature: &Signature,
    ) -> Result<(Borrowed<'a, 'py, PyAny>, Option<Borrowed<'a, 'py, PyAny>>)> {
        let [one, two] = self.read(signature)?;
        // SAFETY: as above.
        Ok((
            one.unwrap_or_else(|| unsafe { passed(self.py, ffi::Py_None()) }),
            two,
        ))
    }

    /// The first one, and the others; nothing if none is without a name.
    #[inline]
    pub(crate) fn split_first(self) -> Option<(Borrowed<'a, 'py, PyAny>, Self)> {
        let first = self.get(0)?;
        let others = Self {
            first: self.first.wrapping_add(1),
            unnamed: self.unnamed - 1,
            ..self
        };
        Some((first, others))
    }

    /// These without what goes beyond `most` of those without a name.
    #[inline]
    pub(crate) fn up_to(self, most: usize) -> Self {
        Self {
            unnamed: self.unnamed.min(most),
            ..self
        }
    }

    /// These without those that have a name.
    pub(crate) fn positional(self) -> Self {
        Self {
            named: Named::Tuple(ptr::null_mut(), self.first),
            ..self
        }
    }

    /// Finds the parameters of arguments with names; words what is wrong.
    #[cold]
    fn sort<const N: usize>(
        &self,
        signature: &Signature,
        mut values: [Option<Borrowed<'a, 'py, PyAny>>; N],
    ) -> Result<[Option<Borrowed<'a, 'py, PyAny>>; N]> {
        let Signature {
            parameters,
            required,
            positional_only,
            ..
        } = *signature;
        self.for_each_named(|name, value| {
            let text = object::text(name)?;
            match parameters.iter().position(|parameter| *parameter == text) {
                Some(at) if at < positional_only => Err(type_error(
                    self.py,
                    format_args!(
                        "{signature}() got some positional-only arguments passed as keyword arguments: '{text}'"
                    ),
                )),
                Some(at) => match values.get_mut(at) {
                    Some(slot @ None) => {
                        *slot = Some(value);
                        Ok(())
                    }
                    _ => Err(multiple(self.py, signature, text)),
                },
                None if text == signature.receiver && positional_only == 0 => {
                    Err(multiple(self.py, signature, text))
                }
                None => Err(unexpected(self.py, signature, text)),
            }
        })?;
        self.at_most(signature)?;
        let missing = || {
            parameters
                .iter()
                .zip(&values)
                .take(required)
                .filter(|(_, value)| value.is_none())
        };
        match missing().count() {
            0 => Ok(values),
            count => {
                let plural = if count == 1 { "" } else { "s" };
                let names = Listed(|| missing().map(|(name, _)| *name), count);
                Err(type_error(
                    self.py,
                    format_args!(
                        "{signature}() missing {count} required positional argument{plural}: {names}"
                    ),
                ))
            }
        }
    }

    /// Fails if there are more without a name than `signature` takes.
    pub(crate) fn at_most(&self, signature: &Signature) -> Result<()> {
        let most = signature.parameters.len();
        if self.unnamed <= most {
            return Ok(());
        }
        // With `self`, which a function in Python counts.
        let (least, most, given) = (signature.required + 1, most + 1, self.unnamed + 1);
        let from = Least(least, most);
        let plural = if most == 1 { "" } else { "s" };
        Err(type_error(
            self.py,
            format_args!(
                "{signature}() takes {from}{most} positional argument{plural} but {given} were given"
            ),
        ))
    }

    fn for_each_named(
        &self,
        mut visit: impl FnMut(Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>) -> Result<()>,
    ) -> Result<()> {
        // SAFETY: the interpreter has passed a tuple of names, and the arguments with these names after those without; or a
        // `dict`, which nobody else changes while names are compared with what is known.
        unsafe {
            match self.named {
                Named::Tuple(names, _) if names.is_null() => {}
                Named::Tuple(names, values) => {
                    let count = ffi::PyTuple_GET_SIZE(names);
                    for at in 0..count {
                        let name = passed(self.py, ffi::PyTuple_GET_ITEM(names, at));
                        visit(name, passed(self.py, *values.offset(at)))?;
                    }
                }
                Named::Dict(named) => {
                    let (mut at, mut name, mut value) = (0, ptr::null_mut(), ptr::null_mut());
                    while ffi::PyDict_Next(named, &raw mut at, &raw mut name, &raw mut value) != 0 {
                        visit(passed(self.py, name), passed(self.py, value))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Those without a name from `at` on.
    pub(crate) fn rest(&self, at: usize) -> Result<Bound<'py, PyTuple>> {
        let count = self.unnamed.saturating_sub(at);
        // SAFETY: a new tuple, whose places are filled before anybody sees it.
        unsafe {
            let rest = given(self.py, ffi::PyTuple_New(count as _))?;
            for (place, at) in (0..).zip(at..self.unnamed) {
                let argument = *self.first.add(at);
                ffi::Py_INCREF(argument);
                ffi::PyTuple_SET_ITEM(rest.as_ptr(), place, argument);
            }
            Ok(rest.cast_into_unchecked())
        }
    }

    /// A `dict` of those with a name, if there are any.
    pub(crate) fn named(&self) -> Result<Option<Bound<'py, PyDict>>> {
        if !self.has_named() {
            return Ok(None);
        }
        if let Named::Dict(named) = self.named {
            // SAFETY: a `dict`; the copy is a new reference, or null with an error set.
            let copy = unsafe { given(self.py, ffi::PyDict_Copy(named))?.cast_into_unchecked() };
            return Ok(Some(copy));
        }
        let named = dict(self.py)?;
        self.for_each_named(|name, value| set_item(&named, name, value))?;
        Ok(Some(named))
    }

    /// Calls `slot` with the same arguments.
    ///
    /// # Safety
    /// `slot` is of the class of `callable`, or of a class that is called.
    pub(crate) unsafe fn pass_to(
        &self,
        slot: ffi::ternaryfunc,
        callable: Borrowed<'_, 'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>> {
        let (unnamed, named) = (self.rest(0)?, self.named()?);
        let named = named.as_ref().map_or(ptr::null_mut(), Bound::as_ptr);
        // SAFETY: the slot is called as the interpreter would; it gives a new reference, or null with an error set.
        unsafe { given(self.py, slot(callable.as_ptr(), unnamed.as_ptr(), named)) }
    }
}

#[cold]
fn multiple(py: Python<'_>, function: &Signature, name: &str) -> Raised {
    type_error(
        py,
        format_args!("{function}() got multiple values for argument '{name}'"),
    )
}

#[cold]
fn unexpected(py: Python<'_>, function: &Signature, name: &str) -> Raised {
    type_error(
        py,
        format_args!("{function}() got an unexpected keyword argument '{name}'"),
    )
}

/// `from 1 to `, where the least is not the most.
struct Least(usize, usize);

impl fmt::Display for Least {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == self.1 {
            Ok(())
        } else {
            write!(f, "from {} to ", self.0)
        }
    }
}

/// `'a', 'b', and 'c'`.
struct Listed<F>(F, usize);

impl<I: Iterator<Item = &'static str>, F: Fn() -> I> fmt::Display for Listed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.1;
        for (at, name) in (self.0)().enumerate() {
            let before = match (at, count) {
                (0, _) => "",
                (1, 2) => " and ",
                (at, count) if at + 1 == count => ", and ",
                _ => ", ",
            };
            write!(f, "{before}'{name}'")?;
        }
        Ok(())
    }
}

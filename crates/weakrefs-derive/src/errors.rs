//! Errors are collected, so that one compilation shows all that is wrong with a type.

use proc_macro2::Span;
use quote::ToTokens;
use std::fmt::Display;
use syn::{Error, Result};

/// What was found wrong so far.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// Reports `message` at `place`, with a line that says what to do.
    pub(crate) fn report(
        &mut self,
        place: impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        self.push(Error::new_spanned(
            place,
            format!("{message}\nhelp: {help}"),
        ));
    }

    /// Like [`report`](Self::report), at a keyword.
    pub(crate) fn report_at(&mut self, place: Span, message: impl Display, help: impl Display) {
        self.push(Error::new(place, format!("{message}\nhelp: {help}")));
    }

    /// Reports what the parser says.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// `value`, unless something was reported.
    pub(crate) fn finish<T>(self, value: T) -> Result<T> {
        match self.0 {
            None => Ok(value),
            Some(errors) => Err(errors),
        }
    }
}

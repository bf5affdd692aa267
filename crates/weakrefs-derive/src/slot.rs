//! Finding the slot among the fields of a struct or of an enum's variant.
//!
//! A field is the slot if it is marked `#[weak_slot]`. Where no field is marked, it is the one whose
//! type is called `WeakSlot`. A macro sees names, not types: [`crate::expand`] has the compiler check
//! that the field found here is a `WeakSlot` indeed.

use crate::errors::Errors;
use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Attribute, Field, Fields, LitStr, Member, Meta, Path, Type, parse_quote};

/// The helper attribute.
const MARKER: &str = "weak_slot";

/// The slot of a struct or of a variant.
pub(crate) struct Slot<'a> {
    /// How the field is named in expressions and patterns.
    pub(crate) member: Member,
    pub(crate) ty: &'a Type,
}

/// Whose fields are searched.
#[derive(Clone, Copy)]
pub(crate) enum Owner<'a> {
    Struct(&'a Ident),
    Variant { of: &'a Ident, name: &'a Ident },
}

/// The slot among `fields`, or nothing after reporting why not.
pub(crate) fn find<'a>(
    fields: &'a Fields,
    owner: Owner<'_>,
    errors: &mut Errors,
) -> Option<Slot<'a>> {
    let mut marked = Vec::new();
    let mut named = Vec::new();
    for (position, (member, field)) in fields.members().zip(fields).enumerate() {
        if is_marked(field, errors) {
            marked.push((position, member, field));
        } else if is_weak_slot(&field.ty) {
            named.push((position, member, field));
        }
    }

    // A mark decides: a type of the same name may come from elsewhere.
    let is_by_mark = !marked.is_empty();
    let mut found = if is_by_mark { marked } else { named }.into_iter();
    let Some((position, member, field)) = found.next() else {
        report_missing(fields, owner, errors);
        return None;
    };

    for (_, _, second) in found {
        let help = if is_by_mark {
            "mark only the field that is the slot"
        } else {
            "remove one; if only one is the `WeakSlot` of weakrefs, mark that one `#[weak_slot]`"
        };
        errors.report(
            name_of(second),
            "a second slot: an object has exactly one",
            help,
        );
    }
    if position != 0 {
        let what = match &member {
            Member::Named(name) => format!("`{name}`"),
            Member::Unnamed(_) => "it".into(),
        };
        errors.report(
            name_of(field),
            "the slot must be the first field, so that references read dead and callbacks run \
             before the other fields are dropped",
            format_args!("move {what} before the other fields"),
        );
    }
    if !may_be_weak_slot(&field.ty) {
        errors.report(
            &field.ty,
            "the slot must be a `WeakSlot` itself: a part of the object, dropped with it",
            "write `WeakSlot`",
        );
    }
    Some(Slot {
        member,
        ty: &field.ty,
    })
}

/// Reports the marks on what is not a field: the type itself, a variant.
pub(crate) fn reject_marks(attributes: &[Attribute], errors: &mut Errors) {
    for mark in marks(attributes) {
        reject_mark(mark, errors);
    }
}

fn reject_mark(mark: &Attribute, errors: &mut Errors) {
    if matches!(mark.meta, Meta::Path(_)) {
        errors.report(
            mark,
            "`#[weak_slot]` marks a field",
            "put it on the field that is the slot",
        );
    } else {
        errors.report(
            mark,
            "`#[weak_slot(...)]` says where the crate is, on the type",
            "write `#[weak_slot(crate = \"path\")]` above the struct or enum",
        );
    }
}

/// Where the crate `weakrefs` is: where the type says so by `#[weak_slot(crate = "path")]`, or else at `::weakrefs`.
pub(crate) fn crate_path(attributes: &[Attribute], errors: &mut Errors) -> Path {
    let mut path = None;
    for mark in marks(attributes) {
        if matches!(mark.meta, Meta::Path(_)) {
            reject_mark(mark, errors);
            continue;
        }
        let parsed = mark.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("expected `crate = \"path\"`"));
            }
            let given: LitStr = meta.value()?.parse()?;
            let given = given.parse_with(Path::parse_mod_style)?;
            if path.replace(given).is_some() {
                return Err(meta.error("the crate is given twice"));
            }
            Ok(())
        });
        if let Err(error) = parsed {
            errors.push(error);
        }
    }
    path.unwrap_or_else(|| parse_quote!(::weakrefs))
}

fn marks(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident(MARKER))
}

/// Whether the field is marked. A faulty mark is reported and counts.
fn is_marked(field: &Field, errors: &mut Errors) -> bool {
    let mut is_marked = false;
    for mark in marks(&field.attrs) {
        if !matches!(mark.meta, Meta::Path(_)) {
            errors.report(
                &mark.meta,
                "`#[weak_slot]` takes no arguments on a field",
                "write `#[weak_slot]`",
            );
        } else if is_marked {
            errors.report(
                mark,
                "the field is marked twice",
                "remove one `#[weak_slot]`",
            );
        }
        is_marked = true;
    }
    is_marked
}

/// Whether the type is a path that ends in `WeakSlot`.
fn is_weak_slot(ty: &Type) -> bool {
    match ty {
        Type::Path(ty) => {
            ty.qself.is_none()
                && ty
                    .path
                    .segments
                    .last()
                    .is_some_and(|last| last.ident == "WeakSlot")
        }
        // From a fragment `$ty:ty` of a `macro_rules!`.
        Type::Group(group) => is_weak_slot(&group.elem),
        Type::Paren(paren) => is_weak_slot(&paren.elem),
        _ => false,
    }
}

/// Whether the type can be an alias of `WeakSlot`, as far as its form tells.
fn may_be_weak_slot(ty: &Type) -> bool {
    match ty {
        Type::Path(_) | Type::Macro(_) => true,
        Type::Group(group) => may_be_weak_slot(&group.elem),
        Type::Paren(paren) => may_be_weak_slot(&paren.elem),
        _ => false,
    }
}

/// What to underline: the name of the field, or its type where it has no name.
fn name_of(field: &Field) -> &dyn ToTokens {
    match &field.ident {
        Some(name) => name,
        None => &field.ty,
    }
}

fn report_missing(fields: &Fields, owner: Owner<'_>, errors: &mut Errors) {
    let (what, name, of, why) = match owner {
        Owner::Struct(name) => ("struct", name, name, ""),
        Owner::Variant { of, name } => ("variant", name, of, ": every variant carries one"),
    };
    let add = match (fields, owner) {
        (Fields::Named(_), _) => "add `slot: WeakSlot` as its first field".to_owned(),
        (Fields::Unnamed(_), _) => "add `WeakSlot` as its first field".to_owned(),
        (Fields::Unit, Owner::Struct(_)) => format!("write `struct {name} {{ slot: WeakSlot }}`"),
        (Fields::Unit, Owner::Variant { .. }) => format!("write `{name}(WeakSlot)`"),
    };
    let mark = if fields.is_empty() {
        ""
    } else {
        "\nhelp: if it has a slot whose type goes by another name, mark that field `#[weak_slot]`"
    };
    errors.report(
        name,
        format_args!("the {what} `{name}` has no slot for weak references{why}"),
        format_args!("{add}, or wrap the type: `Tracked<{of}>`{mark}"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;
    use syn::{Data, DeriveInput};

    fn fields_of(input: DeriveInput) -> Fields {
        match input.data {
            Data::Struct(data) => data.fields,
            _ => unreachable!("the tests parse structs"),
        }
    }

    /// The name or position of the slot in a struct `S`, or the first lines of the errors.
    fn search(input: DeriveInput) -> Result<String, Vec<String>> {
        search_fields(&fields_of(input))
    }

    fn search_fields(fields: &Fields) -> Result<String, Vec<String>> {
        let mut errors = Errors::default();
        let name = parse_quote!(S);
        let slot = find(fields, Owner::Struct(&name), &mut errors);
        match errors.finish(slot) {
            Ok(slot) => Ok(slot
                .expect("a slot or an error")
                .member
                .to_token_stream()
                .to_string()),
            Err(errors) => Err(errors.into_iter().map(|error| first_line(&error)).collect()),
        }
    }

    fn first_line(error: &syn::Error) -> String {
        error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    #[test]
    fn the_type_tells_the_slot() {
        assert_eq!(
            search(parse_quote! { struct S { slot: WeakSlot } }),
            Ok("slot".into())
        );
        assert_eq!(
            search(parse_quote! { struct S { r#in: ::weakrefs::WeakSlot, a: u8 } }),
            Ok("r#in".into())
        );
        assert_eq!(
            search(parse_quote! { struct S(crate::WeakSlot, u8); }),
            Ok("0".into())
        );
    }

    #[test]
    fn the_mark_decides() {
        assert_eq!(
            search(parse_quote! { struct S { #[weak_slot] life: Slot } }),
            Ok("life".into())
        );
        assert_eq!(
            search(
                parse_quote! { struct S { #[weak_slot] slot: Slot, other: elsewhere::WeakSlot } }
            ),
            Ok("slot".into())
        );
    }

    #[test]
    fn a_type_from_a_macro_is_wrapped_in_an_invisible_group() {
        let mut fields = fields_of(parse_quote! { struct S(u8); });
        let ty = quote!(weakrefs::WeakSlot);
        let group = proc_macro2::Group::new(proc_macro2::Delimiter::None, ty);
        fields
            .iter_mut()
            .for_each(|field| field.ty = parse_quote!(#group));
        assert_eq!(search_fields(&fields), Ok("0".into()));
        assert_eq!(
            search(parse_quote! { struct S((WeakSlot)); }),
            Ok("0".into())
        );
    }

    #[test]
    fn what_only_looks_like_a_slot_is_none() {
        let none = Err(vec![
            "the struct `S` has no slot for weak references".to_owned(),
        ]);
        assert_eq!(search(parse_quote! { struct S { slot: u8 } }), none);
        assert_eq!(
            search(parse_quote! { struct S { slot: Option<WeakSlot> } }),
            none
        );
        assert_eq!(
            search(parse_quote! { struct S(<T as Trait>::WeakSlot); }),
            none
        );
        assert_eq!(search(parse_quote! { struct S {} }), none);
        assert_eq!(search(parse_quote! { struct S; }), none);
    }

    #[test]
    fn every_fault_is_reported() {
        let Err(errors) = search(parse_quote! {
            struct S { a: u8, #[weak_slot(late)] b: &'static WeakSlot, #[weak_slot] #[weak_slot] c: WeakSlot }
        }) else {
            panic!("no error");
        };
        assert_eq!(
            errors,
            [
                "`#[weak_slot]` takes no arguments on a field",
                "the field is marked twice",
                "a second slot: an object has exactly one",
                "the slot must be the first field, so that references read dead and callbacks run \
                 before the other fields are dropped",
                "the slot must be a `WeakSlot` itself: a part of the object, dropped with it",
            ]
        );
    }
}

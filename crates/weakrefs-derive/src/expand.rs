//! From the type to its impl.
//!
//! The generated code is safe: a borrow of the field, or a `match` over the variants. Every path is
//! absolute, so that nothing in the user's scope can stand in the way, and every token is spanned as
//! the macro's own, so that the lints of the user's crate do not apply.

use crate::errors::Errors;
use crate::slot::{self, Owner, Slot};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DataEnum, DeriveInput, Fields, GenericParam, Generics, Path, parse_quote,
};

/// By what the objects of a type are to be owned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owners {
    /// `Arc`: the trait and the slot at the crate's root.
    Atomic,
    /// `Rc`: those in its module `rc`.
    Local,
}

/// The impl, or the errors.
pub(crate) fn expand(mut input: DeriveInput, owners: Owners) -> TokenStream {
    require_supertraits(&mut input.generics, owners);
    let input = &input;
    let mut errors = Errors::default();
    let mut weakrefs = slot::crate_path(&input.attrs, &mut errors);
    if owners == Owners::Local {
        weakrefs.segments.push(parse_quote!(rc));
    }
    let body = body(input, &weakrefs, &mut errors);
    match errors.finish(body) {
        Ok(body) => implement(input, &weakrefs, &body),
        // With an impl beside the errors, the uses of the type do not fail in turn.
        Err(errors) => {
            let errors = errors.to_compile_error();
            let stand_in = implement(input, &weakrefs, &quote!(::core::unreachable!()));
            quote!(#errors #stand_in)
        }
    }
}

fn implement(input: &DeriveInput, weakrefs: &Path, body: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let lint_levels = input.attrs.iter().filter_map(lint_level);
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #(#lint_levels)*
        impl #impl_generics #weakrefs::WeakReferenceable for #name #type_generics #where_clause {
            #[inline]
            fn weak_slot(&self) -> &#weakrefs::WeakSlot {
                #body
            }
        }
    }
}

/// What the type says of lints holds for the impl too, which repeats its name and its bounds. An `allow`
/// on every impl would be simpler, but is an error where the user's crate forbids the lint.
fn lint_level(attribute: &Attribute) -> Option<TokenStream> {
    let path = attribute.path();
    if path.is_ident("deprecated") {
        Some(quote!(#[allow(deprecated)]))
    } else if ["allow", "warn", "deny", "forbid"]
        .iter()
        .any(|level| path.is_ident(level))
    {
        Some(attribute.to_token_stream())
    } else {
        None
    }
}

/// Where the type has parameters, whether it is `Send + Sync + 'static` (or `'static`) depends on them. The bound is
/// put on the type, not on each parameter: `Mutex<T>` needs less of `T`, `T::Item` needs more. Without
/// parameters the trait's own bounds say it at once.
fn require_supertraits(generics: &mut Generics, owners: Owners) {
    let depends = |parameter: &GenericParam| !matches!(parameter, GenericParam::Const(_));
    if generics.params.iter().any(depends) {
        let bound = match owners {
            Owners::Atomic => {
                parse_quote!(Self: ::core::marker::Send + ::core::marker::Sync + 'static)
            }
            Owners::Local => parse_quote!(Self: 'static),
        };
        generics.make_where_clause().predicates.push(bound);
    }
}

/// The body of `weak_slot`.
fn body(input: &DeriveInput, weakrefs: &Path, errors: &mut Errors) -> TokenStream {
    match &input.data {
        Data::Struct(data) => of_struct(input, weakrefs, &data.fields, errors),
        Data::Enum(data) => of_enum(input, weakrefs, data, errors),
        Data::Union(data) => {
            errors.report_at(
                data.union_token.span,
                "a union cannot have a slot: its fields are not dropped, so that its death goes unnoticed",
                format_args!("wrap the type: `Tracked<{}>`", input.ident),
            );
            TokenStream::new()
        }
    }
}

fn of_struct(
    input: &DeriveInput,
    weakrefs: &Path,
    fields: &Fields,
    errors: &mut Errors,
) -> TokenStream {
    let Some(slot) = slot::find(fields, Owner::Struct(&input.ident), errors) else {
        return TokenStream::new();
    };
    let check = check_type(&slot, weakrefs);
    let member = &slot.member;
    // `self` resolves as that of the signature; the place is the field's, where errors belong.
    let span = Span::call_site().located_at(slot.ty.span());
    let place = quote_spanned!(span=> &self.#member);
    quote!(#check #place)
}

fn of_enum(
    input: &DeriveInput,
    weakrefs: &Path,
    data: &DataEnum,
    errors: &mut Errors,
) -> TokenStream {
    if data.variants.is_empty() {
        errors.report(
            &input.ident,
            "an enum without variants has no objects, so that nothing can refer to one",
            "remove `WeakReferenceable` from the derives",
        );
    }
    let mut checks = TokenStream::new();
    let mut arms = TokenStream::new();
    for variant in &data.variants {
        slot::reject_marks(&variant.attrs, errors);
        let owner = Owner::Variant {
            of: &input.ident,
            name: &variant.ident,
        };
        if let Some(slot) = slot::find(&variant.fields, owner, errors) {
            checks.extend(check_type(&slot, weakrefs));
            let (name, member) = (&variant.ident, &slot.member);
            let span = Span::mixed_site().located_at(slot.ty.span());
            let found = quote_spanned!(span=> __weak_slot);
            // This form of pattern fits tuple variants too: `{ 0: __weak_slot, .. }`.
            arms.extend(quote!(Self::#name { #member: #found, .. } => #found,));
        }
    }
    quote!(#checks match self { #arms })
}

/// Has the compiler check that the slot is a `WeakSlot` by value. Returning a reference to it is not
/// enough: `&Arc<WeakSlot>` coerces too, and would give one slot to many objects.
fn check_type(slot: &Slot<'_>, weakrefs: &Path) -> TokenStream {
    let ty = slot.ty;
    let span = Span::mixed_site().located_at(ty.span());
    // The place is the field's, where errors belong.
    let weakrefs = weakrefs.to_token_stream().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(ty.span()));
        token
    });
    let weakrefs = TokenStream::from_iter(weakrefs);
    quote_spanned!(span=> let _ = |__weak_slot: #ty| -> #weakrefs::WeakSlot { __weak_slot };)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the spaces, which depend on how a token came to be.
    fn text(tokens: TokenStream) -> String {
        tokens.to_string().replace(' ', "")
    }

    /// What precedes the body, without the constant parts.
    fn header(input: DeriveInput) -> String {
        let text = text(expand(input, Owners::Atomic));
        let (header, _) = text.split_once("{#[inline]").expect("a method");
        header.replace("::weakrefs::WeakReferenceable", "Trait")
    }

    #[test]
    fn a_struct_lends_its_field() {
        let named = parse_quote! { struct Image { r#type: WeakSlot, name: String } };
        let tuple = parse_quote! { struct Image(WeakSlot, String); };
        for (input, member) in [(named, quote!(r#type)), (tuple, quote!(0))] {
            let expected = quote! {
                #[automatically_derived]
                impl ::weakrefs::WeakReferenceable for Image {
                    #[inline]
                    fn weak_slot(&self) -> &::weakrefs::WeakSlot {
                        let _ = |__weak_slot: WeakSlot| -> ::weakrefs::WeakSlot { __weak_slot };
                        &self.#member
                    }
                }
            };
            assert_eq!(text(expand(input, Owners::Atomic)), text(expected));
        }
    }

    #[test]
    fn an_enum_lends_the_field_of_its_variant() {
        let shape = parse_quote! {
            enum Shape { Circle { slot: WeakSlot, radius: f64 }, Square(#[weak_slot] Slot, f64) }
        };
        let expected = quote! {
            match self {
                Self::Circle { slot: __weak_slot, .. } => __weak_slot,
                Self::Square { 0: __weak_slot, .. } => __weak_slot,
            }
        };
        assert!(text(expand(shape, Owners::Atomic)).contains(&text(expected)));
    }

    #[test]
    fn parameters_bound_the_type_as_a_whole() {
        let bound = "Self:::core::marker::Send+::core::marker::Sync+'static";
        assert_eq!(
            header(
                parse_quote! { struct Node<T: Ord = u8, const N: usize = 3>(WeakSlot, [T; N]) where T: Copy; }
            ),
            format!(
                "#[automatically_derived]impl<T:Ord,constN:usize>TraitforNode<T,N>whereT:Copy,{bound}"
            )
        );
        assert_eq!(
            header(parse_quote! { struct Text<'a>(WeakSlot, &'a str); }),
            format!("#[automatically_derived]impl<'a>TraitforText<'a>where{bound}")
        );
        // Nothing to wait for: what is wrong is wrong at the derive.
        assert_eq!(
            header(parse_quote! { struct Bytes<const N: usize>(WeakSlot, [u8; N]); }),
            "#[automatically_derived]impl<constN:usize>TraitforBytes<N>"
        );
    }

    #[test]
    fn lint_levels_of_the_type_hold_for_the_impl() {
        let old = parse_quote! {
            #[derive(Debug)]
            #[deprecated = "use `New`"]
            #[deny(unused)]
            struct Old(WeakSlot);
        };
        assert_eq!(
            header(old),
            "#[automatically_derived]#[allow(deprecated)]#[deny(unused)]implTraitforOld"
        );
    }

    #[test]
    fn a_slot_may_be_local() {
        let node = parse_quote! { struct Node<T>(WeakSlot, T); };
        let expansion = text(expand(node, Owners::Local));
        assert!(
            expansion
                .contains("impl<T>::weakrefs::rc::WeakReferenceableforNode<T>whereSelf:'static{")
        );
        assert!(expansion.contains("fnweak_slot(&self)->&::weakrefs::rc::WeakSlot{"));
    }

    #[test]
    fn errors_come_with_an_impl() {
        let expansion = text(expand(
            parse_quote! { struct Plain { name: String } },
            Owners::Atomic,
        ));
        assert!(expansion.contains("compile_error!"));
        assert!(expansion.contains("impl::weakrefs::WeakReferenceableforPlain{"));
        assert!(expansion.contains("{::core::unreachable!()}"));
    }

    #[test]
    fn errors_of_all_variants_are_reported_together() {
        let shape = parse_quote! {
            #[weak_slot]
            enum Shape { Circle(f64), Square(WeakSlot, f64), Point, Line(f64, WeakSlot) }
        };
        assert_eq!(
            text(expand(shape, Owners::Atomic))
                .matches("compile_error!")
                .count(),
            4
        );
    }

    #[test]
    fn the_crate_may_have_another_name() {
        let input = parse_quote! {
            #[weak_slot(crate = "my::facade")]
            struct Image(WeakSlot);
        };
        let expansion = text(expand(input, Owners::Atomic));
        assert!(expansion.contains("implmy::facade::WeakReferenceableforImage"));
        assert!(
            expansion.contains(
                "->&my::facade::WeakSlot{let_=|__weak_slot:WeakSlot|->my::facade::WeakSlot"
            )
        );
        assert!(!expansion.contains("::weakrefs"));
    }

    #[test]
    fn what_says_no_place_of_the_crate_is_reported() {
        for (faulty, message) in [
            (
                parse_quote! { #[weak_slot(create = "a")] struct S(WeakSlot); },
                "expected `crate = ",
            ),
            (
                parse_quote! { #[weak_slot(crate)] struct S(WeakSlot); },
                "expected `=`",
            ),
            (
                parse_quote! { #[weak_slot(crate = "a b")] struct S(WeakSlot); },
                "unexpected token",
            ),
            (
                parse_quote! { #[weak_slot(crate = "a", crate = "b")] struct S(WeakSlot); },
                "twice",
            ),
            (
                parse_quote! { enum E { #[weak_slot(crate = "a")] V(WeakSlot) } },
                "on the type",
            ),
        ] {
            let expansion = expand(faulty, Owners::Atomic).to_string();
            assert!(expansion.contains("compile_error"), "{expansion}");
            assert!(expansion.contains(message), "{expansion}");
        }
    }
}

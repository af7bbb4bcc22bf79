//! Defaults of the contract: as expressions, and the methods that give them where a property is absent.

use proc_macro2::{Literal as Token, TokenStream};
use quote::quote;
use serde_json::Value;

use crate::naming;
use crate::types::form::Form;
use crate::types::{Absence, Field, ItemId, Literal, Others, Shape, Spelled, Type};

use super::docs::{self, Docs};
use super::literal::{float, raw, string};
use super::paths::ident;
use super::types::{Writer, is_copy};

/// The method that gives a field's default, where it has one.
pub(super) fn method(field: &Field) -> Option<String> {
    field.absence.as_ref().filter(|absence| !absence.fills)?;
    // The underscore of `self_` would be one of two in a row.
    Some(format!("{}_or_default", field.ident.trim_end_matches('_')))
}

impl Writer<'_> {
    /// `impl … { pub fn …_or_default(&self) }`: a method for each field that stays absent where its property is.
    pub(super) fn defaults(&self, id: ItemId, shape: &Shape) -> TokenStream {
        let Shape::Object(object) = shape else { return TokenStream::new() };
        if self.is_headers(id) {
            return TokenStream::new();
        }
        let methods: Vec<TokenStream> = object.fields.iter().filter_map(|field| self.or_default(field)).collect();
        if methods.is_empty() {
            return methods.into_iter().collect();
        }
        let name = ident(&self.context.outline.items[id.0].name);
        quote!(impl #name { #(#methods)* })
    }

    fn or_default(&self, field: &Field) -> Option<TokenStream> {
        let (method, absence) = (ident(&method(field)?), field.absence.as_ref()?);
        let name = naming::field(&field.ident);
        let shown = self.context.api.schemas[field.schema?].default.as_ref().map(Value::to_string);
        let means = docs::code(&shown.unwrap_or_default());
        let docs = Docs::new().markdown(format!("{}, or {means} where it is absent.", docs::code(&field.json))).outer();
        let (given, lent) = self.lent(&field.ty);
        let borrow = if lent == Lent::Borrowed { quote!(as_ref) } else { quote!(as_deref) };
        let (default, body) = match (&absence.literal, lent) {
            (None, Lent::Copied) => (None, quote!(self.#name.flatten())),
            (None, _) => (None, quote!(self.#name.as_ref().and_then(|given| given.#borrow()))),
            (Some(literal), Lent::Copied) => {
                let value = self.default_of(field, absence);
                let body = match literal {
                    // It is read from a text.
                    Literal::Spelled(..) => quote!(self.#name.unwrap_or_else(|| #value)),
                    _ => quote!(self.#name.unwrap_or(#value)),
                };
                (None, body)
            }
            (Some(Literal::List(items)), _) if items.is_empty() && !field.nullable => {
                (None, quote!(self.#name.as_deref().unwrap_or_default()))
            }
            (Some(literal), lent) => {
                let (made, default) = match text_of(literal).filter(|_| lent == Lent::Text) {
                    Some(text) => (None, string(text)),
                    None => (Some(self.made_once(&field.ty, literal)), quote!(&DEFAULT)),
                };
                let body = if field.nullable {
                    quote! {
                        match &self.#name {
                            Some(given) => given.#borrow(),
                            None => Some(#default),
                        }
                    }
                } else {
                    quote!(self.#name.#borrow().unwrap_or(#default))
                };
                (made, body)
            }
        };
        let given = if field.nullable { quote!(Option<#given>) } else { given };
        Some(quote! {
            #docs
            pub fn #method(&self) -> #given {
                #default
                #body
            }
        })
    }

    /// A default that is made when it is first asked for.
    fn made_once(&self, ty: &Type, literal: &Literal) -> TokenStream {
        let ty = match ty {
            Type::Box(inner) => self.ty(inner),
            ty => self.ty(ty),
        };
        let value = self.expression(literal);
        let is_constant = match literal {
            Literal::List(items) => items.is_empty(),
            Literal::Map(entries) => entries.is_empty(),
            _ => false,
        };
        if is_constant {
            return quote!(static DEFAULT: #ty = #value;);
        }
        let lazy = self.paths.std("::std::sync", "LazyLock");
        quote!(static DEFAULT: #lazy<#ty> = #lazy::new(|| #value);)
    }

    /// What a reference to a field's value is, and how it is had of an `Option`.
    fn lent(&self, ty: &Type) -> (TokenStream, Lent) {
        let form = |id: ItemId| self.context.outline.form(self.context.outline.items[id.0].schema);
        let plain = self.ty(ty);
        match ty {
            Type::Null
            | Type::Bool
            | Type::I64
            | Type::U64
            | Type::I128
            | Type::U128
            | Type::F64
            | Type::Decimal
            | Type::Spelled(_) => (plain, Lent::Copied),
            Type::Named(id) if is_copy(form(*id)) => (plain, Lent::Copied),
            Type::Named(id) if *form(*id) == Form::Text => (quote!(&str), Lent::Text),
            Type::String => (quote!(&str), Lent::Text),
            Type::Vec(inner) => {
                let inner = self.ty(inner);
                (quote!(&[#inner]), Lent::Inner)
            }
            Type::Box(inner) => {
                let inner = self.ty(inner);
                (quote!(&#inner), Lent::Inner)
            }
            Type::Named(_) | Type::Value | Type::Map(_) | Type::Nullable(_) => (quote!(&#plain), Lent::Borrowed),
        }
    }

    /// The default of a field as its value, where the field is no `Option` for the sake of absence.
    pub(super) fn default_of(&self, field: &Field, absence: &Absence) -> TokenStream {
        let value = absence.literal.as_ref().map(|literal| self.held(&field.ty, literal));
        match (value, field.nullable) {
            (Some(value), false) => value,
            (Some(value), true) => quote!(Some(#value)),
            (None, _) => quote!(None),
        }
    }

    /// A value in a field of that type.
    fn held(&self, ty: &Type, literal: &Literal) -> TokenStream {
        let value = self.expression(literal);
        if matches!(ty, Type::Box(_)) { quote!(Box::new(#value)) } else { value }
    }

    /// A value, made.
    fn expression(&self, literal: &Literal) -> TokenStream {
        match literal {
            Literal::Unit => quote!(()),
            Literal::Bool(value) => quote!(#value),
            Literal::Integer(value) => {
                let digits = Token::u128_unsuffixed(value.unsigned_abs());
                if *value < 0 { quote!(-#digits) } else { quote!(#digits) }
            }
            Literal::Float(value) => float(*value),
            Literal::Decimal(digits) => quote!(::conecta_runtime::__private::decimal(#digits)),
            Literal::Text(text) => {
                let text = string(text);
                quote!(#text.to_owned())
            }
            Literal::Spelled(one, text) => {
                let ty = self.spelled(*one);
                match (one, text.parse::<std::net::Ipv4Addr>()) {
                    (Spelled::Ipv4, Ok(address)) => {
                        let parts = address.octets().map(Token::u8_unsuffixed);
                        quote!(#ty::new(#(#parts),*))
                    }
                    _ => quote!(#ty::from_contract(#text)),
                }
            }
            Literal::Json(value) => {
                let text = value.to_string();
                let text = if text.contains('"') { raw(&text) } else { string(&text) };
                quote!(::conecta_runtime::__private::json(#text))
            }
            Literal::List(items) if items.is_empty() => quote!(Vec::new()),
            Literal::List(items) => {
                let items = items.iter().map(|item| self.expression(item));
                quote!(vec![#(#items),*])
            }
            Literal::Map(entries) => {
                let map = self.paths.runtime("Map");
                let entries = entries.iter().map(|(name, value)| {
                    let (name, value) = (string(name), self.expression(value));
                    quote!((#name.to_owned(), #value))
                });
                if entries.len() == 0 { quote!(#map::new()) } else { quote!(#map::from([#(#entries),*])) }
            }
            Literal::Nullable(None) => quote!(None),
            Literal::Nullable(Some(value)) => {
                let value = self.expression(value);
                quote!(Some(#value))
            }
            Literal::Variant(item, index) => {
                let ty = self.ty(&Type::Named(*item));
                let variant = ident(&self.context.outline.variant(*item, *index));
                quote!(#ty::#variant)
            }
            Literal::Newtype(item, inner) => {
                let ty = self.ty(&Type::Named(*item));
                let inner = match text_of(inner) {
                    Some(text) => string(text),
                    None => self.expression(inner),
                };
                quote!(#ty::from_contract(#inner))
            }
            Literal::Wrapper(item, inner) => {
                let (ty, inner) = (self.ty(&Type::Named(*item)), self.expression(inner));
                quote!(#ty(#inner))
            }
            Literal::Alternative(item, index, inner) => {
                let ty = self.ty(&Type::Named(*item));
                let shapes = self.context.outline.shapes(self.context.api, &[*item]);
                let Some((_, Shape::Union(alternatives))) = shapes.into_iter().next() else {
                    return TokenStream::new();
                };
                let Some(one) = alternatives.get(*index) else { return TokenStream::new() };
                let (variant, value) = (ident(&one.ident), self.held(&one.ty, inner));
                quote!(#ty::#variant(#value))
            }
            Literal::Struct(item, given) => self.structure(*item, given),
        }
    }

    fn structure(&self, item: ItemId, given: &[(String, Option<Literal>)]) -> TokenStream {
        let outline = &self.context.outline;
        let ty = self.ty(&Type::Named(item));
        let Some((_, Shape::Object(object))) = outline.shapes(self.context.api, &[item]).pop() else {
            return TokenStream::new();
        };
        let fields = object.fields.iter().map(|field| {
            let name = naming::field(&field.ident);
            let value = match given.iter().find(|(json, _)| *json == field.json) {
                Some((_, value)) => {
                    let value = value.as_ref().map(|literal| self.held(&field.ty, literal));
                    match (value, field.is_certain(), field.nullable) {
                        (Some(value), true, false) => value,
                        (Some(value), true, true) | (Some(value), false, false) => quote!(Some(#value)),
                        (Some(value), false, true) => quote!(Some(Some(#value))),
                        (None, true, _) => quote!(None),
                        (None, false, _) => quote!(Some(None)),
                    }
                }
                None => match field.absence.as_ref().filter(|absence| absence.fills) {
                    Some(absence) => self.default_of(field, absence),
                    None => quote!(None),
                },
            };
            quote!(#name: #value)
        });
        let rest = match &object.others {
            Others::Kept(rest, _) => {
                let (rest, map) = (ident(rest), self.paths.runtime("Map"));
                quote!(#rest: #map::new())
            }
            Others::Ignored | Others::Refused => TokenStream::new(),
        };
        quote!(#ty { #(#fields,)* #rest })
    }
}

/// How a reference to a value is had of an `Option` of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lent {
    Copied,
    /// `as_deref`, to a text.
    Text,
    /// `as_deref`, to what is in it.
    Inner,
    /// `as_ref`.
    Borrowed,
}

/// The text that a value is.
fn text_of(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::Text(text) => Some(text),
        Literal::Newtype(_, inner) => text_of(inner),
        _ => None,
    }
}

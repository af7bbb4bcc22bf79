//! What an object, a number or a list must keep to, in the words of the runtime's macros.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Number;

use crate::api::{Schema, TypeSet};
use crate::types::{Item, Object, Others, Type, width};

use super::literal::{float, raw};
use super::paths::ident;

/// What an object's macro is told of it.
pub(super) fn object_attribute(item: &Item, schema: &Schema, object: &Object, rules: Option<&str>) -> TokenStream {
    let builder = ident(&item.builder);
    let mut words = vec![quote!(builder = #builder)];
    if matches!(object.others, Others::Refused) {
        words.push(quote!(closed));
    }
    words.extend(schema.min_properties.filter(|n| *n > 0).map(|n| with("min_properties", &Literal::u64_unsuffixed(n))));
    words.extend(schema.max_properties.map(|n| with("max_properties", &Literal::u64_unsuffixed(n))));
    words.extend(rules.map(|rules| {
        let rules = raw(rules);
        quote!(rules = #rules)
    }));
    quote!(#[object(#(#words),*)])
}

/// The rules of a number.
pub(super) fn number_check(schema: &Schema, inner: &Type) -> TokenStream {
    let literal = |number: &Number, up: bool| match inner {
        Type::F64 => number.as_f64().map(float),
        Type::Decimal => {
            let digits = number.to_string();
            Some(quote!(#digits))
        }
        _ => integer(number, up, *inner == Type::U64),
    };
    let mut rules = Vec::new();
    let wide = matches!(inner, Type::I128 | Type::U128);
    if wide {
        let (least, greatest) = width::bounds(schema);
        rules.extend(least.map(|least| {
            let literal = Literal::u128_unsuffixed(least.unsigned_abs());
            if least < 0 { quote!(minimum = -#literal) } else { quote!(minimum = #literal) }
        }));
        // Beyond the type it bounds nothing.
        let greatest = greatest.filter(|n| *inner == Type::U128 || i128::try_from(*n).is_ok());
        rules.extend(greatest.map(|greatest| with("maximum", &Literal::u128_unsuffixed(greatest))));
    }
    let mut bound = |name: &str, bound: &Option<Number>, up: bool| {
        if let Some(value) = bound.as_ref().filter(|_| !wide).and_then(|n| literal(n, up)) {
            let name = ident(name);
            rules.push(quote!(#name = #value));
        }
    };
    bound("minimum", &schema.minimum, true);
    bound("maximum", &schema.maximum, false);
    bound("exclusive_minimum", &schema.exclusive_minimum, false);
    bound("exclusive_maximum", &schema.exclusive_maximum, true);
    if *inner == Type::Decimal && !schema.types.contains(TypeSet::NUMBER) {
        rules.push(quote!(multiple_of = "1"));
    }
    for step in &schema.multiple_of {
        match inner {
            Type::F64 | Type::Decimal => {
                let step = step.to_string();
                rules.push(quote!(multiple_of = #step));
            }
            _ => match integer_exactly(step) {
                Some(step) => rules.push(quote!(multiple_of = #step)),
                None => {
                    let step = step.to_string();
                    rules.push(quote!(multiple_of = #step));
                }
            },
        }
    }
    check(&rules)
}

/// A bound of integers: what lies between two of them is moved to the one that says the same. A bound beyond the type is none.
fn integer(number: &Number, up: bool, unsigned: bool) -> Option<TokenStream> {
    let value = match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(value), ..) => i128::from(value),
        (_, Some(value), _) => i128::from(value),
        (.., Some(value)) => (if up { value.ceil() } else { value.floor() }) as i128,
        _ => return None,
    };
    let range = if unsigned { 0..=i128::from(u64::MAX) } else { i128::from(i64::MIN)..=i128::from(i64::MAX) };
    if !range.contains(&value) {
        return None;
    }
    let literal = Literal::u128_unsuffixed(value.unsigned_abs());
    Some(if value < 0 { quote!(-#literal) } else { quote!(#literal) })
}

fn integer_exactly(number: &Number) -> Option<Literal> {
    number.as_u64().map(Literal::u64_unsuffixed)
}

/// The rules of a list.
pub(super) fn list_check(schema: &Schema) -> TokenStream {
    let mut rules = Vec::new();
    rules.extend(schema.min_items.filter(|n| *n > 0).map(|n| with("min_items", &Literal::u64_unsuffixed(n))));
    rules.extend(schema.max_items.map(|n| with("max_items", &Literal::u64_unsuffixed(n))));
    if schema.unique_items {
        rules.push(quote!(unique));
    }
    check(&rules)
}

/// `name = value`.
pub(super) fn with(name: &str, value: &Literal) -> TokenStream {
    let name = ident(name);
    quote!(#name = #value)
}

/// `#[check(…)]`, where there are rules.
pub(super) fn check(rules: &[TokenStream]) -> TokenStream {
    if rules.is_empty() { TokenStream::new() } else { quote!(#[check(#(#rules),*)]) }
}

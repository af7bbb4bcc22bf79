//! Literals as a person would write them.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::render::obeyed;

/// A double.
pub(super) fn float(value: f64) -> TokenStream {
    let literal = Literal::f64_unsuffixed(value.abs());
    if value < 0.0 { quote!(-#literal) } else { quote!(#literal) }
}

/// A string literal as a person would write it: raw where it is full of backslashes and cannot be mistaken.
pub(super) fn string(text: &str) -> TokenStream {
    let plain = text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    if plain
        && text.contains('\\')
        && !text.contains('"')
        && let Ok(raw) = format!("r\"{text}\"").parse()
    {
        return raw;
    }
    quote!(#text)
}

/// JSON as a raw string, where that can hold it.
pub(super) fn raw(text: &str) -> TokenStream {
    // A raw string ends at a quote and this many signs, and holds no carriage return; JSON escapes those itself.
    let fence = (0..=255).map(|n| "#".repeat(n)).find(|fence| !text.contains(&format!("\"{fence}")));
    let invisible = text.chars().any(|c| c != '\n' && obeyed(c));
    match fence {
        Some(fence) if !invisible => format!("r{fence}\"{text}\"{fence}").parse().unwrap_or_else(|_| quote!(#text)),
        _ => quote!(#text),
    }
}

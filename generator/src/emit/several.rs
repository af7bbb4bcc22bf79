//! The enum of a channel's messages, and by what a record is told to be one of them.

use proc_macro2::Literal;
use quote::quote;

use crate::tell::{Place, Tell};

use super::Context;
use super::channel;
use super::docs::{self, Docs};
use super::paths::{Paths, ident};
use super::source;
use super::types;

/// The enum, within the macro that makes an event of it.
pub(super) fn definition(context: &Context<'_>, index: usize, name: &str, tell: &Tell, paths: &Paths<'_>) -> String {
    let said = &context.api.channels[index];
    let variants = said.messages.iter().map(|id| {
        let variant = ident(&context.outline.messages[id.0 as usize].name);
        let docs = types::message_docs(context, *id);
        let docs =
            if docs.is_empty() { docs.markdown(docs::code(&context.api.messages[id.0 as usize].name)) } else { docs };
        let docs = docs.outer();
        let ty = channel::message_type(context, *id, index, paths);
        quote!(#docs #variant(#ty),)
    });
    let name = ident(name);
    let docs = Docs::new().markdown(format!("A message of {}: whichever a record is.", docs::code(&said.address)));
    let docs = docs.outer();
    let item = source::print(quote!(#docs pub enum #name { #(#variants)* }));
    let mut lines: Vec<String> = item.lines().map(str::to_owned).collect();
    // What the macro takes beside an enum's own syntax is written behind the variants.
    for id in &said.messages {
        let keyed = channel::key_name(context, *id, index).map(|function| format!(", keyed {function}"));
        let closed = context.channels[index].address.as_ref().is_some_and(|address| address.is_closed());
        let at = super::address::topic_of(context, *id, index).filter(|_| closed);
        let at = at.map(|function| format!(", at {function}"));
        let more = [keyed, at].into_iter().flatten().collect::<String>();
        if !more.is_empty() {
            let variant = &context.outline.messages[id.0 as usize].name;
            let line = lines.iter_mut().find(|line| line.starts_with(&format!("    {variant}(")));
            if let Some(line) = line.filter(|line| line.ends_with("),")) {
                line.truncate(line.len() - 2);
                line.push_str(&format!("{more}),"));
            }
        }
    }
    let open = context.channels[index].address.as_ref().is_some_and(|address| !address.is_closed());
    let open = if open { ", open" } else { "" };
    lines.push(format!("channel {} on TOPIC with {}{open};", literal(&said.address), headers(context, index, paths)));
    for sign in &tell.signs {
        let place = match &sign.place {
            Place::Header(name) => format!("header {}", literal(name)),
            Place::Payload(path) => {
                let steps: Vec<String> = path.iter().map(|step| literal(step)).collect();
                format!("payload {}", steps.join("."))
            }
        };
        lines.push(format!("by {place} {{"));
        for (id, values) in said.messages.iter().zip(&sign.values) {
            let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
            lines.push(format!("    {} => {},", values.join(" | "), context.outline.messages[id.0 as usize].name));
        }
        lines.push("}".to_owned());
    }
    if tell.by_structure {
        lines.push("structure {".to_owned());
        for id in &said.messages {
            let message = &context.api.messages[id.0 as usize].name;
            lines.push(format!("    {} => {},", literal(message), context.outline.messages[id.0 as usize].name));
        }
        lines.push("}".to_owned());
    }
    let body: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("::conecta_runtime::messages! {{\n{body}}}\n")
}

/// The type of the headers, where all messages have one; else `each`.
fn headers(context: &Context<'_>, index: usize, paths: &Paths<'_>) -> String {
    let messages = context.api.channels[index].messages.iter().map(|id| &context.api.messages[id.0 as usize]);
    let mut items = messages.clone().map(|message| super::headers::item(context, message));
    match (items.next().flatten(), messages.clone().next()) {
        (Some(first), Some(message)) if items.all(|other| other == Some(first)) => {
            super::headers::type_of(context, message, paths).to_string()
        }
        _ => "each".to_owned(),
    }
}

fn literal(text: &str) -> String {
    Literal::string(text).to_string()
}

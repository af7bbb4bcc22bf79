//! The headers that the contract describes: a struct of each, and how it is filled from an event.

use proc_macro2::TokenStream;
use quote::quote;

use crate::api::{Message, MessageId};
use crate::envelope::{Envelope, Path};
use crate::naming;
use crate::tell::{TYPE_HEADERS, texts};
use crate::types::fields::Property;
use crate::types::form::{self, Form};
use crate::types::{ItemId, Module};

use super::Context;
use super::docs::Docs;
use super::event::{certain, uncertain};
use super::paths::Paths;
use super::source::Source;
use super::types::{Writer, is_copy};

/// `headers.rs`.
pub(super) fn emit(context: &Context<'_>) -> Option<String> {
    if !context.has(Module::Headers) {
        return None;
    }
    let paths = Paths::new(&context.outline.scope);
    let writer = Writer { context, module: Module::Headers, paths: &paths };
    let definitions: Vec<_> = writer.shapes().iter().map(|(id, shape)| writer.definition(*id, shape)).collect();
    let docs = Docs::new()
        .markdown("The headers that the contract gives its messages.")
        .markdown("They are filled in from the event when it is published; `…_with` takes others.");
    let mut source = Source::new(format!("{}{}", context.stamp, docs.inner()));
    source.items(paths.imports());
    for (macro_name, item) in definitions {
        source.within(macro_name, item);
    }
    Some(source.finish())
}

/// The type of a message's headers.
pub(super) fn type_of(context: &Context<'_>, message: &Message, paths: &Paths<'_>) -> TokenStream {
    match item(context, message) {
        Some(id) => {
            let name = paths.sibling(&context.outline.items[id.0].name);
            quote!(#name)
        }
        None => quote!(()),
    }
}

pub(super) fn item(context: &Context<'_>, message: &Message) -> Option<ItemId> {
    message.headers.and_then(|id| context.outline.headers.get(&id)).copied()
}

/// Whether a header carries the correlation identifier: by `correlationId`, else by its name.
pub(super) fn correlates(envelope: &Envelope, header: &str) -> bool {
    match &envelope.correlation_header {
        Some(name) => name == header,
        None => matches!(header, "correlation_id" | "correlationId" | "correlation-id" | "ce_correlationid"),
    }
}

/// The headers that follow from an event: a header has the value of the payload's field of the same name; the one that correlates
/// has that of the field that does; one that can have one value only has that, and one of a known name the event's type.
pub(super) fn filled(context: &Context<'_>, message: &Message, envelope: &Envelope, paths: &Paths<'_>) -> TokenStream {
    let Some(headers) = item(context, message) else { return TokenStream::new() };
    let schema = context.outline.items[headers.0].schema;
    let name = paths.sibling(&context.outline.items[headers.0].name);
    let properties = context.outline.properties(context.api, schema);
    let mut values = Vec::new();
    let mut rest = false;
    for property in &properties {
        let value = property.schema.and_then(|id| {
            let source = source(context, message, envelope, property.json)?;
            convert(context, &source, id)
        });
        let value = value.or_else(|| constant(context, property, paths));
        match value {
            Some(value) => {
                let field = naming::field(&property.ident);
                values.push(quote!(#field: #value));
            }
            None => rest = true,
        }
    }
    match (values.is_empty(), rest) {
        (true, _) => quote!(#name::default()),
        (false, true) => quote!(#name { #(#values,)* ..#name::default() }),
        (false, false) => quote!(#name { #(#values),* }),
    }
}

/// What a header always has: its one value, or the event's type.
fn constant(context: &Context<'_>, property: &Property<'_>, paths: &Paths<'_>) -> Option<TokenStream> {
    let used = form::usage(&context.api.schemas, property.schema?);
    match context.outline.form(used.id) {
        Form::Enumeration(values) if values.len() == 1 => Some(quote!(Some(Default::default()))),
        Form::String if TYPE_HEADERS.contains(&property.json) => {
            let event = paths.runtime("Event");
            Some(quote!(Some(<Self as #event>::TYPE.to_owned())))
        }
        _ => None,
    }
}

/// The headers by which the configuration tells the messages of its channels apart, where they bear the message's type: those that
/// the contract lists with values of their own are filled in as that says.
pub(super) fn configured<'c>(context: &'c Context<'_>, id: MessageId) -> Vec<&'c str> {
    let headers = context.api.messages[id.0 as usize].headers.map(|id| form::usage(&context.api.schemas, id).id);
    let listed = |name: &str| {
        let schema = headers.and_then(|id| context.api.schemas[id].properties.get(name));
        schema.is_some_and(|id| !texts(context.api, form::usage(&context.api.schemas, *id).id).is_empty())
    };
    // From the configuration, of which there is little, to the channels, of which there may be thousands.
    let said = context.config.channels.iter();
    let said = said.filter_map(|(name, channel)| Some((name, channel.kind.as_deref()?.strip_prefix("header:")?)));
    let has_message = |name: &str| {
        let channel = context.api.channels.iter().find(|channel| channel.name == name);
        channel.is_some_and(|channel| channel.messages.contains(&id))
    };
    let mut names: Vec<&str> = said.filter(|(name, _)| has_message(name)).map(|(_, header)| header).collect();
    names.retain(|name| !name.is_empty() && !listed(name));
    names.sort_unstable();
    names.dedup();
    names
}

/// The field of the payload that a header repeats.
fn source(context: &Context<'_>, message: &Message, envelope: &Envelope, header: &str) -> Option<Path> {
    if correlates(envelope, header)
        && let Some(path) = &envelope.correlation
    {
        return Some(path.clone());
    }
    let id = super::message::payload(message, context.api)?;
    crate::envelope::field(context.api, &context.outline, id, header)
}

/// An expression of the header's type, an option.
fn convert(context: &Context<'_>, source: &Path, header: crate::api::SchemaId) -> Option<TokenStream> {
    let used = form::usage(&context.api.schemas, header);
    let (from, to) = (context.outline.form(source.schema), context.outline.form(used.id));
    // What has rules is a text among headers.
    let ruled = matches!(from, Form::Checked(_));
    let same = !ruled && (source.schema == used.id || (from == to && !to.is_named()));
    if !same && *to != Form::String && !(ruled && source.schema == used.id) {
        return None;
    }
    let field = if source.is_certain() { certain(source) } else { uncertain(source) };
    Some(match (source.is_certain(), same) {
        (true, true) if is_copy(from) => quote!(Some(#field)),
        (true, true) => quote!(Some(#field.clone())),
        (true, false) => quote!(Some(#field.to_string())),
        (false, true) if is_copy(from) => quote!(#field.copied()),
        (false, true) => quote!(#field.cloned()),
        (false, false) => quote!(#field.map(ToString::to_string)),
    })
}

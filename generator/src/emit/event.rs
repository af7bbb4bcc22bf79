//! What makes a type an event: the `Event` implementation, `new`, and the wrappers around payloads of others.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::api::{MessageId, Payload};
use crate::envelope::{Envelope, Path};
use crate::naming;
use crate::types::form::{Form, Use};
use crate::types::{Module, Object, Others, Spelled, Type};

use super::Context;
use super::docs;
use super::paths::{Paths, ident};
use super::types::{self, Definition, Writer};

/// The type of a message whose payload is not a struct of its own: a transparent wrapper.
pub(super) fn wrapper(context: &Context<'_>, id: MessageId, module: Module, paths: &Paths<'_>) -> Option<Definition> {
    let ty = &context.outline.messages[id.0 as usize];
    if ty.own {
        return None;
    }
    let docs = types::message_docs(context, id);
    let name = ident(&ty.name);
    if let Payload::Opaque(format) = &context.api.messages[id.0 as usize].payload {
        let docs = docs.markdown(format!("Its body is {}, passed through as it is.", docs::code(format))).outer();
        return Some(("opaque", quote!(#docs pub struct #name(pub Vec<u8>);)));
    }
    let docs = docs.outer();
    let writer = Writer { context, module, paths };
    let inner = match ty.payload {
        Some(used) => match context.outline.inline(context.api, Use { nullable: false, ..used }) {
            Type::Value => paths.runtime("Value"),
            ty if used.nullable => writer.ty(&Type::Nullable(Box::new(ty))),
            ty => writer.ty(&ty),
        },
        None => paths.runtime("Value"),
    };
    Some(("wrapper", quote!(#docs pub struct #name(pub #inner);)))
}

/// `impl Event for …`.
pub(super) fn implementation(context: &Context<'_>, id: MessageId, paths: &Paths<'_>) -> TokenStream {
    let message = &context.api.messages[id.0 as usize];
    let plan = &context.messages[id.0 as usize];
    let ty = ident(&context.outline.messages[id.0 as usize].name);
    let (event, topic) = (paths.runtime("Event"), paths.runtime("Topic"));
    let (name, kind) = (&message.name, &plan.kind);
    let envelope = &plan.envelope;
    let cow = paths.std("::std::borrow", "Cow");
    let text = |path: &Option<Path>| path.as_ref().map_or_else(|| quote!(None), |path| text_of(context, path, &cow));
    let (event_id, version) = (text(&envelope.id), text(&envelope.version));
    let key = key(&ident("self"), envelope.key.as_ref());
    let body = match message.payload {
        Payload::Opaque(_) => quote!(::conecta_runtime::opaque_body! {}),
        Payload::Schema(_) | Payload::Any => quote!(::conecta_runtime::json_body! {}),
    };
    let headers_type = super::headers::type_of(context, message, paths);
    let headers = super::headers::filled(context, message, envelope, paths);
    let version_constant =
        plan.version.as_ref().map(|version| quote!(const VERSION: Option<&'static str> = Some(#version);));
    let examples = super::channel::examples_name(context, id).map(|name| {
        let example = paths.runtime("Example");
        quote!(const EXAMPLES: &'static [#example] = #name;)
    });
    let told_by = super::headers::configured(context, id);
    let type_headers = (!told_by.is_empty()).then(|| {
        quote!(
            const TYPE_HEADERS: &'static [&'static str] = &[#(#told_by),*];
        )
    });
    let channel = context.outline.messages[id.0 as usize].channel;
    let (open, topic_of) = match &context.channels[channel].address {
        None => (None, None),
        Some(address) if address.is_closed() => {
            let (function, error) = (super::address::topic_of(context, id, channel), paths.runtime("EncodeError"));
            let topic_of = quote! {
                fn topic(&self, headers: &Self::Headers) -> Result<#cow<'static, str>, #error> {
                    #function(self, headers)
                }
            };
            (None, Some(topic_of))
        }
        Some(_) => (
            Some(quote!(
                const OPEN_ADDRESS: bool = true;
            )),
            None,
        ),
    };
    quote! {
        impl #event for #ty {
            const NAME: &'static str = #name;
            const TOPIC: #topic = TOPIC;
            const TYPE: &'static str = #kind;
            #version_constant
            #type_headers
            #examples
            #open
            type Headers = #headers_type;
            fn id(&self) -> Option<#cow<'_, str>> { #event_id }
            fn version(&self) -> Option<#cow<'_, str>> { #version }
            fn key(&self) -> Option<Vec<u8>> { #key }
            fn headers(&self) -> Self::Headers { #headers }
            #topic_of
            #body
        }
    }
}

/// The record's key, of an event that is at hand under that name.
pub(super) fn key(event: &Ident, path: Option<&Path>) -> TokenStream {
    match path {
        Some(path) if path.is_certain() => {
            let field = certain_of(event, path);
            quote!(::conecta_runtime::codec::key(&#field))
        }
        Some(path) => {
            let field = uncertain_of(event, path);
            quote!(#field.and_then(::conecta_runtime::codec::key))
        }
        None => quote!(None),
    }
}

/// `self.datos.caso_id`, of a path that is always there.
pub(super) fn certain(path: &Path) -> TokenStream {
    certain_of(&ident("self"), path)
}

pub(super) fn certain_of(event: &Ident, path: &Path) -> TokenStream {
    path.steps.iter().fold(quote!(#event), |at, step| {
        let field = naming::field(&step.ident);
        if step.wrapped { quote!(#at.#field.0) } else { quote!(#at.#field) }
    })
}

/// `self.metadata.as_ref().and_then(|v| v.request_id.as_ref())`: an option of a reference, of a path that may end early.
pub(super) fn uncertain(path: &Path) -> TokenStream {
    uncertain_of(&ident("self"), path)
}

pub(super) fn uncertain_of(event: &Ident, path: &Path) -> TokenStream {
    let mut at = quote!(#event);
    let mut optional = false;
    for step in &path.steps {
        let field = naming::field(&step.ident);
        at = match (optional, step.optional) {
            (false, false) => quote!(#at.#field),
            (false, true) => quote!(#at.#field.as_ref()),
            (true, false) => quote!(#at.map(|part| &part.#field)),
            (true, true) => quote!(#at.and_then(|part| part.#field.as_ref())),
        };
        optional |= step.optional;
        if step.doubly_optional {
            at = quote!(#at.and_then(Option::as_ref));
        }
        at = match (step.wrapped, optional) {
            (false, _) => at,
            (true, false) => quote!(#at.0),
            (true, true) => quote!(#at.map(|value| &value.0)),
        };
    }
    at
}

/// A field as an option of text.
fn text_of(context: &Context<'_>, path: &Path, cow: &TokenStream) -> TokenStream {
    let form = context.outline.form(path.schema).inner();
    if path.is_certain() {
        let field = certain(path);
        return match form {
            Form::String | Form::Text => quote!(Some(#cow::Borrowed(&#field))),
            Form::Enumeration(values) if values.iter().all(serde_json::Value::is_string) => {
                quote!(Some(#cow::Borrowed(#field.as_str())))
            }
            _ => quote!(Some(#cow::Owned(#field.to_string()))),
        };
    }
    let field = uncertain(path);
    match form {
        Form::String | Form::Text => quote!(#field.map(|text| #cow::Borrowed(&**text))),
        _ => quote!(#field.map(|value| #cow::Owned(value.to_string()))),
    }
}

/// `impl … { pub fn new(…) }`, where the envelope gives it something to fill in and leaves little to ask for.
pub(super) fn constructor(writer: &Writer<'_>, id: MessageId, object: &Object) -> Option<TokenStream> {
    let message = &writer.context.outline.messages[id.0 as usize];
    let plan = &writer.context.messages[id.0 as usize];
    let mut parameters = Vec::new();
    let mut values = Vec::new();
    let mut filled = Vec::new();
    for field in &object.fields {
        let name = naming::field(&field.ident);
        if let Some((what, value)) = fill(writer, &plan.envelope, &field.json, plan.version.as_deref()) {
            filled.push(what);
            values.push(match (field.is_certain(), field.nullable) {
                (true, false) => quote!(#name: #value),
                (true, true) | (false, false) => quote!(#name: Some(#value)),
                (false, true) => quote!(#name: Some(Some(#value))),
            });
        } else if let Some(absence) = field.absence.as_ref().filter(|absence| absence.fills) {
            let value = writer.default_of(field, absence);
            values.push(quote!(#name: #value));
        } else if !field.required {
            values.push(quote!(#name: None));
        } else if field.nullable {
            let ty = writer.ty(&field.ty);
            parameters.push((name.clone(), quote!(Option<#ty>)));
            values.push(quote!(#name));
        } else if field.ty == Type::String {
            parameters.push((name.clone(), quote!(impl Into<String>)));
            values.push(quote!(#name: #name.into()));
        } else {
            parameters.push((name.clone(), writer.ty(&field.ty)));
            values.push(quote!(#name));
        }
    }
    if filled.is_empty() || parameters.len() > MOST_PARAMETERS {
        return None;
    }
    if let Others::Kept(rest, _) = &object.others {
        let rest = ident(rest);
        values.push(quote!(#rest: Default::default()));
    }
    let name = ident(&message.name);
    let doc = format!(" A new event: {} filled in.", sentence(&filled));
    let (names, types): (Vec<Ident>, Vec<TokenStream>) = parameters.into_iter().unzip();
    // Each has an identifier and a time of its own: no default.
    let allowed = names.is_empty().then(|| quote!(#[allow(clippy::new_without_default)]));
    Some(quote! {
        impl #name {
            #[doc = #doc]
            #allowed
            pub fn new(#(#names: #types),*) -> Self {
                Self { #(#values),* }
            }
        }
    })
}

/// More arguments than that are easily swapped: the builder names each.
const MOST_PARAMETERS: usize = 4;

/// What a new event has in a field of the envelope.
fn fill(
    writer: &Writer<'_>,
    envelope: &Envelope,
    json: &str,
    version: Option<&str>,
) -> Option<(&'static str, TokenStream)> {
    let Writer { context, paths, .. } = writer;
    let plays = |part: &Option<Path>| {
        part.as_ref().filter(|path| path.is_own(json)).map(|path| context.outline.form(path.schema))
    };
    if let Some(Form::String) = plays(&envelope.id) {
        return Some(("id", quote!(::conecta_runtime::new_event_id())));
    }
    if let Some(form) = plays(&envelope.kind) {
        let event = paths.runtime("Event");
        return match form {
            Form::String => Some(("type", quote!(<Self as #event>::TYPE.to_owned()))),
            Form::Enumeration(values) if values.len() == 1 => Some(("type", quote!(Default::default()))),
            _ => None,
        };
    }
    if let (Some(form), Some(version)) = (plays(&envelope.version), version) {
        let path = envelope.version.as_ref()?;
        return match form {
            Form::String => Some(("version", quote!(#version.to_owned()))),
            Form::Enumeration(values) if values.len() == 1 => Some(("version", quote!(Default::default()))),
            Form::Text if fits(context, path, version) => {
                let item = context.outline.item(path.schema)?;
                let ty = writer.ty(&Type::Named(item));
                Some(("version", quote!(#ty::from_contract(#version))))
            }
            _ => None,
        };
    }
    match plays(&envelope.time) {
        Some(Form::Spelled(Spelled::DateTime)) => {
            let date_time = paths.runtime("DateTime");
            Some(("time", quote!(#date_time::now())))
        }
        _ => None,
    }
}

/// Whether a constant keeps the constraints of its field.
fn fits(context: &Context<'_>, path: &Path, text: &str) -> bool {
    let schema = &context.api.schemas[path.schema];
    let length = text.chars().count() as u64;
    schema.min_length.is_none_or(|min| length >= min)
        && schema.max_length.is_none_or(|max| length <= max)
        && schema.patterns.iter().all(|pattern| {
            let translated = context.outline.patterns.get(pattern);
            translated.and_then(|p| regex_lite::Regex::new(p).ok()).is_some_and(|regex| regex.is_match(text))
        })
}

/// `id, type and time are`.
fn sentence(words: &[&str]) -> String {
    match words {
        [only] => format!("its {only} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
        [] => String::new(),
    }
}

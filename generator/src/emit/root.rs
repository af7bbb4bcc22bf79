//! The root: what a reader sees first, and every name in one place.

use indexmap::IndexMap;
use proc_macro2::TokenStream;
use quote::quote;

use crate::types::Module;

use super::Context;
use super::docs::{self, Docs};
use super::paths::{Paths, ident};
use super::source::Source;

/// `lib.rs`, or the root of a module tree that is included elsewhere: that one has no inner attributes, which `include!` would not
/// take.
pub(super) fn emit(context: &Context<'_>, as_crate: bool) -> String {
    let paths = Paths::new(&context.outline.scope);
    let mut body = Source::default();
    body.text(&modules(context));
    body.items(exports(context));
    body.items(messages(context, &paths));
    body.items(topics(context, &paths));
    for item in super::servers::emit(context, &paths).into_iter().flatten() {
        body.block(item);
    }
    let mut head = context.stamp.clone();
    if as_crate {
        head.push_str(&docs(context).inner());
        head.push_str("\n#![warn(missing_docs)]\n#![forbid(unsafe_code)]\n");
        let items = context.outline.items.iter();
        let most = items.map(|item| context.api.schemas[item.schema].properties.len()).max().unwrap_or_default();
        // A macro of the runtime goes a few steps deep for each field of an object.
        if most > 24 {
            head.push_str(&format!("#![recursion_limit = \"{}\"]\n", (4 * most + 64).next_power_of_two()));
        }
    }
    let mut source = Source::new(head);
    source.items(paths.imports());
    source.append(body);
    source.finish()
}

fn docs(context: &Context<'_>) -> Docs {
    let api = context.api;
    let mut docs = Docs::new()
        .text(&api.title)
        .text(api.description.as_deref().unwrap_or_default())
        .markdown(format!("Version {} of the contract.", docs::code(&api.version)));
    let mut rows = Vec::new();
    for (channel, plan) in api.channels.iter().zip(&context.channels) {
        let of = |names: Vec<String>| if names.is_empty() { "–".to_owned() } else { names.join(", ") };
        let events: Vec<_> =
            channel.messages.iter().map(|id| format!("[`{}`]", context.outline.messages[id.0 as usize].name)).collect();
        let ends =
            |ends: &[super::operation::End]| ends.iter().map(|end| format!("[`{}`]", end.name)).collect::<Vec<_>>();
        let address = docs::cell(&channel.address);
        // A link whose text is where it leads to is one that rustdoc warns of.
        let target = if address == plan.module { String::new() } else { format!("({})", plan.module) };
        rows.push(format!(
            "| [`{address}`]{target} | {} | {} | {} |",
            of(events),
            of(ends(&plan.producers)),
            of(ends(&plan.consumers))
        ));
    }
    // A page of rows helps nobody.
    if !rows.is_empty() && rows.len() <= 100 {
        docs = docs.markdown("| channel | events | to publish | to consume |").row("|---|---|---|---|");
        docs = rows.into_iter().fold(docs, Docs::row);
    }
    docs
}

/// `pub mod casos_creados;`, or the files that the modules are in.
fn modules(context: &Context<'_>) -> String {
    let layout = context.layout();
    let mut text = String::new();
    if layout.shared {
        text.push_str("// The channels' modules: a file for each would be too many.\n");
        text.extend(layout.files.iter().map(|file| format!("::std::include!(\"{}\");\n", file.path)));
    } else {
        text.extend(context.channels.iter().map(|plan| format!("pub mod {};\n", plan.module)));
    }
    let above = [("headers", Module::Headers), ("schemas", Module::Schemas)];
    text.extend(above.iter().filter(|(_, module)| context.has(*module)).map(|(name, _)| format!("pub mod {name};\n")));
    text
}

/// Every type and trait, at the root.
fn exports(context: &Context<'_>) -> TokenStream {
    let outline = &context.outline;
    let mut out = TokenStream::new();
    let mut export = |module: &str, mut names: Vec<String>| {
        names.sort_unstable();
        let module = ident(module);
        let names: Vec<_> = names.iter().map(|name| ident(name)).collect();
        out.extend(match names.as_slice() {
            [] => TokenStream::new(),
            [one] => quote!(pub use #module::#one;),
            several => quote!(pub use #module::{#(#several),*};),
        });
    };
    let mut wrappers = vec![Vec::new(); context.channels.len()];
    for message in outline.messages.iter().filter(|message| !message.own) {
        wrappers[message.channel].push(message.name.clone());
    }
    for ((index, plan), wrappers) in context.channels.iter().enumerate().zip(wrappers) {
        let mut names = types_of(context, Module::Channel(index));
        names.extend(wrappers);
        names.extend(
            plan.address.iter().flat_map(|address| [Some(&address.name), address.asked.as_ref()]).flatten().cloned(),
        );
        names.extend(plan.several.iter().map(|(name, _)| name.clone()));
        names.extend(plan.producers.iter().chain(&plan.consumers).map(|end| end.name.clone()));
        export(&plan.module, names);
    }
    export("headers", types_of(context, Module::Headers));
    export("schemas", types_of(context, Module::Schemas));
    out
}

fn types_of(context: &Context<'_>, module: Module) -> Vec<String> {
    let items = context.outline.items_of(module).iter().map(|id| &context.outline.items[id.0]);
    items.flat_map(|item| [item.name.clone(), item.builder.clone()]).filter(|name| !name.is_empty()).collect()
}

fn messages(context: &Context<'_>, paths: &Paths<'_>) -> TokenStream {
    let info = paths.runtime("MessageInfo");
    let types = context.outline.messages.iter().map(|message| ident(&message.name));
    quote! {
        /// Every message of the contract, for tools and tests.
        pub const MESSAGES: &[#info] = &[#(#info::of::<#types>()),*];
    }
}

fn topics(context: &Context<'_>, paths: &Paths<'_>) -> TokenStream {
    let topic = paths.runtime("Topic");
    // Channels of one address are one topic, as the first of them that says more than its name has it.
    let mut kept: IndexMap<&str, usize> = IndexMap::new();
    for (index, channel) in context.api.channels.iter().enumerate() {
        if channel.kafka && !channel.is_open() {
            let name = channel.topic.as_ref().map_or(channel.address.as_str(), |topic| topic.name.as_str());
            let first = kept.entry(name).or_insert(index);
            if context.api.channels[*first].topic.is_none() && channel.topic.is_some() {
                *first = index;
            }
        }
    }
    let modules = kept.values().map(|index| ident(&context.channels[*index].module));
    quote! {
        /// The topics of the contract, to be created or compared.
        pub const fn topics() -> &'static [#topic] {
            &[#(#modules::TOPIC),*]
        }
    }
}

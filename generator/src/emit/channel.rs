//! A channel's module: its topic, its types, its events, and the traits of both ends.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens as _, quote};

use crate::api::{Action, Channel, MessageId, TopicConfig};
use crate::envelope::Path;
use crate::naming;
use crate::types::{Module, Shape};

use super::Context;
use super::docs::{self, Docs};
use super::event;
use super::literal::raw;
use super::operation::End;
use super::paths::{Paths, ident};
use super::source::Source;
use super::types::Writer;

/// What is in a channel's module.
pub(super) fn emit(context: &Context<'_>, index: usize) -> String {
    let channel = &context.api.channels[index];
    let plan = &context.channels[index];
    let module = Module::Channel(index);
    let paths = Paths::new(&context.outline.scope);
    let writer = Writer { context, module, paths: &paths };
    let mut body = Source::default();

    body.items(topic(channel, &paths));
    for (macro_name, text) in super::address::structs(&writer, index) {
        match macro_name {
            Some(name) => {
                let inner: String = text.lines().map(|line| format!("    {line}\n")).collect();
                body.text(&format!("::conecta_runtime::{name}! {{\n{inner}}}\n"));
            }
            None => body.text(&text),
        }
    }
    let shapes = writer.shapes();
    let own: Vec<MessageId> = channel
        .messages
        .iter()
        .copied()
        .filter(|id| context.outline.messages[id.0 as usize].channel == index)
        .collect();
    // A message first, then what it is made of: both are reached in that order.
    for id in &own {
        if let Some((macro_name, item)) = event::wrapper(context, *id, module, &paths) {
            body.within(macro_name, item);
            body.block(event::implementation(context, *id, &paths));
        }
    }
    for (id, shape) in &shapes {
        let (macro_name, item) = writer.definition(*id, shape);
        body.within(macro_name, item);
        body.block(writer.defaults(*id, shape));
        if let Some(message) = context.outline.items[id.0].message {
            if let Shape::Object(object) = shape
                && let Some(constructor) = event::constructor(&writer, message, object)
            {
                body.block(constructor);
            }
            body.block(event::implementation(context, message, &paths));
        }
    }
    if let Some((name, tell)) = &plan.several {
        body.text(&super::several::definition(context, index, name, tell, &paths));
    }
    for id in &channel.messages {
        body.items(key_here(context, *id, index, &paths));
        body.items(super::address::function(context, *id, index, &paths));
    }
    for end in &plan.producers {
        for item in producer(context, end, index, &paths) {
            body.block(item);
        }
    }
    for end in &plan.consumers {
        for item in consumer(context, end, index, &paths) {
            body.block(item);
        }
    }
    for id in &own {
        body.items(examples(context, *id, &paths));
    }

    let docs =
        Docs::new().markdown(docs::code(&channel.address)).text(channel.description.as_deref().unwrap_or_default());
    let mut source = Source::new(docs.inner());
    source.items(paths.imports());
    source.append(body);
    source.finish()
}

/// `pub const TOPIC`.
fn topic(channel: &Channel, paths: &Paths<'_>) -> TokenStream {
    let topic = paths.runtime("Topic");
    let Some(config) = &channel.topic else {
        let name = &channel.address;
        let doc = if channel.is_open() {
            " The channel's name. Its address is only known when the application runs: the methods below ask for it."
        } else {
            " The channel's address; the contract says no more of it."
        };
        return quote!(#[doc = #doc] pub const TOPIC: #topic = #topic::named(#name););
    };
    let TopicConfig { name, partitions, replication_factor, retention_ms, key, config } = config;
    let partitions = some(partitions.map(|n| Literal::u32_unsuffixed(n).to_token_stream()));
    let replication = some(replication_factor.map(|n| Literal::u16_unsuffixed(n).to_token_stream()));
    let retention = some(retention_ms.map(milliseconds));
    let key = some(key.as_ref().map(|key| {
        let path = key.path.join(".");
        quote!(#path)
    }));
    let config = config.iter().map(|(name, value)| quote!((#name, #value)));
    quote! {
        /// The topic, as the contract and its topics file describe it.
        pub const TOPIC: #topic = #topic {
            name: #name,
            partitions: #partitions,
            replication_factor: #replication,
            retention_ms: #retention,
            key: #key,
            config: &[#(#config),*],
        };
    }
}

fn some(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}

/// `604_800_000`.
fn milliseconds(value: i64) -> TokenStream {
    let digits = naming::grouped(&value.unsigned_abs().to_string(), '_');
    let literal: TokenStream = digits.parse().unwrap_or_default();
    if value < 0 { quote!(-#literal) } else { literal }
}

pub(super) fn message_type(context: &Context<'_>, id: MessageId, channel: usize, paths: &Paths<'_>) -> TokenStream {
    let ty = &context.outline.messages[id.0 as usize];
    let name = if ty.channel == channel { ident(&ty.name) } else { paths.sibling(&ty.name) };
    quote!(#name)
}

fn end_docs(end: &End, producer: bool, channel: &Channel, paths: &Paths<'_>) -> Docs {
    let docs = Docs::new().text(end.summary.as_deref().unwrap_or_default());
    let docs = if docs.is_empty() {
        let does = if producer { "Publishes to" } else { "Consumes from" };
        match channel.is_open() {
            true => docs.markdown(format!("{does} {}, at the address that is given.", docs::code(&channel.address))),
            false => docs.markdown(format!("{does} {}.", docs::code(&channel.address))),
        }
    } else {
        docs
    };
    let who = if producer {
        match paths.runtime("Publisher").to_string().as_str() {
            "Publisher" => "For those who publish: every [`Publisher`] has it.",
            _ => "For those who publish: every [`Publisher`](::conecta_runtime::Publisher) has it.",
        }
    } else {
        "For those who consume: implement it and register it with a consumer."
    };
    let application = "this is the application's end";
    let other = "this is the end of its clients";
    let (word, whose) = match end.said.as_ref().map(|(_, action)| (action, producer)) {
        // In 2.x the direction is written either way.
        Some((Action::Publish, _)) => ("(`publish`)", None),
        Some((Action::Subscribe, _)) => ("(`subscribe`)", None),
        Some((Action::Send, true)) => ("(`send`)", Some(application)),
        Some((Action::Send, false)) => ("(`send`)", Some(other)),
        Some((Action::Receive, true)) => ("(`receive`)", Some(other)),
        Some((Action::Receive, false)) => ("(`receive`)", Some(application)),
        None => ("", None),
    };
    let whose = whose.map(|whose| format!(": {whose}")).unwrap_or_default();
    match (&end.reply_to, &end.said) {
        (Some(request), _) => {
            docs.markdown(format!("{who} It is the reply to the operation {}{whose}.", docs::code(request)))
        }
        (None, Some((id, _))) => {
            docs.markdown(format!("{who} The contract calls the operation {} {word}{whose}.", docs::code(id)))
        }
        (None, None) => docs.markdown(who),
    }
}

/// The function that gives a message's key on a channel that is not its home, where it is another one there.
fn key_here(context: &Context<'_>, id: MessageId, channel: usize, paths: &Paths<'_>) -> TokenStream {
    let (Some(name), Some(path)) = (key_name(context, id, channel), key_path(context, id, channel)) else {
        return TokenStream::new();
    };
    let event_type = message_type(context, id, channel, paths);
    let key = event::key(&Ident::new("event", Span::call_site()), path.as_ref());
    let event = if path.is_some() { ident("event") } else { ident("_") };
    quote! {
        /// Its key on this channel.
        fn #name(#event: &#event_type) -> Option<Vec<u8>> { #key }
    }
}

/// What it is called, where there is one.
pub(super) fn key_name(context: &Context<'_>, id: MessageId, channel: usize) -> Option<Ident> {
    let ty = &context.outline.messages[id.0 as usize];
    key_path(context, id, channel)?;
    Some(ident(&format!("key_of_{}", naming::snake(&ty.name))))
}

/// The key of a message on a channel that is not its home, where it is another one there.
fn key_path(context: &Context<'_>, id: MessageId, channel: usize) -> Option<Option<Path>> {
    let ty = &context.outline.messages[id.0 as usize];
    let key = context.channels[channel].keys.get(&id)?;
    (ty.channel != channel && *key != context.messages[id.0 as usize].envelope.key).then(|| key.clone())
}

/// The trait of who sends.
fn producer(context: &Context<'_>, end: &End, channel: usize, paths: &Paths<'_>) -> [TokenStream; 2] {
    let docs = end_docs(end, true, &context.api.channels[channel], paths).outer();
    let name = ident(&end.name);
    let publisher = paths.runtime("Publisher");
    let extension = paths.runtime("PublisherExt");
    let future = paths.std("::std::future", "Future");
    let (receipt, error) = (paths.runtime("Receipt"), paths.runtime("PublishError"));
    let open = context.api.channels[channel].is_open();
    let given = open.then(|| quote!(topic: &str,));
    let methods = end.messages.iter().zip(&end.methods).map(|(id, method)| {
        let event = message_type(context, *id, channel, paths);
        let plain = naming::field(method);
        let headers = super::headers::type_of(context, &context.api.messages[id.0 as usize], paths);
        let is_home = context.outline.messages[id.0 as usize].channel == channel;
        let publishing = super::address::publishing(context, *id, channel, paths);
        let asked = publishing.as_ref().map(|publishing| &publishing.asked);
        let (send, send_with) = if let Some(publishing) = &publishing {
            let (message, message_with) = (&publishing.message, &publishing.message_with);
            (quote!(#extension::publish_made(self, #message)), quote!(#extension::publish_made(self, #message_with)))
        } else if is_home && !open {
            (quote!(#extension::publish(self, event)), quote!(#extension::publish_with(self, event, headers)))
        } else {
            // The event's own topic is that of its home, or no topic at all.
            let (cow, trait_name) = (paths.std("::std::borrow", "Cow"), paths.runtime("Event"));
            let key = match key_name(context, *id, channel) {
                Some(function) => quote!(#function(event)),
                None => quote!(#trait_name::key(event)),
            };
            let topic = match open {
                true => quote!(#cow::Owned(topic.to_owned())),
                false => quote!(#cow::Borrowed(TOPIC.name)),
            };
            let to = |headers: TokenStream| quote!(#extension::publish_to(self, #topic, #key, event, #headers));
            (to(quote!(&#trait_name::headers(event))), to(quote!(headers)))
        };
        let with_headers = (headers.to_string() != "()").then(|| {
            let with = ident(&format!("{method}_with"));
            quote! {
                /// The same with these headers.
                fn #with<'a>(
                    &'a self,
                    #given #asked
                    event: &#event,
                    headers: &#headers,
                ) -> impl #future<Output = Result<#receipt, #error>> + Send + use<'a, Self> {
                    #send_with
                }
            }
        });
        quote! {
            /// Publishes it with the headers that follow from it, and resolves when it is safe.
            fn #plain<'a>(
                &'a self,
                #given #asked
                event: &#event,
            ) -> impl #future<Output = Result<#receipt, #error>> + Send + use<'a, Self> {
                #send
            }
            #with_headers
        }
    });
    let p = generic("P", context);
    [
        quote! {
            #docs
            pub trait #name: #publisher {
                #(#methods)*
            }
        },
        quote!(impl<#p: #publisher + ?Sized> #name for #p {}),
    ]
}

/// The trait of who receives, and how a handler is registered.
fn consumer(context: &Context<'_>, end: &End, channel: usize, paths: &Paths<'_>) -> Vec<TokenStream> {
    let Some(method) = end.methods.first() else { return Vec::new() };
    let said = &context.api.channels[channel];
    let several = context.channels[channel].several.as_ref().map(|(name, _)| ident(name));
    let name = ident(&end.name);
    let event = match (&several, end.messages.as_slice()) {
        (_, [only]) => message_type(context, *only, channel, paths),
        (Some(several), _) => quote!(#several),
        (None, _) => return Vec::new(),
    };
    let docs = end_docs(end, false, said, paths);
    let passed_over = several.is_some() && end.messages.len() < said.messages.len();
    let docs = match end.groups.as_slice() {
        [] => docs,
        [only] => docs.markdown(format!("The contract has it consumed by the group {}.", docs::code(only))),
        several => {
            let groups: Vec<String> = several.iter().map(|group| docs::code(group)).collect();
            docs.markdown(format!("The contract has it consumed by one of the groups {}.", groups.join(", ")))
        }
    };
    let docs = if passed_over {
        docs.markdown("Other messages of the channel are none of the operation's: they are passed over.")
    } else {
        docs
    };
    let docs = match &context.channels[channel].address {
        Some(address) => docs.markdown(format!(
            "It gets the events of every topic of the address; `event.parameters::<{}>()` says which.",
            address.name
        )),
        None => docs,
    };
    let docs = docs.outer();
    let future = paths.std("::std::future", "Future");
    let arc = paths.std("::std::sync", "Arc");
    let (delivery, error, registration) =
        (paths.runtime("Delivery"), paths.runtime("HandlerError"), paths.runtime("Registration"));
    let (batch, batches) = (paths.runtime("Batch"), paths.runtime("Batches"));
    let (c, d, h) = (generic("C", context), generic("D", context), generic("H", context));
    let consumers = context.channels[channel].consumers.len();
    let consume = end.register(consumers);
    // No other function of a module with several begins with `batch`.
    let consume_batches = if consumers > 1 { format!("batch_{consume}") } else { format!("{consume}_batches") };
    let (consume, consume_batches) = (ident(&consume), ident(&consume_batches));
    let method = naming::field(method);
    let item = quote! {
        #docs
        ///
        /// `C` is what the inbox lends, `D` what is handed over at a time: one event, or a batch of them.
        pub trait #name<#c = (), #d = #delivery<#event, #c>>: Send + Sync + 'static {
            /// Handles what it is given. That is done when this returns; an error has it retried, or set aside.
            fn #method(&self, event: #d) -> impl #future<Output = Result<(), #error>> + Send;
        }
    };
    let received = several.as_ref().map_or_else(|| event.clone(), |several| quote!(#several));
    let (handle, handle_batch) = match several.filter(|_| passed_over) {
        None => (quote!(handler.#method(event).await), quote!(handler.#method(batch).await)),
        Some(several) => match end.messages.as_slice() {
            [only] => {
                let variant = ident(&context.outline.messages[only.0 as usize].name);
                let one = quote! {
                    let (message, rest) = event.take();
                    match message {
                        #several::#variant(event) => handler.#method(rest.with(event)).await,
                        _ => Ok(()),
                    }
                };
                let many = quote! {
                    let mine = batch.only(|message| match message {
                        #several::#variant(event) => Some(event),
                        _ => None,
                    });
                    match mine {
                        Some(batch) => handler.#method(batch).await,
                        None => Ok(()),
                    }
                };
                (one, many)
            }
            some => {
                let variants = some.iter().map(|id| ident(&context.outline.messages[id.0 as usize].name));
                let variants: Vec<_> = variants.collect();
                let one = quote! {
                    match &event.event {
                        #(#several::#variants(_))|* => handler.#method(event).await,
                        _ => Ok(()),
                    }
                };
                let many = quote! {
                    let mine = batch.only(|message| match message {
                        #(#several::#variants(_))|* => Some(message),
                        _ => None,
                    });
                    match mine {
                        Some(batch) => handler.#method(batch).await,
                        None => Ok(()),
                    }
                };
                (one, many)
            }
        },
    };
    let (doc, given, topic) = match said.is_open() {
        true => {
            let topic = paths.runtime("Topic");
            let doc = " Has a consumer hand the events of `topic`, where this channel is, to `handler`.";
            (doc, Some(quote!(topic: &'static str,)), quote!(#topic::named(topic)))
        }
        false => (" Has a consumer hand this channel's events to `handler`.", None, quote!(TOPIC)),
    };
    let parameterised = context.channels[channel].address.as_ref().map(|address| {
        let parameters = ident(&address.name);
        quote!(.parameterised::<#parameters>())
    });
    let register = quote! {
        #[doc = #doc]
        pub fn #consume<#c: Send + 'static, #h: #name<#c>>(#given handler: #h) -> #registration<#c> {
            #registration::new(#topic, handler, |handler: #arc<#h>, event: #delivery<#received, #c>| async move {
                #handle
            })
            #parameterised
        }
    };
    let register_batches = quote! {
        /// Has a consumer hand this channel's events to `handler`, many at a time.
        pub fn #consume_batches<#c: Send + 'static, #h: #name<#c, #batch<#event, #c>>>(
            #given
            batches: #batches,
            handler: #h,
        ) -> #registration<#c> {
            #registration::batches(#topic, batches, handler, |handler: #arc<#h>, batch: #batch<#received, #c>| async move {
                #handle_batch
            })
            #parameterised
        }
    };
    vec![item, register, register_batches]
}

/// A generic parameter that hides no type of the crate.
fn generic(letter: &str, context: &Context<'_>) -> Ident {
    if context.outline.scope.has(letter) { ident(&format!("{letter}_")) } else { ident(letter) }
}

/// The document's examples of a message.
fn examples(context: &Context<'_>, id: MessageId, paths: &Paths<'_>) -> TokenStream {
    let Some(name) = examples_name(context, id) else { return TokenStream::new() };
    let example = paths.runtime("Example");
    let examples = context.api.messages[id.0 as usize].examples.iter().filter_map(|given| {
        // Where the types accept more than the schema, one that contradicts it shows nothing.
        if given.refused.is_some() && !is_exact(context, id) {
            return None;
        }
        // Over several lines, as a person would write it.
        let payload = raw(&serde_json::to_string_pretty(given.payload.as_ref()?).unwrap_or_default());
        let refused = some(given.refused.as_ref().map(|why| quote!(#why)));
        Some(quote!(#example { payload: #payload, refused: #refused }))
    });
    quote!(const #name: &[#example] = &[#(#examples),*];)
}

fn is_exact(context: &Context<'_>, id: MessageId) -> bool {
    let payload = context.outline.messages[id.0 as usize].payload;
    payload.is_some_and(|used| context.outline.is_exact(context.api, used.id))
}

/// `CASO_CREADO_EXAMPLES`, where there are any.
pub(super) fn examples_name(context: &Context<'_>, id: MessageId) -> Option<Ident> {
    let examples = &context.api.messages[id.0 as usize].examples;
    let any =
        examples.iter().any(|given| given.payload.is_some() && (given.refused.is_none() || is_exact(context, id)));
    any.then(|| ident(&format!("{}_EXAMPLES", naming::screaming(&context.outline.messages[id.0 as usize].name))))
}

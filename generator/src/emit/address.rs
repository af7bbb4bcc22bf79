//! A channel whose address has parameters: their struct, and the topic that an event goes to.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::api::{Api, Channel, Expression, MessageId, Part, SchemaId, names_in};
use crate::diagnostic::{Code, Diagnostic};
use crate::envelope::{self, Path};
use crate::naming::{self, Wanted};
use crate::types::form::{self, Form};
use crate::types::{Outline, Type};

use super::Context;
use super::docs::{self, Docs};
use super::event;
use super::paths::{Paths, ident};
use super::types::{Writer, is_copy};

/// An address with parameters.
#[derive(Clone, Debug)]
pub(crate) struct AddressPlan {
    /// The struct of all of them.
    pub(crate) name: String,
    /// The struct of those that are asked for, where events have others.
    pub(crate) asked: Option<String>,
    /// In the address's order.
    parameters: Vec<ParameterPlan>,
}

#[derive(Clone, Debug)]
struct ParameterPlan {
    /// Its name in the address.
    name: String,
    /// Its field.
    field: String,
    /// The schema that gives its type; text where there is none.
    schema: Option<SchemaId>,
    /// Where each message has it, if all do.
    located: HashMap<MessageId, Source>,
    docs: Docs,
}

/// Where an event has a parameter.
#[derive(Clone, Debug)]
enum Source {
    Payload(Path),
    /// The field of its headers.
    Header(String),
}

impl AddressPlan {
    /// Whether events have all of them.
    pub(crate) fn is_closed(&self) -> bool {
        self.parameters.iter().all(|parameter| !parameter.located.is_empty())
    }

    fn is_open(&self) -> bool {
        self.parameters.iter().all(|parameter| parameter.located.is_empty())
    }

    /// The struct that a producer is given.
    fn given(&self) -> &str {
        self.asked.as_deref().unwrap_or(&self.name)
    }
}

/// The name of a channel's topic, as the document or a binding writes it.
fn text(channel: &Channel) -> &str {
    channel.topic.as_ref().map_or(&channel.address, |topic| &topic.name)
}

/// Plans the parameters of a channel on Kafka whose topic's name has some.
pub(super) fn plan(
    api: &Api,
    outline: &mut Outline,
    channel: &Channel,
    findings: &mut Vec<Diagnostic>,
) -> Option<AddressPlan> {
    if !channel.kafka || channel.messages.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for name in names_in(text(channel)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return None;
    }
    let wanted: Vec<Wanted> = names
        .iter()
        .map(|name| Wanted { name: naming::safe_field(naming::snake(name)), spelling: (*name).to_owned() })
        .collect();
    let fields = naming::Scope::default().assign(&wanted);
    let parameters = names.iter().zip(fields).map(|(name, field)| {
        let said = channel.parameters.iter().find(|parameter| parameter.name == *name);
        let schema = said.and_then(|said| said.schema).map(|id| form::usage(&api.schemas, id).id);
        let located = said.map(|said| located(api, outline, channel, said, findings)).unwrap_or_default();
        let mut docs = Docs::new().text(said.and_then(|said| said.description.as_deref()).unwrap_or_default());
        if docs.is_empty() {
            docs = docs.markdown(format!("{} of the address.", docs::code(name)));
        }
        if let Some(default) = said.and_then(|said| said.default.as_deref()) {
            docs = docs.markdown(format!("The contract's default is {}.", docs::code(default)));
        }
        if let Some(location) = said.and_then(|said| said.location.as_deref()) {
            docs = docs.markdown(format!("Events have it at {}.", docs::code(location)));
        }
        let typed = schema.filter(|id| outline.is_parameter(*id));
        ParameterPlan { name: (*name).to_owned(), field, schema: typed, located, docs }
    });
    let parameters: Vec<ParameterPlan> = parameters.collect();
    let stem = naming::pascal(&channel.name);
    let mut plan = AddressPlan { name: outline.scope.take(&format!("{stem}Parameters")), asked: None, parameters };
    if !plan.is_closed() && !plan.is_open() {
        plan.asked = Some(outline.scope.take(&format!("{stem}Asked")));
    }
    Some(plan)
}

/// Where each message of a channel has a parameter; nowhere, if one of them does not.
fn located(
    api: &Api,
    outline: &Outline,
    channel: &Channel,
    parameter: &crate::api::Parameter,
    findings: &mut Vec<Diagnostic>,
) -> HashMap<MessageId, Source> {
    let Some(location) = parameter.location.as_deref() else { return HashMap::new() };
    let Some(expression) = Expression::parse(location, parameter.place) else { return HashMap::new() };
    let source = |id: MessageId| {
        let Expression { part, path, .. } = &expression;
        match part {
            Part::Payload => {
                let payload = outline.messages[id.0 as usize].payload.filter(|used| !used.nullable)?;
                let steps: Vec<&str> = path.iter().map(String::as_str).collect();
                envelope::find(api, outline, payload.id, &steps).map(Source::Payload)
            }
            Part::Header => {
                let item = *outline.headers.get(&api.messages[id.0 as usize].headers?)?;
                let properties = outline.properties(api, outline.items[item.0].schema);
                let [name] = path.as_slice() else { return None };
                properties.into_iter().find(|property| property.json == name).map(|it| Source::Header(it.ident))
            }
        }
    };
    let mut found = HashMap::new();
    for &id in &channel.messages {
        let Some(source) = source(id) else {
            let message = &api.messages[id.0 as usize];
            // That there is nothing at all is said where it is looked for (CG0414).
            if expression.astray(&api.schemas, message).is_some() {
                return HashMap::new();
            }
            let said = format!("`{location}` leads to no scalar of `{}`", message.name);
            findings.push(
                Diagnostic::new(Code::NO_LOCATION, said)
                    .at_key(parameter.place)
                    .label("who publishes is asked for this parameter")
                    .help("point at a property of the payload or of the headers that every message of the channel has"),
            );
            return HashMap::new();
        };
        found.insert(id, source);
    }
    found
}

/// The structs of a channel's parameters, each within the macro that it needs, if any.
pub(super) fn structs(writer: &Writer<'_>, channel: usize) -> Vec<(Option<&'static str>, String)> {
    let context = writer.context;
    let Some(plan) = &context.channels[channel].address else { return Vec::new() };
    let address = text(&context.api.channels[channel]);
    let docs = Docs::new()
        .markdown(format!("The parameters of {}.", docs::code(address)))
        .markdown("A text may hold letters, digits, `_` and `-`; not the sign that stands before the next parameter.");
    let mut all = docs.outer_text();
    all.push_str(&format!("pub struct {} of {} {{\n", plan.name, literal(address)));
    for parameter in &plan.parameters {
        let listed = parameter.schema.is_some_and(|id| matches!(context.outline.form(id), Form::Enumeration(_)));
        let ty = ty(writer, parameter);
        let docs = indented(&parameter.docs.outer_text());
        let listed = if listed { " listed" } else { "" };
        let field = naming::field(&parameter.field);
        all.push_str(&format!("{docs}    {}{listed} => pub {field}: {ty},\n", literal(&parameter.name)));
    }
    all.push_str("}\n");
    let mut structs = vec![(Some("parameters"), all)];
    if let Some(asked) = &plan.asked {
        let docs =
            Docs::new().markdown(format!("Those parameters of {} that events do not have.", docs::code(address)));
        let mut some = docs.outer_text();
        some.push_str(&format!("#[derive(Clone, Debug, PartialEq)]\npub struct {asked} {{\n"));
        for parameter in plan.parameters.iter().filter(|parameter| parameter.located.is_empty()) {
            let (docs, field) = (indented(&parameter.docs.outer_text()), naming::field(&parameter.field));
            some.push_str(&format!("{docs}    pub {field}: {},\n", ty(writer, parameter)));
        }
        some.push_str("}\n");
        structs.push((None, some));
    }
    structs
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

fn literal(text: &str) -> String {
    proc_macro2::Literal::string(text).to_string()
}

fn ty(writer: &Writer<'_>, parameter: &ParameterPlan) -> String {
    let context = writer.context;
    let ty = parameter.schema.map(|id| context.outline.inline(context.api, form::Use { id, nullable: false }));
    writer.ty(&ty.unwrap_or(Type::String)).to_string()
}

/// What the function is called that names a message's topic, where there is one.
pub(super) fn topic_of(context: &Context<'_>, id: MessageId, channel: usize) -> Option<Ident> {
    let plan = context.channels[channel].address.as_ref()?;
    (!plan.is_open())
        .then(|| ident(&format!("topic_of_{}", naming::snake(&context.outline.messages[id.0 as usize].name))))
}

/// The function that names the topic of a message by what it holds.
pub(super) fn function(context: &Context<'_>, id: MessageId, channel: usize, paths: &Paths<'_>) -> TokenStream {
    let (Some(name), Some(plan)) = (topic_of(context, id, channel), &context.channels[channel].address) else {
        return TokenStream::new();
    };
    let event_type = super::channel::message_type(context, id, channel, paths);
    let headers_type = super::headers::type_of(context, &context.api.messages[id.0 as usize], paths);
    let (cow, error) = (paths.std("::std::borrow", "Cow"), paths.runtime("EncodeError"));
    let trait_name = paths.std("::conecta_runtime::topic", "Parameters");
    let (mut of_event, mut of_headers) = (false, false);
    let values: Vec<TokenStream> = plan
        .parameters
        .iter()
        .map(|parameter| {
            let field = naming::field(&parameter.field);
            let value = match parameter.located.get(&id) {
                Some(Source::Payload(path)) => {
                    of_event = true;
                    match path.is_certain() {
                        true => {
                            let value = event::certain_of(&ident("event"), path);
                            quote!(Some(&#value))
                        }
                        false => event::uncertain_of(&ident("event"), path),
                    }
                }
                Some(Source::Header(header)) => {
                    of_headers = true;
                    let header = naming::field(header);
                    quote!(headers.#header.as_ref())
                }
                None => {
                    let copied = parameter.schema.is_some_and(|id| is_copy(context.outline.form(id)));
                    return if copied { quote!(#field: asked.#field) } else { quote!(#field: asked.#field.clone()) };
                }
            };
            let name = &parameter.name;
            quote!(#field: ::conecta_runtime::topic::__private::located(#name, #value)?)
        })
        .collect();
    let event = if of_event { ident("event") } else { ident("_event") };
    let headers = if of_headers { ident("headers") } else { ident("_headers") };
    let all = ident(&plan.name);
    let asked = plan.asked.as_ref().map(|asked| {
        let asked = ident(asked);
        quote!(, asked: &#asked)
    });
    quote! {
        /// The topic that an event goes to, by the parameters that it has.
        pub fn #name(
            #event: &#event_type,
            #headers: &#headers_type
            #asked
        ) -> Result<#cow<'static, str>, #error> {
            #trait_name::topic(&#all { #(#values),* })
        }
    }
}

/// How a message is published to its topic: what is asked for before the event, and the message, with headers of its own or
/// given ones.
pub(super) struct Publishing {
    pub(super) asked: TokenStream,
    pub(super) message: TokenStream,
    pub(super) message_with: TokenStream,
}

/// How a message is published to a channel whose address has parameters.
pub(super) fn publishing(
    context: &Context<'_>,
    id: MessageId,
    channel: usize,
    paths: &Paths<'_>,
) -> Option<Publishing> {
    let plan = context.channels[channel].address.as_ref()?;
    let given = ident(plan.given());
    let asked = if plan.is_closed() { TokenStream::new() } else { quote!(parameters: &#given,) };
    let keyed = super::channel::key_name(context, id, channel).map(|function| quote!(.keyed(#function(event))));
    let addressed = |headers: TokenStream| match topic_of(context, id, channel) {
        None => {
            let trait_name = paths.std("::conecta_runtime::topic", "Parameters");
            quote!(#trait_name::address(parameters, event))
        }
        Some(function) => {
            let addressed = paths.runtime("Addressed");
            let parameters = plan.asked.is_some().then(|| quote!(, parameters));
            quote!(#addressed::to(#function(event, #headers #parameters), event))
        }
    };
    let own = match topic_of(context, id, channel) {
        // An import that nothing uses would be warned of.
        None => addressed(TokenStream::new()),
        Some(_) => {
            let event = paths.runtime("Event");
            addressed(quote!(&#event::headers(event)))
        }
    };
    let with = addressed(quote!(headers));
    Some(Publishing {
        asked,
        message: quote!(#own #keyed.to_message()),
        message_with: quote!(#with #keyed.to_message_with(headers)),
    })
}

//! Names and modules: a walk from the messages over every schema they reach.

use std::collections::{HashMap, HashSet};

use crate::api::{Api, Channel, MessageId, Payload, Schema, SchemaId, TypeSet};
use crate::config::{Config, Defaults};
use crate::diagnostic::{Code, Diagnostic};
use crate::naming::{self, Scope, Wanted};
use crate::overrides::{self, Overrides, Said};

use super::fields;
use super::form::{self, Form, Patterns, Use};
use super::literal::{buffered, unapplied, weighed};
use super::name::{Name, Stems, Step, Words, children};
use super::rules::{self, Rules};
use super::{Item, ItemId, Module, Variant, ask, width};

/// Every type of the crate, named and placed.
#[derive(Debug)]
pub(crate) struct Outline {
    /// In the order the messages reach them.
    pub(crate) items: Vec<Item>,
    /// The type of a schema that has one.
    by_schema: HashMap<SchemaId, ItemId>,
    by_module: HashMap<Module, Vec<ItemId>>,
    /// What each schema that was reached is.
    forms: HashMap<SchemaId, Form>,
    /// The identifiers of the fields of those that are objects.
    idents: HashMap<SchemaId, Vec<String>>,
    /// The variants of enumerations whose values are given names.
    variants: HashMap<SchemaId, Vec<Variant>>,
    /// Their patterns.
    pub(crate) patterns: Patterns,
    /// What their types do not express.
    rules: HashMap<SchemaId, Rules>,
    /// Objects that keep what they do not name, for the sake of alternatives that do.
    keeps: HashSet<SchemaId>,
    /// The type of each message, an index into [`Api::messages`].
    pub(crate) messages: Vec<MessageType>,
    /// The types of headers, one for each distinct schema of headers.
    pub(crate) headers: HashMap<SchemaId, ItemId>,
    /// The names that are taken at the crate's root.
    pub(crate) scope: Scope,
    /// Whether unknown fields are kept.
    pub(crate) keep_unknown: bool,
    /// What becomes of defaults.
    pub(crate) defaults: Defaults,
    /// Schemas whose values are looked at as JSON from above.
    weighed: HashSet<SchemaId>,
    /// Texts that are held up to a format.
    formatted: HashSet<SchemaId>,
}

/// What a message is.
#[derive(Clone, Debug)]
pub(crate) struct MessageType {
    /// The name of its type.
    pub(crate) name: String,
    /// The channel in whose module it is written.
    pub(crate) channel: usize,
    /// Its payload, where it is typed.
    pub(crate) payload: Option<Use>,
    /// Whether the payload's type is the message's own; else it wraps it.
    pub(crate) own: bool,
}

impl Outline {
    /// The type of a schema, where it has one of its own.
    pub(crate) fn item(&self, id: SchemaId) -> Option<ItemId> {
        self.by_schema.get(&id).copied()
    }

    /// What a schema that a message reaches is.
    pub(crate) fn form(&self, id: SchemaId) -> &Form {
        self.forms.get(&id).unwrap_or(&Form::Any)
    }

    /// Every schema that a message reaches, and what it is.
    #[cfg(test)]
    pub(super) fn reached(&self) -> impl Iterator<Item = (SchemaId, &Form)> {
        self.forms.iter().map(|(id, form)| (*id, form))
    }

    /// The identifiers of an object's fields.
    pub(super) fn idents(&self, id: SchemaId) -> &[String] {
        self.idents.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a number is a decimal.
    pub(crate) fn has_decimals(&self) -> bool {
        self.forms.values().any(|form| matches!(form, Form::Decimal { .. }))
    }

    /// Whether an integer has more than 64 bits.
    pub(crate) fn has_wide_integers(&self) -> bool {
        let wide = |form: &Form| matches!(form, Form::Integer(width) | Form::Number(Some(width)) if width.is_wide());
        self.forms.values().any(wide)
    }

    /// The variants of an enumeration.
    pub(super) fn variants(&self, id: SchemaId) -> Vec<Variant> {
        match (self.variants.get(&id), self.form(id)) {
            (Some(variants), _) => variants.clone(),
            (None, Form::Enumeration(values)) => ask::variants(values, &[], &mut Vec::new()),
            _ => Vec::new(),
        }
    }

    /// What the type of a schema does not express of it.
    pub(crate) fn rules(&self, id: SchemaId) -> Option<&str> {
        self.rules.get(&id).map(|rules| rules.text.as_str())
    }

    /// Whether the fields of an object are filled in with their defaults: where that is asked for, and no rule looks at which
    /// properties there are.
    pub(super) fn fills(&self, object: SchemaId) -> bool {
        self.defaults != Defaults::Keep && !self.weighed.contains(&object)
    }

    /// Whether a text is held up to a format.
    pub(super) fn has_format(&self, id: SchemaId) -> bool {
        self.formatted.contains(&id)
    }

    /// Whether an object keeps the properties that it does not name.
    pub(super) fn keeps(&self, id: SchemaId) -> bool {
        self.keep_unknown || self.keeps.contains(&id) || self.rules.contains_key(&id)
    }

    /// Whether the types made from a schema refuse everything that it refuses.
    pub(crate) fn is_exact(&self, api: &Api, id: SchemaId) -> bool {
        let mut seen = HashSet::new();
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            let id = form::usage(&api.schemas, id).id;
            if !seen.insert(id) {
                continue;
            }
            let (schema, form) = (&api.schemas[id], self.form(id));
            let ruled = match self.rules.get(&id) {
                Some(rules) => rules.whole,
                None if matches!(form, Form::Union(_)) => true,
                None => rules::beyond_types(schema).next().is_none() && !matches!(form, Form::Untyped(_)),
            };
            if !ruled || !schema.patterns.iter().all(|pattern| self.patterns.get(pattern).is_some()) {
                return false;
            }
            pending.extend(children(schema, form).into_iter().map(|(child, _)| child));
        }
        true
    }

    /// Whether a parameter of an address has the type of this schema, and is no mere text.
    pub(crate) fn is_parameter(&self, id: SchemaId) -> bool {
        self.forms.get(&id).is_some_and(is_parameter)
    }

    /// The types of a module, in the order the messages reach them.
    pub(crate) fn items_of(&self, module: Module) -> &[ItemId] {
        self.by_module.get(&module).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Names and places every type. Findings are about what no type can hold.
pub(crate) fn outline(api: &Api, config: &Config, overrides: &Overrides, findings: &mut Vec<Diagnostic>) -> Outline {
    let messages = messages(api, overrides, findings);
    let mut walk = Walk {
        api,
        config,
        overrides,
        findings: &mut *findings,
        reached: HashMap::new(),
        order: Vec::new(),
        forms: HashMap::new(),
        patterns: Patterns::default(),
        rules: HashMap::new(),
        words: Words::new(),
    };
    for (id, message) in api.messages.iter().enumerate() {
        let module = Module::Channel(messages[id].channel);
        if let Some(used) = messages[id].payload {
            let name = messages[id].name.clone();
            walk.reach(used.id, module, &Name { ident: name.clone(), spelling: name });
        }
        if let Some(headers) = message.headers {
            let name = headers_name(api, id);
            walk.reach(
                form::usage(&api.schemas, headers).id,
                Module::Headers,
                &Name { ident: name.clone(), spelling: name },
            );
        }
    }
    for (index, channel) in api.channels.iter().enumerate().filter(|(_, channel)| channel.kafka) {
        walk.parameters(index, channel);
    }
    name_rings(api, &walk.order, &mut walk.forms);
    let rules = &walk.rules;
    width::settle(&api.schemas, &walk.order, &mut walk.forms, |forms| buffered(api, forms, rules), walk.findings);
    let within = if overrides.decimals.is_empty() { HashSet::new() } else { buffered(api, &walk.forms, &walk.rules) };
    for (_, at) in overrides.decimals.iter().filter(|(id, _)| within.contains(id)) {
        walk.findings.push(
            Diagnostic::new(Code::BAD_TYPE, "this cannot be a decimal: it lies within what is held against rules")
                .pointing(*at)
                .label("its digits would be lost there")
                .help("rules are `oneOf`, `anyOf`, `not`, `if`, `dependencies` and their like"),
        );
    }
    let order = walk.order.clone();
    let outline = walk.assign(messages);
    findings.extend(order.iter().flat_map(|id| unapplied(api, &outline, *id)));
    outline
}

/// A list or a map that holds itself, with no type of its own anywhere on the way, could not be written down: one of such a
/// ring gets a name, a list if there is one.
fn name_rings(api: &Api, order: &[SchemaId], forms: &mut HashMap<SchemaId, Form>) {
    let next = |forms: &HashMap<SchemaId, Form>, id: &SchemaId| match forms.get(id) {
        Some(Form::Array(Some(inner)) | Form::Map(Some(inner))) => Some(form::usage(&api.schemas, *inner).id),
        _ => None,
    };
    let mut settled = HashSet::new();
    for &start in order {
        let mut way = Vec::new();
        let mut at = start;
        while let Some(inner) = next(forms, &at).filter(|_| settled.insert(at)) {
            way.push(at);
            at = inner;
        }
        let Some(first) = way.iter().position(|id| *id == at) else { continue };
        let list = way[first..].iter().find(|id| matches!(forms[id], Form::Array(_)));
        let id = list.map_or(at, |id| *id);
        let form = match &forms[&id] {
            Form::Array(items) => Form::List(*items),
            map => Form::Checked(Box::new(map.clone())),
        };
        forms.insert(id, form);
    }
}

/// Each message with its home, the first channel that carries it, and with its payload.
fn messages(api: &Api, overrides: &Overrides, findings: &mut Vec<Diagnostic>) -> Vec<MessageType> {
    let mut channels: HashMap<MessageId, usize> = HashMap::new();
    for (index, channel) in api.channels.iter().enumerate() {
        for message in &channel.messages {
            channels.entry(*message).or_insert(index);
        }
    }
    let payload = |id: usize| match api.messages[id].payload {
        Payload::Schema(schema) => Some(form::usage(&api.schemas, schema)),
        Payload::Any | Payload::Opaque(_) => None,
    };
    let mut users: HashMap<SchemaId, usize> = HashMap::new();
    for used in (0..api.messages.len()).filter_map(payload) {
        *users.entry(used.id).or_default() += 1;
    }
    let wanted: Vec<Wanted> = api
        .messages
        .iter()
        .map(|message| Wanted { name: naming::pascal(&message.name), spelling: message.name.clone() })
        .collect();
    let said: Vec<Option<&Said>> = (0..wanted.len()).map(|id| overrides.messages.get(&MessageId(id as u32))).collect();
    let names = overrides::assign(&mut Scope::without(&RESERVED), &wanted, &said, findings);
    names
        .into_iter()
        .enumerate()
        .map(|(id, name)| {
            let used = payload(id);
            MessageType {
                name,
                channel: channels.get(&MessageId(id as u32)).copied().unwrap_or_default(),
                payload: used,
                own: used.is_some_and(|used| !used.nullable && users.get(&used.id) == Some(&1)),
            }
        })
        .collect()
}

/// Headers are named after the trait that gives them, else after the message.
fn headers_name(api: &Api, message: usize) -> String {
    let message = &api.messages[message];
    match &message.headers_name {
        Some(name) => naming::pascal(name),
        None => format!("{}Headers", naming::pascal(&message.name)),
    }
}

/// Names of the language that generated code relies on.
const RESERVED: [&str; 10] = ["Box", "Err", "None", "Ok", "Option", "Result", "Self", "Some", "String", "Vec"];

struct Reached {
    module: Module,
    name: Name,
}

struct Walk<'a> {
    api: &'a Api,
    config: &'a Config,
    overrides: &'a Overrides,
    findings: &'a mut Vec<Diagnostic>,
    reached: HashMap<SchemaId, Reached>,
    order: Vec<SchemaId>,
    forms: HashMap<SchemaId, Form>,
    patterns: Patterns,
    rules: HashMap<SchemaId, Rules>,
    words: Words,
}

impl Walk<'_> {
    /// Reaches what parameters of an address are: those that are a scalar have its type, others are texts.
    fn parameters(&mut self, index: usize, channel: &Channel) {
        for parameter in &channel.parameters {
            let Some(id) = parameter.schema.map(|id| form::usage(&self.api.schemas, id).id) else { continue };
            let form = form::form(&self.api.schemas, id, self.config, &mut self.patterns);
            if is_parameter(&form) {
                let ident = format!("{}{}", naming::pascal(&channel.name), naming::pascal(&parameter.name));
                let spelling = format!("{}/{}", channel.name, parameter.name);
                self.reach(id, Module::Channel(index), &Name { ident, spelling });
            }
        }
    }

    /// Reaches a schema from a module; `root` is the name it has if it is not one that the document names.
    fn reach(&mut self, root: SchemaId, module: Module, name: &Name) {
        let mut pending = vec![(root, name.clone())];
        while let Some((id, mut name)) = pending.pop() {
            if let Some(said) = self.overrides.types.get(&id) {
                // What lies within is called after it.
                name = Name { ident: said.name.clone(), spelling: said.name.clone() };
            }
            let schema = &self.api.schemas[id];
            match self.reached.get_mut(&id) {
                Some(reached) if reached.module == module || reached.module == Module::Schemas => continue,
                Some(reached) => reached.module = Module::Schemas,
                None => {
                    self.order.push(id);
                    self.reached.insert(id, Reached { module, name: name.clone() });
                    let form = if self.overrides.decimals.contains_key(&id) {
                        let integral = !schema.types.contains(TypeSet::NUMBER);
                        Form::Decimal { constrained: integral || form::is_bounded(schema) }
                    } else {
                        form::form(&self.api.schemas, id, self.config, &mut self.patterns)
                    };
                    let ruled = match rules::rules(&self.api.schemas, id, &form, self.config, &mut self.patterns) {
                        Ok(rules) => {
                            self.rules.extend(rules.map(|rules| (id, rules)));
                            true
                        }
                        Err(_) => false,
                    };
                    report(schema, &form, ruled, self.findings);
                    self.forms.insert(id, form);
                }
            }
            let first = pending.len();
            for (child, step) in children(schema, &self.forms[&id]) {
                let used = form::usage(&self.api.schemas, child);
                let alternative = &self.api.schemas[used.id];
                if let (Step::Variant(word), Some(owner)) = (&step, &alternative.owner) {
                    self.words.insert((owner.clone(), alternative.path.clone()), word.clone());
                }
                pending.push((used.id, name.step(&step)));
            }
            pending[first..].reverse();
        }
    }

    /// Settles the names.
    fn assign(self, mut messages: Vec<MessageType>) -> Outline {
        let Self { api, config, overrides, findings, reached, order, forms, patterns, rules, words } = self;
        // A message owns its payload's type where nothing else refers to it and it can be a type of its own.
        let mut owners: HashMap<SchemaId, usize> = HashMap::new();
        for (id, message) in messages.iter_mut().enumerate() {
            let home = Module::Channel(message.channel);
            message.own &= message.payload.is_some_and(|used| {
                let own = |form: &Form| matches!(form, Form::Object | Form::Union(_));
                forms.get(&used.id).is_some_and(own) && reached[&used.id].module == home
            });
            if let (true, Some(used)) = (message.own, message.payload) {
                owners.insert(used.id, id);
            }
        }
        let mut scope = Scope::without(&RESERVED);
        for (index, message) in messages.iter_mut().enumerate() {
            // A payload that is the message's own may be named where its schema stands.
            let payload = message.payload.filter(|_| message.own).and_then(|used| overrides.types.get(&used.id));
            if let Some(said) = payload.filter(|_| !overrides.messages.contains_key(&MessageId(index as u32))) {
                let wanted = Wanted { name: said.name.clone(), spelling: said.name.clone() };
                let named = overrides::assign(&mut scope, &[wanted], &[Some(said)], findings);
                message.name = named.concat();
            } else {
                scope.take(&message.name);
            }
        }
        let adopted = owners.iter().filter_map(|(schema, message)| {
            Some(((api.schemas[*schema].component.as_deref()?, &[][..]), messages[*message].name.as_str()))
        });
        let said = overrides.types.iter().filter_map(|(id, said)| {
            let schema = &api.schemas[*id];
            Some(((schema.owner.as_deref()?, schema.path.as_slice()), said.name.as_str()))
        });
        let stems = Stems { said: adopted.chain(said).collect(), words: &words };
        let header_roots: HashSet<SchemaId> =
            api.messages.iter().filter_map(|m| m.headers).map(|id| form::usage(&api.schemas, id).id).collect();
        let nameless = order.iter().filter(|id| !forms[id].is_named()).filter_map(|id| overrides.types.get(id));
        findings.extend(nameless.map(|said| said.idle().help("what it stands at has no Rust type of its own")));
        let mut items = Vec::new();
        let mut wanted = Vec::new();
        for &id in &order {
            if !forms[&id].is_named() {
                continue;
            }
            let message = owners.get(&id).copied();
            let name = match message {
                Some(message) => Name { ident: messages[message].name.clone(), spelling: String::new() },
                None if header_roots.contains(&id) && api.schemas[id].component.is_none() => reached[&id].name.clone(),
                None => stems.wanted(&api.schemas[id], &reached[&id].name),
            };
            items.push(Item {
                name: String::new(),
                schema: id,
                message: message.map(|id| MessageId(id as u32)),
                module: reached[&id].module,
                builder: String::new(),
            });
            wanted.push(Wanted { name: name.ident, spelling: name.spelling });
        }
        let others: Vec<usize> = (0..items.len()).filter(|&i| items[i].message.is_none()).collect();
        let asked: Vec<Wanted> = others.iter().map(|&i| wanted[i].clone()).collect();
        let said: Vec<Option<&Said>> = others.iter().map(|&i| overrides.types.get(&items[i].schema)).collect();
        for (&i, name) in others.iter().zip(overrides::assign(&mut scope, &asked, &said, findings)) {
            items[i].name = name;
        }
        for (item, wanted) in items.iter_mut().zip(wanted) {
            if item.message.is_some() {
                item.name = wanted.name;
            }
        }
        for item in &mut items {
            let is_headers = header_roots.contains(&item.schema) && item.module == Module::Headers;
            if matches!(forms[&item.schema], Form::Object) && !is_headers {
                item.builder = scope.take(&format!("{}Builder", item.name));
            }
        }
        let by_schema: HashMap<SchemaId, ItemId> =
            items.iter().enumerate().map(|(i, item)| (item.schema, ItemId(i))).collect();
        let headers = api
            .messages
            .iter()
            .filter_map(|message| {
                let id = message.headers?;
                let item = *by_schema.get(&form::usage(&api.schemas, id).id)?;
                let typed = items[item.0].module == Module::Headers && forms[&items[item.0].schema] == Form::Object;
                typed.then_some((id, item))
            })
            .collect();
        let mut by_module: HashMap<Module, Vec<ItemId>> = HashMap::new();
        for (id, item) in items.iter().enumerate() {
            by_module.entry(item.module).or_default().push(ItemId(id));
        }
        // Asked for by every event that a schema is part of.
        let objects = order.iter().filter(|id| forms[id] == Form::Object);
        let idents = objects.map(|id| (*id, fields::idents(&api.schemas[*id], overrides.fields.get(id), findings)));
        let idents = idents.collect();
        let variants = overrides.variants.iter().filter_map(|(id, said)| match forms.get(id) {
            Some(Form::Enumeration(values)) => Some((*id, ask::variants(values, said, findings))),
            _ => None,
        });
        let variants = variants.collect();
        let weighed = match config.fields.defaults {
            Defaults::Keep => HashSet::new(),
            Defaults::Write | Defaults::Omit => weighed(api, &forms, &rules),
        };
        let keeps = forms.values().flat_map(|form| match form {
            Form::Union(union) => union.keeps.clone(),
            _ => Vec::new(),
        });
        let keeps = keeps.collect();
        let texts = forms.iter().filter(|(_, form)| **form == Form::Text).map(|(id, _)| *id);
        let formatted =
            texts.filter(|id| api.schemas[*id].format.as_deref().is_some_and(|f| config.enforces(f))).collect();
        Outline {
            items,
            by_schema,
            by_module,
            forms,
            idents,
            variants,
            patterns,
            rules,
            keeps,
            messages,
            headers,
            scope,
            keep_unknown: config.keeps_unknown(),
            defaults: config.fields.defaults,
            weighed,
            formatted,
        }
    }
}

/// Whether a value of that form can be part of a topic's name.
fn is_parameter(form: &Form) -> bool {
    match form {
        Form::Text | Form::Number(Some(_)) | Form::Integer(_) | Form::Boolean => true,
        Form::Enumeration(values) => values.iter().all(serde_json::Value::is_string),
        _ => false,
    }
}

/// Says what of a schema is not in its type; whether its rules are held up.
fn report(schema: &Schema, form: &Form, ruled: bool, findings: &mut Vec<Diagnostic>) {
    if let Form::Untyped(reason) = form {
        let help = if ruled {
            "it is held against the schema when it is read and written"
        } else {
            "the schema is too large to hold it against: it is passed through as it is"
        };
        findings.push(
            Diagnostic::new(Code::UNTYPED, format!("kept as a JSON value: {reason}"))
                .at(schema.place)
                .label("no Rust type holds exactly this")
                .help(help),
        );
    }
    if form::is_implicit_object(schema) && *form == Form::Object {
        findings.push(
            Diagnostic::new(Code::IMPLICIT_OBJECT, "a schema with properties and no `type` is taken for an object")
                .at(schema.place)
                .label("values of other types are refused")
                .help("say `type: object`"),
        );
    }
    if !ruled {
        for keyword in rules::beyond_types(schema) {
            findings.push(
                Diagnostic::new(Code::KEYWORD_NOT_ENFORCED, format!("`{keyword}` is not enforced"))
                    .at(schema.place)
                    .label("values that break it are accepted")
                    .help("the schemas within it are too many to hold values against"),
            );
        }
    }
}

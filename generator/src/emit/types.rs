//! Structs, enumerations and constrained scalars, each within the macro of the runtime that makes it whole.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::{Number, Value};

use crate::api::{MessageId, Schema, SchemaId, TypeSet};
use crate::config::Defaults;
use crate::naming;
use crate::types::form::Form;
use crate::types::width;
use crate::types::{Alternative, Field, ItemId, Module, Object, Others, Shape, Spelled, Type, Variant};

use super::Context;
use super::checks::{check, list_check, number_check, object_attribute, with};
use super::defaults;
use super::docs::{self, Docs};
use super::literal::{raw, string};
use super::paths::{Paths, ident};
use super::source::Source;

/// A macro of the runtime and the item within it.
pub(super) type Definition = (&'static str, TokenStream);

/// `schemas.rs`: the types that the document says once and uses in several places.
pub(super) fn shared(context: &Context<'_>) -> Option<String> {
    if !context.has(Module::Schemas) {
        return None;
    }
    let paths = Paths::new(&context.outline.scope);
    let writer = Writer { context, module: Module::Schemas, paths: &paths };
    let shapes = writer.shapes();
    let definitions: Vec<(Definition, TokenStream)> =
        shapes.iter().map(|(id, shape)| (writer.definition(*id, shape), writer.defaults(*id, shape))).collect();
    let docs = Docs::new().markdown("Types that the contract describes once and uses in several places.");
    let mut source = Source::new(format!("{}{}", context.stamp, docs.inner()));
    source.items(paths.imports());
    for ((macro_name, item), methods) in definitions {
        source.within(macro_name, item);
        source.block(methods);
    }
    Some(source.finish())
}

pub(super) struct Writer<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) module: Module,
    pub(super) paths: &'a Paths<'a>,
}

impl Writer<'_> {
    /// The types of the module, in their order.
    pub(super) fn shapes(&self) -> Vec<(ItemId, Shape)> {
        self.context.outline.shapes(self.context.api, self.context.outline.items_of(self.module))
    }

    pub(super) fn definition(&self, id: ItemId, shape: &Shape) -> Definition {
        let item = &self.context.outline.items[id.0];
        let schema = &self.context.api.schemas[item.schema];
        let name = ident(&item.name);
        let docs = self.type_docs(id, schema, shape).outer();
        match shape {
            Shape::Object(object) if self.module == Module::Headers && self.is_headers(id) => {
                ("headers", self.struct_of(&docs, &TokenStream::new(), id, object))
            }
            Shape::Object(object) => {
                let rules = self.context.outline.rules(item.schema);
                ("object", self.struct_of(&docs, &object_attribute(item, schema, object, rules), id, object))
            }
            Shape::Text => {
                let check = self.text_check(schema);
                ("text", quote!(#docs #check pub struct #name(String);))
            }
            Shape::Number(inner) => {
                let check = number_check(schema, inner);
                // The macro knows it by this path.
                let inner = match inner {
                    Type::Decimal => quote!(::conecta_runtime::Decimal),
                    inner => self.ty(inner),
                };
                ("number", quote!(#docs #check pub struct #name(#inner);))
            }
            Shape::Enumeration(variants) => ("enumeration", enumeration(&docs, &item.name, variants)),
            Shape::List(list) => {
                let check = list_check(schema);
                let list = self.ty(list);
                ("list", quote!(#docs #check pub struct #name(#list);))
            }
            Shape::Union(alternatives) => ("union", self.union(&docs, item, alternatives)),
            Shape::Wrapper(inner) => {
                let inner = self.ty(inner);
                let check = self.context.outline.rules(item.schema).map(|rules| {
                    let rules = raw(rules);
                    quote!(#[check(rules = #rules)])
                });
                ("wrapper", quote!(#docs #check pub struct #name(pub #inner);))
            }
        }
    }

    fn union(&self, docs: &TokenStream, item: &crate::types::Item, alternatives: &[Alternative]) -> TokenStream {
        let name = ident(&item.name);
        let tag = match self.context.outline.form(item.schema) {
            Form::Union(union) => union.tag.as_deref(),
            _ => None,
        };
        let attribute = match (tag, self.context.outline.rules(item.schema)) {
            (Some(tag), _) => quote!(#[union(tag = #tag)]),
            (None, Some(rules)) => {
                let rules = raw(rules);
                quote!(#[union(rules = #rules)])
            }
            (None, None) => TokenStream::new(),
        };
        let variants = alternatives.iter().map(|one| {
            let schema = one.schema.map(|id| &self.context.api.schemas[id]);
            // A type of its own says it itself.
            let described = schema.filter(|_| !matches!(one.ty, Type::Named(_) | Type::Box(_)));
            let docs = Docs::new().text(described.and_then(|schema| schema.description.as_deref()).unwrap_or_default());
            let docs = docs.outer();
            let tags = tag.map(|_| {
                let values = &one.values;
                let field = one.told_by.as_deref().map(|field| {
                    let field = naming::field(field);
                    quote!(#field,)
                });
                quote!(#[tag(#field #(#values),*)])
            });
            let sensitive =
                one.schema.is_some_and(|id| self.is_marked_sensitive(id)).then(|| quote!(#[json(sensitive)]));
            let from = (!one.unique).then(|| quote!(#[from(none)]));
            let (variant, ty) = (ident(&one.ident), self.ty(&one.ty));
            quote!(#docs #tags #sensitive #from #variant(#ty),)
        });
        quote!(#docs #attribute pub enum #name { #(#variants)* })
    }

    pub(super) fn is_headers(&self, id: ItemId) -> bool {
        self.context.bearers.contains_key(&id)
    }

    fn struct_of(&self, docs: &TokenStream, attribute: &TokenStream, id: ItemId, object: &Object) -> TokenStream {
        let name = ident(&self.context.outline.items[id.0].name);
        let headers = self.module == Module::Headers && self.is_headers(id);
        let fields = object.fields.iter().map(|field| self.field(field, headers, id));
        let rest = match &object.others {
            Others::Kept(field, ty) if !headers => {
                let (field, ty) = (ident(field), self.ty(ty));
                let docs = Docs::new().markdown("Properties that the contract does not name.").outer();
                quote!(#docs #[json(rest)] pub #field: #ty,)
            }
            _ => TokenStream::new(),
        };
        quote!(#docs #attribute pub struct #name { #(#fields)* #rest })
    }

    fn field(&self, field: &Field, headers: bool, owner: ItemId) -> TokenStream {
        let name = naming::field(&field.ident);
        let docs = self.field_docs(field, headers).outer();
        // A header is text; of anything but a scalar, as it came.
        let text = headers && !self.is_header_value(&field.ty);
        let ty = if text { quote!(String) } else { self.ty(&field.ty) };
        let (ty, nullable) = if headers {
            // Whoever publishes may lack it, whatever the contract says.
            (quote!(Option<#ty>), false)
        } else {
            match (field.is_certain(), field.nullable) {
                (true, false) => (ty, false),
                (false, false) => (quote!(Option<#ty>), false),
                (true, true) => (quote!(Option<#ty>), true),
                (false, true) => (quote!(Option<Option<#ty>>), true),
            }
        };
        let mut words = Vec::new();
        // A raw identifier's text is not its name either.
        if name != field.json.as_str() {
            let json = &field.json;
            words.push(quote!(name = #json));
        }
        if nullable {
            words.push(quote!(nullable));
        }
        if headers && self.is_correlation(field, owner) {
            words.push(quote!(correlation));
        }
        if !headers && self.is_sensitive(field) {
            words.push(quote!(sensitive));
        }
        if let Some(absence) = field.absence.as_ref().filter(|absence| absence.fills && !headers) {
            let value = self.default_of(field, absence);
            words.push(quote!(default = #value));
            if self.context.outline.defaults == Defaults::Omit {
                words.push(quote!(omit));
            }
        }
        let attribute = if words.is_empty() { TokenStream::new() } else { quote!(#[json(#(#words),*)]) };
        quote!(#docs #attribute pub #name: #ty,)
    }

    fn is_correlation(&self, field: &Field, owner: ItemId) -> bool {
        let mut bearers = self.context.bearers.get(&owner).into_iter().flatten();
        bearers.any(|id| super::headers::correlates(&self.context.messages[id.0 as usize].envelope, &field.json))
    }

    fn is_header_value(&self, ty: &Type) -> bool {
        match ty {
            Type::Bool
            | Type::I64
            | Type::U64
            | Type::I128
            | Type::U128
            | Type::F64
            | Type::Decimal
            | Type::String
            | Type::Spelled(_) => true,
            Type::Named(id) => {
                let form = self.context.outline.form(self.context.outline.items[id.0].schema);
                matches!(form, Form::Text | Form::Number(_) | Form::Decimal { .. } | Form::Enumeration(_))
            }
            _ => false,
        }
    }

    fn is_sensitive(&self, field: &Field) -> bool {
        self.context.config.hides(&field.json) || field.schema.is_some_and(|id| self.is_marked_sensitive(id))
    }

    fn is_marked_sensitive(&self, id: SchemaId) -> bool {
        self.context.api.schemas[id].extensions.get("x-sensitive") == Some(&Value::Bool(true))
    }

    /// A type where it is used.
    pub(super) fn ty(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Value => self.paths.runtime("Value"),
            Type::Null => quote!(()),
            Type::Bool => quote!(bool),
            Type::I64 => quote!(i64),
            Type::U64 => quote!(u64),
            Type::I128 => quote!(i128),
            Type::U128 => quote!(u128),
            Type::F64 => quote!(f64),
            Type::Decimal => self.paths.runtime("Decimal"),
            Type::String => quote!(String),
            Type::Spelled(one) => self.spelled(*one),
            Type::Named(id) => self.named(*id),
            Type::Vec(inner) => {
                let inner = self.ty(inner);
                quote!(Vec<#inner>)
            }
            Type::Map(inner) => {
                let (map, inner) = (self.paths.runtime("Map"), self.ty(inner));
                quote!(#map<#inner>)
            }
            Type::Nullable(inner) => {
                let inner = self.ty(inner);
                quote!(Option<#inner>)
            }
            Type::Box(inner) => {
                let inner = self.ty(inner);
                quote!(Box<#inner>)
            }
        }
    }

    pub(super) fn spelled(&self, one: Spelled) -> TokenStream {
        match one {
            Spelled::Ipv4 => self.paths.std("::std::net", one.name()),
            Spelled::DateTime | Spelled::Date | Spelled::Time => self.paths.runtime(one.name()),
        }
    }

    fn named(&self, id: ItemId) -> TokenStream {
        let item = &self.context.outline.items[id.0];
        let name = if item.module == self.module { ident(&item.name) } else { self.paths.sibling(&item.name) };
        quote!(#name)
    }

    fn type_docs(&self, id: ItemId, schema: &Schema, shape: &Shape) -> Docs {
        let message = self.context.outline.items[id.0].message;
        let mut docs = match message {
            Some(message) => message_docs(self.context, message),
            None => Docs::new().text(schema.description.as_deref().or(schema.title.as_deref()).unwrap_or_default()),
        };
        if docs.is_empty() {
            docs = docs.markdown(self.what(id, schema, shape));
        } else if let Shape::Text | Shape::Number(_) | Shape::Enumeration(_) | Shape::List(_) = shape {
            docs = docs.markdown(self.what(id, schema, shape));
        }
        if schema.deprecated {
            docs = docs.markdown("Deprecated by the contract.");
        }
        docs
    }

    /// What a type is, where the document says nothing of it.
    fn what(&self, id: ItemId, schema: &Schema, shape: &Shape) -> String {
        let place = || match (schema.owner.as_deref(), schema.path.as_slice()) {
            // Where an alternative stands among others changes with them.
            (Some(owner), [list, _]) if matches!(list.as_str(), "oneOf" | "anyOf") => {
                format!("An alternative of {}", docs::code(owner))
            }
            (_, [path @ .., list, _]) if matches!(list.as_str(), "oneOf" | "anyOf") && !path.is_empty() => {
                format!("An alternative of {}", docs::code(&path.join(".")))
            }
            (Some(owner), []) => docs::code(owner),
            (_, path) => docs::code(&path.join(".")),
        };
        match shape {
            Shape::Object(_) if self.is_headers(id) => "Headers that the contract gives its messages.".to_owned(),
            Shape::Object(_) | Shape::Union(_) | Shape::Wrapper(_) => format!("{} in the contract.", place()),
            Shape::Text => {
                let held = schema.patterns.iter().filter(|p| self.context.outline.patterns.get(p).is_some());
                let mut rules: Vec<String> = held.map(|p| format!("matches {}", docs::code(p))).collect();
                match (schema.min_length.filter(|n| *n > 0), schema.max_length) {
                    (Some(1), Some(1)) => rules.push("has one character".to_owned()),
                    (Some(min), Some(max)) if min == max => rules.push(format!("has {min} characters")),
                    (Some(min), Some(max)) => rules.push(format!("has {min} to {max} characters")),
                    (Some(1), None) => rules.push("is not empty".to_owned()),
                    (Some(min), None) => rules.push(format!("has {min} characters or more")),
                    (None, Some(1)) => rules.push("has at most one character".to_owned()),
                    (None, Some(max)) => rules.push(format!("has at most {max} characters")),
                    (None, None) => {}
                }
                if let Some(format) = self.enforced_format(schema) {
                    rules.push(format!("has the format {}", docs::code(format)));
                }
                format!("Text that {}.", rules.join(" and "))
            }
            Shape::Number(inner) => {
                let kind = match inner {
                    Type::F64 => "A number",
                    Type::Decimal if !schema.types.contains(TypeSet::NUMBER) => "A decimal without a fraction",
                    Type::Decimal => "A decimal",
                    _ => "An integer",
                };
                let mut rules = Vec::new();
                let (least, greatest) = width::bounds(schema);
                let written = |bound: &Option<Number>| bound.as_ref().map(Number::to_string);
                let (minimum, maximum, excluded) = match inner {
                    Type::I128 | Type::U128 => {
                        (least.map(|n| n.to_string()), greatest.map(|n| n.to_string()), [None, None])
                    }
                    _ => {
                        let excluded = [written(&schema.exclusive_minimum), written(&schema.exclusive_maximum)];
                        (written(&schema.minimum), written(&schema.maximum), excluded)
                    }
                };
                let [above, below] = excluded;
                match (minimum, maximum) {
                    (Some(min), Some(max)) => rules.push(format!("from {min} to {max}")),
                    (Some(min), None) => rules.push(format!("of at least {min}")),
                    (None, Some(max)) => rules.push(format!("of at most {max}")),
                    (None, None) => {}
                }
                rules.extend(above.map(|n| format!("above {n}")));
                rules.extend(below.map(|n| format!("below {n}")));
                rules.extend(schema.multiple_of.iter().map(|n| format!("that is a multiple of {n}")));
                if rules.is_empty() { format!("{kind}.") } else { format!("{kind} {}.", rules.join(", ")) }
            }
            Shape::Enumeration(variants) => {
                let values: Vec<String> =
                    variants.iter().take(12).map(|variant| docs::code(&spelled(&variant.value))).collect();
                match values.as_slice() {
                    [only] => format!("Always {only}."),
                    _ if variants.len() > values.len() => format!("One of {}, ….", values.join(", ")),
                    _ => format!("One of {}.", values.join(", ")),
                }
            }
            Shape::List(_) => {
                let mut rules = Vec::new();
                rules.extend(schema.min_items.filter(|n| *n > 0).map(|n| match n {
                    1 => "an item or more".to_owned(),
                    n => format!("{n} or more items"),
                }));
                rules.extend(schema.max_items.map(|n| match n {
                    1 => "an item at most".to_owned(),
                    n => format!("{n} or fewer items"),
                }));
                if schema.unique_items {
                    rules.push("no item twice".to_owned());
                }
                match rules.is_empty() {
                    true => "A list of nothing but such lists.".to_owned(),
                    false => format!("A list with {}.", rules.join(" and ")),
                }
            }
        }
    }

    fn field_docs(&self, field: &Field, headers: bool) -> Docs {
        let Some(schema) = field.schema.map(|id| &self.context.api.schemas[id]) else { return Docs::new() };
        let mut docs = Docs::new().text(schema.description.as_deref().or(schema.title.as_deref()).unwrap_or_default());
        if field.ty == Type::String
            && schema.format.is_none()
            && let Some(word) = schema.description.as_deref().and_then(promised_format)
        {
            docs = docs.markdown(format!("That it is a {word} is not enforced: the contract says so in words only."));
        }
        if let Some(format) = self.unenforced_format(schema) {
            docs = docs.markdown(format!(
                "The contract's `format: {format}` is not enforced; `[formats] enforce = [\"{format}\"]` in conecta-gen.toml has it checked."
            ));
        }
        if let (Some(default), Some(id), false) = (&schema.default, field.schema, field.required) {
            let default = docs::code(&default.to_string());
            docs = docs.markdown(match defaults::method(field) {
                Some(method) if !headers => {
                    format!("Where it is absent, the contract means {default}: [`{method}`](Self::{method}).")
                }
                _ if self.context.outline.contradicts(self.context.api, id) => {
                    format!("The contract's default, {default}, contradicts its schema and is not applied.")
                }
                _ => format!("Where it is absent, the contract means {default}."),
            });
        }
        if schema.deprecated {
            docs = docs.markdown("Deprecated by the contract.");
        }
        docs
    }

    fn enforced_format<'s>(&self, schema: &'s Schema) -> Option<&'s str> {
        schema.format.as_deref().filter(|format| self.context.config.enforces(format))
    }

    /// A format of a string that is known, not enforced, and could be.
    fn unenforced_format<'s>(&self, schema: &'s Schema) -> Option<&'s str> {
        let format = schema.format.as_deref()?;
        let known = crate::config::Format::named(format).is_some();
        (known && !self.context.config.enforces(format)).then_some(format)
    }

    fn text_check(&self, schema: &Schema) -> TokenStream {
        let mut rules: Vec<TokenStream> = Vec::new();
        for pattern in schema.patterns.iter().filter_map(|pattern| self.context.outline.patterns.get(pattern)) {
            let pattern = string(pattern);
            rules.push(quote!(pattern = #pattern));
        }
        rules.extend(schema.min_length.filter(|n| *n > 0).map(|n| with("min_length", &Literal::u64_unsuffixed(n))));
        rules.extend(schema.max_length.map(|n| with("max_length", &Literal::u64_unsuffixed(n))));
        if let Some(format) = self.enforced_format(schema) {
            rules.push(quote!(format = #format));
        }
        check(&rules)
    }
}

/// A format that a description promises and no keyword does.
fn promised_format(description: &str) -> Option<&'static str> {
    let mut words = description.split(|c: char| !c.is_alphanumeric());
    words.find_map(|word| {
        ["UUID", "GUID", "ULID", "URL", "URI"].into_iter().find(|known| word.eq_ignore_ascii_case(known))
    })
}

/// What a message's type says of itself.
pub(super) fn message_docs(context: &Context<'_>, id: MessageId) -> Docs {
    let message = &context.api.messages[id.0 as usize];
    let summary = message.summary.as_deref().or(message.title.as_deref());
    let docs = Docs::new().text(summary.unwrap_or_default()).text(message.description.as_deref().unwrap_or_default());
    if !docs.is_empty() {
        return docs;
    }
    // The payload speaks for a message that says nothing.
    let payload = context.outline.messages[id.0 as usize].payload.map(|used| &context.api.schemas[used.id]);
    let docs = docs.text(payload.and_then(|schema| schema.description.as_deref()).unwrap_or_default());
    if docs.is_empty() { docs.markdown(format!("The message {}.", docs::code(&message.name))) } else { docs }
}

fn enumeration(docs: &TokenStream, name: &str, variants: &[Variant]) -> TokenStream {
    let name = ident(name);
    let idents: Vec<_> = variants.iter().map(|variant| ident(&variant.ident)).collect();
    if variants.iter().all(|variant| variant.value.is_string()) {
        let values = variants.iter().map(|variant| variant.value.as_str().unwrap_or_default());
        return quote!(#docs pub enum #name { #(#idents = #values,)* });
    }
    if variants.iter().all(|variant| variant.value.is_i64()) {
        let values = variants.iter().map(|variant| {
            let value = variant.value.as_i64().unwrap_or_default();
            let literal = Literal::u64_unsuffixed(value.unsigned_abs());
            if value < 0 { quote!(-#literal) } else { quote!(#literal) }
        });
        return quote!(#docs #[repr(i64)] pub enum #name { #(#idents = #values,)* });
    }
    let values = variants.iter().map(|variant| variant.value.to_string());
    quote!(#docs #[json] pub enum #name { #(#idents = #values,)* })
}

/// A value as the document spells it.
fn spelled(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a schema's form is copied rather than cloned.
pub(super) const fn is_copy(form: &Form) -> bool {
    matches!(
        form,
        Form::Spelled(_)
            | Form::Boolean
            | Form::Integer(_)
            | Form::Float
            | Form::Decimal { .. }
            | Form::Number(_)
            | Form::Enumeration(_)
    )
}

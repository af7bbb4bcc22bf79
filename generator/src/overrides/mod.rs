//! What a contract's author says of the Rust that comes out: `x-rust-name`, `x-rust-names` and `x-rust-type` in the document, `[names]`
//! and `[types]` in conecta-gen.toml, by JSON pointer. docs/names.md says where each may stand.
//!
//! A name that is said is taken as it is, or refused with a finding; it is never bent into another. Everything here is read
//! before anything is named, so nothing after it looks at the document.

mod names;
mod types;

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use serde_json::Value;

use crate::api::{Api, MessageId, SchemaId};
use crate::config::{Config, RustType};
use crate::diagnostic::{At, Code, Diagnostic};
use crate::document::{Document, Kind, Place};

use names::Sort;
pub(crate) use names::assign;
pub(crate) use types::is_plain;

/// The field of the document that gives a name.
const NAME: &str = "x-rust-name";
/// The field beside an `enum` that names its values.
const NAMES: &str = "x-rust-names";

/// The field of a schema that asks for a type.
const TYPE: &str = "x-rust-type";

/// A name that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) name: String,
    /// The `x-rust-name`, or the line of the configuration.
    pub(crate) at: At,
    /// Whether the configuration says it.
    configured: bool,
}

/// Everything that is said.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    /// Names of types.
    pub(crate) types: HashMap<SchemaId, Said>,
    /// Names of fields, of an object's properties.
    pub(crate) fields: HashMap<SchemaId, HashMap<String, Said>>,
    /// Names of an enumeration's values.
    pub(crate) variants: HashMap<SchemaId, Vec<(Value, Said)>>,
    pub(crate) messages: HashMap<MessageId, Said>,
    /// Names of modules, by [`Api::channels`].
    pub(crate) channels: HashMap<usize, Said>,
    pub(crate) operations: HashMap<Place, Said>,
    /// Numbers that are to be decimals, and where that is said.
    pub(crate) decimals: HashMap<SchemaId, At>,
}

impl Overrides {
    /// Reads them.
    pub(crate) fn of(document: &Document, api: &Api, config: &Config, findings: &mut Vec<Diagnostic>) -> Self {
        let mut reader = Reader { document, findings, said: HashMap::new(), used: HashSet::new() };
        reader.read(config);
        let mut overrides = Self::default();
        let types = reader.types(config);
        if !types.is_empty() {
            overrides.decimals = reader.decimals(api, types);
        }
        if reader.said.is_empty() {
            return overrides;
        }
        reader.distribute(api, &mut overrides);
        reader.unused();
        overrides
    }
}

struct Reader<'a> {
    document: &'a Document,
    findings: &'a mut Vec<Diagnostic>,
    /// By what they name.
    said: HashMap<Place, Said>,
    used: HashSet<Place>,
}

impl Reader<'_> {
    fn read(&mut self, config: &Config) {
        let mentioned = self.document.files().iter().any(|file| file.text.contains(NAME));
        if mentioned {
            let places: Vec<Place> = self.document.under_key(NAME).collect();
            for place in places {
                if let (Some(parent), Some(name)) = (self.document.parent(place), self.text(place)) {
                    self.said.insert(parent, Said { name, at: At::Value(place), configured: false });
                }
            }
            let places: Vec<Place> = self.document.under_key(NAMES).collect();
            places.into_iter().for_each(|place| self.values(place));
        }
        for (pointer, name) in &config.names {
            match self.document.find(pointer) {
                Some(place) => {
                    let at = config.written.at(&["names", pointer], self.document);
                    let said = Said { name: name.clone(), at: at.unwrap_or(At::Value(place)), configured: true };
                    self.said.insert(place, said);
                }
                None => self.findings.push(
                    Diagnostic {
                        at: config.written.at(&["names", pointer], self.document),
                        ..Diagnostic::new(Code::NO_SUCH_PLACE, format!("the contract has nothing at {pointer:?}"))
                    }
                    .help("`[names]` of conecta-gen.toml names it; a JSON pointer such as \"/components/schemas/Order\" is meant"),
                ),
            }
        }
    }

    /// Where a type is asked for, and where that is said.
    fn types(&mut self, config: &Config) -> HashMap<Place, At> {
        let mut asked = HashMap::new();
        if self.document.files().iter().any(|file| file.text.contains(TYPE)) {
            for place in self.document.under_key(TYPE) {
                match (self.document.str(place).and_then(types::named), self.document.parent(place)) {
                    (Some(RustType::Decimal), Some(schema)) => {
                        asked.insert(schema, At::Value(place));
                    }
                    _ => self.findings.push(
                        Diagnostic::new(Code::BAD_TYPE, "there is no such type")
                            .at(place)
                            .label("the one that can be asked for is `decimal`"),
                    ),
                }
            }
        }
        for (pointer, RustType::Decimal) in &config.types {
            match self.document.find(pointer) {
                Some(place) => {
                    let at = config.written.at(&["types", pointer], self.document);
                    asked.insert(self.document.real(place), at.unwrap_or(At::Value(place)));
                }
                None => self.findings.push(
                    Diagnostic {
                        at: config.written.at(&["types", pointer], self.document),
                        ..Diagnostic::new(Code::NO_SUCH_PLACE, format!("the contract has nothing at {pointer:?}"))
                    }
                    .help("`[types]` of conecta-gen.toml names it"),
                ),
            }
        }
        asked
    }

    fn decimals(&mut self, api: &Api, mut asked: HashMap<Place, At>) -> HashMap<SchemaId, At> {
        let mut decimals = HashMap::new();
        for (index, schema) in api.schemas.0.iter().enumerate() {
            let Some(at) = asked.remove(&schema.place) else { continue };
            match types::no_decimal(schema) {
                None => {
                    decimals.insert(SchemaId(index as u32), at);
                }
                Some(why) => self
                    .findings
                    .push(Diagnostic::new(Code::BAD_TYPE, format!("this cannot be a decimal: {why}")).pointing(at)),
            }
        }
        let idle = |at| Diagnostic::new(Code::BAD_TYPE, "a type is asked for where there is no schema").pointing(at);
        self.findings.extend(asked.into_values().map(idle));
        decimals
    }

    /// The names of an enumeration's values, by their texts.
    fn values(&mut self, names: Place) {
        let Some(schema) = self.document.parent(names) else { return };
        if self.document.kind(names) != Kind::Map {
            self.no_text(names, "a mapping of values to their names is meant");
            return;
        }
        let listed = self.document.get(schema, "enum").map(|list| self.document.items(list).collect::<Vec<_>>());
        let constant = self.document.get(schema, "const");
        let spelled = |place| match self.document.value(place) {
            Value::String(text) => (text, place),
            other => (other.to_string(), place),
        };
        let values: HashMap<String, Place> = listed.into_iter().flatten().chain(constant).map(spelled).collect();
        let entries: Vec<(String, Place)> =
            self.document.entries(names).map(|(value, place)| (value.to_owned(), place)).collect();
        for (value, at) in entries {
            let Some(name) = self.text(at) else { continue };
            match values.get(&value) {
                Some(place) => {
                    self.said.insert(*place, Said { name, at: At::Value(at), configured: false });
                }
                None => self.findings.push(
                    Diagnostic::new(Code::NAMES_NOTHING, format!("{value:?} is none of the values"))
                        .at_key(at)
                        .label("it is given a name"),
                ),
            }
        }
    }

    fn text(&mut self, place: Place) -> Option<String> {
        let text = self.document.str(place).map(str::to_owned);
        if text.is_none() {
            self.no_text(place, "write the name in quotes");
        }
        text
    }

    fn no_text(&mut self, place: Place, help: &str) {
        let found = Diagnostic::new(Code::BAD_NAME, "this is no name").at(place);
        self.findings.push(found.label("a text is expected").help(help));
    }

    /// What is said of a place, if it is a name of that sort.
    fn take(&mut self, place: Place, sort: Sort) -> Option<Said> {
        let place = [place, self.document.real(place)].into_iter().find(|place| self.said.contains_key(place))?;
        let said = self.said.get(&place)?.clone();
        let first = !self.used.contains(&place);
        self.used.insert(place);
        match sort.fault(&said.name) {
            None => Some(said),
            Some(fault) => {
                if first {
                    self.findings.push(said.point(Diagnostic::new(Code::BAD_NAME, fault)).help(sort.help()));
                }
                None
            }
        }
    }

    fn distribute(&mut self, api: &Api, overrides: &mut Overrides) {
        for (index, message) in api.messages.iter().enumerate() {
            let said = self.take(message.place, Sort::Type);
            overrides.messages.extend(said.map(|said| (MessageId(index as u32), said)));
        }
        for (index, channel) in api.channels.iter().enumerate() {
            overrides.channels.extend(self.take(channel.place, Sort::Module).map(|said| (index, said)));
            for operation in &channel.operations {
                let said = self.take(operation.place, Sort::Operation);
                overrides.operations.extend(said.map(|said| (operation.place, said)));
            }
        }
        for (index, schema) in api.schemas.0.iter().enumerate() {
            let id = SchemaId(index as u32);
            // A property's schema may be given the name of its field; that begins with a small letter.
            let of_field = self.is_property(schema.place) && self.names_a_field(schema.place);
            if !of_field && let Some(said) = self.take(schema.place, Sort::Type) {
                overrides.types.insert(id, said);
            }
            for member in &schema.members {
                self.fields(id, *member, &schema.properties, overrides);
                let listed = self.document.get(*member, "enum").map(|list| self.document.items(list).collect());
                let values: Vec<Place> = listed.unwrap_or_default();
                for place in values.into_iter().chain(self.document.get(*member, "const")) {
                    if let Some(said) = self.take(place, Sort::Variant) {
                        let value = self.document.value(place);
                        overrides.variants.entry(id).or_default().push((value, said));
                    }
                }
            }
        }
    }

    fn fields(
        &mut self,
        id: SchemaId,
        member: Place,
        properties: &IndexMap<String, SchemaId>,
        overrides: &mut Overrides,
    ) {
        let Some(written) = self.document.get(member, "properties") else { return };
        let named = self
            .document
            .entries(written)
            .filter(|(name, place)| properties.contains_key(*name) && self.names_a_field(*place));
        let named: Vec<(String, Place)> = named.map(|(name, place)| (name.to_owned(), place)).collect();
        for (name, place) in named {
            if let Some(said) = self.take(place, Sort::Field) {
                overrides.fields.entry(id).or_default().entry(name).or_insert(said);
            }
        }
    }

    fn is_property(&self, place: Place) -> bool {
        self.document.parent(place).and_then(|above| self.document.key(above)) == Some("properties")
    }

    /// Whether what is said of a property is meant for its field.
    fn names_a_field(&self, place: Place) -> bool {
        let said = self.said.get(&place).or_else(|| self.said.get(&self.document.real(place)));
        said.is_some_and(|said| !said.name.starts_with(|c: char| c.is_ascii_uppercase()))
    }

    /// Says which of them name nothing.
    fn unused(&mut self) {
        let unused = self.said.iter().filter(|(place, _)| !self.used.contains(place));
        let help = "names are given to schemas, properties, values of an enum, messages, channels and operations";
        let found = unused.map(|(_, said)| said.idle().help(help));
        self.findings.extend(found);
    }
}

impl Said {
    /// Says that it names nothing.
    pub(crate) fn idle(&self) -> Diagnostic {
        self.point(Diagnostic::new(Code::NAMES_NOTHING, format!("the name `{}` is given to nothing", self.name)))
    }

    /// Points at where it is said.
    fn point(&self, finding: Diagnostic) -> Diagnostic {
        match self.configured {
            true => finding.pointing(self.at).label(format!("`[names]` of conecta-gen.toml calls it `{}`", self.name)),
            false => finding.pointing(self.at),
        }
    }
}

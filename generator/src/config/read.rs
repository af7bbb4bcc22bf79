//! Text to configuration: held against the schema first, so that every fault is found, at its place, with the nearest name.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use schemars::Map;
use schemars::schema::{InstanceType, Schema, SchemaObject, SingleOrVec};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use crate::diagnostic::{At, Code, Diagnostic, Format, Level, render};
use crate::document::{Document, Source, Span, nearest};
use crate::generate::is_crate_name;

/// Why a configuration could not be read.
#[derive(Debug)]
pub struct ConfigError {
    /// The text, to find places and to draw findings.
    pub document: Box<Document>,
    /// Every fault, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(render(&self.diagnostics, &self.document, Format::Human, false).trim_end())
    }
}

impl std::error::Error for ConfigError {}

pub(super) fn read(source: Source) -> Result<Config, ConfigError> {
    let text = String::from_utf8_lossy(&source.bytes).into_owned();
    let mut faults = Faults(Vec::new());
    match DeTable::parse(&text) {
        Ok(table) => {
            let schema = Config::schema();
            let judge = Judge { definitions: &schema.definitions, faults: &mut faults };
            judge.table(&schema.schema, table.get_ref(), "conecta-gen.toml");
            levels(table.get_ref(), &mut faults);
            crate_name(table.get_ref(), &mut faults);
        }
        Err(error) => {
            faults.push(Code::CONFIG_SYNTAX, format!("this is not TOML: {}", error.message()), error.span());
        }
    }
    if faults.0.is_empty() {
        match toml::from_str(&text) {
            Ok(config) => {
                let written = Written::of(source.name, text);
                return Ok(Config { written, ..config });
            }
            // What the schema does not tell.
            Err(error) => {
                faults.push(Code::CONFIG_VALUE, error.message().to_owned(), error.span());
            }
        }
    }
    let document = Box::new(Document::of_text(source.name, text));
    let mut diagnostics = faults.0;
    crate::diagnostic::sort(&mut diagnostics, &document);
    Err(ConfigError { document, diagnostics })
}

/// Where things stand in the text that a configuration was read from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    name: String,
    text: String,
    /// The keys of tables, and of tables in them.
    keys: HashMap<Vec<String>, Range<usize>>,
}

/// Where something is written does not change what it says.
impl PartialEq for Written {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Written {}

impl Written {
    fn of(name: String, text: String) -> Self {
        let mut keys = HashMap::new();
        if let Ok(table) = DeTable::parse(&text) {
            let mut todo = vec![(Vec::new(), table.get_ref())];
            while let Some((path, table)) = todo.pop() {
                for (key, value) in table.iter() {
                    let path: Vec<String> = path.iter().cloned().chain([key.get_ref().to_string()]).collect();
                    if let DeValue::Table(table) = value.get_ref() {
                        todo.push((path.clone(), table));
                    }
                    keys.insert(path, key.span());
                }
            }
        }
        Self { name, text, keys }
    }

    /// Its name and its text, where there is one.
    pub(crate) fn text(&self) -> Option<(&str, &str)> {
        (!self.text.is_empty()).then_some((&*self.name, &*self.text))
    }

    /// Where a key stands, in a document that has taken the text in.
    pub(crate) fn at(&self, path: &[&str], document: &Document) -> Option<At> {
        let file = document.configuration()?;
        let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        let range = self.keys.get(&path)?;
        Some(At::Text(Span { file, start: range.start as u32, end: range.end as u32 }))
    }
}

struct Faults(Vec<Diagnostic>);

impl Faults {
    fn push(&mut self, code: Code, message: String, range: Option<Range<usize>>) -> &mut Diagnostic {
        let range = range.unwrap_or_default();
        let at = At::Text(Span { file: 0, start: range.start as u32, end: range.end as u32 });
        self.0.push(Diagnostic::new(code, message).pointing(at));
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}

/// The name of the crate is one that cargo takes.
fn crate_name(table: &DeTable<'_>, faults: &mut Faults) {
    let Some(DeValue::Table(table)) = table.get("crate").map(Spanned::get_ref) else { return };
    let Some(name) = table.get("name") else { return };
    if let DeValue::String(text) = name.get_ref()
        && !is_crate_name(text)
    {
        let fault = faults.push(Code::CONFIG_VALUE, "this cannot be the name of a crate".to_owned(), Some(name.span()));
        fault.help = Some("a letter, then letters, digits, `-` and `_`, and no name that Rust or cargo keeps".into());
    }
}

/// What a schema comes to: references followed, `allOf` of one and `anyOf` with null opened.
pub(crate) fn resolve<'s>(definitions: &'s Map<String, Schema>, mut schema: &'s Schema) -> Option<&'s SchemaObject> {
    loop {
        let Schema::Object(object) = schema else { return None };
        let inner = object.subschemas.as_ref().and_then(|s| s.all_of.as_ref().or(s.any_of.as_ref()));
        schema = match (&object.reference, inner.and_then(|list| list.first())) {
            (Some(reference), _) => definitions.get(reference.trim_start_matches("#/definitions/"))?,
            (None, Some(first)) => first,
            (None, None) => return Some(object),
        };
    }
}

/// Holds values against the schema: the part of draft-07 that schemars makes of plain structs.
struct Judge<'a> {
    definitions: &'a Map<String, Schema>,
    faults: &'a mut Faults,
}

impl Judge<'_> {
    fn table(mut self, schema: &SchemaObject, table: &DeTable<'_>, of: &str) {
        let mut todo = vec![(schema.clone(), table, of.to_owned())];
        while let Some((schema, table, of)) = todo.pop() {
            let Some(rules) = schema.object else { continue };
            for (key, value) in table.iter() {
                let name = key.get_ref().as_ref();
                let other = rules.additional_properties.as_deref();
                let known = rules.properties.get(name);
                let Some(schema) = known.or(other.filter(|s| **s != Schema::Bool(false))) else {
                    let fault = self.faults.push(Code::CONFIG_KEY, format!("{of} has no `{name}`"), Some(key.span()));
                    fault.help = Some(meant(name, rules.properties.keys()));
                    continue;
                };
                let Some(schema) = resolve(self.definitions, schema).cloned() else { continue };
                match value.get_ref() {
                    DeValue::Table(table) if schema.object.is_some() => {
                        todo.push((schema, table, format!("`[{name}]`")))
                    }
                    _ => self.value(&schema, value, name),
                }
            }
        }
    }

    fn value(&mut self, schema: &SchemaObject, value: &Spanned<DeValue<'_>>, name: &str) {
        let is = |kind| match &schema.instance_type {
            Some(SingleOrVec::Single(only)) => **only == kind,
            Some(SingleOrVec::Vec(several)) => several.contains(&kind),
            None => false,
        };
        let words = words(schema);
        let found = value.get_ref();
        let wanted = match found {
            DeValue::String(text) if !words.is_empty() => {
                if words.iter().any(|word| word == text.as_ref()) {
                    return;
                }
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                words.join(" or ")
            }
            DeValue::String(_) if is(InstanceType::String) => return,
            DeValue::Boolean(_) if is(InstanceType::Boolean) => return,
            DeValue::Integer(number) if is(InstanceType::Integer) => {
                let number = u64::from_str_radix(number.as_str(), number.radix()).ok().map(|n| n as f64);
                let bounds =
                    schema.number.as_deref().map(|n| (n.minimum.unwrap_or(0.0), n.maximum.unwrap_or(f64::MAX)));
                let (least, most) = bounds.unwrap_or((0.0, f64::MAX));
                if number.is_some_and(|n| n >= least && n <= most) {
                    return;
                }
                format!("a whole number from {least} to {most}")
            }
            DeValue::Array(items) if is(InstanceType::Array) => {
                let item = schema.array.as_deref().and_then(|array| array.items.as_ref());
                if let Some(SingleOrVec::Single(item)) = item
                    && let Some(item) = resolve(self.definitions, item).cloned()
                {
                    items.iter().for_each(|value| self.value(&item, value, name));
                }
                return;
            }
            _ if !words.is_empty() => format!("\"{}\"", words.join("\" or \"")),
            _ if is(InstanceType::String) => "a string".to_owned(),
            _ if is(InstanceType::Array) => "a list".to_owned(),
            _ if is(InstanceType::Integer) => "a whole number".to_owned(),
            _ if is(InstanceType::Object) => "a table".to_owned(),
            _ => return,
        };
        self.faults.push(Code::CONFIG_VALUE, format!("`{name}` must be {wanted}"), Some(value.span()));
    }
}

/// The words that a schema is a choice of.
pub(crate) fn words(schema: &SchemaObject) -> Vec<String> {
    let choices = schema.subschemas.iter().flat_map(|s| s.one_of.iter().flatten()).filter_map(|choice| match choice {
        Schema::Object(object) => object.enum_values.as_ref(),
        Schema::Bool(_) => None,
    });
    let values = choices.chain(&schema.enum_values).flatten();
    values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

fn meant<'n>(name: &str, known: impl Iterator<Item = &'n String>) -> String {
    match nearest(name, known.map(String::as_str)) {
        Some((distance, near)) if distance <= 2.max(name.len() / 3) => format!("did you mean `{near}`?"),
        _ => "docs/configuration.md lists every key".to_owned(),
    }
}

/// Levels that a code cannot have.
fn levels(table: &DeTable<'_>, faults: &mut Faults) {
    let lint = table.get("lint").and_then(|lint| lint.get_ref().as_table());
    for (code, level) in lint.into_iter().flat_map(|lint| lint.iter()) {
        let (Some(code), Some(level_text)) = (Code::parse(code.get_ref()), level.get_ref().as_str()) else { continue };
        if Level::parse(level_text).is_some_and(|level| level != Level::Error) && !code.may_be_lowered() {
            faults.push(Code::LEVEL, format!("{code} cannot be lowered"), Some(level.span())).help =
                Some("what is generated would be in doubt; correct the document".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// `CODE line:column message [help]` of each fault.
    fn faults(text: &str) -> Vec<String> {
        let error = Config::parse(text).unwrap_err();
        let place = |d: &Diagnostic| {
            let span = error.document.span(d.at.unwrap()).unwrap();
            error.document.files()[0].position(span.start)
        };
        let help = |d: &Diagnostic| d.help.as_ref().map(|help| format!(" [{help}]")).unwrap_or_default();
        let shown = error.diagnostics.iter().map(|d| {
            let at = place(d);
            format!("{} {}:{} {}{}", d.code, at.line, at.column, d.message, help(d))
        });
        shown.collect()
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn every_fault_is_found_at_its_place() {
        let text =
            "[envelop]\nid = 'a'\n[envelope]\nidd = 'a'\n[formats]\nenforce = 'email'\n[fields]\nunknown = 'kept'\n";
        assert_eq!(
            faults(text),
            [
                "CG0902 1:2 conecta-gen.toml has no `envelop` [did you mean `envelope`?]",
                "CG0902 4:1 `[envelope]` has no `idd` [did you mean `id`?]",
                "CG0903 6:11 `enforce` must be a list",
                "CG0903 8:11 `unknown` must be \"ignore\" or \"keep\"",
            ]
        );
    }

    #[test]
    fn the_name_of_a_crate_is_one_that_cargo_takes() {
        for name in ["std", "1st", "a b", ""] {
            let found = faults(&format!("[crate]\nname = '{name}'\n"));
            assert!(found.len() == 1 && found[0].starts_with("CG0903 2:8 "), "{name}: {found:?}");
        }
        assert!(Config::parse("[crate]\nname = 'shop-events'\n").is_ok());
    }

    #[test]
    fn what_is_not_toml_is_said_where_it_ends() {
        let found = faults("[crate]\nname = \n");
        assert!(found.len() == 1 && found[0].starts_with("CG0901 2:"), "{found:?}");
    }

    #[test]
    fn levels_are_given_to_codes_that_there_are() {
        let config = Config::parse("[lint]\nCG0420 = 'allow'\nCG0505 = 'error'\n").unwrap();
        assert_eq!(config.lint.of(Code::UNUSED), Some(Level::Allow));
        assert_eq!(config.lint.of(Code::REQUIRED_ABSENT), Some(Level::Error));
        assert_eq!(
            faults("[lint]\nCG0431 = 'allow'\nCG0201 = 'warn'\nCG0420 = 'deny'\n"),
            [
                "CG0902 2:1 `[lint]` has no `CG0431` [did you mean `CG0401`?]",
                "CG0904 3:10 CG0201 cannot be lowered [what is generated would be in doubt; correct the document]",
                "CG0903 4:10 `CG0420` must be \"allow\" or \"note\" or \"warn\" or \"error\"",
            ]
        );
    }

    #[test]
    fn limits_are_whole_numbers_within_bounds() {
        assert_eq!(Config::parse("[limits]\ndepth = 20\n").unwrap().limits.depth, 20);
        for (wrong, place) in
            [("depth = -1", "2:9"), ("depth = 5000", "2:9"), ("bytes = 'big'", "2:9"), ("files = 1.5", "2:9")]
        {
            let found = faults(&format!("[limits]\n{wrong}\n"));
            assert!(found.len() == 1 && found[0].starts_with(&format!("CG0903 {place}")), "{wrong}: {found:?}");
        }
    }

    #[test]
    fn the_schema_accepts_the_documented_example_and_refuses_an_unknown_key() {
        let example: String = include_str!("mod.rs")
            .lines()
            .skip_while(|line| *line != "//! ```toml")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| format!("{}\n", line.trim_start_matches("//!").trim_start_matches(' ')))
            .collect();
        Config::parse(&example).unwrap();
        let schema = serde_json::to_value(Config::schema()).unwrap();
        let judge = jsonschema::draft7::new(&schema).unwrap();
        let json = |text: &str| toml::from_str::<serde_json::Value>(text).unwrap();
        assert!(judge.is_valid(&json(&example)), "{:?}", judge.iter_errors(&json(&example)).collect::<Vec<_>>());
        for wrong in ["x = 1", "[envelope]\nidd = ''", "[lint]\nCG0999 = 'allow'", "[limits]\ndepth = 0"] {
            assert!(!judge.is_valid(&json(wrong)), "{wrong}");
        }
    }
}

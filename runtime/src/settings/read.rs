//! Texts to settings. Everything is read to its end, so that every fault is found.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::faults::{Fault, SettingsFaults};
use super::keys::{self, Section, suggestion};
use super::value::Text;
use super::{AlertSettings, ConsumerSettings, FILE_VARIABLE, Settings};
use crate::kafka::{BROKERS_VARIABLE, KafkaSettings, PROPERTIES, PROPERTY_PREFIX, Scope, SettingsError};

/// Where something was written.
#[derive(Clone)]
struct Place {
    source: String,
    at: Option<(usize, usize)>,
}

impl Place {
    fn variable(name: &str) -> Self {
        Self { source: name.into(), at: None }
    }

    fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault { source: self.source.clone(), at: self.at, reason: reason.into() }
    }
}

/// What was written, by key; later sources take the place of earlier ones.
#[derive(Default)]
struct Written {
    brokers: Option<(Place, String)>,
    replication_factor: Option<(Place, String)>,
    properties: BTreeMap<(Scope, String), (Place, String)>,
    consumer: Entries,
    alerts: Entries,
    faults: Vec<Fault>,
}

/// What was written of a [`Section`], by key.
type Entries = BTreeMap<&'static str, (Place, String)>;

pub(super) fn read(
    file: Option<(&str, &str)>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, SettingsFaults> {
    let mut written = Written::default();
    if let Some((name, text)) = file {
        written.file(name, text)?;
    }
    written.variables(variables);
    written.settle()
}

impl Written {
    /// A file that is no TOML has one fault: nothing can be said of the rest.
    fn file(&mut self, name: &str, text: &str) -> Result<(), SettingsFaults> {
        let place = |offset: usize| Place { source: name.into(), at: Some(line_and_column(text, offset)) };
        let table = DeTable::parse(text).map_err(|error| {
            // Its `Display` shows the line, which may have a secret.
            let at = error.span().map(|span| line_and_column(text, span.start));
            SettingsFaults::one(name.into(), at, format!("not TOML: {}", error.message()))
        })?;
        for (table, value) in table.get_ref() {
            let here = place(table.span().start);
            match (table.get_ref().as_ref(), value.get_ref()) {
                ("kafka", DeValue::Table(entries)) => self.kafka(entries, &place),
                ("consumer", DeValue::Table(entries)) => {
                    table_of(&keys::CONSUMER, entries, &place, &mut self.consumer, &mut self.faults);
                }
                ("alerts", DeValue::Table(entries)) => {
                    table_of(&keys::ALERTS, entries, &place, &mut self.alerts, &mut self.faults);
                }
                (name, _) if keys::TABLES.contains(&name) => {
                    self.faults.push(here.fault(format!("`{name}` is a table: write [{name}]")));
                }
                (name, _) => {
                    let near = suggestion(name, keys::TABLES);
                    self.faults.push(here.fault(format!("`{name}` is not known{near}")));
                }
            }
        }
        Ok(())
    }

    fn kafka(&mut self, entries: &DeTable<'_>, place: &impl Fn(usize) -> Place) {
        for (key, value) in entries {
            let here = place(key.span().start);
            let scope = match key.get_ref().as_ref() {
                "properties" => Scope::All,
                "producer" => Scope::Producer,
                "consumer" => Scope::Consumer,
                name @ ("brokers" | "replication_factor") => {
                    let slot = if name == "brokers" { &mut self.brokers } else { &mut self.replication_factor };
                    match addresses(value) {
                        Some(text) => *slot = Some((here, text)),
                        None => self.faults.push(here.fault(format!("`kafka.{name}` takes a single value"))),
                    }
                    continue;
                }
                name => {
                    let near = suggestion(name, keys::KAFKA);
                    let is_property = PROPERTIES.iter().any(|known| known.split('.').next() == Some(name));
                    let hint = match near.is_empty() && is_property {
                        true => "; properties of librdkafka stand under [kafka.properties]",
                        false => "",
                    };
                    self.faults.push(here.fault(format!("`kafka.{name}` is not known{near}{hint}")));
                    continue;
                }
            };
            let DeValue::Table(properties) = value.get_ref() else {
                let name = key.get_ref();
                self.faults.push(here.fault(format!("`kafka.{name}` is a table: write [kafka.{name}]")));
                continue;
            };
            flatten(properties, place, &mut |name, here, value| match scalar(value) {
                Some(text) => drop(self.properties.insert((scope, name.to_owned()), (here, text))),
                None => self.faults.push(here.fault(format!("`{name}` takes a single value"))),
            });
        }
    }

    fn variables(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in variables {
            let place = Place::variable(&name);
            if name == BROKERS_VARIABLE {
                self.brokers = Some((place, value));
            } else if let Some(property) = name.strip_prefix(PROPERTY_PREFIX) {
                let property = property.to_ascii_lowercase().replace('_', ".");
                // The environment has the last word, whatever the file says it is for.
                for scope in [Scope::Producer, Scope::Consumer] {
                    self.properties.remove(&(scope, property.clone()));
                }
                self.properties.insert((Scope::All, property), (place, value));
            } else if keys::CONSUMER.has_variable(&name) {
                variable_of(&keys::CONSUMER, &name, value, &mut self.consumer, &mut self.faults);
            } else if keys::ALERTS.has_variable(&name) {
                variable_of(&keys::ALERTS, &name, value, &mut self.alerts, &mut self.faults);
            }
        }
    }

    /// Reads the values, and asks librdkafka for what is its to judge.
    fn settle(mut self) -> Result<Settings, SettingsFaults> {
        let mut consumer = ConsumerSettings::default();
        settle(&keys::CONSUMER, &self.consumer, &mut consumer, &mut self.faults);
        let mut alerts = AlertSettings::default();
        settle(&keys::ALERTS, &self.alerts, &mut alerts, &mut self.faults);
        let mut kafka = match &self.brokers {
            None => {
                let reason = format!(
                    "no brokers: set {BROKERS_VARIABLE} to host:port, several separated by commas, or kafka.brokers in \
                     the file that {FILE_VARIABLE} names"
                );
                self.faults.push(Place::variable(BROKERS_VARIABLE).fault(reason));
                None
            }
            Some((place, text)) => match KafkaSettings::new(text) {
                Ok(kafka) => Some(kafka),
                Err(error) => {
                    self.faults.push(place.fault(error.to_string()));
                    None
                }
            },
        };
        if let Some((place, text)) = &self.replication_factor {
            match Text(text).number(1) {
                Ok(copies) => kafka = kafka.map(|kafka| kafka.replication_factor(copies)),
                Err(expected) => self.faults.push(place.fault(format!("`kafka.replication_factor`: {expected}"))),
            }
        }
        for ((scope, name), (place, value)) in &self.properties {
            match KafkaSettings::judge(*scope, name, value) {
                Ok(()) => kafka = kafka.map(|kafka| kafka.scoped(*scope, name, value)),
                Err(error) => {
                    let near = match PROPERTIES.contains(&&**name) {
                        true => String::new(),
                        false => suggestion(name, PROPERTIES),
                    };
                    self.faults.push(place.fault(format!("{error}{near}")));
                }
            }
        }
        SettingsFaults::check(self.faults)?;
        match kafka {
            Some(kafka) => Ok(Settings { kafka, consumer, alerts }),
            // Has been said.
            None => Err(SettingsFaults::one(BROKERS_VARIABLE.into(), None, SettingsError::NoBrokers.to_string())),
        }
    }
}

/// Takes what a file has of a section.
fn table_of<S>(
    section: &Section<S>,
    entries: &DeTable<'_>,
    place: &impl Fn(usize) -> Place,
    written: &mut Entries,
    faults: &mut Vec<Fault>,
) {
    let table = section.table;
    flatten(entries, place, &mut |key, here, value| match section.names().find(|known| *known == key) {
        Some(known) => match scalar(value) {
            Some(text) => drop(written.insert(known, (here, text))),
            None => faults.push(here.fault(format!("`{table}.{key}` takes a single value"))),
        },
        None => {
            let near = suggestion(key, section.names());
            faults.push(here.fault(format!("`{table}.{key}` is not known{near}")));
        }
    });
}

/// Takes a variable of a section.
fn variable_of<S>(section: &Section<S>, name: &str, value: String, written: &mut Entries, faults: &mut Vec<Fault>) {
    let place = Place::variable(name);
    match section.names().find(|key| section.variable(key) == name) {
        Some(key) => drop(written.insert(key, (place, value))),
        None => {
            let near = suggestion(name, section.names().map(|key| section.variable(key)));
            faults.push(place.fault(format!("is no setting{near}")));
        }
    }
}

/// Reads the values of a section.
fn settle<S>(section: &Section<S>, written: &Entries, settings: &mut S, faults: &mut Vec<Fault>) {
    for key in section.keys {
        if let Some((place, text)) = written.get(key.name)
            && let Err(expected) = (key.set)(settings, Text(text))
        {
            faults.push(place.fault(format!("`{}.{}`: {expected}", section.table, key.name)));
        }
    }
}

/// Every value of a table and of those in it, by its path with dots: librdkafka's names have them, and so do ours.
fn flatten(
    table: &DeTable<'_>,
    place: &impl Fn(usize) -> Place,
    each: &mut impl FnMut(&str, Place, &Spanned<DeValue<'_>>),
) {
    fn walk(
        prefix: &str,
        table: &DeTable<'_>,
        place: &impl Fn(usize) -> Place,
        each: &mut impl FnMut(&str, Place, &Spanned<DeValue<'_>>),
    ) {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) => walk(&format!("{path}."), inner, place, each),
                _ => each(&path, place(key.span().start), value),
            }
        }
    }
    walk("", table, place, each);
}

/// The text of a value that is neither a table nor a list.
fn scalar(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(|it| it.to_string()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The same, or a list of texts.
fn addresses(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::Array(list) => {
            list.iter().map(|item| item.get_ref().as_str()).collect::<Option<Vec<_>>>().map(|list| list.join(","))
        }
        _ => scalar(value),
    }
}

/// From 1, columns in characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

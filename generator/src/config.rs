//! `conecta-gen.toml`: what a document does not say and cannot be guessed.
//!
//! ```toml
//! [crate]
//! name = "conecta360-events"       # else --name, else the document's title
//!
//! [envelope]                       # paths of payload fields; each is found by itself where its name is a known one
//! id = "evento_id"
//! type = "evento_tipo"
//! version = "evento_version"
//! time = "timestamp"
//! source = "origen"
//! correlation = "metadata.request_id"
//!
//! [events]
//! version = "1.0"                  # of every event; else an `x-version` field, else examples that agree, else `info.version`
//!
//! [sensitive]
//! fields = ["email"]               # masked in `Debug`, by their names on the wire; `x-sensitive: true` does the same
//!
//! [fields]
//! unknown = "keep"                 # or "ignore", the default
//!
//! [formats]
//! enforce = ["email", "uuid"]      # formats that are held up besides `date-time`
//! ```

use std::fmt;

use serde::Deserialize;

/// The configuration; the default is that of an empty file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What the crate is called.
    #[serde(rename = "crate")]
    pub package: Package,
    /// Where an event's identifier, type, version, … stand in its payload.
    pub envelope: Envelope,
    /// What holds for every event.
    pub events: Events,
    /// Fields that are not shown.
    pub sensitive: Sensitive,
    /// How fields are treated.
    pub fields: Fields,
    /// Formats.
    pub formats: Formats,
}

/// `[crate]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Package {
    /// Its name.
    pub name: Option<String>,
}

/// `[envelope]`: paths of payload fields, `metadata.request_id`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Envelope {
    /// What tells an event from every other.
    pub id: Option<String>,
    /// What kind of event it is.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The version of its schema.
    pub version: Option<String>,
    /// When it happened.
    pub time: Option<String>,
    /// What it belongs to.
    pub correlation: Option<String>,
}

/// `[events]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// The version that `new` fills in.
    pub version: Option<String>,
}

/// `[sensitive]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sensitive {
    /// Names of properties.
    pub fields: Vec<String>,
}

/// `[fields]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// What becomes of properties that a schema does not name and does not forbid.
    pub unknown: Unknown,
}

/// What becomes of unknown properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// They are tolerated and dropped.
    #[default]
    Ignore,
    /// They are kept, and written out again.
    Keep,
}

/// `[formats]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Formats {
    /// Which are held up.
    pub enforce: Vec<String>,
}

/// Why a configuration could not be read.
#[derive(Debug)]
pub struct ConfigError(toml::de::Error);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_string().trim_end())
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the text of a `conecta-gen.toml`.
    ///
    /// # Errors
    /// When it is not TOML, or holds a key or a value that is not known.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(ConfigError)
    }

    /// Whether unknown properties are kept.
    pub(crate) fn keeps_unknown(&self) -> bool {
        self.fields.unknown == Unknown::Keep
    }

    /// Whether a format is held up where it is not by its type.
    pub(crate) fn enforces(&self, format: &str) -> bool {
        self.formats.enforce.iter().any(|enforced| enforced == format)
    }

    /// Whether a property is not to be shown.
    pub(crate) fn hides(&self, property: &str) -> bool {
        self.sensitive.fields.iter().any(|field| field == property)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place() {
        let error = Config::parse("[envelope]\nidd = \"a\"\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("idd"), "{error}");
    }
}

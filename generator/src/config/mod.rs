//! `conecta-gen.toml`: what a document does not say and cannot be guessed. docs/configuration.md lists every key;
//! [`Config::schema`] is its JSON Schema, and what [`Config::read`] holds a file against.
//!
//! ```toml
//! [crate]
//! name = "conecta360-events"       # else --name, else the document's title
//! role = "application"             # or "client"; "both" is the default, and what a 2.x document always gives
//!
//! [envelope]                       # paths of payload fields; each is found by itself where its name is a known one
//! id = "evento_id"
//! type = "evento_tipo"
//! version = "evento_version"
//! time = "timestamp"
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
//! defaults = "omit"                # or "write"; "keep" is the default
//!
//! [formats]
//! enforce = ["email", "uuid"]      # formats that are held up besides `date-time`, `date` and `ipv4`
//!
//! [channels."casos.eventos"]       # docs/channels.md
//! type = "header:event-type"       # where a record says which of the channel's messages it is; or "payload:PATH"
//!
//! [messages.CasoCreado]
//! type = "caso.creado"             # what it says there; else a `const`, else examples that agree, else the message's name
//!
//! [names]                          # docs/names.md
//! "/components/schemas/Order" = "PurchaseOrder"
//!
//! [types]
//! "/components/schemas/Amount" = "decimal"
//!
//! [refs]
//! "https://schemas.example.com/" = "schemas"   # the folder, relative to this file, with copies of what is there
//!
//! [lint]
//! CG0420 = "allow"                 # or "note", "warn", "error"
//!
//! [limits]
//! bytes = 33554432                 # what a document may cost; docs/limits.md
//! ```

mod read;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::schema::RootSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Levels;
use crate::document::{Limits, Source};

pub use read::ConfigError;
pub(crate) use read::{Written, resolve, words};

/// Where the schema of the configuration is said to be; its number goes up when a file that was right becomes wrong.
const SCHEMA_ID: &str = "https://conecta-rs.github.io/conecta/schemas/config-1.json";

/// The configuration of conecta-gen; the default is that of an empty file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The crate that `generate` writes.
    #[serde(rename = "crate")]
    pub package: Package,
    /// Which fields of a payload play which part: their paths, with dots (`metadata.request_id`). Without them they are found
    /// by known names: Conecta360's (`evento_id`, `evento_tipo`, …), `event_id`, `eventId`, and those of CloudEvents.
    pub envelope: Envelope,
    /// What holds for every event.
    pub events: Events,
    /// Fields whose values are not shown.
    pub sensitive: Sensitive,
    /// Fields that a schema does not name.
    pub fields: Fields,
    /// Which `format`s are held up. In draft-07 they are annotations, and most documents do not keep to them.
    pub formats: Formats,
    /// Channels, by their names in the document.
    pub channels: BTreeMap<String, Channel>,
    /// Messages, by their names in the document; those that have a name in common (that of their channel, where they have none), by
    /// their JSON pointers.
    pub messages: BTreeMap<String, Message>,
    /// Names of Rust, by JSON pointers into the document: of schemas, properties, values of an enum, messages, channels and
    /// operations, as `x-rust-name` gives them there; docs/names.md.
    pub names: BTreeMap<String, String>,
    /// Types of Rust, by JSON pointers to schemas, as `x-rust-type` asks for them there; docs/json-schema.md says more.
    pub types: BTreeMap<String, RustType>,
    /// Copies of what references to URLs name, since nothing is ever fetched: the beginning of the URLs, and the folder,
    /// relative to this file, that holds what is below it. The longest beginning counts.
    pub refs: BTreeMap<String, String>,
    /// The level of each code's findings, whatever it is by itself. A finding at one place is allowed where it stands: by a
    /// comment `# conecta-gen: allow(CG0420)`, or by `x-conecta-allow: [CG0420]`.
    pub lint: Levels,
    /// What a document may cost; docs/limits.md.
    pub limits: Limits,
    #[serde(skip)]
    pub(crate) written: Written,
}

/// `[crate]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Package {
    /// The crate's name, unless `--name` gives another; without either it is made from the document's title.
    pub name: Option<String>,
    /// Which end of a 3.x document is generated, unless `--role` says another: what the application does that the document
    /// describes, what its clients do, or both. In 2.x documents the direction is written either way, and both ends are generated.
    pub role: Role,
}

/// An end of a 3.x document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The application that the document describes: it publishes where the document says `send`, and consumes where it says
    /// `receive`.
    Application,
    /// Its clients: they consume what it sends, and publish what it receives.
    Client,
    /// Both of them.
    #[default]
    Both,
}

impl Role {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Client => "client",
            Self::Both => "both",
        }
    }
}

/// `[envelope]`: paths of payload fields, `metadata.request_id`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Envelope {
    /// What tells an event from every other; `new` fills it in, and an inbox knows events by it.
    pub id: Option<String>,
    /// What kind of event it is; `new` fills it in.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The version of the event's schema; `new` fills it in.
    pub version: Option<String>,
    /// When it happened; `new` fills it in.
    pub time: Option<String>,
    /// The request or process it belongs to; what a document's `correlationId` says wins.
    pub correlation: Option<String>,
}

/// `[events]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// The version that `new` fills in. Without it: an `x-version` field, else examples that agree, else `info.version`.
    pub version: Option<String>,
}

/// `[sensitive]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sensitive {
    /// Names of properties, as on the wire, that are masked in `Debug`; `x-sensitive: true` beside a property does the same.
    pub fields: Vec<String>,
}

/// `[fields]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// What becomes of properties that a schema neither names nor forbids: they are tolerated and dropped, or kept and written
    /// out again.
    pub unknown: Unknown,
    /// What the absence of an optional property that has a `default` becomes; docs/json-schema.md says more. It stays absent
    /// and a method, `…_or_default()`, gives the default; or the field is filled in, and written whatever its value, or
    /// only where it has another than the default.
    pub defaults: Defaults,
}

/// What the absence of an optional property that has a `default` becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Defaults {
    /// It stays absent; a method gives the default.
    #[default]
    Keep,
    /// The field is filled in, and always written.
    Write,
    /// The field is filled in, and left out where it has the default.
    Omit,
}

/// What becomes of unknown properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// They are tolerated and dropped.
    #[default]
    Ignore,
    /// They are kept, and written out again.
    Keep,
}

/// `[formats]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Formats {
    /// Formats that are held up besides `date-time`, `date` and `ipv4`.
    pub enforce: Vec<Format>,
    /// Formats that are not held up, of those that are otherwise: texts of these are plain texts.
    pub text: Vec<HeldFormat>,
}

/// A format that is held up unless it is said that it is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeldFormat {
    /// A day, `2024-02-29`.
    Date,
    /// A day, the time of it and an offset.
    DateTime,
    /// Four numbers.
    Ipv4,
}

impl HeldFormat {
    const ALL: [Self; 3] = [Self::Date, Self::DateTime, Self::Ipv4];

    /// What `format` calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::DateTime => "date-time",
            Self::Ipv4 => "ipv4",
        }
    }
}

/// A format that can be held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Base64, padded.
    Byte,
    /// A day, `2024-02-29`.
    Date,
    /// ISO 8601, `P1DT12H`.
    Duration,
    /// Something on both sides of an `@`.
    Email,
    /// RFC 1123.
    Hostname,
    /// Four numbers.
    Ipv4,
    /// RFC 4291.
    Ipv6,
    /// A time of the day with its offset.
    Time,
    /// RFC 3986, with a scheme.
    Uri,
    /// RFC 3986, relative or not.
    UriReference,
    /// In the form with hyphens.
    Uuid,
}

impl Format {
    /// What `format` calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Byte => "byte",
            Self::Date => "date",
            Self::Duration => "duration",
            Self::Email => "email",
            Self::Hostname => "hostname",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Time => "time",
            Self::Uri => "uri",
            Self::UriReference => "uri-reference",
            Self::Uuid => "uuid",
        }
    }

    /// The format of that name, where it can be held up.
    pub(crate) fn named(name: &str) -> Option<Self> {
        const ALL: [Format; 11] = [
            Format::Byte,
            Format::Date,
            Format::Duration,
            Format::Email,
            Format::Hostname,
            Format::Ipv4,
            Format::Ipv6,
            Format::Time,
            Format::Uri,
            Format::UriReference,
            Format::Uuid,
        ];
        ALL.into_iter().find(|format| format.name() == name)
    }
}

/// A type that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RustType {
    /// Of a `number` or an `integer`: every digit is kept, up to 28.
    Decimal,
}

/// `[channels.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Channel {
    /// Where a record says which of the channel's messages it is, `header:NAME` or `payload:PATH`, where the document does not
    /// tell them apart.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// `[messages.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Message {
    /// The type of its events: what `new` fills in, and what records are told by where a channel carries several messages.
    /// Without it: a `const`, else examples that agree, else the message's name.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl Config {
    /// Reads the text of a `conecta-gen.toml`.
    ///
    /// # Errors
    /// When it is not TOML, or holds a key or a value that is not known: every fault, with its place.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::read(Source::new("conecta-gen.toml", text))
    }

    /// Reads a configuration, whatever it is called.
    ///
    /// # Errors
    /// When it is not TOML, or holds a key or a value that is not known: every fault, with its place.
    pub fn read(source: Source) -> Result<Self, ConfigError> {
        read::read(source)
    }

    /// The JSON Schema (draft-07) of a configuration.
    pub fn schema() -> RootSchema {
        let mut schema = schemars::schema_for!(Self);
        let metadata = schema.schema.metadata();
        metadata.id = Some(SCHEMA_ID.to_owned());
        metadata.title = Some("conecta-gen.toml".to_owned());
        schema
    }

    /// Whether unknown properties are kept.
    pub(crate) fn keeps_unknown(&self) -> bool {
        self.fields.unknown == Unknown::Keep
    }

    /// Whether a format is held up.
    pub(crate) fn enforces(&self, format: &str) -> bool {
        let held = HeldFormat::ALL.iter().any(|held| held.name() == format && !self.formats.text.contains(held));
        held || self.formats.enforce.iter().any(|enforced| enforced.name() == format)
    }

    /// Whether a property is not to be shown.
    pub(crate) fn hides(&self, property: &str) -> bool {
        self.sensitive.fields.iter().any(|field| field == property)
    }
}

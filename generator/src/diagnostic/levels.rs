//! How much a finding weighs when its reader has a say: by code, and by place.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::r#gen::SchemaGenerator;
use schemars::schema::{InstanceType, Metadata, ObjectValidation, Schema, SchemaObject, SubschemaValidation};
use serde::Deserialize;
use serde::de::{IntoDeserializer as _, value::StrDeserializer};

use super::{Code, Diagnostic, Severity, allow::Allowed};
use crate::document::Document;

/// A level that can be given to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is not reported.
    Allow,
    /// It is a note.
    Note,
    /// It is a warning.
    Warn,
    /// It is an error: `check` fails and `generate` writes nothing.
    Error,
}

impl Level {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
        Self::deserialize(text).ok()
    }

    const fn severity(self) -> Option<Severity> {
        match self {
            Self::Allow => None,
            Self::Note => Some(Severity::Note),
            Self::Warn => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// Levels by code; a code that is not among them keeps its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, Level>")]
pub struct Levels(BTreeMap<Code, Level>);

impl From<BTreeMap<String, Level>> for Levels {
    fn from(levels: BTreeMap<String, Level>) -> Self {
        Self(levels.into_iter().filter_map(|(code, level)| Some((Code::parse(&code)?, level))).collect())
    }
}

impl Levels {
    /// The level given to a code.
    pub fn of(&self, code: Code) -> Option<Level> {
        self.0.get(&code).copied()
    }

    /// Gives each finding its level, and drops those that are allowed, by code or where they stand. A finding is lowered only
    /// where what is generated is sound in spite of it.
    pub(crate) fn settle(&self, findings: &mut Vec<Diagnostic>, document: &Document) {
        let allowed = Allowed::of(document);
        findings.retain_mut(|finding| {
            let mut level = self.of(finding.code);
            if allowed.covers(finding, document) {
                level = Some(Level::Allow);
            }
            match level {
                Some(level) if level == Level::Error || finding.code.may_be_lowered() => match level.severity() {
                    Some(severity) => finding.severity = severity,
                    None => return false,
                },
                _ => {}
            }
            true
        });
        findings.extend(allowed.into_faults());
    }
}

impl JsonSchema for Levels {
    fn schema_name() -> String {
        "Levels".to_owned()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let level = generator.subschema_for::<Level>();
        let property = |code: Code| {
            let metadata = Metadata { description: Some(code.title().to_owned()), ..Metadata::default() };
            let subschemas =
                SubschemaValidation { all_of: Some(vec![level.clone()]), ..SubschemaValidation::default() };
            let schema = SchemaObject {
                metadata: Some(Box::new(metadata)),
                subschemas: Some(Box::new(subschemas)),
                ..SchemaObject::default()
            };
            (code.to_string(), Schema::Object(schema))
        };
        let object = ObjectValidation {
            properties: Code::all().map(property).collect(),
            additional_properties: Some(Box::new(Schema::Bool(false))),
            ..ObjectValidation::default()
        };
        Schema::Object(SchemaObject {
            instance_type: Some(InstanceType::Object.into()),
            object: Some(Box::new(object)),
            ..SchemaObject::default()
        })
    }
}

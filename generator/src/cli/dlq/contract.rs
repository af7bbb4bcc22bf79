//! What a contract says of a dead letter: what must not be shown, and whether a mended payload keeps it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::{Exit, output};
use crate::api::{Api, Payload, SchemaId};
use crate::load_with;
use crate::validate::Validator;

/// The contract that the topic's events keep.
#[derive(Debug, clap::Args)]
pub(super) struct ContractArgs {
    /// The AsyncAPI document: its sensitive fields are masked, and mended payloads are held against it
    #[arg(long, value_name = "SPEC")]
    contract: Option<PathBuf>,
    /// Its configuration [default: conecta-gen.toml beside the document, where there is one]
    #[arg(long, value_name = "FILE", requires = "contract")]
    config: Option<PathBuf>,
}

/// A contract, read.
pub(super) struct Contract {
    api: Api,
    sensitive: HashSet<String>,
}

impl ContractArgs {
    pub(super) fn read(&self) -> Result<Option<Contract>, Exit> {
        self.contract.as_deref().map(|path| self.read_from(path)).transpose()
    }

    fn read_from(&self, path: &Path) -> Result<Contract, Exit> {
        let inputs = output::inputs(path, self.config.as_deref(), &[], None)?;
        let spec = output::source(path, inputs.config.limits.bytes)?;
        let loaded = load_with(spec, None, &inputs.files, &inputs.config);
        let Some(api) = (!loaded.blocked()).then_some(loaded.api).flatten() else {
            let path = path.display();
            return Err(output::trouble(&format!("{path} is no sound contract; to see why: conecta-gen check {path}")));
        };
        let mut sensitive: HashSet<String> = inputs.config.sensitive.fields.iter().cloned().collect();
        for (name, schema) in api.schemas.0.iter().flat_map(|schema| &schema.properties) {
            if api.schemas[*schema].extensions.get("x-sensitive") == Some(&Value::Bool(true)) {
                sensitive.insert(name.clone());
            }
        }
        Ok(Contract { api, sensitive })
    }
}

impl Contract {
    /// Whether the value of a property or a header of that name must not be shown.
    pub(super) fn hides(&self, name: &str) -> bool {
        self.sensitive.contains(name)
    }

    /// Whether the key of a topic's records must not be shown.
    pub(super) fn hides_key(&self, topic: &str) -> bool {
        let known = self.api.channels.iter().filter_map(|channel| channel.topic.as_ref());
        let mut of_topic = known.filter(|known| known.name == topic).filter_map(|known| known.key.as_ref());
        of_topic.any(|key| key.path.iter().any(|name| self.hides(name)))
    }

    /// Replaces the values that must not be shown.
    pub(super) fn mask(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if self.hides(name) { *value = Value::from("***") } else { self.mask(value) }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// In what a payload breaks the contract of a topic: nothing, or what it breaks of the message that it is nearest to.
    pub(super) fn faults(&self, topic: &str, payload: &Value) -> Result<Vec<String>, Exit> {
        let of_topic = |name: &str, address: &str| name == topic || address == topic;
        let schemas: Vec<SchemaId> = (self.api.channels.iter())
            .filter(|it| of_topic(it.topic.as_ref().map_or("", |topic| topic.name.as_str()), &it.address))
            .flat_map(|channel| &channel.messages)
            .filter_map(|message| match self.api.messages.get(message.0 as usize)?.payload {
                Payload::Schema(schema) => Some(schema),
                Payload::Opaque(_) | Payload::Any => None,
            })
            .collect();
        let judge = Validator::new(&self.api.schemas);
        let found = schemas.iter().map(|schema| judge.faults(*schema, payload)).min_by_key(Vec::len);
        let found =
            found.ok_or_else(|| output::trouble(&format!("the contract says nothing of payloads of {topic}")))?;
        Ok(found
            .iter()
            .map(|fault| match fault.path.to_string() {
                path if path.is_empty() => fault.message.clone(),
                path => format!("{path}: {}", fault.message),
            })
            .collect())
    }
}

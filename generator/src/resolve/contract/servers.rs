//! Servers.

use super::Contract;
use crate::{
    api::{Server, Variable, names_in},
    document::Place,
};

impl Contract<'_> {
    /// The document's servers, each with the place that it really stands at.
    pub(super) fn servers(&mut self, root: Place) -> Vec<(Server, Place)> {
        let Some(map) = self.document.get(root, "servers") else { return Vec::new() };
        let entries: Vec<(String, Place)> = self.entries(map);
        let mut servers = Vec::new();
        for (name, place) in entries {
            let Some(end) = self.schemas.end(place) else { continue };
            let address = if self.three {
                let path = self.document.get_str(end, "pathname").unwrap_or_default();
                self.document.get_str(end, "host").map(|host| format!("{host}{path}"))
            } else {
                self.document
                    .get_str(end, "url")
                    .map(|url| url.split_once("://").map_or(url, |(_, rest)| rest).to_owned())
            };
            let (Some(address), Some(protocol)) = (address, self.document.get_str(end, "protocol")) else { continue };
            let variables = self.variables(end, &address);
            let server = Server {
                name,
                address,
                variables,
                protocol: protocol.to_ascii_lowercase(),
                description: self.text(end, "description"),
                tags: self.tags(end),
                kafka_binding: self.kafka_binding(end).map(|binding| self.document.value(binding)),
                extensions: self.extensions(end),
                place: end,
            };
            servers.push((server, end));
        }
        servers
    }

    /// The variables of an address, each once.
    fn variables(&mut self, server: Place, address: &str) -> Vec<Variable> {
        let mut variables: Vec<Variable> = Vec::new();
        for name in names_in(address) {
            let said = self.document.get(server, "variables").and_then(|map| self.document.get(map, name));
            let Some(place) = said.and_then(|place| self.schemas.end(place)) else { continue };
            if variables.iter().any(|had| had.name == name) {
                continue;
            }
            let values = self.document.get(place, "enum").into_iter().flat_map(|list| self.document.items(list));
            variables.push(Variable {
                name: name.to_owned(),
                default: self.text(place, "default"),
                values: values.filter_map(|value| self.document.str(value)).map(str::to_owned).collect(),
                description: self.text(place, "description"),
            });
        }
        variables
    }

    /// The entries of a mapping that are no extensions.
    pub(super) fn entries(&self, map: Place) -> Vec<(String, Place)> {
        let entries = self.document.entries(map).filter(|(key, _)| !key.starts_with("x-"));
        entries.map(|(key, place)| (key.to_owned(), place)).collect()
    }
}

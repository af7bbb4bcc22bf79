//! Servers.

use super::Contract;
use crate::{api::Server, document::Place};

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
            let server = Server {
                name,
                address,
                protocol: protocol.to_ascii_lowercase(),
                description: self.text(end, "description"),
                place: end,
            };
            servers.push((server, end));
        }
        servers
    }

    /// The entries of a mapping that are no extensions.
    pub(super) fn entries(&self, map: Place) -> Vec<(String, Place)> {
        let entries = self.document.entries(map).filter(|(key, _)| !key.starts_with("x-"));
        entries.map(|(key, place)| (key.to_owned(), place)).collect()
    }
}

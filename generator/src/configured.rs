//! What the configuration names and the contract has not.

use crate::api::Api;
use crate::config::Config;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Document, nearest};

/// Channels, messages and sensitive properties, each where the configuration names it.
pub(crate) fn unknown(document: &Document, api: &Api, config: &Config, findings: &mut Vec<Diagnostic>) {
    let mut unknown = |what: &str, table: &str, name: &str, known: &mut dyn Iterator<Item = &str>| {
        let mut found = Diagnostic::new(Code::NO_SUCH_PLACE, format!("the contract has no {what} {name:?}"));
        found.at = config.written.at(&[table, name], document);
        findings.push(match nearest(name, known) {
            Some((0, _)) => return,
            Some((_, near)) => found.help(format!("conecta-gen.toml names it; did you mean {near:?}?")),
            None => found.help("conecta-gen.toml names it"),
        });
    };
    for name in config.channels.keys() {
        unknown("channel", "channels", name, &mut api.channels.iter().map(|channel| channel.name.as_str()));
    }
    let pointed = |name: &str| {
        let place = document.find(name).map(|place| document.real(place));
        name.starts_with('/') && place.is_some_and(|place| api.messages.iter().any(|message| message.place == place))
    };
    for name in config.messages.keys().filter(|name| !pointed(name)) {
        unknown("message", "messages", name, &mut api.messages.iter().map(|message| message.name.as_str()));
    }
    for name in &config.sensitive.fields {
        if !api.schemas.0.iter().any(|schema| schema.properties.contains_key(name)) {
            let said = format!("no schema has the sensitive property `{name}`");
            let mut found = Diagnostic::new(Code::MASKS_NOTHING, said)
                .help("write it in `[sensitive]` of conecta-gen.toml as it is on the wire");
            found.at = config.written.at(&["sensitive", "fields"], document);
            findings.push(found);
        }
    }
}

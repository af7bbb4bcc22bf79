//! CG0711: a value that a parameter of an address may take makes a name that Kafka refuses.

use super::{Context, overlaps::Name};
use crate::{
    api::{Channel, Parameter},
    diagnostic::{At, Code, Diagnostic, Findings},
    document::Place,
    topics::{LONGEST_NAME, is_topic_name},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    for channel in cx.resolved.api.channels.iter().filter(|channel| channel.kafka) {
        let Some(name) = Name::of(channel) else { continue };
        // What is fixed of the name, and a sign for each other parameter.
        let least = name.least();
        for parameter in channel.parameters.iter().filter(|parameter| name.has(&parameter.name)) {
            for (value, at) in values(cx, channel, parameter) {
                if value.is_empty() || !is_topic_name(&format!("x{value}")) || least + value.len() > LONGEST_NAME + 1 {
                    let shown: String = value.chars().take(64).collect();
                    findings.push(
                        Diagnostic::new(
                            Code::PARAMETER_VALUE,
                            format!("Kafka refuses {shown:?} in the name of a topic"),
                        )
                        .at(at)
                        .related(At::Key(channel.place), "of this address")
                        .help("letters, digits, `.`, `_` and `-`, and a name of 249 characters at most"),
                    );
                }
            }
        }
    }
}

/// The values that are listed, and the default, where they stand.
fn values<'a>(cx: &'a Context<'_>, channel: &Channel, parameter: &Parameter) -> Vec<(&'a str, Place)> {
    let said = cx.document.get(channel.place, "parameters").and_then(|p| cx.document.get(p, &parameter.name));
    let holder = said.map_or(parameter.place, |place| cx.end(place));
    let holder = cx.document.get(holder, "schema").map_or(holder, |schema| cx.end(schema));
    let listed = cx.document.get(holder, "enum").into_iter().flat_map(|list| cx.document.items(list));
    let all = listed.chain(cx.document.get(holder, "default"));
    all.filter_map(|place| Some((cx.document.str(place)?, place))).collect()
}

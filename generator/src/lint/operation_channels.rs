//! CG0417: in 3.x, an operation of the document, or its reply, is on a channel that is not under the document's `channels`.

use super::Context;
use crate::{
    diagnostic::{Code, Diagnostic, Findings},
    document::Place,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let operations = cx.document.get(cx.resolved.root, "operations").filter(|_| cx.resolved.three);
    for (_, operation) in operations.into_iter().flat_map(|map| cx.document.entries(map)) {
        let operation = cx.end(operation);
        on_channel(cx, operation, "an operation", findings);
        if let Some(reply) = cx.document.get(operation, "reply") {
            on_channel(cx, cx.end(reply), "a reply", findings);
        }
    }
}

fn on_channel(cx: &Context<'_>, holder: Place, what: &str, findings: &mut Findings) {
    let Some(channel) = cx.document.get(holder, "channel") else { return };
    let (Some(reference), end) = (cx.document.get(channel, "$ref"), cx.end(channel)) else { return };
    // A reference to nothing has been reported.
    if end != channel && !cx.resolved.api.channels.iter().any(|known| known.place == end) {
        findings.push(
            Diagnostic::new(Code::CHANNEL_ELSEWHERE, format!("the channel of {what} is none of the document's"))
                .at(reference)
                .help("refer to an entry of `channels`, which may itself refer to where the channel is written"),
        );
    }
}

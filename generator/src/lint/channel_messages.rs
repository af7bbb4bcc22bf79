//! CG0406: in 3.x, an operation (or a reply) names a message that its channel has not.

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::Place,
    resolve::objects::Role,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    if !cx.resolved.three {
        return;
    }
    for &operation in cx.resolved.index.of(Role::Operation) {
        subset(cx, operation, findings);
        if let Some(reply) = cx.document.get(operation, "reply") {
            subset(cx, cx.end(reply), findings);
        }
    }
}

/// `holder` has a `channel` and perhaps `messages`.
fn subset(cx: &Context<'_>, holder: Place, findings: &mut Findings) {
    let (Some(channel), Some(list)) = (cx.document.get(holder, "channel"), cx.document.get(holder, "messages")) else {
        return;
    };
    let of_channel = cx.document.get(cx.end(channel), "messages");
    let allowed: Vec<Place> = of_channel.into_iter().flat_map(|m| cx.document.entries(m)).map(|(_, m)| m).collect();
    for item in cx.document.items(list) {
        let Some(reference) = cx.document.get(item, "$ref") else { continue };
        let Ok(target) = cx.document.follow(reference) else { continue };
        let is_allowed = allowed.contains(&target)
            || allowed.iter().any(|m| cx.end(*m) == cx.end(target) && target != cx.end(target));
        if !is_allowed {
            let mut found =
                Diagnostic::new(Code::NOT_OF_CHANNEL, "this message is not among those of the operation's channel")
                    .at(reference)
                    .help("refer to a message of the channel: `#/channels/<channel>/messages/<message>`");
            if let Some(messages) = of_channel {
                found = found.related(At::Key(messages), "the channel's messages");
            }
            findings.push(found);
        }
    }
}

//! CG0421: a 3.x channel on Kafka has no address, so its key is taken for it.

use super::Context;
use crate::diagnostic::{Code, Diagnostic, Findings};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    if !cx.resolved.three {
        return;
    }
    for channel in cx.resolved.api.channels.iter().filter(|c| c.kafka && !c.address_unknown) {
        let bound = channel.kafka_binding.as_ref().is_some_and(|binding| binding.get("topic").is_some());
        if !bound && cx.document.get(channel.place, "address").is_none() {
            findings.push(
                Diagnostic::new(
                    Code::NO_ADDRESS,
                    format!("the topic of this channel is taken to be `{}`", channel.name),
                )
                .at_key(channel.place)
                .help(format!(
                    "write `address: {}`, or `address: null` where it is only known at run time",
                    channel.name
                )),
            );
        }
    }
}

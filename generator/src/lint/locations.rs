//! CG0414: a runtime expression leads to a header or a property that the message does not describe.

use super::Context;
use crate::{
    api::{Expression, Message, Part, Schemas},
    diagnostic::{Code, Diagnostic, Findings},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let api = &cx.resolved.api;
    for message in api.messages.iter().chain(&cx.resolved.unused) {
        if let Some(expression) = &message.correlation_id {
            findings.extend(astray(&api.schemas, message, expression));
        }
    }
    for channel in &api.channels {
        for operation in &channel.operations {
            let Some(address) = operation.reply.as_ref().and_then(|reply| reply.address.as_ref()) else { continue };
            let of = operation.messages.iter().map(|id| &api.messages[id.0 as usize]);
            findings.extend(of.filter_map(|message| astray(&api.schemas, message, address)));
        }
        for parameter in &channel.parameters {
            let Some(location) = cx.document.get(parameter.place, "location") else { continue };
            let Some(expression) = Expression::parse(cx.document.str(location).unwrap_or_default(), location) else {
                continue;
            };
            let of = channel.messages.iter().map(|id| &api.messages[id.0 as usize]);
            findings.extend(of.filter_map(|message| astray(&api.schemas, message, &expression)));
        }
    }
}

fn astray(schemas: &Schemas, message: &Message, expression: &Expression) -> Option<Diagnostic> {
    let step = expression.astray(schemas, message)?;
    let what = match expression.part {
        Part::Header => "header",
        Part::Payload => "property",
    };
    Some(
        Diagnostic::new(Code::NO_SUCH_LOCATION, format!("`{}` has no {what} `{step}`", message.name))
            .at(expression.place)
            .help(match expression.part {
                Part::Header => format!("describe it under the message's `headers`, or correct the expression: {step}"),
                Part::Payload => "correct the expression, or describe the property".to_owned(),
            }),
    )
}

//! CG0414: a runtime expression leads to a header or a property that the message does not describe.

use super::Context;
use crate::{
    api::{AdditionalProperties, Expression, Message, Part, Payload, SchemaId, Schemas},
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
    let (what, schema) = match (expression.part, &message.payload) {
        (Part::Header, _) => ("header", message.headers),
        (Part::Payload, Payload::Schema(id)) => ("property", Some(*id)),
        (Part::Payload, _) => return None,
    };
    let step = match schema {
        Some(schema) => lost(schemas, schema, &expression.path)?,
        None => expression.path.first()?.clone(),
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

/// The step of a path that there is not, where that is certain.
fn lost(schemas: &Schemas, mut at: SchemaId, path: &[String]) -> Option<String> {
    for step in path {
        let schema = &schemas[at];
        match schema.properties.get(step) {
            Some(next) => at = *next,
            None => {
                let other = schema.properties.is_empty()
                    || !schema.pattern_properties.is_empty()
                    || matches!(schema.additional, AdditionalProperties::Schema(_))
                    || !(schema.one_of.is_empty() && schema.any_of.is_empty() && schema.conditions.is_empty());
                return (!other).then(|| step.clone());
            }
        }
    }
    None
}

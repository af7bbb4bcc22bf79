//! CG0404, CG0405: the parameters of a channel do not match its address.

use super::Context;
use crate::{
    api::names_in,
    diagnostic::{At, Code, Diagnostic, Findings, Severity},
    resolve::objects::Role,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let names = cx.channel_names();
    for &place in cx.resolved.index.of(Role::Channel) {
        let parameters = cx.document.get(place, "parameters");
        let (address, at) = match cx.document.get(place, "address") {
            Some(address) if cx.resolved.three => (cx.document.str(address), At::Value(address)),
            // In 3.x the key of a channel is only its name.
            None if cx.resolved.three => (Some(""), At::Key(place)),
            _ => (names.get(&place).copied(), At::Key(place)),
        };
        let Some(address) = address else { continue };
        for name in names_in(address) {
            if parameters.is_none_or(|p| cx.document.get(p, name).is_none()) {
                let mut found =
                    Diagnostic::new(Code::PARAMETER_NOT_DESCRIBED, format!("the parameter `{name}` is not described"))
                        .pointing(at)
                        .help(format!("add `{name}` to the channel's `parameters`"));
                match parameters {
                    Some(parameters) => found = found.related(At::Key(parameters), "it is not among these"),
                    // Some leave out the whole field; the parameter is then any text.
                    None => found.severity = Severity::Warning,
                }
                findings.push(found);
            }
        }
        for (name, parameter) in parameters.into_iter().flat_map(|p| cx.document.entries(p)) {
            if !name.starts_with("x-") && !names_in(address).any(|n| n == name) {
                findings.push(
                    Diagnostic::new(Code::PARAMETER_NOT_IN_ADDRESS, format!("the address has no parameter `{name}`"))
                        .at_key(parameter)
                        .related(at, "the address")
                        .help(format!("write `{{{name}}}` in the address, or remove the parameter")),
                );
            }
        }
    }
}

//! CG0416: a variable of a server is described, and its address has no such `{name}`.

use super::Context;
use crate::{
    api::names_in,
    diagnostic::{At, Code, Diagnostic, Findings},
    resolve::objects::Role,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    for &server in cx.resolved.index.of(Role::Server) {
        let Some(variables) = cx.document.get(server, "variables") else { continue };
        let addresses: Vec<_> =
            ["url", "host", "pathname"].iter().filter_map(|key| cx.document.get(server, key)).collect();
        let Some(&address) = addresses.first() else { continue };
        for (name, variable) in cx.document.entries(variables).filter(|(name, _)| !name.starts_with("x-")) {
            let used = |place| names_in(cx.document.str(place).unwrap_or_default()).any(|other| other == name);
            if !addresses.iter().any(|place| used(*place)) {
                findings.push(
                    Diagnostic::new(Code::VARIABLE_NOT_IN_ADDRESS, format!("the address has no variable `{name}`"))
                        .at_key(variable)
                        .related(At::Value(address), "the address")
                        .help(format!("write `{{{name}}}` in the address, or remove the variable")),
                );
            }
        }
    }
}

//! CG0409: an address holds a query or a fragment.

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    resolve::objects::Role,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let names = cx.channel_names();
    for &place in cx.resolved.index.of(Role::Channel) {
        let (address, at) = match cx.document.get(place, "address") {
            Some(address) if cx.resolved.three => (cx.document.str(address), At::Value(address)),
            // In 3.x a key is only a name where there is an address.
            _ => (names.get(&place).copied(), At::Key(place)),
        };
        if let Some(delimiter) = address.and_then(|a| a.chars().find(|c| matches!(c, '?' | '#'))) {
            findings.push(
                Diagnostic::new(Code::ADDRESS_DELIMITER, format!("an address must not hold `{delimiter}`"))
                    .pointing(at)
                    .help("an address has neither query nor fragment; describe them in the bindings"),
            );
        }
    }
}

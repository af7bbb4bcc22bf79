//! CG0508: a value of an `enum` is not of the schema's type.

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    validate::has_type,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    for (_, schema) in cx.schemas() {
        let ([only], Some(_)) = (schema.members.as_slice(), &schema.enumeration) else { continue };
        let (Some(list), Some(types)) = (cx.document.get(*only, "enum"), cx.document.get(*only, "type")) else {
            continue;
        };
        for item in cx.document.items(list) {
            if !has_type(schema.types, &cx.document.value(item)) {
                findings.push(
                    Diagnostic::new(Code::ENUM_TYPE, "this value of the `enum` is not of the schema's type")
                        .at(item)
                        .related(At::Key(types), "the type")
                        .help("no value is both; correct the type, or the value (in YAML, numbers and words like `true` need quotes to be text)"),
                );
            }
        }
    }
}

//! Security schemes: what a scheme must have depends on its `type`.

use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::{Document, Kind, Place},
};

/// Type, required fields, further fields.
const TYPES: &[(&str, &[&str], &[&str])] = &[
    ("userPassword", &[], &[]),
    ("apiKey", &["in"], &[]),
    ("X509", &[], &[]),
    ("symmetricEncryption", &[], &[]),
    ("asymmetricEncryption", &[], &[]),
    ("httpApiKey", &["name", "in"], &[]),
    ("http", &["scheme"], &["bearerFormat"]),
    ("oauth2", &["flows"], &["scopes"]),
    ("openIdConnect", &["openIdConnectUrl"], &["scopes"]),
    ("plain", &[], &[]),
    ("scramSha256", &[], &[]),
    ("scramSha512", &[], &[]),
    ("gssapi", &[], &[]),
];

/// OAuth flows and the URLs each must have.
const FLOWS: &[(&str, &[&str])] = &[
    ("implicit", &["authorizationUrl"]),
    ("password", &["tokenUrl"]),
    ("clientCredentials", &["tokenUrl"]),
    ("authorizationCode", &["authorizationUrl", "tokenUrl"]),
];

pub(super) fn check(document: &Document, place: Place, findings: &mut Findings) {
    let heading = At::Key(place);
    let missing = |field: &str, of: &str| {
        Diagnostic::new(Code::MISSING_FIELD, format!("{of} must have the field `{field}`"))
            .help(format!("add `{field}`"))
    };
    let Some(kind) = document.get(place, "type") else {
        findings.push(missing("type", "a security scheme").pointing(heading));
        return;
    };
    let Some((name, required, further)) = document.str(kind).and_then(|k| TYPES.iter().find(|(name, ..)| *name == k))
    else {
        let names: Vec<_> = TYPES.iter().map(|(name, ..)| *name).collect();
        findings.push(
            Diagnostic::new(Code::BAD_VALUE, "there is no such type of security scheme")
                .at(kind)
                .help(format!("types are {}", names.join(", "))),
        );
        return;
    };
    for field in required.iter().filter(|f| document.get(place, f).is_none()) {
        findings.push(missing(field, &format!("a security scheme of type `{name}`")).pointing(heading));
    }
    for (key, value) in document.entries(place) {
        let known = key == "type" || key == "description" || required.contains(&key) || further.contains(&key);
        if !known && !key.starts_with("x-") {
            findings.push(
                Diagnostic::new(
                    Code::UNKNOWN_FIELD,
                    format!("a security scheme of type `{name}` has no field `{key}`"),
                )
                .at_key(value)
                .help("remove it, or correct the type"),
            );
        } else if !matches!(key, "flows" | "scopes") && !key.starts_with("x-") && document.kind(value) != Kind::String {
            let found = document.kind(value).describe();
            findings.push(
                Diagnostic::new(Code::WRONG_TYPE, format!("`{key}` must be a string, this is {found}")).at(value),
            );
        }
    }
    if let Some(flows) = document.get(place, "flows") {
        check_flows(document, flows, findings);
    }
}

fn check_flows(document: &Document, flows: Place, findings: &mut Findings) {
    for (name, flow) in document.entries(flows).filter(|(k, _)| !k.starts_with("x-")) {
        let Some((_, urls)) = FLOWS.iter().find(|(flow, _)| *flow == name) else {
            findings
                .push(Diagnostic::new(Code::UNKNOWN_FIELD, format!("there is no OAuth flow `{name}`")).at_key(flow));
            continue;
        };
        for field in urls.iter().filter(|f| document.get(flow, f).is_none()) {
            let message = format!("the flow `{name}` must have the field `{field}`");
            findings.push(Diagnostic::new(Code::MISSING_FIELD, message).at_key(flow).help(format!("add `{field}`")));
        }
        // 2.x calls them scopes, 3.x availableScopes.
        if document.get(flow, "scopes").is_none() && document.get(flow, "availableScopes").is_none() {
            let message = format!("the flow `{name}` must have the field `scopes`");
            findings.push(
                Diagnostic::new(Code::MISSING_FIELD, message)
                    .at_key(flow)
                    .help("add `scopes` (3.x: `availableScopes`)"),
            );
        }
    }
}

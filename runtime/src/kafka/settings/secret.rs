//! Which properties hold secrets, and how those are shown.

use std::collections::BTreeMap;
use std::fmt;

/// Shows properties, and of secrets the names alone.
pub(super) struct Masked<'a>(pub(super) &'a BTreeMap<String, String>);

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mask = |(name, value): (&'_ String, &'_ String)| {
            (name.clone(), if is_secret(name) { "***".to_owned() } else { value.clone() })
        };
        f.debug_map().entries(self.0.iter().map(mask)).finish()
    }
}

/// Whether a property's value must never be shown. Errs on the side of hiding: a property that only sounds like a secret
/// is hidden too.
pub(crate) fn is_secret(property: &str) -> bool {
    const PARTS: [&str; 11] = [
        "password",
        "secret",
        "token",
        "pem",
        "credential",
        "private",
        "passphrase",
        "sasl.jaas",
        "oauthbearer.config",
        "oauthbearer.extensions",
        "kinit.cmd",
    ];
    let property = property.to_ascii_lowercase();
    PARTS.iter().any(|part| property.contains(part))
}

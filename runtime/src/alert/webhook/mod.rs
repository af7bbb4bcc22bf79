//! Alerts by HTTP.

mod client;
mod delivery;
#[cfg(feature = "webhook-ssl")]
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use self::client::Target;
pub(super) use self::delivery::Delivery;

/// Where alerts are posted, as JSON:
///
/// ```json
/// {"alert": "dead-letters", "state": "firing", "group": "derivacion", "topic": "casos.creados", "count": 3, "suppressed": 0,
///  "at": "2026-11-24T03:00:00.000Z", "summary": "derivacion, casos.creados: 3 events were given up, …"}
/// ```
///
/// With a [secret](Self::secret) each is signed as [Standard Webhooks](https://www.standardwebhooks.com) has it, so that there are
/// libraries to verify it: `webhook-signature` is `v1,` and the base64 of the HMAC-SHA256 of `webhook-id`, `webhook-timestamp` and
/// the body with a dot between them. A receiver that holds the timestamp against its clock cannot be made to take an old one again.
///
/// An answer of 2xx takes an alert. What is not answered in time, or with 408, 429 or 5xx, is tried again, after 1 s, 2 s, 4 s and 8 s
/// unless [`attempts`](Self::attempts) says otherwise, with the same `webhook-id`; any other answer is final. What is given up is in
/// the log and counted (`alerts_undelivered`). While a receiver is away up to 64 alerts wait for it, further ones are given up: a consumer never
/// waits for it, and at its end for five seconds at most.
#[derive(Clone)]
#[must_use = "a webhook is of alerts: `Alerts::webhook`"]
pub struct Webhook {
    target: Target,
    secret: Option<Arc<[u8]>>,
    timeout: Duration,
    attempts: u32,
    /// Before the second try.
    wait: Duration,
}

impl Webhook {
    /// Posts there: `http://host:port/path`, or `https://…` with the feature `webhook-ssl`.
    ///
    /// # Errors
    /// When that is no URL of either.
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        Ok(Self {
            target: Target::parse(url)?,
            secret: None,
            timeout: Duration::from_secs(10),
            attempts: 5,
            wait: Duration::from_secs(1),
        })
    }

    /// Signs what is posted. The secret is base64 of 24 to 64 random bytes, with or without `whsec_` before it.
    ///
    /// # Errors
    /// When it is not that.
    pub fn secret(mut self, secret: &str) -> Result<Self, WebhookError> {
        let encoded = secret.trim().strip_prefix("whsec_").unwrap_or(secret.trim());
        let key = STANDARD.decode(encoded).map_err(|_| WebhookError::Secret)?;
        if !(24..=64).contains(&key.len()) {
            return Err(WebhookError::Secret);
        }
        self.secret = Some(key.into());
        Ok(self)
    }

    /// Trusts the certificates in that file, of PEM, instead of the system's (OpenSSL's: `SSL_CERT_FILE` and `SSL_CERT_DIR` count).
    ///
    /// # Errors
    /// When it cannot be read.
    #[cfg(feature = "webhook-ssl")]
    pub fn ca(mut self, file: impl AsRef<std::path::Path>) -> Result<Self, WebhookError> {
        self.target.ca(file.as_ref())?;
        Ok(self)
    }

    /// How long an answer may take; 10 s unless set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often an alert is tried; 5 times unless set.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The headers that are of this alert alone.
    fn headers(&self, id: &str, now: SystemTime, body: &str) -> String {
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut headers = format!("webhook-id: {id}\r\nwebhook-timestamp: {seconds}\r\n");
        if let Some(secret) = &self.secret {
            let signature = sign(secret, format!("{id}.{seconds}.{body}").as_bytes());
            headers.push_str(&format!("webhook-signature: v1,{signature}\r\n"));
        }
        headers
    }
}

/// Names the host alone: a path may be a secret.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, secret, timeout, attempts, .. } = self;
        let mut shown = f.debug_struct("Webhook");
        shown.field("host", &target.host()).field("is_signed", &secret.is_some());
        shown.field("timeout", timeout).field("attempts", attempts).finish()
    }
}

/// Why a webhook cannot be used. Quotes neither the URL nor the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
#[non_exhaustive]
pub enum WebhookError {
    /// It is no URL.
    Url,
    /// It asks for TLS.
    NoTls,
    /// The secret is none.
    Secret,
    /// The certificates cannot be read.
    Certificates,
}

impl WebhookError {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Url => "a URL is expected: https://host:port/path, or http://, without a user or a password",
            Self::NoTls => {
                "https takes the feature `webhook-ssl` of conecta-runtime, which this service was built without"
            }
            Self::Secret => "a secret is expected: base64 of 24 to 64 random bytes, `whsec_` may stand before it",
            Self::Certificates => "a file of certificates is expected, as PEM",
        }
    }
}

fn sign(key: &[u8], text: &[u8]) -> String {
    // A key of any length will do for HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_posted_is_signed_as_the_libraries_of_standard_webhooks_verify_it() {
        // The example of https://github.com/standard-webhooks/standard-webhooks.
        let webhook = Webhook::new("http://x/").unwrap().secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_614_265_330);
        let headers = webhook.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert!(
            headers.ends_with("webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\n"),
            "{headers}"
        );
    }

    #[test]
    fn neither_url_nor_secret_is_shown() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let webhook = Webhook::new("http://example.org/T00/B00/hunter2?token=hunter2").unwrap().secret(secret).unwrap();
        let shown = format!("{webhook:?}");
        assert!(shown.contains("example.org") && !shown.contains("hunter2") && !shown.contains("MfKQ"), "{shown}");
        for secret in ["", "hunter2", "whsec_aHVudGVyMg==", "whsec_"] {
            let error = Webhook::new("http://example.org").unwrap().secret(secret).unwrap_err();
            assert_eq!(error, WebhookError::Secret);
        }
    }
}

//! What can be set of alerts.

use std::time::Duration;

use crate::alert::Alerts;
#[cfg(feature = "webhook")]
use crate::alert::{Webhook, WebhookError};

/// What can be set of [`Alerts`]; the methods of the same names say what each means.
///
/// Neither a webhook's URL nor its secret is shown by `Debug`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AlertSettings {
    /// How long one alert of a kind and topic keeps the next one back.
    pub interval: Option<Duration>,
    /// After how long without progress a consumer counts as stalled.
    pub stalled_after: Option<Duration>,
    /// How many records of a topic a member may be behind.
    pub max_lag: Option<u64>,
    /// Where they are posted.
    #[cfg(feature = "webhook")]
    pub webhook: Option<Webhook>,
}

impl AlertSettings {
    /// Alerts with what is set; the rest is as [`Alerts::new`] has it.
    pub fn alerts(&self) -> Alerts {
        let mut alerts = Alerts::new();
        alerts = super::set(alerts, self.interval, Alerts::interval);
        alerts = super::set(alerts, self.stalled_after, Alerts::stalled_after);
        alerts = super::set(alerts, self.max_lag, Alerts::max_lag);
        #[cfg(feature = "webhook")]
        {
            alerts = super::set(alerts, self.webhook.clone(), Alerts::webhook);
        }
        alerts
    }

    #[cfg(feature = "webhook")]
    pub(super) fn url(&mut self, url: &str) -> Result<(), &'static str> {
        self.webhook = Some(Webhook::new(url).map_err(WebhookError::as_str)?);
        Ok(())
    }

    /// To be called after `url`, as the next one.
    #[cfg(feature = "webhook-ssl")]
    pub(super) fn ca(&mut self, file: &str) -> Result<(), &'static str> {
        self.adjust(|webhook| webhook.ca(file))
    }

    #[cfg(not(feature = "webhook-ssl"))]
    pub(super) fn ca(&mut self, _: &str) -> Result<(), &'static str> {
        Err("takes the feature `webhook-ssl` of conecta-runtime, which this service was built without")
    }

    #[cfg(feature = "webhook")]
    pub(super) fn secret(&mut self, secret: &str) -> Result<(), &'static str> {
        self.adjust(|webhook| webhook.secret(secret))
    }

    #[cfg(feature = "webhook")]
    fn adjust(&mut self, adjust: impl FnOnce(Webhook) -> Result<Webhook, WebhookError>) -> Result<(), &'static str> {
        let webhook = self.webhook.take().ok_or("is of no use without `alerts.webhook.url`")?;
        self.webhook = Some(adjust(webhook).map_err(WebhookError::as_str)?);
        Ok(())
    }

    #[cfg(not(feature = "webhook"))]
    pub(super) fn url(&mut self, _: &str) -> Result<(), &'static str> {
        Err("takes the feature `webhook` of conecta-runtime, which this service was built without")
    }

    #[cfg(not(feature = "webhook"))]
    pub(super) fn secret(&mut self, secret: &str) -> Result<(), &'static str> {
        self.url(secret)
    }
}

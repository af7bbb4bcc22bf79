//! Looking at a consumer's counters, and telling.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::watch::Watch;
#[cfg(feature = "webhook")]
use super::webhook::Delivery;
use super::{Alert, AlertKind, AlertState, Alerts};
use crate::telemetry::{Metrics, add};

/// How often the counters are looked at. A breaker that opens stays so for longer.
const EVERY: Duration = Duration::from_millis(500);
/// How long a consumer that ends waits for its last alerts to be taken.
const FLUSH: Duration = Duration::from_secs(5);

/// A task that watches; it ends with this, at the latest.
pub(crate) struct Watching {
    stop: oneshot::Sender<()>,
    task: AbortOnDrop,
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watching {
    /// Starts on the tokio runtime that it is called on.
    pub(crate) fn start(alerts: Alerts, metrics: Metrics) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = AbortOnDrop(tokio::spawn(watch(alerts, metrics, stopped)));
        Self { stop, task }
    }

    /// Tells what has happened since the last look, and waits until that is taken, for so long at most.
    pub(crate) async fn finish(self) {
        let Self { stop, mut task } = self;
        let _ = stop.send(());
        let _ = timeout(2 * FLUSH, &mut task.0).await;
    }
}

async fn watch(alerts: Alerts, metrics: Metrics, mut stopped: oneshot::Receiver<()>) {
    let mut watch = Watch::new(&alerts);
    let origin = Instant::now();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    #[cfg(feature = "webhook")]
    let delivery = alerts.webhook.clone().map(|webhook| Delivery::start(webhook, metrics.clone()));
    let tell = |alert: &Alert| {
        log(alert);
        if alert.state == AlertState::Firing {
            add(&metrics.counters().alerts, 1);
            #[cfg(feature = "metrics")]
            crate::telemetry::alerted(&alert.group, alert.kind.as_str());
        }
        for sink in &alerts.sinks {
            // A panic would end all alerts.
            if catch_unwind(AssertUnwindSafe(|| sink(alert))).is_err() {
                tracing::error!("who was told of an alert panicked");
            }
        }
        #[cfg(feature = "webhook")]
        if let Some(delivery) = &delivery {
            delivery.take(alert);
        }
    };
    let mut told = Vec::new();
    loop {
        let goes_on = tokio::select! {
            _ = ticks.tick() => true,
            _ = &mut stopped => false,
        };
        let seen = metrics.snapshot();
        match goes_on {
            true => watch.look(origin.elapsed(), &seen, &mut told),
            false => watch.look_back(origin.elapsed(), &seen, &mut told),
        }
        told.drain(..).for_each(|alert| tell(&alert));
        if !goes_on {
            break;
        }
    }
    #[cfg(feature = "webhook")]
    if let Some(delivery) = delivery {
        delivery.finish(FLUSH).await;
    }
}

fn log(alert: &Alert) {
    let Alert { kind, group, topic, count, suppressed, .. } = alert;
    let (name, topic) = (kind.as_str(), topic.as_deref().unwrap_or_default());
    match (alert.state, kind) {
        (AlertState::Resolved, _) => tracing::info!(alert = name, ?group, topic, "alert over: {alert}"),
        (AlertState::Firing, AlertKind::DeadLetters | AlertKind::Lag) => {
            tracing::warn!(alert = name, ?group, topic, count, suppressed, "alert: {alert}");
        }
        (AlertState::Firing, _) => tracing::error!(alert = name, ?group, topic, count, suppressed, "alert: {alert}"),
    }
}

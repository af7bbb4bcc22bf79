//! Posting alerts one after the other, without keeping anybody waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::Webhook;
use crate::alert::Alert;
use crate::datetime::DateTime;
use crate::event::new_event_id;
use crate::telemetry::{Metrics, add};

/// How many alerts wait at most.
const QUEUE: usize = 64;
/// Before any further try.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What is under way to a webhook. Dropped, it gives up what it has.
pub(in crate::alert) struct Delivery {
    queue: mpsc::Sender<Alert>,
    left: Arc<AtomicU64>,
    task: JoinHandle<()>,
    metrics: Metrics,
}

impl Delivery {
    pub(in crate::alert) fn start(webhook: Webhook, metrics: Metrics) -> Self {
        let (queue, mut waiting) = mpsc::channel(QUEUE);
        let left = Arc::<AtomicU64>::default();
        let task = tokio::spawn({
            let (left, metrics) = (Arc::clone(&left), metrics.clone());
            async move {
                while let Some(alert) = waiting.recv().await {
                    if let Err(reason) = webhook.deliver(&alert).await {
                        give_up(&metrics, 1, &reason);
                    }
                    left.fetch_sub(1, Ordering::Relaxed);
                }
            }
        });
        Self { queue, left, task, metrics }
    }

    /// Takes an alert, or gives it up when too many wait.
    pub(in crate::alert) fn take(&self, alert: &Alert) {
        self.left.fetch_add(1, Ordering::Relaxed);
        if self.queue.try_send(alert.clone()).is_err() {
            self.left.fetch_sub(1, Ordering::Relaxed);
            give_up(&self.metrics, 1, "too many wait already");
        }
    }

    /// Waits until all are posted or given up, for so long at most.
    pub(in crate::alert) async fn finish(mut self, limit: Duration) {
        // Nothing more comes: the task ends with the last of them.
        self.queue = mpsc::channel(1).0;
        if timeout(limit, &mut self.task).await.is_err() {
            give_up(&self.metrics, self.left.load(Ordering::Relaxed), "the consumer has ended");
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn give_up(metrics: &Metrics, alerts: u64, reason: &str) {
    if alerts > 0 {
        add(&metrics.counters().alerts_undelivered, alerts);
        tracing::error!(alerts, reason, "the webhook did not take alerts");
    }
}

impl Webhook {
    async fn deliver(&self, alert: &Alert) -> Result<(), String> {
        let body = body(alert).to_string();
        let id = new_event_id();
        let mut wait = self.wait;
        let mut attempt = 1;
        loop {
            let headers = self.headers(&id, SystemTime::now(), &body);
            let reason = match timeout(self.timeout, self.target.post(&headers, &body)).await {
                Ok(Ok(200..300)) => return Ok(()),
                Ok(Ok(status)) if !matches!(status, 408 | 429 | 500..) => return Err(format!("status {status}")),
                Ok(Ok(status)) => format!("status {status}"),
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no answer after {:?}", self.timeout),
            };
            if attempt >= self.attempts {
                return Err(format!("{reason}, at the last of {attempt} tries"));
            }
            attempt += 1;
            sleep(wait).await;
            wait = (2 * wait).min(LONGEST_WAIT);
        }
    }
}

fn body(alert: &Alert) -> serde_json::Value {
    json!({
        "alert": alert.kind.as_str(),
        "state": alert.state.as_str(),
        "group": &*alert.group,
        "topic": alert.topic.as_deref(),
        "count": alert.count,
        "suppressed": alert.suppressed,
        "at": DateTime::from(alert.at).to_string(),
        "summary": alert.to_string(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Mutex;
    use std::time::Instant;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::alert::{AlertKind, AlertState};

    type Received = Arc<Mutex<Vec<String>>>;

    /// A receiver that gives these answers, one a request, and the last of them from then on; an empty one is none.
    async fn receiver(answers: &'static [&'static str]) -> (Webhook, Received) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = Received::default();
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            let mut open = Vec::new();
            for request in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut text = Vec::new();
                while !text.ends_with(b"}") {
                    stream.read_buf(&mut text).await.unwrap();
                }
                kept.lock().unwrap().push(String::from_utf8(text).unwrap());
                let answer = answers.get(request).or(answers.last()).unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
                open.extend(answer.is_empty().then_some(stream));
            }
        });
        let webhook = Webhook { wait: Duration::from_millis(1), ..Webhook::new(&url).unwrap() };
        (webhook, received)
    }

    fn alert(count: u64) -> Alert {
        Alert {
            kind: AlertKind::DeadLetters,
            state: AlertState::Firing,
            group: "g".into(),
            topic: Some("t".into()),
            count,
            suppressed: 0,
            at: SystemTime::UNIX_EPOCH,
        }
    }

    /// Has alerts delivered, and says what was counted as undelivered.
    async fn deliver(webhook: Webhook, alerts: u64, limit: Duration) -> u64 {
        let metrics = Metrics::default();
        let delivery = Delivery::start(webhook, metrics.clone());
        (0..alerts).for_each(|count| delivery.take(&alert(count)));
        delivery.finish(limit).await;
        metrics.snapshot().alerts_undelivered
    }

    const LONG: Duration = Duration::from_secs(30);
    const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";

    fn id(request: &str) -> &str {
        request.split("webhook-id: ").nth(1).unwrap().split('\r').next().unwrap()
    }

    #[tokio::test]
    async fn each_alert_is_posted_once_and_in_order() {
        let (webhook, received) = receiver(&[OK]).await;
        assert_eq!(deliver(webhook, 3, LONG).await, 0);
        let received = received.lock().unwrap();
        let counts: Vec<u64> = received
            .iter()
            .map(|request| {
                assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
                let body: serde_json::Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
                assert_eq!((&body["alert"], &body["state"]), (&json!("dead-letters"), &json!("firing")));
                assert_eq!((&body["at"], &body["topic"]), (&json!("1970-01-01T00:00:00Z"), &json!("t")));
                body["count"].as_u64().unwrap()
            })
            .collect();
        assert_eq!(counts, [0, 1, 2]);
        assert_ne!(id(&received[0]), id(&received[1]));
    }

    #[tokio::test]
    async fn what_the_receiver_cannot_take_now_is_tried_again_as_the_same_and_what_it_does_not_want_is_not() {
        let (webhook, received) =
            receiver(&["HTTP/1.1 500 No\r\n\r\n", "no HTTP\n", "HTTP/1.1 429 No\r\n\r\n", OK]).await;
        assert_eq!(deliver(webhook, 1, LONG).await, 0);
        let received = std::mem::take(&mut *received.lock().unwrap());
        assert_eq!(received.len(), 4);
        assert!(received.iter().all(|request| id(request) == id(&received[0])));

        let (webhook, received) = receiver(&["HTTP/1.1 404 No\r\n\r\n", OK]).await;
        assert_eq!(deliver(webhook, 2, LONG).await, 1);
        assert_eq!(received.lock().unwrap().len(), 2, "the first is given up, the second is taken");

        let (webhook, received) = receiver(&["HTTP/1.1 503 No\r\n\r\n"]).await;
        assert_eq!(deliver(webhook.attempts(3), 1, LONG).await, 1);
        assert_eq!(received.lock().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn a_receiver_that_hangs_costs_a_try_its_time_and_keeps_nobody_waiting_for_longer_than_the_flush() {
        let (webhook, received) = receiver(&["", OK]).await;
        assert_eq!(deliver(webhook.timeout(Duration::from_millis(50)), 1, LONG).await, 0);
        assert_eq!(received.lock().unwrap().len(), 2);

        let (webhook, _) = receiver(&[""]).await;
        let begun = Instant::now();
        let metrics = Metrics::default();
        let delivery = Delivery::start(webhook, metrics.clone());
        (0..100).for_each(|count| delivery.take(&alert(count)));
        assert_eq!(metrics.snapshot().alerts_undelivered, 100 - QUEUE as u64, "what the queue does not hold");
        assert!(begun.elapsed() < Duration::from_secs(5), "taking does not wait");
        delivery.finish(Duration::from_millis(100)).await;
        assert_eq!(metrics.snapshot().alerts_undelivered, 100);
        assert!(begun.elapsed() < Duration::from_secs(8), "one try takes 10 s");
    }

    #[tokio::test]
    async fn a_receiver_that_is_not_there_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let webhook = Webhook { wait: Duration::from_millis(1), ..Webhook::new(&url).unwrap() };
        assert_eq!(deliver(webhook, 2, LONG).await, 2);
    }
}

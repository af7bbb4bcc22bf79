//! The Kafka publisher: idempotent, many messages in flight, order kept when the queue is full.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

use super::client;
use super::settings::{KafkaSettings, QueueLimits, SettingsError};
use crate::message::Message;
use crate::publisher::{Ack, AckShared, PublishError, Publisher, Receipt, Settle};
use crate::trace::SendSpan;

/// How long a dropped publisher goes on sending what it has accepted, unless told otherwise.
pub const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// How long the polling thread serves reports before it looks at anything else.
const POLL: Duration = Duration::from_millis(100);

/// Publishes to Kafka.
///
/// - Each message is written once, in the order of the calls, to the partition that the Java client would choose for
///   its key; it is acknowledged by all in-sync replicas.
/// - [`send`](Publisher::send) takes its place in the order when it is called. It resolves when librdkafka's queue has
///   accepted the message: at once, or when there is room again. A send dropped before that is withdrawn.
/// - The [`Ack`] says what became of the message and may be awaited later.
/// - [`flush`](Self::flush) waits for everything accepted. A publisher that is dropped does the same, for at most
///   [`DROP_DEADLINE`], and logs as an error how many messages it had to give up: their `Ack`s say so too.
#[derive(Debug)]
pub struct KafkaPublisher {
    shared: Arc<Shared>,
    poller: Option<JoinHandle<()>>,
}

impl KafkaPublisher {
    /// A publisher to that cluster. Connects in the background: an absent broker shows as messages that wait.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(settings: &KafkaSettings) -> Result<Self, SettingsError> {
        let (config, limits) = settings.producer_config()?;
        let flow = Arc::new(Flow::new(limits));
        let context = Deliveries { flow: Arc::clone(&flow), shared: OnceLock::new() };
        let producer: BaseProducer<Deliveries> =
            config.create_with_context(context).map_err(SettingsError::from_client)?;
        let shared = Arc::new(Shared {
            producer,
            queue: Mutex::new(VecDeque::new()),
            flow,
            state: Mutex::new(State::default()),
        });
        // Set once, here: nothing is sent before.
        let _ = shared.producer.context().shared.set(Arc::downgrade(&shared));
        let poller = {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name("conecta-publisher".into())
                .spawn(move || shared.poll())
                .map_err(|error| SettingsError::Client { reason: error.to_string() })?
        };
        Ok(Self { shared, poller: Some(poller) })
    }

    /// How many messages are accepted or waiting to be, and not yet acknowledged.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.shared.outstanding()
    }

    /// Waits until every message that was accepted is acknowledged or given up, for at most `limit`.
    ///
    /// # Errors
    /// When some are still under way after that; they are not given up.
    pub async fn flush(&self, limit: Duration) -> Result<(), FlushError> {
        if self.shared.outstanding() == 0 {
            return Ok(());
        }
        let (settle, ack) = Ack::pair();
        self.shared.state().flushes.push((Instant::now() + limit, settle));
        self.shared.flow.flushing.store(true, Ordering::Release);
        // All may have been acknowledged in between.
        self.shared.serve_flushes();
        match ack.await {
            Ok(_) => Ok(()),
            Err(_) => Err(FlushError { left: self.shared.outstanding() }),
        }
    }

    /// As [`send`](Publisher::send), to a partition of the caller's choice.
    /// No span is made of it, and its headers stay as they are.
    pub(crate) fn send_to(&self, message: Message, partition: Option<i32>) -> Sending {
        self.shared.send(Outgoing::new(message, partition, SendSpan::none()))
    }
}

impl Publisher for KafkaPublisher {
    fn send(&self, mut message: Message) -> impl Future<Output = Result<Ack, PublishError>> + Send {
        let span = SendSpan::begin(&mut message);
        self.shared.send(Outgoing::new(message, None, span))
    }
}

impl Drop for KafkaPublisher {
    fn drop(&mut self) {
        self.shared.state().stop_at = Some(Instant::now() + DROP_DEADLINE);
        let idle = self.shared.outstanding() == 0;
        if let Some(poller) = self.poller.take()
            && !idle
        {
            // Blocks, since a program that ends after this would take the messages with it.
            let _ = poller.join();
        }
    }
}

/// Messages were not acknowledged in time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{left} messages are not acknowledged yet: wait longer, or find out what keeps the brokers from answering")]
pub struct FlushError {
    /// How many there are.
    pub left: u64,
}

/// What the callers and the polling thread share.
struct Shared {
    producer: BaseProducer<Deliveries>,
    /// Messages that found no room, oldest first. Locked while a message is given to librdkafka, so that the order of the
    /// calls is the order of its queue; while messages wait here every later one waits behind them, so none can overtake.
    queue: Mutex<VecDeque<(Outgoing, Arc<Turn>)>>,
    flow: Arc<Flow>,
    state: Mutex<State>,
}

/// How much is under way. The limits are kept here and not by librdkafka, which frees the room of a message some time after
/// its delivery report: whoever waits for room is then served by the report itself.
struct Flow {
    limits: QueueLimits,
    /// Messages librdkafka has taken, and their bytes; written under the queue's lock.
    accepted: AtomicU64,
    accepted_bytes: AtomicU64,
    /// Messages whose fate is known, and their bytes.
    settled: AtomicU64,
    settled_bytes: AtomicU64,
    /// Whether messages wait for room; written under the queue's lock.
    waiting: AtomicBool,
    /// Whether somebody waits for everything to be settled; written under the state's lock.
    flushing: AtomicBool,
}

#[derive(Default)]
struct State {
    stop_at: Option<Instant>,
    flushes: Vec<(Instant, Settle)>,
}

impl Flow {
    fn new(limits: QueueLimits) -> Self {
        Self {
            limits,
            accepted: AtomicU64::new(0),
            accepted_bytes: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            settled_bytes: AtomicU64::new(0),
            waiting: AtomicBool::new(false),
            flushing: AtomicBool::new(false),
        }
    }

    fn in_flight(&self) -> u64 {
        // Settled first: the other way round a message that is accepted and settled in between would count below zero.
        let settled = self.settled.load(Ordering::Acquire);
        self.accepted.load(Ordering::Acquire).saturating_sub(settled)
    }

    /// Whether there is room for a message of so many bytes. There always is where nothing is under way.
    fn has_room(&self, bytes: u64) -> bool {
        let messages = self.in_flight();
        let settled = self.settled_bytes.load(Ordering::Acquire);
        let held = self.accepted_bytes.load(Ordering::Acquire).saturating_sub(settled);
        messages == 0 || (messages < self.limits.messages && held + bytes <= self.limits.bytes)
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, VecDeque<(Outgoing, Arc<Turn>)>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outstanding(&self) -> u64 {
        let waiting = if self.flow.waiting.load(Ordering::Acquire) { self.queue().len() as u64 } else { 0 };
        self.flow.in_flight() + waiting
    }

    fn send(&self, message: Outgoing) -> Sending {
        let mut queue = self.queue();
        if queue.is_empty() && self.flow.has_room(message.bytes()) {
            return Sending(Progress::Done(Some(self.enqueue(message))));
        }
        let turn = Arc::new(Turn::default());
        queue.push_back((message, Arc::clone(&turn)));
        self.flow.waiting.store(true, Ordering::Release);
        // The last report may have come before this one waited; no further one would serve it then.
        self.admit(&mut queue);
        Sending(Progress::Waiting(turn))
    }

    /// Gives a message to librdkafka. The queue's lock must be held.
    fn enqueue(&self, outgoing: Outgoing) -> Result<Ack, PublishError> {
        let bytes = outgoing.bytes();
        let Outgoing { message, partition, headers, span } = outgoing;
        let (settle, ack) = match span.is_disabled() {
            true => Ack::pair(),
            false => Ack::watched({
                let span = span.clone();
                move |result| span.sent(result)
            }),
        };
        let record = BaseRecord {
            topic: &message.topic,
            partition,
            payload: message.payload.as_deref(),
            key: message.key.as_deref(),
            timestamp: None,
            headers,
            delivery_opaque: settle.into_shared(),
        };
        // Before the report can come.
        self.flow.accepted.fetch_add(1, Ordering::AcqRel);
        self.flow.accepted_bytes.fetch_add(bytes, Ordering::AcqRel);
        let given = self.producer.send(record).map_err(|(error, _)| {
            self.flow.accepted.fetch_sub(1, Ordering::AcqRel);
            self.flow.accepted_bytes.fetch_sub(bytes, Ordering::AcqRel);
            transport_error(&message.topic, &error)
        });
        match given {
            Ok(()) => Ok(ack),
            Err(error) => {
                span.refused(&error);
                Err(error)
            }
        }
    }

    /// Gives librdkafka what waits, oldest first, while there is room.
    fn admit(&self, queue: &mut VecDeque<(Outgoing, Arc<Turn>)>) {
        while let Some((message, turn)) = queue.front() {
            if !turn.is_withdrawn() && !self.flow.has_room(message.bytes()) {
                return;
            }
            if let Some((message, turn)) = queue.pop_front()
                && !turn.is_withdrawn()
            {
                turn.give(self.enqueue(message));
            }
        }
        self.flow.waiting.store(false, Ordering::Release);
    }

    /// Tells those who wait for everything to be settled, if it is or if their time is up.
    fn serve_flushes(&self) {
        if !self.flow.flushing.load(Ordering::Acquire) {
            return;
        }
        let outstanding = self.outstanding();
        let now = Instant::now();
        let mut state = self.state();
        let (done, left): (Vec<_>, Vec<_>) = std::mem::take(&mut state.flushes)
            .into_iter()
            .partition(|(deadline, _)| outstanding == 0 || *deadline <= now);
        self.flow.flushing.store(!left.is_empty(), Ordering::Release);
        state.flushes = left;
        drop(state);
        for (_, settle) in done {
            settle.settle(if outstanding == 0 { Ok(Receipt::new(-1, -1)) } else { Err(PublishError::Closed) });
        }
    }

    /// The polling thread: serves delivery reports until the publisher is dropped and nothing is left, or time is up.
    fn poll(&self) {
        loop {
            self.serve_flushes();
            let outstanding = self.outstanding();
            let stop_at = self.state().stop_at;
            if let Some(stop_at) = stop_at
                && (outstanding == 0 || stop_at <= Instant::now())
            {
                if outstanding > 0 {
                    tracing::error!(
                        messages = outstanding,
                        "publisher dropped before these messages were acknowledged: they may be lost; \
                         call flush before dropping it and look at what it returns"
                    );
                }
                return;
            }
            // Serves every report that comes in this time. Not shorter: rdkafka spins through the last millisecond.
            self.producer.poll(POLL);
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("outstanding", &self.outstanding()).finish_non_exhaustive()
    }
}

/// A message, ready for librdkafka.
struct Outgoing {
    message: Message,
    partition: Option<i32>,
    headers: Option<OwnedHeaders>,
    /// Ends when it is known what became of the message.
    span: SendSpan,
}

impl Outgoing {
    /// What librdkafka counts of it, too.
    fn bytes(&self) -> u64 {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len) as u64;
        length(&self.message.key) + length(&self.message.payload)
    }

    fn new(message: Message, partition: Option<i32>, span: SendSpan) -> Self {
        let headers = (!message.headers.is_empty()).then(|| {
            message.headers.iter().fold(OwnedHeaders::new_with_capacity(message.headers.len()), |all, (key, value)| {
                all.insert(Header { key, value })
            })
        });
        Self { message, partition, headers, span }
    }
}

/// A message's place among those that wait for room.
#[derive(Default)]
struct Turn(Mutex<TurnState>);

enum TurnState {
    Waiting(Option<Waker>),
    Come(Result<Ack, PublishError>),
    Withdrawn,
}

impl Default for TurnState {
    fn default() -> Self {
        Self::Waiting(None)
    }
}

impl Turn {
    fn state(&self) -> MutexGuard<'_, TurnState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_withdrawn(&self) -> bool {
        matches!(*self.state(), TurnState::Withdrawn)
    }

    fn give(&self, result: Result<Ack, PublishError>) {
        let mut state = self.state();
        if let TurnState::Waiting(waker) = std::mem::replace(&mut *state, TurnState::Come(result)) {
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// A send under way. Resolves when the message is accepted; withdraws it when dropped before.
#[must_use = "a message that nobody waits for is withdrawn while there is no room"]
pub(crate) struct Sending(Progress);

enum Progress {
    Done(Option<Result<Ack, PublishError>>),
    Waiting(Arc<Turn>),
}

impl Future for Sending {
    type Output = Result<Ack, PublishError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Progress::Done(result) => Poll::Ready(result.take().unwrap_or(Err(PublishError::Closed))),
            Progress::Waiting(turn) => {
                let mut state = turn.state();
                match std::mem::replace(&mut *state, TurnState::Withdrawn) {
                    TurnState::Come(result) => Poll::Ready(result),
                    TurnState::Waiting(_) => {
                        *state = TurnState::Waiting(Some(cx.waker().clone()));
                        Poll::Pending
                    }
                    TurnState::Withdrawn => Poll::Ready(Err(PublishError::Closed)),
                }
            }
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Progress::Waiting(turn) = &self.0 {
            let mut state = turn.state();
            if matches!(*state, TurnState::Waiting(_)) {
                *state = TurnState::Withdrawn;
            }
        }
    }
}

/// Takes the delivery reports.
struct Deliveries {
    flow: Arc<Flow>,
    shared: OnceLock<Weak<Shared>>,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        client::error(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<AckShared>;

    fn delivery(&self, result: &DeliveryResult<'_>, shared: Self::DeliveryOpaque) {
        Settle::from_shared(shared).settle(match result {
            Ok(message) => Ok(Receipt::new(message.partition(), message.offset())),
            Err((error, message)) => Err(transport_error(message.topic(), error)),
        });
        let bytes = match result {
            Ok(message) | Err((_, message)) => message.key_len() + message.payload_len(),
        };
        // After the settling: a flush that returns has every acknowledgement ready.
        self.flow.settled_bytes.fetch_add(bytes as u64, Ordering::AcqRel);
        self.flow.settled.fetch_add(1, Ordering::AcqRel);
        if self.flow.waiting.load(Ordering::Acquire)
            && let Some(shared) = self.shared.get().and_then(Weak::upgrade)
        {
            shared.admit(&mut shared.queue());
        }
        if self.flow.flushing.load(Ordering::Acquire)
            && let Some(shared) = self.shared.get().and_then(Weak::upgrade)
        {
            shared.serve_flushes();
        }
    }
}

fn transport_error(topic: &str, error: &KafkaError) -> PublishError {
    use RDKafkaErrorCode as Code;
    let code = error.rdkafka_error_code();
    if let Some(Code::PurgeQueue | Code::PurgeInflight) = code {
        return PublishError::Closed;
    }
    let (advice, retriable) = match code {
        Some(Code::MessageSizeTooLarge) => {
            ("; raise message.max.bytes here and max.message.bytes of the topic, or send less", false)
        }
        Some(Code::UnknownTopic | Code::UnknownTopicOrPartition) => {
            ("; create the topic first (`Admin::create_topics`)", false)
        }
        Some(Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed) => {
            ("; the broker's access control forbids it", false)
        }
        Some(Code::MessageTimedOut) => ("; no broker took it within message.timeout.ms", true),
        Some(Code::Fatal) => ("; this publisher cannot go on, make a new one", false),
        Some(Code::InvalidMessage | Code::InvalidRecord | Code::InvalidArgument | Code::PolicyViolation) => ("", false),
        Some(_) => ("", true),
        None => ("", false),
    };
    let message = match code {
        Some(code) => format!("{code}{advice}"),
        None => error.to_string(),
    };
    PublishError::Transport { topic: topic.into(), message, retriable }
}

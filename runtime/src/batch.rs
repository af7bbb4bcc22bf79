//! Batches: many events handled by one call, with one context for all of them.
#![cfg_attr(not(feature = "kafka"), allow(dead_code, reason = "a consumer drives the workers"))]

use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::codec::DecodeError;
use crate::event::Event;
use crate::handler::{Attempt, Delivery, HandlerError};
use crate::record::RawRecord;
use crate::registration::Call;

/// How events are put together for a handler that takes many at a time.
///
/// ```
/// # use conecta_runtime::Batches;
/// # use std::time::Duration;
/// let batches = Batches::of(500).within(Duration::from_millis(20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    pub(crate) events: u32,
    pub(crate) linger: Duration,
    pub(crate) by_key: bool,
}

impl Batches {
    /// Up to so many events at a time, at least 1; one waits up to 20 ms for others, and those of different keys go together.
    /// More than the consumer may have in flight never come together.
    #[must_use]
    pub fn of(events: u32) -> Self {
        Self { events: events.max(1), linger: Duration::from_millis(20), by_key: false }
    }

    /// How long an event that could be handled waits for others, in whole milliseconds.
    #[must_use]
    pub fn within(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Only events of one key go together. Each record without a key goes by itself.
    #[must_use]
    pub fn by_key(mut self) -> Self {
        self.by_key = true;
        self
    }
}

/// Events on their way through a handler together, with one context for all of them. Reads as a slice of deliveries.
///
/// Those of one key stand in their order. What the handler answers is for all of them:
///
/// - `Ok`: all are handled.
/// - Errors that say whose they are ([`HandlerError::of`], [`HandlerError::each`]): those members failed, and each goes its way as
///   a single event would: tried again, alone, or to the dead letter, while the later ones of its key wait. Those of the
///   others' effects that the inbox can undo were undone with it, and the others are handed out again at once; where it
///   undoes nothing they count as handled. The later ones of a failed member's key come again in any case.
/// - An error that does not say whose it is, or a panic, or no answer in time: the batch is cut in halves, each of which is
///   handed out again, until the culprit is alone; it alone is treated as failed. With an inbox in a database the effects of
///   the failed tries were undone. Without one they were not: such a handler says which ones failed.
/// - [`HandlerError::dependency`]: nothing is cut; all of them wait.
#[derive(Debug)]
pub struct Batch<E, C = ()> {
    deliveries: Vec<Delivery<E>>,
    context: C,
}

impl<E, C> Batch<E, C> {
    /// Puts a batch together; the runtime and tests do.
    pub fn new(deliveries: Vec<Delivery<E>>, context: C) -> Self {
        Self { deliveries, context }
    }

    /// What the inbox lends for the time of the handler: a transaction, or nothing.
    pub fn context(&self) -> &C {
        &self.context
    }

    /// The same for one that is changed by what is done with it, a connection of sqlx for instance.
    pub fn context_mut(&mut self) -> &mut C {
        &mut self.context
    }

    /// Whether the work on it is of no use any more, for any of its members; each says so of [itself](Delivery::is_cancelled).
    /// See [`Cancellation`](crate::Cancellation).
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.deliveries.iter().all(Delivery::is_cancelled)
    }

    /// Resolves as soon as the work on it is of no use any more, for any of its members; that may be never.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<E, C> {
        let mut all: Vec<_> = self.deliveries.iter().map(Delivery::cancellation).collect();
        all.dedup_by(|one, other| one.is_same(other));
        async move {
            for cancellation in all {
                cancellation.cancelled().await;
            }
        }
    }

    /// The deliveries, and what was lent.
    pub fn split(self) -> (Vec<Delivery<E>>, C) {
        (self.deliveries, self.context)
    }

    /// Those of the events that a handler is there for; `None` when there are none. For a handler that takes some of several
    /// messages.
    pub fn only<F>(self, mut mine: impl FnMut(E) -> Option<F>) -> Option<Batch<F, C>> {
        let Self { deliveries, context } = self;
        let deliveries: Vec<_> = deliveries
            .into_iter()
            .filter_map(|delivery| {
                let (event, rest) = delivery.take();
                Some(rest.with(mine(event)?))
            })
            .collect();
        (!deliveries.is_empty()).then_some(Batch { deliveries, context })
    }
}

impl<E, C> Deref for Batch<E, C> {
    type Target = [Delivery<E>];
    fn deref(&self) -> &[Delivery<E>] {
        &self.deliveries
    }
}

impl<'a, E, C> IntoIterator for &'a Batch<E, C> {
    type Item = &'a Delivery<E>;
    type IntoIter = std::slice::Iter<'a, Delivery<E>>;
    fn into_iter(self) -> Self::IntoIter {
        self.deliveries.iter()
    }
}

/// Makes workers for batches.
pub(crate) trait BatchWorkers<C>: Send + Sync {
    fn worker(&self) -> Box<dyn BatchWork<C>>;
}

/// Takes many records through decoding and handling, as [`Work`](crate::registration::Work) does one.
///
/// Order of calls: `read` for each, `id` of each, then `start` with those that are to be handled, `poll` until ready; `clear` at
/// any time drops what it holds.
pub(crate) trait BatchWork<C>: Send {
    /// Decodes one record more; names the headers that contradict it.
    fn read(&mut self, record: &RawRecord) -> Result<Vec<&'static str>, DecodeError>;
    /// What tells an event, counted in the order in which they were read, from every other.
    fn id(&self, index: usize) -> Option<Cow<'_, str>>;
    /// Starts the handler on those of what was read that have a record, in order.
    fn start(&mut self, records: Vec<Option<(RawRecord, Attempt)>>, context: C);
    /// Drives the handler. May panic where the handler does; `clear` then.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HandlerError>>;
    /// Drops events and handler's future.
    fn clear(&mut self);
}

/// The maker of workers for a handler of batches of `E`.
pub(crate) fn workers<E, H, F, R, C>(handler: H, call: F) -> Arc<dyn BatchWorkers<C>>
where
    E: Event,
    H: Send + Sync + 'static,
    F: Fn(Arc<H>, Batch<E, C>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    C: Send + 'static,
{
    Arc::new(Of { handler: Arc::new(handler), call: Arc::new(call), types: PhantomData })
}

/// The same for a consumer that lends something.
pub(crate) fn lifted<C: Send + 'static>(workers: Arc<dyn BatchWorkers<()>>) -> Arc<dyn BatchWorkers<C>> {
    Arc::new(Lifted(workers))
}

struct Of<E, H, F> {
    handler: Arc<H>,
    call: Arc<F>,
    types: PhantomData<fn(E)>,
}

impl<E, H, F, R, C> BatchWorkers<C> for Of<E, H, F>
where
    E: Event,
    H: Send + Sync + 'static,
    F: Fn(Arc<H>, Batch<E, C>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    C: Send + 'static,
{
    fn worker(&self) -> Box<dyn BatchWork<C>> {
        Box::new(Worker {
            handler: Arc::clone(&self.handler),
            handle: Arc::clone(&self.call),
            events: Vec::new(),
            call: Call::default(),
        })
    }
}

struct Worker<E, H, F, R> {
    handler: Arc<H>,
    handle: Arc<F>,
    events: Vec<E>,
    call: Call<R>,
}

impl<E, H, F, R, C> BatchWork<C> for Worker<E, H, F, R>
where
    E: Event,
    H: Send + Sync + 'static,
    F: Fn(Arc<H>, Batch<E, C>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    C: Send + 'static,
{
    fn read(&mut self, record: &RawRecord) -> Result<Vec<&'static str>, DecodeError> {
        let event = E::decode(record)?;
        let contradictions = event.contradictions(record.headers());
        self.events.push(event);
        Ok(contradictions)
    }

    fn id(&self, index: usize) -> Option<Cow<'_, str>> {
        self.events.get(index).and_then(Event::id)
    }

    fn start(&mut self, records: Vec<Option<(RawRecord, Attempt)>>, context: C) {
        let deliveries = self.events.drain(..).zip(records).filter_map(|(event, record)| {
            let (record, attempt) = record?;
            Some(Delivery::new(event, record, attempt.number, ()).until(attempt.given_up))
        });
        let batch = Batch { deliveries: deliveries.collect(), context };
        self.call.start((self.handle)(Arc::clone(&self.handler), batch));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        self.call.poll(cx)
    }

    fn clear(&mut self) {
        self.events.clear();
        self.call.clear();
    }
}

struct Lifted(Arc<dyn BatchWorkers<()>>);

impl<C: Send + 'static> BatchWorkers<C> for Lifted {
    fn worker(&self) -> Box<dyn BatchWork<C>> {
        Box::new(LiftedWorker { inner: self.0.worker(), lent: None })
    }
}

struct LiftedWorker<C> {
    inner: Box<dyn BatchWork<()>>,
    lent: Option<C>,
}

impl<C: Send + 'static> BatchWork<C> for LiftedWorker<C> {
    fn read(&mut self, record: &RawRecord) -> Result<Vec<&'static str>, DecodeError> {
        self.inner.read(record)
    }

    fn id(&self, index: usize) -> Option<Cow<'_, str>> {
        self.inner.id(index)
    }

    fn start(&mut self, records: Vec<Option<(RawRecord, Attempt)>>, context: C) {
        self.lent = Some(context);
        self.inner.start(records, ());
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        let result = self.inner.poll(cx);
        if result.is_ready() {
            self.lent = None;
        }
        result
    }

    fn clear(&mut self) {
        self.inner.clear();
        self.lent = None;
    }
}

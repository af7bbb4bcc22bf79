//! A handler for the events of one topic, ready for any consumer.
#![cfg_attr(not(feature = "kafka"), allow(dead_code, reason = "a consumer drives the workers"))]

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::batch::{self, Batch, BatchWork, BatchWorkers, Batches};
use crate::codec::DecodeError;
use crate::event::Event;
use crate::handler::{Attempt, Delivery, HandlerError};
use crate::record::RawRecord;
use crate::topic::{Address, Parameters, Topic};

/// A handler for the events of one topic. The generated `consume` functions make it; `Consumer::on` takes it.
///
/// `C` is what the handler is lent while it works: a transaction, or nothing.
pub struct Registration<C = ()> {
    topic: Topic,
    address: Option<Route>,
    event: &'static str,
    handler: &'static str,
    wants: Option<Wants>,
    ordered: bool,
    retry_topics: Vec<Duration>,
    workers: Makers<C>,
}

/// Whether a record is to be looked at.
type Wants = Arc<dyn Fn(&RawRecord) -> bool + Send + Sync>;

/// What makes workers: for one event at a time, or for many.
enum Makers<C> {
    Each(Arc<dyn Workers<C>>),
    Batch(Batches, Arc<dyn BatchWorkers<C>>),
}

/// A lane's worker for the events of a handler.
pub(crate) enum Worker<C> {
    Each(Box<dyn Work<C>>),
    Batch(Box<dyn BatchWork<C>>),
}

impl<C: Send + 'static> Registration<C> {
    /// Has `call` handle each event `E` of a topic, with that handler.
    pub fn new<E, H, F, R>(topic: Topic, handler: H, call: F) -> Self
    where
        E: Event,
        H: Send + Sync + 'static,
        F: Fn(Arc<H>, Delivery<E, C>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let workers = Of { handler: Arc::new(handler), call: Arc::new(call), types: PhantomData };
        Self::of::<E, H>(topic, Makers::Each(Arc::new(workers)))
    }

    /// Has `call` handle the events `E` of a topic in batches, with that handler.
    pub fn batches<E, H, F, R>(topic: Topic, batches: Batches, handler: H, call: F) -> Self
    where
        E: Event,
        H: Send + Sync + 'static,
        F: Fn(Arc<H>, Batch<E, C>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        Self::of::<E, H>(topic, Makers::Batch(batches, batch::workers(handler, call)))
    }

    /// With nothing asked for but that.
    fn of<E: Event, H>(topic: Topic, workers: Makers<C>) -> Self {
        Self {
            topic,
            address: None,
            event: E::NAME,
            handler: type_name::<H>(),
            wants: None,
            ordered: false,
            retry_topics: Vec::new(),
            workers,
        }
    }

    /// The same for all topics of an address: those whose names say parameters that the contract allows.
    #[must_use]
    pub fn parameterised<P: Parameters>(self) -> Self {
        let is_of = |topic: &str| P::of_topic(topic).is_ok();
        Self { address: Some(Route { address: P::pattern(), is_of }), ..self }
    }

    /// Passes over the records that `wants` says no to: they count as done without being decoded, and so are neither handled nor
    /// dead-lettered, whatever is in them. Several filters all have to say yes.
    ///
    /// It sees each record before every try of it, on the thread of a handler, and is to be quick.
    #[must_use]
    pub fn filter(self, wants: impl Fn(&RawRecord) -> bool + Send + Sync + 'static) -> Self {
        let wants: Wants = match self.wants {
            None => Arc::new(wants),
            Some(before) => Arc::new(move |record| before(record) && wants(record)),
        };
        Self { wants: Some(wants), ..self }
    }

    /// Passes over the records whose header of that name says another type than one of these. One without the header, or with
    /// one that is no text, is handed on: what is wrong with it is found when it is decoded.
    ///
    /// ```
    /// # use conecta_runtime::Registration;
    /// # fn of(registration: Registration) -> Registration {
    /// registration.only_types("evento_tipo", ["casos.creados", "casos.asignados"])
    /// # }
    /// ```
    #[must_use]
    pub fn only_types<T: Into<String>>(self, header: &'static str, types: impl IntoIterator<Item = T>) -> Self {
        let types: Vec<String> = types.into_iter().map(Into::into).collect();
        self.filter(move |record| {
            record.headers().text(header).is_none_or(|own| types.iter().any(|wanted| wanted == own))
        })
    }

    /// Keeps the order of a key over its dead letters, too: once an event is given up, the later events of its key are not handled
    /// but follow it to the dead-letter topic, in order, until all of them are brought back and handled, or skipped, with
    /// `conecta-gen dlq`. Also called a sequenced dead-letter queue.
    ///
    /// Without it the key goes on, and what is brought back is handled behind what came later.
    ///
    /// The dead-letter topic itself says which keys those are: before a member handles anything of a partition it reads what is open
    /// there, so a restart, a crash or a rebalance changes nothing. That takes as many partitions as the topic has, and rights to
    /// read that topic, the redrive topic, and the offsets of the group `<group>.redrive`; as long as it cannot be read, its
    /// partition waits. What is brought back is handled first; later events wait for that. Events without a key go on.
    ///
    /// A letter that is open when this is turned on parks its key as well. When the dead-letter topic's retention removes one, it
    /// is over.
    #[must_use]
    #[doc(alias("sequenced_dead_letters", "park"))]
    pub fn ordered_dead_letters(self) -> Self {
        Self { ordered: true, ..self }
    }

    /// Tries an event whose retries are used up once more after each of these times, before it is given up: it goes to the topic
    /// `<topic>.<group>.retry.1`, stays there for the first of them, is tried as often as in the first place, goes on to
    /// `<topic>.<group>.retry.2`, and so on. Poison, and what cannot be decoded, is given up at once all the same.
    ///
    /// **The order of its key is lost**: later events are handled while it waits. For a handler to which order matters the
    /// retries [of the consumer](crate::consumer::Consumer::retries) are the way, which keep the later events of the key waiting.
    ///
    /// The topics are this group's own, so no other group handles the event again. They are made, with as many partitions and
    /// copies as the topic has, where the consumer makes dead-letter topics; they must keep records for longer than the
    /// time they wait. Take no time away while events wait: the topics that are left over are not read any more.
    #[must_use]
    pub fn retry_topics(self, delays: impl IntoIterator<Item = Duration>) -> Self {
        Self { retry_topics: delays.into_iter().collect(), ..self }
    }

    pub(crate) fn delays(&self) -> &[Duration] {
        &self.retry_topics
    }

    pub(crate) fn is_ordered(&self) -> bool {
        self.ordered
    }

    /// Whether a record is to be looked at. May panic where a filter does.
    pub(crate) fn wants(&self, record: &RawRecord) -> bool {
        self.wants.as_ref().is_none_or(|wants| wants(record))
    }

    /// The address whose topics it takes, where it takes more than one.
    #[must_use]
    pub fn address(&self) -> Option<&'static Address> {
        self.address.map(|route| route.address)
    }

    /// The topic whose records it takes; or what the contract says of every topic of its [address](Self::address).
    #[must_use]
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// The event's name in the contract.
    #[must_use]
    pub fn event(&self) -> &'static str {
        self.event
    }

    /// The handler's type.
    #[must_use]
    pub fn handler(&self) -> &'static str {
        self.handler
    }

    pub(crate) fn route(&self) -> Option<Route> {
        self.address
    }

    pub(crate) fn worker(&self) -> Worker<C> {
        match &self.workers {
            Makers::Each(workers) => Worker::Each(workers.worker()),
            Makers::Batch(_, workers) => Worker::Batch(workers.worker()),
        }
    }

    /// How its events are put together, if it takes many at a time.
    pub(crate) fn gathers(&self) -> Option<Batches> {
        match &self.workers {
            Makers::Each(_) => None,
            Makers::Batch(batches, _) => Some(*batches),
        }
    }
}

impl Registration<()> {
    /// The same handler for a consumer that lends something, a transaction for instance: it is not used, and given back
    /// when the handler is done.
    #[must_use]
    pub fn lift<C: Send + 'static>(self) -> Registration<C> {
        let Self { topic, address, event, handler, wants, ordered, retry_topics, workers } = self;
        let workers = match workers {
            Makers::Each(workers) => Makers::Each(Arc::new(Lifted(workers))),
            Makers::Batch(batches, workers) => Makers::Batch(batches, batch::lifted(workers)),
        };
        Registration { topic, address, event, handler, wants, ordered, retry_topics, workers }
    }
}

impl<C> fmt::Debug for Registration<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("topic", &self.topic.name)
            .field("event", &self.event)
            .field("handler", &self.handler)
            .finish_non_exhaustive()
    }
}

/// The topics of an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) address: &'static Address,
    /// Whether a topic is one of them.
    pub(crate) is_of: fn(&str) -> bool,
}

/// Makes workers: one is used by one task, for one record after another.
trait Workers<C>: Send + Sync {
    fn worker(&self) -> Box<dyn Work<C>>;
}

/// Takes one record after another through decoding and handling. Hides the types of event, handler and future behind one
/// box that is used again and again, so that an event costs no allocation here.
///
/// Order of calls for a record: `read`, `id`, then `start`, `poll` until ready; `clear` at any time drops what it holds.
pub(crate) trait Work<C>: Send {
    /// Decodes a record; names the headers that contradict it.
    fn read(&mut self, record: &RawRecord) -> Result<Vec<&'static str>, DecodeError>;
    /// What tells the event from every other.
    fn id(&self) -> Option<Cow<'_, str>>;
    /// Starts the handler on what was read.
    fn start(&mut self, record: RawRecord, attempt: Attempt, context: C);
    /// Drives the handler. May panic where the handler does; `clear` then.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HandlerError>>;
    /// Drops event and handler's future.
    fn clear(&mut self);
}

struct Of<E, H, F> {
    handler: Arc<H>,
    call: Arc<F>,
    types: PhantomData<fn(E)>,
}

impl<E, H, F, R, C> Workers<C> for Of<E, H, F>
where
    E: Event,
    H: Send + Sync + 'static,
    F: Fn(Arc<H>, Delivery<E, C>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    C: Send + 'static,
{
    fn worker(&self) -> Box<dyn Work<C>> {
        Box::new(Running {
            handler: Arc::clone(&self.handler),
            handle: Arc::clone(&self.call),
            event: None,
            call: Call::default(),
        })
    }
}

struct Running<E, H, F, R> {
    handler: Arc<H>,
    handle: Arc<F>,
    event: Option<E>,
    call: Call<R>,
}

/// The future of a handler, in a box that is used again and again.
pub(crate) struct Call<R>(Pin<Box<Option<R>>>);

impl<R> Default for Call<R> {
    fn default() -> Self {
        Self(Box::pin(None))
    }
}

impl<R: Future<Output = Result<(), HandlerError>>> Call<R> {
    /// Takes up a handler's future in place of any other.
    pub(crate) fn start(&mut self, future: R) {
        self.0.set(Some(future));
    }

    /// Drives it. May panic where the handler does; `clear` then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        let Some(running) = self.0.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(HandlerError::transient("the handler was not started")));
        };
        let result = running.poll(cx);
        if result.is_ready() {
            // What the handler was lent is given back before anything else happens.
            self.clear();
        }
        result
    }

    /// Drops it.
    pub(crate) fn clear(&mut self) {
        self.0.set(None);
    }
}

impl<E, H, F, R, C> Work<C> for Running<E, H, F, R>
where
    E: Event,
    H: Send + Sync + 'static,
    F: Fn(Arc<H>, Delivery<E, C>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    C: Send + 'static,
{
    fn read(&mut self, record: &RawRecord) -> Result<Vec<&'static str>, DecodeError> {
        let event = E::decode(record)?;
        let contradictions = event.contradictions(record.headers());
        self.event = Some(event);
        Ok(contradictions)
    }

    fn id(&self) -> Option<Cow<'_, str>> {
        self.event.as_ref().and_then(Event::id)
    }

    fn start(&mut self, record: RawRecord, attempt: Attempt, context: C) {
        if let Some(event) = self.event.take() {
            let delivery = Delivery::new(event, record, attempt.number, context).until(attempt.given_up);
            self.call.start((self.handle)(Arc::clone(&self.handler), delivery));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        self.call.poll(cx)
    }

    fn clear(&mut self) {
        self.event = None;
        self.call.clear();
    }
}

struct Lifted(Arc<dyn Workers<()>>);

impl<C: Send + 'static> Workers<C> for Lifted {
    fn worker(&self) -> Box<dyn Work<C>> {
        Box::new(LiftedWorker { inner: self.0.worker(), lent: None })
    }
}

struct LiftedWorker<C> {
    inner: Box<dyn Work<()>>,
    lent: Option<C>,
}

impl<C: Send + 'static> Work<C> for LiftedWorker<C> {
    fn read(&mut self, record: &RawRecord) -> Result<Vec<&'static str>, DecodeError> {
        self.inner.read(record)
    }

    fn id(&self) -> Option<Cow<'_, str>> {
        self.inner.id()
    }

    fn start(&mut self, record: RawRecord, attempt: Attempt, context: C) {
        self.lent = Some(context);
        self.inner.start(record, attempt, ());
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

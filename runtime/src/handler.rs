//! Receiving: what a handler is given and what it answers.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use crate::cancellation::{Cancellation, Flag};
use crate::codec::DecodeError;
use crate::event::{Event, TypedHeaders as _};
use crate::record::RawRecord;
use crate::topic::Parameters;

/// An event on its way through a handler. Reads as the event itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct Delivery<E, C = ()> {
    /// The event.
    pub event: E,
    /// The record it came in.
    pub record: RawRecord,
    /// 1 at the first try.
    pub attempt: u32,
    context: C,
    /// Raised when this try is given up.
    given_up: Option<Arc<Flag>>,
}

impl<E, C> Delivery<E, C> {
    /// Puts a delivery together; the runtime and tests do.
    pub fn new(event: E, record: RawRecord, attempt: u32, context: C) -> Self {
        Self { event, record, attempt, context, given_up: None }
    }

    /// The same, of a try that can be given up.
    #[must_use]
    pub(crate) fn until(self, given_up: Option<Arc<Flag>>) -> Self {
        Self { given_up, ..self }
    }

    /// Whether the work on it is of no use any more; see [`Cancellation`].
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.record.lease().is_some_and(|lease| lease.is_raised())
            || self.given_up.as_ref().is_some_and(|given_up| given_up.is_raised())
    }

    /// Resolves as soon as the work on it is of no use any more, which may be never.
    ///
    /// ```
    /// # use conecta_runtime::{Delivery, HandlerError};
    /// # async fn next_page(_: &Delivery<u8>) -> Option<()> { None }
    /// async fn handle(order: Delivery<u8>) -> Result<(), HandlerError> {
    ///     while next_page(&order).await.is_some() {
    ///         if order.is_cancelled() {
    ///             return Err("another member has it by now".into());
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<E, C> {
        let cancellation = self.cancellation();
        async move { cancellation.cancelled().await }
    }

    /// The same for what the handler spawns.
    #[must_use]
    pub fn cancellation(&self) -> Cancellation {
        Cancellation { lease: self.record.lease().cloned(), attempt: self.given_up.clone() }
    }

    /// What the inbox lends for the time of the handler: a transaction, or nothing.
    pub fn context(&self) -> &C {
        &self.context
    }

    /// The same for one that is changed by what is done with it, a connection of sqlx for instance.
    pub fn context_mut(&mut self) -> &mut C {
        &mut self.context
    }

    /// The event, and the delivery without it: for a handler that takes one of several messages.
    pub fn take(self) -> (E, Delivery<(), C>) {
        let Self { event, record, attempt, context, given_up } = self;
        (event, Delivery { event: (), record, attempt, context, given_up })
    }

    /// The same delivery with that event.
    pub fn with<F>(self, event: F) -> Delivery<F, C> {
        let Self { record, attempt, context, given_up, .. } = self;
        Delivery { event, record, attempt, context, given_up }
    }

    /// The same delivery without its context, for a handler that needs none.
    pub fn split(self) -> (Delivery<E>, C) {
        let Self { event, record, attempt, context, given_up } = self;
        (Delivery { event, record, attempt, context: (), given_up }, context)
    }
}

impl<E, C> Delivery<E, C> {
    /// The parameters that the name of its topic says, for a handler of an address that has some.
    ///
    /// ```no_run
    /// # use conecta_runtime::{Delivery, HandlerError};
    /// # conecta_runtime::parameters! { pub struct Tenant of "tenants.{tenant}.orders" { "tenant" => pub tenant: String } }
    /// # struct Order;
    /// # fn handle(order: Delivery<Order>) -> Result<(), HandlerError> {
    /// let Tenant { tenant } = order.parameters()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the record is of another address. A consumer hands none such over.
    pub fn parameters<P: Parameters>(&self) -> Result<P, DecodeError> {
        P::of_topic(self.record.topic())
    }
}

impl<E: Event, C> Delivery<E, C> {
    /// The record's headers, typed.
    ///
    /// # Errors
    /// When one is missing or not of its type.
    pub fn headers(&self) -> Result<E::Headers, DecodeError> {
        E::Headers::read(self.record.headers())
    }
}

impl<E, C> Deref for Delivery<E, C> {
    type Target = E;
    fn deref(&self) -> &E {
        &self.event
    }
}

/// Which try of an event it is.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// 1 at the first.
    pub(crate) number: u32,
    /// Raised when it is given up, where it can be.
    pub(crate) given_up: Option<Arc<Flag>>,
}

/// What kind of failure it was; the consumer acts on that alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// This event will never succeed: to the dead letter at once.
    Poison,
    /// It may succeed later: retried with backoff, then to the dead letter.
    Transient,
    /// Something that every event needs is away: consumption waits, nothing is dead-lettered.
    Dependency,
}

/// Whether an error says by itself that something every event needs is away.
fn is_down(error: &(dyn StdError + Send + Sync + 'static)) -> bool {
    let mut link: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = link {
        #[cfg(feature = "postgres")]
        if let Some(error) = error.downcast_ref() {
            return crate::inbox::postgres::is_down::<crate::inbox::postgres::TokioPostgres>(error);
        }
        #[cfg(feature = "sqlx")]
        if let Some(error) = error.downcast_ref() {
            return crate::inbox::postgres::is_down::<crate::inbox::postgres::sqlx::Sqlx>(error);
        }
        #[cfg(feature = "redis")]
        if let Some(error) = error.downcast_ref() {
            return crate::inbox::redis::is_down(error);
        }
        link = error.source();
    }
    false
}

/// A handler's failure. Not an `Error` itself, so that `?` turns any error into a transient one; with the features
/// `postgres`, `sqlx` and `redis`, one of tokio-postgres, sqlx or redis that says that its server is away becomes a dependency's.
pub struct HandlerError {
    kind: FailureKind,
    source: Box<dyn StdError + Send + Sync>,
    /// Whose failure it is, in a batch.
    of: Option<RawRecord>,
    /// Those of other members of the batch.
    others: Vec<HandlerError>,
}

impl HandlerError {
    fn new(kind: FailureKind, source: Box<dyn StdError + Send + Sync>) -> Self {
        Self { kind, source, of: None, others: Vec::new() }
    }

    /// Says whose failure it is, for a handler of [batches](crate::Batch).
    ///
    /// ```
    /// # use conecta_runtime::{Batch, HandlerError};
    /// # fn check(_: &u8) -> Result<(), String> { Ok(()) }
    /// # async fn handle(batch: Batch<u8>) -> Result<(), HandlerError> {
    /// HandlerError::each(batch.iter().filter_map(|delivery| {
    ///     let error = check(delivery).err()?;
    ///     Some(HandlerError::poison(error).of(&delivery.record))
    /// }))
    /// # }
    /// ```
    #[must_use]
    pub fn of(mut self, record: &RawRecord) -> Self {
        self.of = Some(record.clone());
        self
    }

    /// The failures of several members of a batch as one; `Ok` when there are none.
    ///
    /// # Errors
    /// When there are any.
    pub fn each(errors: impl IntoIterator<Item = Self>) -> Result<(), Self> {
        let mut errors = errors.into_iter();
        let Some(mut first) = errors.next() else { return Ok(()) };
        first.others.extend(errors);
        Err(first)
    }

    /// It and those it was put together with, each by itself.
    #[cfg_attr(not(feature = "kafka"), allow(dead_code, reason = "a consumer asks"))]
    pub(crate) fn members(&self) -> impl Iterator<Item = (Option<&RawRecord>, &Self)> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(error) = all.get(next) {
            all.extend(&error.others);
            next += 1;
        }
        all.into_iter().map(|error| (error.of.as_ref(), error))
    }

    /// This event will never succeed.
    pub fn poison(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(FailureKind::Poison, source.into())
    }
    /// It may succeed later.
    pub fn transient(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(FailureKind::Transient, source.into())
    }
    /// Something that every event needs is away.
    pub fn dependency(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(FailureKind::Dependency, source.into())
    }
    /// Which of the three it is.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.kind
    }
    /// The error behind it.
    #[must_use]
    pub fn source(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.source
    }
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for HandlerError {
    fn from(source: E) -> Self {
        let source = source.into();
        Self::new(if is_down(&*source) { FailureKind::Dependency } else { FailureKind::Transient }, source)
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.source)
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

//! Sending: one trait for every transport, and what follows from it.

mod ack;
mod memory;
mod outgoing;
mod pipeline;

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use ack::{Ack, AckShared, Settle};
pub use memory::MemoryPublisher;
pub use outgoing::{Addressed, Outgoing};
pub use pipeline::{Pipeline, PublishFailures};

use crate::codec::EncodeError;
use crate::event::Event;
use crate::message::Message;

/// Takes messages and says what became of each.
///
/// A message takes its place in the order when [`send`](Publisher::send) is *called*, not when its future is first
/// polled: two calls in a row send in that order, whatever becomes of the futures. The future resolves when the message
/// is accepted, and the [`Ack`] it gives when the message is safe where it went; that may be awaited later or elsewhere.
pub trait Publisher: Send + Sync {
    /// Sends a message. The future waits while there is no room.
    ///
    /// # Errors
    /// When the message can never be accepted (too large, unknown topic, publisher closed).
    fn send(&self, message: Message) -> impl Future<Output = Result<Ack, PublishError>> + Send;
}

impl<P: Publisher + ?Sized> Publisher for &P {
    fn send(&self, message: Message) -> impl Future<Output = Result<Ack, PublishError>> + Send {
        (**self).send(message)
    }
}

impl<P: Publisher + ?Sized> Publisher for Arc<P> {
    fn send(&self, message: Message) -> impl Future<Output = Result<Ack, PublishError>> + Send {
        (**self).send(message)
    }
}

impl<P: Publisher + ?Sized> Publisher for Box<P> {
    fn send(&self, message: Message) -> impl Future<Output = Result<Ack, PublishError>> + Send {
        (**self).send(message)
    }
}

/// A publisher whose type is not known where it is used: `Arc<dyn DynPublisher>` is a [`Publisher`], at the price of one
/// allocation a send. Every `Publisher` is one.
pub trait DynPublisher: Send + Sync {
    /// As [`Publisher::send`].
    fn send_boxed(&self, message: Message) -> BoxSend<'_>;
}

/// The future of [`DynPublisher::send_boxed`].
pub type BoxSend<'a> = Pin<Box<dyn Future<Output = Result<Ack, PublishError>> + Send + 'a>>;

impl<P: Publisher> DynPublisher for P {
    fn send_boxed(&self, message: Message) -> BoxSend<'_> {
        Box::pin(self.send(message))
    }
}

impl Publisher for dyn DynPublisher + '_ {
    fn send(&self, message: Message) -> impl Future<Output = Result<Ack, PublishError>> + Send {
        self.send_boxed(message)
    }
}

/// Where a message came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Partition, where the transport has partitions.
    pub partition: i32,
    /// Offset in it, or position in the store.
    pub offset: i64,
}

impl Receipt {
    /// A receipt for that place.
    #[must_use]
    pub const fn new(partition: i32, offset: i64) -> Self {
        Self { partition, offset }
    }
}

/// Why a message was not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The value breaks the contract; nothing was sent.
    #[error(transparent)]
    Invalid(#[from] EncodeError),
    /// The transport refused it or gave it up; it may be tried again where `retriable`.
    #[error("{topic}: {message}")]
    Transport {
        /// Where it was to go.
        topic: String,
        /// What the transport said.
        message: String,
        /// Whether the same message may be sent again with hope.
        retriable: bool,
    },
    /// The publisher was dropped before it could say what became of the message.
    #[error("the publisher was closed before the message was acknowledged: it may or may not have been written")]
    Closed,
}

/// What every publisher can do with typed events. The generated `publicar_…` traits are built on it.
///
/// As with [`send`](Publisher::send), an event is encoded and takes its place in the order when the method is called;
/// the future borrows the publisher and not the event.
pub trait PublisherExt: Publisher {
    /// Publishes an event with the headers that follow from its envelope, and waits until it is safe.
    ///
    /// # Errors
    /// When the event breaks the contract or the transport gives it up.
    fn publish<'a, O: Outgoing>(
        &'a self,
        event: &O,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<'a, Self, O> {
        self.publish_with(event, &event.own_headers())
    }

    /// The same with headers of the caller's.
    ///
    /// # Errors
    /// As [`publish`](PublisherExt::publish).
    fn publish_with<'a, O: Outgoing>(
        &'a self,
        event: &O,
        headers: &O::Headers,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<'a, Self, O> {
        let sent = event.message(headers).map(|message| self.send(message));
        async move { sent?.await?.await }
    }

    /// Publishes a message that was made of an event, or says why it could not be made.
    ///
    /// # Errors
    /// As [`publish`](PublisherExt::publish).
    fn publish_made<'a>(
        &'a self,
        message: Result<Message, EncodeError>,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<'a, Self> {
        let sent = message.map(|message| self.send(message));
        async move { sent?.await?.await }
    }

    /// Publishes an event to another topic than its own, and with another key: one that the contract puts on several
    /// channels.
    ///
    /// # Errors
    /// As [`publish`](PublisherExt::publish).
    fn publish_to<'a, E: Event>(
        &'a self,
        topic: Cow<'static, str>,
        key: Option<Vec<u8>>,
        event: &E,
        headers: &E::Headers,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<'a, Self, E> {
        let sent = event.message_to(topic, headers).map(|message| self.send(Message { key, ..message }));
        async move { sent?.await?.await }
    }

    /// Publishes many events, in their order, without waiting for one before the next; then waits until all are safe.
    /// Receipts come in the same order.
    ///
    /// Each event is held against the contract before the first is sent.
    ///
    /// # Errors
    /// When one breaks the contract, and nothing is sent; or when the transport did not take some: how many, which, and
    /// why.
    fn publish_all<'a, O: Outgoing>(
        &'a self,
        events: &'a [O],
    ) -> impl Future<Output = Result<Vec<Receipt>, PublishFailures>> + Send + use<'a, Self, O> {
        async move {
            let mut failures = PublishFailures::default();
            for (position, event) in (0u64..).zip(events) {
                if let Err(violation) = event.hold() {
                    failures.note(position, Err(EncodeError::Invalid(violation).into()));
                }
            }
            if failures.failed > 0 {
                return Err(failures);
            }
            let mut acks = Vec::with_capacity(events.len());
            for event in events {
                acks.push(match event.message(&event.own_headers()) {
                    Ok(message) => self.send(message).await,
                    Err(error) => Err(error.into()),
                });
            }
            let mut receipts = Vec::with_capacity(events.len());
            for (position, ack) in (0u64..).zip(acks) {
                let outcome = match ack {
                    Ok(ack) => ack.await,
                    Err(error) => Err(error),
                };
                receipts.extend(outcome.as_ref().copied().ok());
                failures.note(position, outcome);
            }
            if failures.failed == 0 { Ok(receipts) } else { Err(failures) }
        }
    }

    /// Keeps up to `window` sends in flight, each accounted for.
    fn pipeline(&self, window: usize) -> Pipeline<'_, Self> {
        Pipeline::new(self, window)
    }
}

impl<P: Publisher + ?Sized> PublisherExt for P {}

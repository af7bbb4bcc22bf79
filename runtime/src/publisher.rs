//! Sending: one trait for every transport, and what follows from it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::codec::EncodeError;
use crate::event::Event;
use crate::message::Message;

/// Takes messages and says what became of each.
///
/// [`send`](Publisher::send) resolves when the message is accepted, in the order of the calls; the [`Ack`] it gives
/// resolves when the message is safe where it went, and may be awaited later or elsewhere.
pub trait Publisher: Send + Sync {
    /// Accepts a message. Waits while there is no room.
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

/// Resolves when a message is safe; may be dropped, awaited later, or sent to another task.
#[derive(Debug)]
#[must_use = "a message is known to be safe only when its acknowledgement has been awaited"]
pub struct Ack(Arc<AckShared>);

/// The other end of an [`Ack`]: a transport settles it exactly once. Dropped unsettled, it reports [`PublishError::Closed`].
#[derive(Debug)]
pub struct Settle(Option<Arc<AckShared>>);

/// What an [`Ack`] and its [`Settle`] share, for transports whose callbacks carry one pointer a message.
#[derive(Debug)]
pub struct AckShared(Mutex<AckState>);

#[derive(Debug)]
enum AckState {
    Waiting(Option<Waker>),
    Settled(Result<Receipt, PublishError>),
    Taken,
}

impl AckShared {
    fn state(&self) -> MutexGuard<'_, AckState> {
        // A panic cannot happen under this lock; if it did, the state would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ack {
    /// A pair: what the caller awaits, and what the transport settles.
    pub fn pair() -> (Settle, Ack) {
        let shared = Arc::new(AckShared(Mutex::new(AckState::Waiting(None))));
        (Settle(Some(Arc::clone(&shared))), Ack(shared))
    }

    /// Already settled.
    pub fn ready(result: Result<Receipt, PublishError>) -> Ack {
        Ack(Arc::new(AckShared(Mutex::new(AckState::Settled(result)))))
    }
}

impl Settle {
    /// Says what became of the message.
    pub fn settle(mut self, result: Result<Receipt, PublishError>) {
        self.put(result);
    }

    /// Gives up the duty to settle for a pointer; [`from_shared`](Self::from_shared) takes it up again.
    #[must_use]
    pub fn into_shared(mut self) -> Arc<AckShared> {
        // `Some` until settled, and settling takes `self`.
        self.0.take().unwrap_or_else(|| Arc::new(AckShared(Mutex::new(AckState::Taken))))
    }

    /// Takes up the duty to settle what [`into_shared`](Self::into_shared) gave out.
    pub fn from_shared(shared: Arc<AckShared>) -> Settle {
        Settle(Some(shared))
    }

    fn put(&mut self, result: Result<Receipt, PublishError>) {
        let Some(shared) = self.0.take() else { return };
        let before = std::mem::replace(&mut *shared.state(), AckState::Settled(result));
        if let AckState::Waiting(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl Drop for Settle {
    fn drop(&mut self) {
        self.put(Err(PublishError::Closed));
    }
}

impl Future for Ack {
    type Output = Result<Receipt, PublishError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state();
        match std::mem::replace(&mut *state, AckState::Taken) {
            AckState::Settled(result) => Poll::Ready(result),
            AckState::Waiting(_) => {
                *state = AckState::Waiting(Some(cx.waker().clone()));
                Poll::Pending
            }
            AckState::Taken => Poll::Ready(Err(PublishError::Closed)),
        }
    }
}

/// What every publisher can do with typed events. The generated `publicar_…` traits are built on it.
pub trait PublisherExt: Publisher {
    /// Publishes an event with the headers that follow from its envelope, and waits until it is safe.
    ///
    /// # Errors
    /// When the event breaks the contract or the transport gives it up.
    fn publish<E: Event>(&self, event: &E) -> impl Future<Output = Result<Receipt, PublishError>> + Send {
        async move { self.publish_with(event, &event.headers()).await }
    }

    /// The same with headers of the caller's.
    ///
    /// # Errors
    /// As [`publish`](PublisherExt::publish).
    fn publish_with<E: Event>(
        &self,
        event: &E,
        headers: &E::Headers,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send {
        let message = event.to_message(headers);
        async move { self.send(message?).await?.await }
    }
}

impl<P: Publisher + ?Sized> PublisherExt for P {}

//! Many sends in flight, each accounted for.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;

use super::{Ack, Outgoing, PublishError, Publisher, Receipt};
use crate::message::Message;

/// Keeps a window of sends in flight: [`push`](Pipeline::push), push, [`finish`](Pipeline::finish).
///
/// Messages are sent in the order of the pushes. What became of each is given to the function of
/// [`on_outcome`](Pipeline::on_outcome), in the same order, and counted for `finish`. A pipeline that is dropped before
/// `finish` has sent what was pushed, and nobody will know what became of it.
#[must_use = "what was pushed is known to be safe only after `finish`"]
pub struct Pipeline<'p, P: ?Sized, F = fn(u64, &Result<Receipt, PublishError>)> {
    publisher: &'p P,
    window: usize,
    in_flight: VecDeque<Ack>,
    settled: u64,
    failures: PublishFailures,
    on_outcome: F,
}

/// What a [`Pipeline`] or `publish_all` could not publish.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct PublishFailures {
    /// How many were published.
    pub published: u64,
    /// How many were not.
    pub failed: u64,
    /// Which, counted from 0 in the order of the sends, and why: the first [`KEPT`](Self::KEPT) of them.
    pub failures: Vec<(u64, PublishError)>,
}

impl PublishFailures {
    /// So many failures are kept with their reasons; further ones are counted.
    pub const KEPT: usize = 100;

    pub(super) fn note(&mut self, position: u64, outcome: Result<Receipt, PublishError>) {
        match outcome {
            Ok(_) => self.published += 1,
            Err(error) => {
                self.failed += 1;
                if self.failures.len() < Self::KEPT {
                    self.failures.push((position, error));
                }
            }
        }
    }
}

impl fmt::Display for PublishFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} events were not published", self.failed, self.failed + self.published)?;
        match self.failures.first() {
            Some((position, error)) => write!(f, "; the first, number {position}: {error}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PublishFailures {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.failures.first().map(|(_, error)| error as _)
    }
}

impl<'p, P: Publisher + ?Sized> Pipeline<'p, P> {
    pub(super) fn new(publisher: &'p P, window: usize) -> Self {
        Self {
            publisher,
            window: window.max(1),
            in_flight: VecDeque::with_capacity(window.clamp(1, 1 << 16)),
            settled: 0,
            failures: PublishFailures::default(),
            on_outcome: |_, _| {},
        }
    }

    /// Has each outcome told, with the position of its push counted from 0.
    pub fn on_outcome<F: FnMut(u64, &Result<Receipt, PublishError>)>(self, on_outcome: F) -> Pipeline<'p, P, F> {
        let Self { publisher, window, in_flight, settled, failures, .. } = self;
        Pipeline { publisher, window, in_flight, settled, failures, on_outcome }
    }
}

impl<'p, P: Publisher + ?Sized, F: FnMut(u64, &Result<Receipt, PublishError>) + Send> Pipeline<'p, P, F> {
    /// Sends an event with the headers that follow from its envelope; waits while the window is full.
    ///
    /// # Errors
    /// When this event breaks the contract or cannot be accepted. It is not in the pipeline then, and takes no position.
    pub fn push<O: Outgoing>(
        &mut self,
        event: &O,
    ) -> impl Future<Output = Result<(), PublishError>> + Send + use<'_, 'p, P, F, O> {
        let message = event.message(&event.own_headers());
        async move { self.push_message(message?).await }
    }

    /// Sends an event with headers of the caller's.
    ///
    /// # Errors
    /// As [`push`](Pipeline::push).
    pub fn push_with<O: Outgoing>(
        &mut self,
        event: &O,
        headers: &O::Headers,
    ) -> impl Future<Output = Result<(), PublishError>> + Send + use<'_, 'p, P, F, O> {
        let message = event.message(headers);
        async move { self.push_message(message?).await }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When it cannot be accepted.
    pub async fn push_message(&mut self, message: Message) -> Result<(), PublishError> {
        if self.in_flight.len() >= self.window {
            // A quarter at once: acknowledgements come in batches, and each wait costs a wake-up.
            self.settle_to(self.window - self.window.div_ceil(4)).await;
        }
        let ack = self.publisher.send(message).await?;
        self.in_flight.push_back(ack);
        Ok(())
    }

    /// How many sends are in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Waits until all that was pushed has an outcome, and gives their number.
    ///
    /// # Errors
    /// When some were not published: how many, which, and why.
    pub async fn finish(mut self) -> Result<u64, PublishFailures> {
        self.settle_to(0).await;
        if self.failures.failed == 0 { Ok(self.failures.published) } else { Err(self.failures) }
    }

    async fn settle_to(&mut self, left: usize) {
        while self.in_flight.len() > left
            && let Some(ack) = self.in_flight.front_mut()
        {
            // In place, so that a caller who stops waiting loses no outcome.
            let outcome = ack.await;
            self.in_flight.pop_front();
            (self.on_outcome)(self.settled, &outcome);
            self.failures.note(self.settled, outcome);
            self.settled += 1;
        }
    }
}

impl<P: ?Sized, F> fmt::Debug for Pipeline<'_, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("window", &self.window)
            .field("in_flight", &self.in_flight.len())
            .field("published", &self.failures.published)
            .field("failed", &self.failures.failed)
            .finish_non_exhaustive()
    }
}

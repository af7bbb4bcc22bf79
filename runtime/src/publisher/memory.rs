//! A publisher that keeps what it is given, for unit tests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Ack, PublishError, Publisher, Receipt, Settle};
use crate::message::Message;

/// Keeps every message in the order it was sent; a clone of nothing that runs anywhere.
///
/// ```
/// use conecta_runtime::publisher::MemoryPublisher;
/// use conecta_runtime::{Headers, Message, Publisher as _};
///
/// let publisher = MemoryPublisher::new();
/// drop(publisher.send(Message::new("casos.creados", None, Headers::new(), None)));
/// assert_eq!(publisher.sent()[0].topic, "casos.creados");
/// ```
#[derive(Debug, Default)]
pub struct MemoryPublisher {
    state: Mutex<State>,
    held: bool,
}

#[derive(Debug, Default)]
struct State {
    sent: Vec<Message>,
    waiting: Vec<Settle>,
}

impl MemoryPublisher {
    /// Acknowledges each message at once: partition 0, offsets from 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Acknowledges nothing until [`settle`](Self::settle) says so.
    #[must_use]
    pub fn held() -> Self {
        Self { held: true, ..Self::default() }
    }

    /// What was sent, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Message> {
        self.state().sent.clone()
    }

    /// How many acknowledgements are held.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Settles all that is held, in order: each gets what `outcome` says of its place among them.
    pub fn settle(&self, mut outcome: impl FnMut(usize) -> Result<Receipt, PublishError>) {
        let waiting = std::mem::take(&mut self.state().waiting);
        for (index, settle) in waiting.into_iter().enumerate() {
            settle.settle(outcome(index));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Publisher for MemoryPublisher {
    fn send(&self, message: Message) -> impl Future<Output = Result<Ack, PublishError>> + Send {
        let mut state = self.state();
        let offset = i64::try_from(state.sent.len()).unwrap_or(i64::MAX);
        state.sent.push(message);
        let ack = if self.held {
            let (settle, ack) = Ack::pair();
            state.waiting.push(settle);
            ack
        } else {
            Ack::ready(Ok(Receipt::new(0, offset)))
        };
        std::future::ready(Ok(ack))
    }
}

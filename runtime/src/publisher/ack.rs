//! What became of a message, known later.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::{PublishError, Receipt};

/// Resolves when a message is safe; may be dropped, awaited later, or sent to another task.
#[derive(Debug)]
#[must_use = "a message is known to be safe only when its acknowledgement has been awaited"]
pub struct Ack(Arc<AckShared>);

/// The other end of an [`Ack`]: a transport settles it exactly once. Dropped unsettled, it reports
/// [`PublishError::Closed`].
#[derive(Debug)]
pub struct Settle(Option<Arc<AckShared>>);

/// What an [`Ack`] and its [`Settle`] share, for transports whose callbacks carry one pointer a message.
pub struct AckShared(Mutex<State>);

/// Told besides whoever awaits the [`Ack`].
type Watcher = Box<dyn FnOnce(&Result<Receipt, PublishError>) + Send>;

enum State {
    Waiting(Option<Waker>, Option<Watcher>),
    Settled(Result<Receipt, PublishError>),
    Taken,
}

impl AckShared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Only a waker's `clone` could panic under this lock, and the state is whole then.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AckShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.state() {
            State::Waiting(..) => "waiting",
            State::Settled(Ok(_)) => "acknowledged",
            State::Settled(Err(_)) => "failed",
            State::Taken => "taken",
        })
    }
}

impl Ack {
    /// A pair: what the transport settles, and what the caller awaits.
    pub fn pair() -> (Settle, Ack) {
        Self::paired(None)
    }

    /// The same, and that is told too, before whoever awaits it.
    #[cfg(feature = "kafka")]
    pub(crate) fn watched(watcher: impl FnOnce(&Result<Receipt, PublishError>) + Send + 'static) -> (Settle, Ack) {
        Self::paired(Some(Box::new(watcher)))
    }

    fn paired(watcher: Option<Watcher>) -> (Settle, Ack) {
        let shared = Arc::new(AckShared(Mutex::new(State::Waiting(None, watcher))));
        (Settle(Some(Arc::clone(&shared))), Ack(shared))
    }

    /// Already settled.
    pub fn ready(result: Result<Receipt, PublishError>) -> Ack {
        Ack(Arc::new(AckShared(Mutex::new(State::Settled(result)))))
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
        self.0.take().unwrap_or_else(|| Arc::new(AckShared(Mutex::new(State::Taken))))
    }

    /// Takes up the duty to settle what [`into_shared`](Self::into_shared) gave out.
    pub fn from_shared(shared: Arc<AckShared>) -> Settle {
        Settle(Some(shared))
    }

    fn put(&mut self, result: Result<Receipt, PublishError>) {
        let Some(shared) = self.0.take() else { return };
        let before = {
            let mut state = shared.state();
            if let State::Waiting(_, watcher) = &mut *state
                && let Some(watcher) = watcher.take()
            {
                drop(state);
                watcher(&result);
                state = shared.state();
            }
            match &*state {
                State::Waiting(..) => std::mem::replace(&mut *state, State::Settled(result)),
                // A pointer that was taken up twice: what was said first stands.
                State::Settled(_) | State::Taken => return,
            }
        };
        // Outside the lock: the task that wakes may poll at once.
        if let State::Waiting(Some(waker), _) = before {
            waker.wake();
        }
    }
}

impl Drop for Settle {
    fn drop(&mut self) {
        if self.0.is_some() {
            self.put(Err(PublishError::Closed));
        }
    }
}

impl Future for Ack {
    type Output = Result<Receipt, PublishError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state();
        match &mut *state {
            State::Waiting(Some(waker), _) if waker.will_wake(cx.waker()) => Poll::Pending,
            State::Waiting(waker, _) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            State::Settled(_) => match std::mem::replace(&mut *state, State::Taken) {
                State::Settled(result) => Poll::Ready(result),
                State::Waiting(..) | State::Taken => Poll::Ready(Err(PublishError::Closed)),
            },
            // Polled again after it was ready, against the rule of futures.
            State::Taken => Poll::Ready(Err(PublishError::Closed)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn poll(ack: &mut Ack, count: &Arc<Count>) -> Poll<Result<Receipt, PublishError>> {
        Pin::new(ack).poll(&mut Context::from_waker(&Waker::from(Arc::clone(count))))
    }

    #[test]
    fn settling_wakes_the_last_task_that_waited_once() {
        let (settle, mut ack) = Ack::pair();
        let (first, last) = (Arc::<Count>::default(), Arc::<Count>::default());
        assert!(poll(&mut ack, &first).is_pending());
        assert!(poll(&mut ack, &last).is_pending());
        settle.settle(Ok(Receipt::new(1, 2)));
        assert_eq!((first.0.load(Ordering::SeqCst), last.0.load(Ordering::SeqCst)), (0, 1));
        assert!(matches!(poll(&mut ack, &last), Poll::Ready(Ok(receipt)) if receipt == Receipt::new(1, 2)));
    }

    #[test]
    fn a_message_whose_transport_goes_away_is_reported() {
        let (settle, mut ack) = Ack::pair();
        drop(settle);
        assert!(matches!(poll(&mut ack, &Arc::default()), Poll::Ready(Err(PublishError::Closed))));
    }

    #[test]
    fn the_duty_to_settle_travels_as_one_pointer() {
        let (settle, mut ack) = Ack::pair();
        let shared = settle.into_shared();
        assert!(poll(&mut ack, &Arc::default()).is_pending(), "giving up the duty settles nothing");
        Settle::from_shared(Arc::clone(&shared)).settle(Ok(Receipt::new(0, 7)));
        drop(Settle::from_shared(shared));
        assert!(matches!(poll(&mut ack, &Arc::default()), Poll::Ready(Ok(receipt)) if receipt.offset == 7));
    }

    #[test]
    fn a_settlement_from_another_thread_is_never_missed() {
        struct Unpark(std::thread::Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        for offset in 0..2_000 {
            let (settle, mut ack) = Ack::pair();
            std::thread::scope(|scope| {
                scope.spawn(move || settle.settle(Ok(Receipt::new(0, offset))));
                let receipt = loop {
                    match Pin::new(&mut ack).poll(&mut Context::from_waker(&waker)) {
                        Poll::Ready(result) => break result.unwrap(),
                        Poll::Pending => std::thread::park_timeout(std::time::Duration::from_secs(20)),
                    }
                };
                assert_eq!(receipt.offset, offset);
            });
        }
    }
}

//! Telling a handler that nobody waits for its work any more.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Says whether the work on an event is of no use any more: what it does will not be committed, and the event comes again.
///
/// That is so
/// - when its partition was lost, or was asked back and the
///   [time to drain](crate::consumer::Consumer::drain_timeout) is over: another member has the event;
/// - when the consumer was shut down and that time is over;
/// - when the handler's [deadline](crate::consumer::Consumer::handler_deadline) has passed: the event is tried again.
///
/// A handler that hears of it gives up, with any error; what it answers changes nothing. It is for what a handler has spawned or
/// does on another thread, too: clones may be kept for as long as one likes.
///
/// One that belongs to no consumer, as in a unit test, is never cancelled.
#[derive(Clone, Debug, Default)]
pub struct Cancellation {
    /// The assignment of the event's partition.
    pub(crate) lease: Option<Arc<Flag>>,
    /// The present try.
    pub(crate) attempt: Option<Arc<Flag>>,
}

impl Cancellation {
    /// Whether the work is of no use any more. Costs next to nothing.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.flags().any(|flag| flag.is_raised())
    }

    /// Resolves as soon as the work is of no use any more; never, if it stays of use.
    pub async fn cancelled(&self) {
        let mut raised: Vec<_> = self.flags().map(|flag| flag.raised()).collect();
        std::future::poll_fn(|cx| {
            let any = raised.iter_mut().any(|raised| Pin::new(raised).poll(cx).is_ready());
            if any { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Whether both say the same at any time.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.flags().map(Arc::as_ptr).eq(other.flags().map(Arc::as_ptr))
    }

    fn flags(&self) -> impl Iterator<Item = &Arc<Flag>> {
        self.lease.iter().chain(&self.attempt)
    }
}

/// Is raised once, by one side, and seen by the other.
#[derive(Debug, Default)]
pub(crate) struct Flag {
    raised: AtomicBool,
    /// Who waits for it, each at a place of its own.
    waiting: Mutex<Vec<Option<Waker>>>,
}

impl Flag {
    #[cfg_attr(not(feature = "kafka"), allow(dead_code, reason = "a consumer raises it"))]
    pub(crate) fn raise(&self) {
        self.raised.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut *self.waiting());
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    fn raised(&self) -> Raised<'_> {
        Raised { flag: self, place: None }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Option<Waker>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves when its flag is raised.
struct Raised<'a> {
    flag: &'a Flag,
    /// Where it stands among those that wait.
    place: Option<usize>,
}

impl Future for Raised<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.flag.waiting();
        // Under the lock: who raises it after this finds us there.
        if self.flag.is_raised() {
            return Poll::Ready(());
        }
        let place = match self.place {
            Some(place) => place,
            None => waiting.iter().position(Option::is_none).unwrap_or_else(|| {
                waiting.push(None);
                waiting.len() - 1
            }),
        };
        waiting[place] = Some(cx.waker().clone());
        drop(waiting);
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place
            && let Some(waker) = self.flag.waiting().get_mut(place)
        {
            *waker = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn whoever_waits_is_woken_by_either_flag_and_who_left_is_not() {
        for raised in [0, 1] {
            let flags = [Arc::new(Flag::default()), Arc::new(Flag::default())];
            let [lease, attempt] = flags.clone().map(Some);
            let cancellation = Cancellation { lease, attempt };
            let woken = [(); 2].map(|()| Arc::new(Woken::default()));
            let wakers = woken.clone().map(Waker::from);
            let mut stays = pin!(cancellation.cancelled());
            {
                let mut leaves = pin!(cancellation.cancelled());
                assert!(leaves.as_mut().poll(&mut Context::from_waker(&wakers[1])).is_pending());
                assert!(stays.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_pending());
                assert!(stays.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_pending());
            }
            assert!(!cancellation.is_cancelled());
            flags[raised].raise();
            assert!(cancellation.clone().is_cancelled());
            assert_eq!(woken.map(|woken| woken.0.load(Ordering::SeqCst)), [1, 0]);
            assert!(stays.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_ready());
        }
    }

    #[test]
    fn many_that_come_and_go_leave_nothing_behind() {
        let flag = Flag::default();
        for _ in 0..100 {
            let mut raised = flag.raised();
            assert!(Pin::new(&mut raised).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(flag.waiting().len(), 1);
    }
}

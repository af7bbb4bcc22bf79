//! A lane: takes runs from the pool and brings each event through decoding, inbox and handler.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tracing::Span;

use super::engine::{Completion, Token};
use super::failure::Failure;
use super::pool::{Answer, Chunk, Failed, Pool, Run};
use super::without_id::WithoutId;
use crate::cancellation::Flag;
use crate::handler::{Attempt, HandlerError};
use crate::inbox::{Admission, EventKey, Inbox};
use crate::record::RawRecord;
use crate::registration::{Registration, Work, Worker};
use crate::telemetry::{Clock, Metrics, Occupied, add};
use crate::trace;

/// What all lanes of a consumer share.
pub(crate) struct Lanes<I: Inbox> {
    pub(crate) pool: Arc<Pool>,
    pub(crate) inbox: I,
    pub(crate) group: String,
    pub(crate) registrations: Vec<Registration<I::Context>>,
    pub(crate) without_id: WithoutId,
    pub(crate) metrics: Metrics,
    /// How long a handler may take.
    pub(crate) deadline: Option<Duration>,
}

impl<I: Inbox> Lanes<I> {
    /// One lane, until the pool is closed.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut lane = Lane {
            workers: self.registrations.iter().map(|_| None).collect(),
            session: None,
            admissions: Vec::with_capacity(1),
            fallback_id: String::new(),
            given_up: None,
            tally: self.registrations.iter().map(|_| Tally::default()).collect(),
        };
        let mut turn = Turn { pool: &self.pool, chunk: Chunk::default(), answers: Vec::new() };
        let mut records = Vec::new();
        while let Some(chunk) = self.pool.next().await {
            turn.chunk = chunk;
            let _busy = Occupied::new(&self.metrics.counters().lanes_busy);
            if turn.chunk.is_batch() {
                self.work_batch(&mut lane, &mut turn).await;
            }
            while let Some(run) = turn.chunk.next_run() {
                records.extend((0..run.len).map_while(|_| turn.chunk.next_record()));
                let answer = self.work(&mut lane, &mut turn, run, &mut records).await;
                turn.answers.push(answer);
            }
            self.count(&mut lane.tally);
            turn.report();
            // Handlers that never wait would keep every other task of this thread waiting.
            tokio::task::yield_now().await;
        }
    }

    /// Brings a run's events through, up to the first failure. Empties `records`.
    async fn work(
        &self,
        lane: &mut Lane<I>,
        turn: &mut Turn<'_>,
        run: Run,
        records: &mut Vec<(Token, RawRecord)>,
    ) -> Answer {
        let index = run.handler as usize;
        if self.registrations.get(index).is_some_and(|registration| registration.address().is_some()) {
            lane.tally[index].turn_to(records.first().map_or("", |(_, record)| record.topic()), &self.metrics);
        }
        let mut done = 0;
        let mut failure = None;
        for (token, record) in records.drain(..) {
            let (partition, offset) = (record.partition(), record.offset());
            if record.lease().is_some_and(|lease| lease.is_raised()) {
                // Another member's by now: it is better not begun.
                break;
            }
            match self.handle(lane, turn, run, record).await {
                Ok(()) => done += 1,
                Err(reason) => {
                    failure =
                        Some(Box::new(Failed { token, handler: run.handler, partition, offset, failure: reason }));
                    break;
                }
            }
        }
        let kind = failure.as_ref().map(|failed| failed.failure.code.kind());
        Answer::Completed { completion: Completion { run: run.id, done, failure: kind }, failure }
    }

    /// Brings one event through.
    async fn handle(
        &self,
        lane: &mut Lane<I>,
        turn: &mut Turn<'_>,
        run: Run,
        record: RawRecord,
    ) -> Result<(), Failure> {
        let index = run.handler as usize;
        let Some(registration) = self.registrations.get(index) else {
            return Err(Failure::handler(&HandlerError::transient("no handler for this topic")));
        };
        let Lane { workers, session, admissions, fallback_id, given_up, tally } = lane;
        let Worker::Each(worker) = workers[index].get_or_insert_with(|| registration.worker()) else {
            return Err(Failure::handler(&HandlerError::transient("the handler takes batches")));
        };
        let worker = &mut **worker;

        if !caught(|| registration.wants(&record))? {
            tally[index].filtered += 1;
            return Ok(());
        }
        match caught(|| worker.read(&record))? {
            Ok(contradictions) if contradictions.is_empty() => {}
            Ok(contradictions) => self.contradicted(&record, &contradictions),
            Err(error) => {
                let failure = Failure::undecodable(&error);
                trace::undecodable(&record, &self.group, run.attempt, &failure);
                return Err(failure);
            }
        }
        let open = match session.take() {
            Some(open) => open,
            None => turn.patiently(self.inbox.open()).await.map_err(|error| Failure::handler(&error))?,
        };
        // Kept only for as long as it works.
        let open = session.insert(open);
        if I::REMEMBERS {
            admissions.clear();
            let begun = {
                let own = worker.id();
                let id = match own.as_deref().filter(|id| !id.is_empty()) {
                    Some(id) => id,
                    None => self.without_id.id(&record, fallback_id).map_err(|error| Failure::handler(&error))?,
                };
                let key = [EventKey { group: &self.group, id }];
                turn.patiently(self.inbox.begin(open, &key, admissions)).await
            };
            if let Err(error) = begun {
                worker.clear();
                *session = None;
                return Err(Failure::handler(&error));
            }
            if admissions.first() == Some(&Admission::Duplicate) {
                worker.clear();
                tally[index].duplicates += 1;
                self.roll_back(session, turn).await;
                return Ok(());
            }
        }

        let context = match self.inbox.lend(open) {
            Ok(context) => context,
            Err(error) => {
                worker.clear();
                *session = None;
                return Err(Failure::handler(&error));
            }
        };
        let attempt = Attempt { number: run.attempt, given_up: self.can_be_given_up(given_up) };
        let span = trace::handling(&record, &self.group, run.attempt);
        let result = match span.in_scope(|| caught(|| worker.start(record, attempt, context))) {
            Ok(()) => {
                let handling = self.in_time(given_up, handling(worker));
                turn.patiently(self.watched(run.handler, span, handling)).await
            }
            Err(panic) => Err(panic),
        };
        if let Err(failure) = result {
            // Drops the handler where it stands, after a panic or its deadline, and what it was lent.
            worker.clear();
            self.roll_back(session, turn).await;
            return Err(failure);
        }
        if !self.inbox.reclaimed(open) {
            self.roll_back(session, turn).await;
            let kept = HandlerError::transient("the handler kept what it was lent by the inbox");
            return Err(Failure::handler(&kept));
        }
        if let Err(error) = turn.patiently(self.inbox.commit(open)).await {
            // Whether it was done is not known: a new session will tell.
            *session = None;
            return Err(Failure::handler(&error));
        }
        tally[index].handled += 1;
        Ok(())
    }

    /// The flag of a try, where there is a deadline that ends it. A lane's flag is used again once nobody else keeps it.
    pub(super) fn can_be_given_up(&self, given_up: &mut Option<Arc<Flag>>) -> Option<Arc<Flag>> {
        self.deadline?;
        let of_a_former_try = given_up.as_mut().is_some_and(|flag| Arc::get_mut(flag).is_none());
        if of_a_former_try {
            *given_up = None;
        }
        Some(Arc::clone(given_up.get_or_insert_default()))
    }

    /// Awaits a handler for as long as it may take.
    pub(super) async fn in_time<T>(
        &self,
        given_up: &mut Option<Arc<Flag>>,
        handling: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(limit) = self.deadline else { return handling.await };
        match tokio::time::timeout(limit, handling).await {
            Ok(result) => result,
            Err(_) => {
                if let Some(flag) = given_up.take() {
                    flag.raise();
                }
                Err(Failure::deadline(limit))
            }
        }
    }

    /// Makes a handler's call within its span, and tells how long it took.
    pub(super) async fn watched<T>(
        &self,
        handler: u32,
        span: Span,
        handling: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let clock = Clock::start();
        let result = trace::within(span, handling).await;
        clock.stop(&self.metrics, handler, result.as_ref().err());
        result
    }

    pub(super) async fn roll_back(&self, session: &mut Option<I::Session>, turn: &mut Turn<'_>) {
        if let Some(open) = session
            && turn.patiently(self.inbox.rollback(open)).await.is_err()
        {
            *session = None;
        }
    }

    pub(super) fn contradicted(&self, record: &RawRecord, headers: &[&'static str]) {
        let count = headers.len() as u64;
        let so_far = self.metrics.of(record.topic(), |topic| add(&topic.contradictions, count));
        // Often enough to be seen, not so often that it buries the rest.
        if let Some(so_far) = so_far.filter(|so_far| so_far.is_power_of_two() || so_far % 10_000 < count) {
            tracing::warn!(?record, ?headers, so_far, "headers contradict the event; the event wins");
        }
    }

    /// Adds what a chunk came to to the counters.
    fn count(&self, tally: &mut [Tally]) {
        for (registration, tally) in self.registrations.iter().zip(tally) {
            tally.add_to(&self.metrics, registration.topic().name);
        }
    }
}

/// What a lane keeps from event to event.
pub(super) struct Lane<I: Inbox> {
    /// One worker for each handler, made when it is first needed.
    pub(super) workers: Vec<Option<Worker<I::Context>>>,
    pub(super) session: Option<I::Session>,
    pub(super) admissions: Vec<Admission>,
    pub(super) fallback_id: String,
    /// Given to handlers that have a deadline.
    pub(super) given_up: Option<Arc<Flag>>,
    pub(super) tally: Vec<Tally>,
}

#[derive(Default)]
pub(super) struct Tally {
    /// Which topic it is of, where the handler is for all of an address.
    topic: Option<Arc<str>>,
    pub(super) handled: u64,
    pub(super) duplicates: u64,
    pub(super) filtered: u64,
}

impl Tally {
    fn add_to(&mut self, metrics: &Metrics, topic: &str) {
        let Self { topic: of_address, handled, duplicates, filtered } = self;
        if *handled + *duplicates + *filtered == 0 {
            return;
        }
        metrics.of(of_address.as_deref().unwrap_or(topic), |topic| {
            add(&topic.handled, std::mem::take(handled));
            add(&topic.duplicates, std::mem::take(duplicates));
            add(&topic.filtered, std::mem::take(filtered));
        });
    }

    /// From here on it is of that topic.
    pub(super) fn turn_to(&mut self, topic: &str, metrics: &Metrics) {
        if self.topic.as_deref() != Some(topic) {
            self.add_to(metrics, "");
            self.topic = Some(topic.into());
        }
    }
}

/// The chunk a lane has in hand.
pub(super) struct Turn<'a> {
    pool: &'a Pool,
    pub(super) chunk: Chunk,
    pub(super) answers: Vec<Answer>,
}

impl Turn<'_> {
    /// Awaits something; if that takes longer than one look, the other runs in hand go back to the pool, so that no key
    /// waits for another one's handler, and the answers so far are given.
    pub(super) async fn patiently<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let polled = future.as_mut().poll(cx);
            if polled.is_pending() {
                if !self.chunk.is_empty() {
                    self.pool.put_back(std::mem::take(&mut self.chunk));
                }
                self.report();
            }
            polled
        })
        .await
    }

    fn report(&mut self) {
        self.pool.answer(&mut self.answers);
    }
}

/// Drives a worker's handler to its end; a panic is a failure.
async fn handling<C>(worker: &mut dyn Work<C>) -> Result<(), Failure> {
    poll_fn(|cx: &mut Context<'_>| match caught(|| worker.poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Ok(()))) => Poll::Ready(Ok(())),
        Ok(Poll::Ready(Err(error))) => Poll::Ready(Err(Failure::handler(&error))),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

pub(super) fn caught<T>(f: impl FnOnce() -> T) -> Result<T, Failure> {
    // What the closure works on is cleared after a panic, and not looked at before.
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| Failure::panic(&*payload))
}

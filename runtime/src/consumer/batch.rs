//! A batch in a lane: many events through decoding, inbox and handler at once; and where that fails, the search for the culprit.

use std::future::poll_fn;
use std::ops::Range;
use std::task::{Context, Poll};

use super::engine::{Completion, Token};
use super::failure::Failure;
use super::lane::{Lane, Lanes, Tally, Turn, caught};
use super::pool::{Answer, Failed, Run};
use crate::batch::BatchWork;
use crate::handler::{Attempt, FailureKind, HandlerError};
use crate::inbox::{Admission, EventKey, Inbox};
use crate::record::RawRecord;
use crate::registration::{Registration, Worker};
use crate::trace;

/// A run of a batch, and what came of it.
struct Part {
    run: Run,
    /// Which of the members is its first.
    first: usize,
    /// How many, from the first, are handled.
    done: u32,
    /// The first that failed, and how. Those before it may still be handled, those behind it wait.
    failed: Option<(usize, Box<Failed>)>,
}

/// An event of a batch.
struct Member {
    /// Which of the parts.
    part: usize,
    token: Token,
    record: RawRecord,
    /// What its headers contradict is counted.
    seen: bool,
    /// It counts as done as soon as all before it in its run are.
    filtered: bool,
}

/// The members of a batch, and what came of them so far.
struct Parts {
    parts: Vec<Part>,
    members: Vec<Member>,
}

/// What came of handing out some members together.
enum Outcome {
    /// Each is handled, or has failed, or waits behind one that has.
    Settled,
    /// Those that have failed are known; the others are to be handed out again.
    Again,
    /// One of them is the culprit, and it is not known which.
    Unclear,
    /// What all of them need is away.
    Stopped,
}

/// What the handler said.
enum Verdict {
    Handled,
    /// These failed, by their place among the members that were handed out.
    Named(Vec<(usize, Failure)>),
}

impl Parts {
    fn of(turn: &mut Turn<'_>) -> Self {
        let mut all = Self { parts: Vec::new(), members: Vec::new() };
        while let Some(run) = turn.chunk.next_run() {
            let (part, first) = (all.parts.len(), all.members.len());
            let records = (0..run.len).map_while(|_| turn.chunk.next_record());
            all.members.extend(records.map(|(token, record)| Member {
                part,
                token,
                record,
                seen: false,
                filtered: false,
            }));
            all.parts.push(Part { run, first, done: 0, failed: None });
        }
        all
    }

    fn part(&mut self, member: usize) -> &mut Part {
        &mut self.parts[self.members[member].part]
    }

    /// Whether it may be handed out: nothing before it in its run has failed, nor itself; and it is not another member's by
    /// now.
    fn is_live(&self, member: usize) -> bool {
        let Member { part, record, filtered, .. } = &self.members[member];
        let is_ours = record.lease().is_none_or(|lease| !lease.is_raised());
        is_ours && !filtered && self.parts[*part].failed.as_ref().is_none_or(|(failed, _)| member < *failed)
    }

    /// These are handled, each the next one of its run but for those that are filtered.
    fn done(&mut self, members: &[usize]) {
        for member in members {
            let part = self.part(*member);
            part.done = (member - part.first) as u32 + 1;
        }
    }

    /// Those that are filtered are done where all before them are.
    fn pass_over(&mut self) {
        for (index, part) in self.parts.iter_mut().enumerate() {
            let behind = self.members.iter().skip(part.first + part.done as usize);
            part.done += behind.take_while(|member| member.part == index && member.filtered).count() as u32;
        }
    }

    fn fail(&mut self, member: usize, failure: Failure) {
        let Member { token, record, .. } = &self.members[member];
        let (token, partition, offset) = (*token, record.partition(), record.offset());
        let part = self.part(member);
        let handler = part.run.handler;
        if part.failed.as_ref().is_none_or(|(failed, _)| member < *failed) {
            part.failed = Some((member, Box::new(Failed { token, handler, partition, offset, failure })));
        }
    }

    /// A unit of work came to nothing, and one of these is why.
    fn settle(&mut self, suspects: &[usize], failure: Failure) -> Outcome {
        match suspects {
            [] => Outcome::Settled,
            [first, ..] if failure.code.kind() == FailureKind::Dependency => {
                self.fail(*first, failure);
                Outcome::Stopped
            }
            [culprit] => {
                self.fail(*culprit, failure);
                Outcome::Again
            }
            _ => Outcome::Unclear,
        }
    }

    fn answers(self) -> impl Iterator<Item = Answer> {
        self.parts.into_iter().map(|Part { run, first, done, failed }| {
            // Where it was not reached, it is found again another time.
            let failure = failed.filter(|(member, _)| first + done as usize == *member).map(|(_, failed)| failed);
            let kind = failure.as_ref().map(|failed| failed.failure.code.kind());
            Answer::Completed { completion: Completion { run: run.id, done, failure: kind }, failure }
        })
    }
}

impl<I: Inbox> Lanes<I> {
    /// Brings the batch in hand through.
    pub(super) async fn work_batch(&self, lane: &mut Lane<I>, turn: &mut Turn<'_>) {
        let mut all = Parts::of(turn);
        self.filter(&mut all);
        // What is still to be handed out together, the next one last. Of one key the earlier ones always come first.
        let everything = 0..all.members.len();
        let mut left = vec![everything];
        while let Some(range) = left.pop() {
            match self.hand_out(lane, turn, &mut all, range.clone()).await {
                Outcome::Settled => {}
                Outcome::Again => left.push(range),
                Outcome::Unclear => {
                    let middle = range.start + range.len() / 2;
                    left.extend([middle..range.end, range.start..middle]);
                }
                Outcome::Stopped => break,
            }
        }
        all.pass_over();
        self.tell_filtered(lane, &all);
        turn.answers.extend(all.answers());
    }

    /// Marks those of the members that the handler does not want.
    fn filter(&self, all: &mut Parts) {
        let Some(registration) = self.registration_of(all) else { return };
        for member in 0..all.members.len() {
            match caught(|| registration.wants(&all.members[member].record)) {
                Ok(wanted) => all.members[member].filtered = !wanted,
                Err(panic) => all.fail(member, panic),
            }
        }
    }

    /// Counts those of the filtered members that are done.
    fn tell_filtered(&self, lane: &mut Lane<I>, all: &Parts) {
        let Some(registration) = self.registration_of(all) else { return };
        for part in &all.parts {
            let done = all.members.iter().skip(part.first).take(part.done as usize);
            for member in done.filter(|member| member.filtered) {
                let tally = &mut lane.tally[part.run.handler as usize];
                if registration.address().is_some() {
                    tally.turn_to(member.record.topic(), &self.metrics);
                }
                tally.filtered += 1;
            }
        }
    }

    fn registration_of(&self, all: &Parts) -> Option<&Registration<I::Context>> {
        self.registrations.get(all.parts.first()?.run.handler as usize)
    }

    /// Hands out those of the members that may be handed out, as one unit of work.
    async fn hand_out(&self, lane: &mut Lane<I>, turn: &mut Turn<'_>, all: &mut Parts, range: Range<usize>) -> Outcome {
        let Some(handler) = all.parts.first().map(|part| part.run.handler) else { return Outcome::Settled };
        let index = handler as usize;
        let Some(registration) = self.registrations.get(index) else { return Outcome::Stopped };
        let Lane { workers, session, admissions, fallback_id, given_up, tally } = lane;
        let Worker::Batch(worker) = workers[index].get_or_insert_with(|| registration.worker()) else {
            return Outcome::Stopped;
        };
        let worker = &mut **worker;

        worker.clear();
        let read = self.read(worker, all, range);
        if read.is_empty() {
            return Outcome::Settled;
        }
        let mut ids = Vec::new();
        if I::REMEMBERS {
            for (index, member) in read.iter().enumerate() {
                let id = match worker.id(index).filter(|id| !id.is_empty()) {
                    Some(id) => Ok(id.into_owned()),
                    None => self.without_id.id(&all.members[*member].record, fallback_id).map(str::to_owned),
                };
                match id {
                    Ok(id) => ids.push(id),
                    Err(error) => {
                        all.fail(*member, Failure::handler(&error));
                        return Outcome::Again;
                    }
                }
            }
        }
        if let Err(error) = self.begin_unit(turn, session, &ids, admissions, read.len()).await {
            worker.clear();
            return all.settle(&read, Failure::handler(&error));
        }
        let Some(open) = session else { return Outcome::Stopped };
        let is_fresh = |(member, admission): (&usize, &Admission)| (*admission == Admission::Fresh).then_some(*member);
        let fresh: Vec<usize> = read.iter().zip(&*admissions).filter_map(is_fresh).collect();
        if fresh.is_empty() {
            worker.clear();
            self.roll_back(session, turn).await;
            self.tell(registration, &mut tally[index], all, &read, &[]);
            all.done(&read);
            return Outcome::Settled;
        }

        let context = match self.inbox.lend(open) {
            Ok(context) => context,
            Err(error) => {
                worker.clear();
                *session = None;
                return all.settle(&read, Failure::handler(&error));
            }
        };
        let flag = self.can_be_given_up(given_up);
        let records = read.iter().zip(&*admissions).map(|(member, admission)| {
            let Member { part, record, .. } = &all.members[*member];
            let attempt = || Attempt { number: all.parts[*part].run.attempt, given_up: flag.clone() };
            (*admission == Admission::Fresh).then(|| (record.clone(), attempt()))
        });
        let records = records.collect();
        let handed_out = fresh.iter().map(|member| &all.members[*member].record);
        let span = trace::handling_batch(registration.topic().name, &self.group, handed_out);
        let verdict = match span.in_scope(|| caught(|| worker.start(records, context))) {
            Ok(()) => {
                let handling = self.in_time(given_up, handling(worker, &all.members, &fresh));
                turn.patiently(self.watched(handler, span, handling)).await
            }
            Err(panic) => Err(panic),
        };
        match verdict {
            Ok(Verdict::Handled) => {}
            Ok(Verdict::Named(named)) => {
                worker.clear();
                self.roll_back(session, turn).await;
                for (member, failure) in named {
                    all.fail(member, failure);
                }
                if I::UNDOES {
                    return Outcome::Again;
                }
                // The others are handled: that is all there is to record.
                let sound: Vec<usize> = (0..read.len()).filter(|index| all.is_live(read[*index])).collect();
                let ids: Vec<String> = sound.iter().filter_map(|index| ids.get(*index).cloned()).collect();
                let sound: Vec<usize> = sound.into_iter().map(|index| read[index]).collect();
                if let Err(error) = self.record(turn, session, &ids, admissions, sound.len()).await {
                    return all.settle(&sound, Failure::handler(&error));
                }
                self.tell(registration, &mut tally[index], all, &sound, &fresh);
                all.done(&sound);
                return Outcome::Settled;
            }
            Err(failure) => {
                // Drops the handler where it stands, after a panic or its deadline, and what it was lent.
                worker.clear();
                self.roll_back(session, turn).await;
                return all.settle(&fresh, failure);
            }
        }
        if !self.inbox.reclaimed(open) {
            self.roll_back(session, turn).await;
            let kept = HandlerError::transient("the handler kept what it was lent by the inbox");
            return all.settle(&fresh, Failure::handler(&kept));
        }
        if let Err(error) = turn.patiently(self.inbox.commit(open)).await {
            // Whether it was done is not known: a new session will tell.
            *session = None;
            return all.settle(&fresh, Failure::handler(&error));
        }
        self.tell(registration, &mut tally[index], all, &read, &fresh);
        all.done(&read);
        Outcome::Settled
    }

    /// Counts members that are done: handled, or met before. Both lists are in order.
    fn tell(
        &self,
        registration: &Registration<I::Context>,
        tally: &mut Tally,
        all: &Parts,
        members: &[usize],
        handled: &[usize],
    ) {
        for member in members {
            if registration.address().is_some() {
                tally.turn_to(all.members[*member].record.topic(), &self.metrics);
            }
            match handled.binary_search(member) {
                Ok(_) => tally.handled += 1,
                Err(_) => tally.duplicates += 1,
            }
        }
    }

    /// Decodes those of the members that may be handed out, and says which they are.
    fn read(&self, worker: &mut dyn BatchWork<I::Context>, all: &mut Parts, range: Range<usize>) -> Vec<usize> {
        let mut read = Vec::with_capacity(range.len());
        for member in range {
            if !all.is_live(member) {
                continue;
            }
            let Member { record, seen, .. } = &mut all.members[member];
            match caught(|| worker.read(record)) {
                Ok(Ok(contradictions)) => {
                    if !std::mem::replace(seen, true) && !contradictions.is_empty() {
                        self.contradicted(record, &contradictions);
                    }
                    read.push(member);
                }
                Ok(Err(error)) => {
                    let failure = Failure::undecodable(&error);
                    let Member { part, record, .. } = &all.members[member];
                    trace::undecodable(record, &self.group, all.parts[*part].run.attempt, &failure);
                    all.fail(member, failure);
                }
                Err(panic) => all.fail(member, panic),
            }
        }
        read
    }

    /// Begins a unit of work on that many events; without an inbox that remembers all are fresh.
    async fn begin_unit(
        &self,
        turn: &mut Turn<'_>,
        session: &mut Option<I::Session>,
        ids: &[String],
        admissions: &mut Vec<Admission>,
        events: usize,
    ) -> Result<(), HandlerError> {
        let open = match session.take() {
            Some(open) => open,
            None => turn.patiently(self.inbox.open()).await?,
        };
        // Kept only for as long as it works.
        let open = session.insert(open);
        admissions.clear();
        if !I::REMEMBERS {
            admissions.resize(events, Admission::Fresh);
            return Ok(());
        }
        let keys: Vec<_> = ids.iter().map(|id| EventKey { group: &self.group, id }).collect();
        let begun = turn.patiently(self.inbox.begin(open, &keys, admissions)).await;
        if begun.is_err() {
            *session = None;
        }
        begun
    }

    /// Records events as handled.
    async fn record(
        &self,
        turn: &mut Turn<'_>,
        session: &mut Option<I::Session>,
        ids: &[String],
        admissions: &mut Vec<Admission>,
        events: usize,
    ) -> Result<(), HandlerError> {
        if !I::REMEMBERS || events == 0 {
            return Ok(());
        }
        self.begin_unit(turn, session, ids, admissions, events).await?;
        let Some(open) = session else { return Ok(()) };
        let committed = turn.patiently(self.inbox.commit(open)).await;
        if committed.is_err() {
            *session = None;
        }
        committed
    }
}

/// Drives a worker's handler to its end; a panic is a failure.
async fn handling<C>(
    worker: &mut dyn BatchWork<C>,
    members: &[Member],
    handed_out: &[usize],
) -> Result<Verdict, Failure> {
    poll_fn(|cx: &mut Context<'_>| match caught(|| worker.poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Ok(()))) => Poll::Ready(Ok(Verdict::Handled)),
        Ok(Poll::Ready(Err(error))) => Poll::Ready(verdict(&error, members, handed_out)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Which members a handler says have failed, if it says so of every failure and none is the dependency's.
fn verdict(error: &HandlerError, members: &[Member], handed_out: &[usize]) -> Result<Verdict, Failure> {
    let mut named = Vec::new();
    for (of, error) in error.members() {
        let place = |record: &RawRecord| (record.partition(), record.offset());
        let member = of.and_then(|of| {
            let is_it = |member: &&usize| {
                let record = &members[**member].record;
                place(record) == place(of) && record.topic() == of.topic()
            };
            handed_out.iter().find(is_it)
        });
        match member {
            Some(member) if error.kind() != FailureKind::Dependency => named.push((*member, Failure::handler(error))),
            _ => return Err(Failure::handler(error)),
        }
    }
    Ok(Verdict::Named(named))
}

//! Bringing dead letters back, or skipping them: each once, whatever becomes of the process.
//!
//! Copies, marks and offsets are written in one transaction after the other. A process that is killed leaves one open; the
//! next one, of the same transactional id, has it aborted before it asks what is settled. One that is still alive is fenced
//! off by that, and settles nothing more.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::{Offset, TopicPartitionList};

use super::reader::Reader;
use super::sequence::Sequence;
use super::{Book, DeadLetter, DeadLetters, DeadLettersError, REQUEST, State, mark};
use crate::kafka::client;
use crate::kafka::settings::{KafkaSettings, SettingsError};
use crate::message::{Headers, Message};

/// How much is settled in one transaction: enough that its cost is spread, little enough that its copies fit into memory.
const LETTERS: usize = 1_000;
const BYTES: usize = 8 << 20;

/// What becomes of the chosen dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// They go back to the group, through its redrive topic, which is made where it is missing.
    Redrive,
    /// They rest: nothing is brought back, and they count as open no more.
    Skip,
}

/// What to do with an open dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Leave it open.
    Leave,
    /// Settle it.
    Take,
    /// Settle it; brought back with this body in place of its own.
    Edit(Vec<u8>),
}

/// How far a run is, to show its progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A transaction was begun.
    Began,
    /// Its copies and marks are on the broker.
    Written,
    /// Its offsets too.
    OffsetsSent,
    /// It is committed: so much is settled by now.
    Committed(Settled),
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settled {
    /// How many dead letters were brought back or skipped.
    pub settled: u64,
    /// How many were seen and left open.
    pub left: u64,
    /// How many of these nobody was asked about: an earlier one of their key was left open, or is on its way back still.
    pub behind: u64,
}

impl DeadLetters {
    /// Settles those open dead letters that are chosen, of what the topic holds at the call: partition by partition, in order of
    /// offset, so in the order of each key. Each is settled once: a call that is interrupted, in whatever way, may be repeated.
    ///
    /// Where the group keeps [dead letters in order](crate::Registration::ordered_dead_letters), one is brought back only behind
    /// those of its key that come before it: as long as an earlier one is left, or was brought back by an earlier call and is not
    /// handled yet, it is left open without being chosen.
    ///
    /// `choose` is asked of each other open one; `progress` is told of each step.
    ///
    /// # Errors
    /// When there is no such topic, the cluster does not answer, or another run has taken over. What was committed stays
    /// settled; the rest is open.
    pub fn settle(
        &self,
        settlement: Settlement,
        mut choose: impl FnMut(&DeadLetter) -> Choice,
        progress: impl FnMut(Step),
    ) -> Result<Settled, DeadLettersError> {
        let topic = self.topic_name();
        let reader = Reader::new(&self.settings, &self.operator())?;
        let partitions =
            reader.partitions(&topic)?.ok_or_else(|| DeadLettersError::NoTopic { topic: topic.clone() })?;
        let to = match settlement {
            Settlement::Redrive => {
                let redrive = self.redrive_topic_name();
                let partitions = self.ensure(&reader, &redrive, &topic, None)?;
                Some((redrive, partitions))
            }
            Settlement::Skip => None,
        };
        // Before it is asked what is settled: this ends what an earlier run left open.
        let producer =
            Transactions::begin_with(&self.settings, &format!("conecta-redrive-{}-{}", self.topic, self.group))?;
        let state = self.state(&reader, partitions)?;
        let mut run = Run {
            letters: self,
            reader: &reader,
            to,
            producer,
            state,
            sequence: None,
            chunk: Chunk::default(),
            settled: Settled::default(),
            progress,
        };
        // A reader of its own: the other one is asked questions meanwhile.
        let scanner = Reader::new(&self.settings, &self.operator())?;
        for partition in 0..partitions {
            run.sequence = None;
            let (left, behind) = (run.settled.left, run.settled.behind);
            loop {
                let mut result = Ok(());
                let from = run.state.below.get(&partition).copied();
                run.chunk.enter(partition);
                (run.settled.left, run.settled.behind) = (left, behind);
                scanner.read(&topic, partition, from, |letter| {
                    result = run.meet(&letter, &mut choose);
                    if result.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })?;
                result?;
                run.flush()?;
                // What stood before those that come before it.
                if !run.sequence.as_mut().is_some_and(Sequence::has_more) {
                    break;
                }
            }
        }
        Ok(run.settled)
    }
}

struct Run<'l, P> {
    letters: &'l DeadLetters,
    reader: &'l Reader,
    /// Where copies go, and how many partitions that has.
    to: Option<(String, i32)>,
    producer: Transactions,
    state: State,
    /// The order of what is open in the partition, as soon as one is met that has to keep to it.
    sequence: Option<Sequence>,
    chunk: Chunk,
    settled: Settled,
    progress: P,
}

/// What is settled by the next transaction, all of one partition.
#[derive(Default)]
struct Chunk {
    partition: i32,
    chosen: Vec<i64>,
    copies: Vec<Message>,
    bytes: usize,
    /// Where reading stands.
    next: i64,
    /// The first letter that was left open.
    first_open: Option<i64>,
}

impl Chunk {
    fn enter(&mut self, partition: i32) {
        *self = Self { partition, ..Self::default() };
    }
}

impl<P: FnMut(Step)> Run<'_, P> {
    /// Takes in the next letter of the partition.
    fn meet(
        &mut self,
        letter: &DeadLetter,
        choose: &mut impl FnMut(&DeadLetter) -> Choice,
    ) -> Result<(), DeadLettersError> {
        let is_open = self.state.is_open(letter.partition, letter.offset);
        let has_turn = is_open && self.has_turn(letter)?;
        self.chunk.next = letter.offset + 1;
        if !is_open {
            return Ok(());
        }
        let is_refused = self.sequence.as_ref().is_some_and(|sequence| sequence.has_left(letter));
        self.settled.behind += u64::from(!has_turn && !is_refused);
        let choice = if has_turn { choose(letter) } else { Choice::Leave };
        let payload = match choice {
            Choice::Leave => {
                if let Some(sequence) = self.sequence.as_mut().filter(|_| has_turn) {
                    sequence.left(letter);
                }
                self.settled.left += 1;
                self.chunk.first_open.get_or_insert(letter.offset);
                return Ok(());
            }
            Choice::Take => letter.payload.clone(),
            Choice::Edit(payload) => Some(payload),
        };
        if let Some(sequence) = &mut self.sequence {
            sequence.took(letter);
        }
        let chunk = &mut self.chunk;
        chunk.chosen.push(letter.offset);
        if let Some((to, _)) = &self.to {
            chunk.bytes += payload.as_ref().map_or(0, Vec::len);
            chunk.copies.push(letter.brought_back(to.clone(), payload));
        }
        if chunk.chosen.len() >= LETTERS || chunk.bytes >= BYTES { self.flush() } else { Ok(()) }
    }

    /// Whether a letter may be settled as far as the others of its key are concerned. One that may not is met once more, when
    /// some of those that come before it were taken.
    fn has_turn(&mut self, letter: &DeadLetter) -> Result<bool, DeadLettersError> {
        // What is skipped is not handled, in whatever order.
        if self.to.is_none() || (self.sequence.is_none() && !letter.is_ordered()) {
            return Ok(true);
        }
        if self.sequence.is_none() {
            self.has_a_place(letter.partition)?;
            // What was chosen so far is not open any more.
            self.flush()?;
            let unfinished = Book::open(self.letters)?.unfinished(letter.partition)?;
            self.sequence = Some(Sequence::of(&self.letters.topic, &unfinished));
        }
        Ok(self.sequence.as_mut().is_none_or(|sequence| sequence.has_turn(letter)))
    }

    /// Elsewhere than in its own partition a copy of an ordered letter would be overtaken.
    fn has_a_place(&self, partition: i32) -> Result<(), DeadLettersError> {
        match &self.to {
            Some((topic, partitions)) if partition >= *partitions => {
                Err(DeadLettersError::TooFewPartitions { topic: topic.clone(), partitions: *partitions, partition })
            }
            _ => Ok(()),
        }
    }

    /// Settles what was chosen, in one transaction.
    fn flush(&mut self) -> Result<(), DeadLettersError> {
        if self.chunk.chosen.is_empty() {
            return Ok(());
        }
        let partition = self.chunk.partition;
        let below = self.chunk.first_open.unwrap_or(self.chunk.next);
        let chosen = std::mem::take(&mut self.chunk.chosen);
        let mut messages = std::mem::take(&mut self.chunk.copies);
        self.chunk.bytes = 0;
        let copies = messages.len();
        messages.extend(self.marks(partition, below, &chosen)?);

        self.producer.begin()?;
        (self.progress)(Step::Began);
        let written = self.write(&messages, copies, below);
        if let Err(error) = written {
            self.producer.abort();
            return Err(error);
        }
        self.settled.settled += chosen.len() as u64;
        self.state.below.insert(partition, below);
        self.state.above.retain(|(of, offset)| *of != partition || *offset >= below);
        self.state.above.extend(chosen.iter().filter(|offset| **offset >= below).map(|offset| (partition, *offset)));
        (self.progress)(Step::Committed(self.settled));
        Ok(())
    }

    /// The marks of what is settled above the offset, and the ends of those that the offset has passed.
    fn marks(&self, partition: i32, below: i64, chosen: &[i64]) -> Result<Vec<Message>, DeadLettersError> {
        let new = chosen.iter().filter(|offset| **offset >= below);
        let passed = self.state.above.iter().filter(|(of, offset)| *of == partition && *offset < below);
        let topic = self.letters.settled_topic_name();
        let what: &[u8] = if self.to.is_some() { b"redriven" } else { b"skipped" };
        let message = |offset: i64, value: Option<&[u8]>| {
            Message::new(
                topic.clone(),
                Some(mark(partition, offset).into_bytes()),
                Headers::new(),
                value.map(<[u8]>::to_vec),
            )
        };
        let marks: Vec<_> = new
            .map(|offset| message(*offset, Some(what)))
            .chain(passed.map(|(_, offset)| message(*offset, None)))
            .collect();
        if !marks.is_empty() {
            let config = [("cleanup.policy", "compact")];
            self.letters.ensure(self.reader, &topic, &self.letters.topic_name(), Some((1, &config)))?;
        }
        Ok(marks)
    }

    fn write(&mut self, messages: &[Message], copies: usize, below: i64) -> Result<(), DeadLettersError> {
        let partition = self.chunk.partition;
        // Where the letter's own partition is missing: by key, as any producer would.
        let own = self.to.as_ref().filter(|(_, partitions)| partition < *partitions).map(|_| partition);
        for (index, message) in messages.iter().enumerate() {
            self.producer.send(message, own.filter(|_| index < copies))?;
        }
        self.producer.drain()?;
        (self.progress)(Step::Written);
        if self.state.below.get(&partition) != Some(&below) {
            let mut offsets = TopicPartitionList::new();
            let topic = self.letters.topic_name();
            let added = offsets.add_partition_offset(&topic, partition, Offset::Offset(below));
            added.map_err(DeadLettersError::of("naming an offset"))?;
            self.producer.send_offsets(&offsets, self.reader)?;
        }
        (self.progress)(Step::OffsetsSent);
        self.producer.commit()
    }
}

/// A producer of transactions.
struct Transactions(BaseProducer<Deliveries>);

impl Transactions {
    fn begin_with(settings: &KafkaSettings, id: &str) -> Result<Self, DeadLettersError> {
        let (mut config, _) = settings.producer_config()?;
        config.set("transactional.id", id);
        let producer: BaseProducer<Deliveries> =
            config.create_with_context(Deliveries::default()).map_err(SettingsError::from_client)?;
        let producer = Self(producer);
        patiently(|| producer.0.init_transactions(REQUEST))
            .map_err(|error| producer.failed("taking the dead letters over", error))?;
        Ok(producer)
    }

    fn begin(&self) -> Result<(), DeadLettersError> {
        self.0.begin_transaction().map_err(|error| self.failed("beginning a transaction", error))
    }

    fn send(&self, message: &Message, partition: Option<i32>) -> Result<(), DeadLettersError> {
        let mut headers = OwnedHeaders::new_with_capacity(message.headers.len());
        for (key, value) in message.headers.iter() {
            headers = headers.insert(Header { key, value });
        }
        let mut record = BaseRecord::<[u8], [u8]>::to(&message.topic).headers(headers);
        record.key = message.key.as_deref();
        record.payload = message.payload.as_deref();
        record.partition = partition;
        // The queue has no bound; what is sent at once has.
        self.0.send(record).map_err(|(error, _)| self.failed("writing", error))?;
        self.0.poll(Duration::ZERO);
        Ok(())
    }

    /// Waits until all is acknowledged. A commit would do that itself, a third as fast.
    fn drain(&self) -> Result<(), DeadLettersError> {
        while self.0.in_flight_count() > 0 {
            self.0.poll(Duration::from_millis(1));
        }
        match self.0.context().error.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => Ok(()),
            Some(error) => Err(self.failed("writing", error)),
        }
    }

    fn send_offsets(&self, offsets: &TopicPartitionList, reader: &Reader) -> Result<(), DeadLettersError> {
        let group = reader.group()?;
        let sent = patiently(|| self.0.send_offsets_to_transaction(offsets, &group, REQUEST));
        sent.map_err(|error| self.failed("writing what is settled", error))
    }

    fn commit(&self) -> Result<(), DeadLettersError> {
        patiently(|| self.0.commit_transaction(REQUEST)).map_err(|error| self.failed("committing", error))
    }

    /// What an error means: after another producer of the same id has begun, nothing of this one's is taken any more.
    fn failed(&self, what: &'static str, error: KafkaError) -> DeadLettersError {
        use RDKafkaErrorCode::{Fenced, InvalidProducerEpoch, ProducerFenced};
        let own = match &error {
            KafkaError::Transaction(error) => Some(RDKafkaError::code(error)),
            error => error.rdkafka_error_code(),
        };
        let fatal = self.0.client().fatal_error().map(|(code, _)| code);
        match fatal.or(own) {
            Some(Fenced | InvalidProducerEpoch | ProducerFenced) => DeadLettersError::TakenOver,
            _ => DeadLettersError::of(what)(error),
        }
    }

    /// Gives up what was begun. Where that fails too, the next run's start does it.
    fn abort(&self) {
        if let Err(error) = self.0.abort_transaction(REQUEST) {
            client::error(&error, "the transaction is left to the next run");
        }
    }
}

/// Tries again what librdkafka says may be tried again.
fn patiently(mut call: impl FnMut() -> Result<(), KafkaError>) -> Result<(), KafkaError> {
    let end = Instant::now() + 2 * REQUEST;
    loop {
        match call() {
            Err(KafkaError::Transaction(error)) if error.is_retriable() && Instant::now() < end => {
                std::thread::park_timeout(Duration::from_millis(50));
            }
            result => return result,
        }
    }
}

/// Keeps the first message that was not taken.
#[derive(Default)]
struct Deliveries {
    error: Mutex<Option<KafkaError>>,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        client::error(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.clone());
        }
    }
}

//! Commits, without keeping the poll thread waiting, and with an answer.
//!
//! librdkafka's asynchronous commit would do, but rdkafka 0.39 never hears whether it succeeded: a commit that is refused in
//! the middle of a rebalance would be lost, and the group's offsets stand still until there is something new to commit.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::rebalance::Rebalances;
use crate::consumer::engine::{Epoch, PartitionId};
use crate::consumer::pool::{Answer, Pool};

/// A position to commit.
#[derive(Clone)]
pub(super) struct Position {
    pub(super) topic: Arc<str>,
    pub(super) number: i32,
    pub(super) partition: PartitionId,
    pub(super) epoch: Epoch,
    pub(super) next: i64,
}

/// Hands positions to a thread that commits them.
pub(super) struct Committer {
    requests: Sender<Vec<Position>>,
    outstanding: Arc<Outstanding>,
}

/// How many requests are not answered yet.
#[derive(Default)]
struct Outstanding {
    count: Mutex<u64>,
    none: Condvar,
}

impl Committer {
    /// Starts the thread. It ends when the committer is dropped, and lets go of the consumer then.
    pub(super) fn start(
        consumer: Arc<BaseConsumer<Rebalances>>,
        pool: Arc<Pool>,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (requests, inbox) = channel();
        let outstanding = Arc::new(Outstanding::default());
        let thread = {
            let outstanding = Arc::clone(&outstanding);
            let serve = move || serve(&consumer, &pool, &inbox, &outstanding);
            thread::Builder::new().name("conecta-commits".into()).spawn(serve)?
        };
        Ok((Self { requests, outstanding }, thread))
    }

    /// Commits soon; what cannot be committed is answered for through the pool.
    pub(super) fn commit(&self, positions: Vec<Position>) {
        self.outstanding.add();
        if self.requests.send(positions).is_err() {
            // The thread ends with the committer alone.
            self.outstanding.take(1);
        }
    }

    /// Waits until everything asked for is answered, for at most `limit`: so that a commit that follows is the last word.
    pub(super) fn settle(&self, limit: Duration) {
        let count = self.outstanding.count.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.outstanding.none.wait_timeout_while(count, limit, |count| *count > 0);
        if waited.is_ok_and(|(_, waited)| waited.timed_out()) {
            tracing::warn!("an earlier commit is not answered after {limit:?}");
        }
    }
}

impl Outstanding {
    fn add(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn take(&self, many: u64) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count -= many;
        if *count == 0 {
            self.none.notify_all();
        }
    }
}

fn serve(consumer: &BaseConsumer<Rebalances>, pool: &Pool, inbox: &Receiver<Vec<Position>>, outstanding: &Outstanding) {
    while let Ok(first) = inbox.recv() {
        // What has come up in the meantime goes with it; a later position of a partition takes the place of an earlier one.
        let mut positions = BTreeMap::new();
        let mut requests = 0;
        for request in std::iter::once(first).chain(inbox.try_iter()) {
            requests += 1;
            positions.extend(request.into_iter().map(|position| (position.partition, position)));
        }
        let mut failed = Vec::new();
        commit(consumer, positions.values(), |position| {
            failed.push(Answer::CommitFailed { partition: position.partition, epoch: position.epoch });
        });
        pool.answer(&mut failed);
        outstanding.take(requests);
    }
}

/// Commits, waits for the answer, and tells which positions were refused.
pub(super) fn commit<'p>(
    consumer: &BaseConsumer<Rebalances>,
    positions: impl Iterator<Item = &'p Position> + Clone,
    mut refused: impl FnMut(&Position),
) {
    let mut list = TopicPartitionList::new();
    for position in positions.clone() {
        // Fails for negative offsets alone.
        let _ = list.add_partition_offset(&position.topic, position.number, Offset::Offset(position.next));
    }
    let result = consumer.commit(&list, CommitMode::Sync);
    for position in positions {
        let (topic, partition) = (&*position.topic, position.number);
        let own = list.find_partition(topic, partition).map_or(Ok(()), |element| element.error());
        if let Err(error) = result.as_ref().map_err(ToString::to_string).and(own.map_err(|error| error.to_string())) {
            tracing::warn!(topic, partition, "an offset was not committed, it is tried again: {error}");
            refused(position);
        }
    }
}

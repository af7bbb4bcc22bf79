//! Levels that the poll thread sees: what is under way, what it has, how far behind it is.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use rdkafka::Statistics;
use rdkafka::statistics::Partition as Figures;

use super::core::Core;
use crate::consumer::engine::PartitionId;
use crate::telemetry::set;

/// Where each partition stood when librdkafka last told.
#[derive(Default)]
pub(super) struct Standing(HashMap<PartitionId, Stand>);

struct Stand {
    /// The committed offset; the first one that there is before anything was committed.
    committed: i64,
    /// Since when it is that, and something is behind it.
    since: Instant,
}

impl Core {
    /// The poll thread is at work.
    pub(super) fn gauge(&self) {
        let in_flight = self.engine.in_flight();
        self.metrics.polled(in_flight.events, in_flight.bytes);
    }

    /// Partitions came or went.
    pub(super) fn gauge_assignment(&mut self) {
        let assigned = self.partitions.assigned().count();
        set(&self.metrics.counters().assigned, assigned as u64);
        let Self { standing, partitions, .. } = self;
        standing.0.retain(|id, _| partitions.get(*id).is_some_and(|it| it.epoch.is_some()));
        self.gauge_lag();
    }

    /// How far behind each partition is, as librdkafka has it from the broker.
    pub(super) fn observe(&mut self, statistics: &Statistics) {
        let now = Instant::now();
        let mut lags = HashMap::new();
        let is_idle = self.engine.in_flight().events == 0 && self.ahead().events == 0;
        for (topic, figures) in &statistics.topics {
            for (number, figures) in &figures.partitions {
                let Some(id) = self.partitions.find(topic, *number) else { continue };
                let is_ours = self.partitions.get(id).is_some_and(|it| it.epoch.is_some());
                let Some((committed, end)) = is_ours.then(|| place(figures)).flatten() else { continue };
                // What waits in a retry topic for its time is not behind.
                let is_early = self.partitions.get(id).is_some_and(|it| it.early && !it.ahead.is_empty());
                let lag = match is_early || is_idle && figures.next_offset >= end && figures.fetchq_cnt == 0 {
                    // The end of a transaction is an offset without a record: nothing is left to be committed.
                    true => 0,
                    false => u64::try_from(end - committed).unwrap_or(0),
                };
                let stand = self.standing.0.entry(id).or_insert(Stand { committed, since: now });
                if stand.committed != committed || lag == 0 {
                    *stand = Stand { committed, since: now };
                }
                lags.insert(id, lag);
            }
        }
        self.lags = lags;
        self.gauge_lag();
    }

    /// Sums up by topic.
    fn gauge_lag(&mut self) {
        let mut topics: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (id, partition) in self.partitions.assigned() {
            let (lag, age) = topics.entry(partition.source()).or_default();
            *lag += self.lags.get(&id).copied().unwrap_or(0);
            if let Some(stand) = self.standing.0.get(&id) {
                *age = (*age).max(u64::try_from(stand.since.elapsed().as_millis()).unwrap_or(u64::MAX));
            }
        }
        self.metrics.stand(|topic| topics.get(topic).copied().unwrap_or_default());
    }
}

/// What is committed, and the end that a consumer of committed transactions can read to.
fn place(figures: &Figures) -> Option<(i64, i64)> {
    let known = |offset: i64| Some(offset).filter(|offset| *offset >= 0);
    let end = known(figures.ls_offset).or(known(figures.hi_offset))?;
    let committed = known(figures.committed_offset).or(known(figures.lo_offset))?;
    // Records below the first one are gone.
    Some((committed.max(figures.lo_offset).min(end), end))
}

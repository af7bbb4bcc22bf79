//! Each promise by name, and each fault that users of other consumers report.

use super::super::{
    Arrival, CircuitId, Completion, DeadLetterReason, Effect, Effects, Engine, Epoch, Input, Millis, Offset,
    PartitionId, RunId, Settings, Token,
};
use crate::handler::FailureKind::{self, Dependency, Poison, Transient};

/// An engine whose records' tokens are `partition × 1,000,000 + offset`.
struct Consumer {
    engine: Engine,
    now: Millis,
    epochs: u64,
}

#[derive(Clone, Debug)]
struct Run {
    id: RunId,
    lane: u32,
    attempt: u32,
    tokens: Vec<u32>,
}

/// What a step asked for, sorted.
#[derive(Debug, Default)]
struct Asked {
    runs: Vec<Run>,
    dead_letters: Vec<(RunId, u32, u32, DeadLetterReason)>,
    commits: Vec<(u32, Offset)>,
    released: usize,
    others: Vec<Effect>,
}

impl Consumer {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { lanes: 4, ..Settings::default() };
        change(&mut settings);
        Self { engine: Engine::new(settings, 7, 0), now: 0, epochs: 0 }
    }

    fn give(&mut self, input: Input<'_>) -> Asked {
        let mut out = Effects::new();
        self.engine.step(input, &mut out);
        let mut asked = Asked { released: out.released().len(), ..Asked::default() };
        for effect in out.list() {
            match *effect {
                Effect::Dispatch { run, lane, attempt, from, len } => {
                    let tokens = out.tokens(from, len).iter().map(|token| token.0).collect();
                    asked.runs.push(Run { id: run, lane, attempt, tokens });
                }
                Effect::DeadLetter { run, token, attempts, reason } => {
                    asked.dead_letters.push((run, token.0, attempts, reason));
                }
                Effect::Commit { partition, next, .. } => asked.commits.push((partition.0, next)),
                other => asked.others.push(other),
            }
        }
        asked
    }

    fn assign(&mut self, partition: u32, position: Offset) -> Asked {
        self.epochs += 1;
        let (partition, epoch) = (PartitionId(partition), Epoch(self.epochs));
        self.give(Input::Assigned { partition, epoch, circuit: CircuitId(partition.0 / 10), position: Some(position) })
    }

    /// Records of the partition that was assigned last.
    fn read(&mut self, partition: u32, records: &[(Offset, u64)]) -> Asked {
        let records: Vec<_> = records.iter().map(|&(offset, key)| record(partition, offset, Some(key))).collect();
        self.read_records(partition, &records)
    }

    fn read_records(&mut self, partition: u32, records: &[Arrival]) -> Asked {
        let next = records.last().unwrap().offset + 1;
        let (partition, epoch) = (PartitionId(partition), Epoch(self.epochs));
        self.give(Input::Records { partition, epoch, records, next })
    }

    fn complete(&mut self, run: &Run, done: u32, failure: Option<FailureKind>) -> Asked {
        self.give(Input::Completed { completions: &[Completion { run: run.id, done, failure }] })
    }

    fn succeed(&mut self, run: &Run) -> Asked {
        self.complete(run, run.tokens.len() as u32, None)
    }

    fn tick(&mut self, by: Millis) -> Asked {
        self.now += by;
        self.give(Input::Tick { now: self.now })
    }

    fn revoke(&mut self, partition: u32) -> Asked {
        self.give(Input::Revoked { partition: PartitionId(partition) })
    }

    fn events_held(&self) -> u64 {
        self.engine.in_flight().events
    }
}

fn record(partition: u32, offset: Offset, key: Option<u64>) -> Arrival {
    let key = key.map(|key| key.wrapping_mul(0xd6e8_feb8_6659_fd93));
    Arrival { offset, key, bytes: 100, token: Token(partition * 1_000_000 + offset as u32) }
}

fn drained(partition: u32, abandoned: u32) -> Effect {
    Effect::Drained { partition: PartitionId(partition), abandoned }
}

fn pause(partition: u32) -> Effect {
    Effect::Pause { partition: PartitionId(partition) }
}

fn resume(partition: u32) -> Effect {
    Effect::Resume { partition: PartitionId(partition) }
}

#[test]
fn a_key_has_one_run_at_a_time_and_the_next_one_takes_what_came_meanwhile() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let first = consumer.read(0, &[(0, 1), (1, 1)]).runs.remove(0);
    assert_eq!(first.tokens, [0, 1]);
    assert!(consumer.read(0, &[(2, 1), (3, 1)]).runs.is_empty());
    assert_eq!(consumer.succeed(&first).runs[0].tokens, [2, 3]);
}

#[test]
fn records_without_a_key_are_spread_evenly() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let records: Vec<_> = (0..40).map(|offset| record(0, offset, None)).collect();
    let runs = consumer.read_records(0, &records).runs;
    for lane in 0..4 {
        assert_eq!(runs.iter().filter(|run| run.lane == lane).count(), 10);
    }
}

#[test]
fn what_a_step_hands_to_one_lane_stands_together() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let records: Vec<_> = (0..200).map(|offset| (offset, offset as u64)).collect();
    let mut lanes: Vec<_> = consumer.read(0, &records).runs.iter().map(|run| run.lane).collect();
    lanes.dedup();
    assert_eq!(lanes.len(), 4);
}

#[test]
fn a_lane_is_not_handed_more_than_it_has_room_for() {
    let mut consumer = Consumer::new(|settings| (settings.lanes, settings.lane_capacity) = (1, 3));
    consumer.assign(0, 0);
    let runs = consumer.read(0, &[(0, 1), (1, 2), (2, 2), (3, 2), (4, 3)]).runs;
    assert_eq!(runs.iter().map(|run| run.tokens.len()).sum::<usize>(), 3);
    assert_eq!(consumer.succeed(&runs[0]).runs[0].tokens, [4]);
}

#[test]
fn a_gap_at_the_end_is_committed_as_done() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let run = consumer.read(0, &[(0, 1)]).runs.remove(0);
    let (partition, epoch) = (PartitionId(0), Epoch(1));
    consumer.give(Input::Records { partition, epoch, records: &[], next: 9 });
    assert!(consumer.tick(1_000).commits.is_empty());
    consumer.succeed(&run);
    assert_eq!(consumer.tick(1_000).commits, [(0, 9)]);
    assert!(consumer.tick(1_000).commits.is_empty(), "nothing is new");
}

#[test]
fn a_refused_commit_is_asked_for_again() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let run = consumer.read(0, &[(0, 1)]).runs.remove(0);
    consumer.succeed(&run);
    assert_eq!(consumer.tick(1_000).commits, [(0, 1)]);
    consumer.give(Input::CommitFailed { partition: PartitionId(0), epoch: Epoch(1) });
    assert_eq!(consumer.tick(1_000).commits, [(0, 1)]);
}

#[test]
fn a_parked_key_keeps_its_order_and_holds_up_no_other() {
    let mut consumer = Consumer::new(|settings| settings.lanes = 1);
    consumer.assign(0, 0);
    let runs = consumer.read(0, &[(0, 1), (1, 1), (2, 2)]).runs;
    consumer.complete(&runs[0], 0, Some(Transient));
    consumer.succeed(&runs[1]);
    assert_eq!(consumer.read(0, &[(3, 2)]).runs[0].tokens, [3], "key 2 goes on");
    let retry = consumer.tick(200).runs.remove(0);
    assert_eq!((retry.attempt, retry.tokens.as_slice()), (2, &[0][..]), "a retry is alone");
    assert_eq!(consumer.succeed(&retry).runs[0].tokens, [1]);
}

#[test]
fn four_retries_within_their_backoff_and_then_the_dead_letter() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let mut run = consumer.read(0, &[(0, 1), (1, 1)]).runs.remove(0);
    for (retry, longest) in [200, 400, 800, 1600].into_iter().enumerate() {
        let asked = consumer.complete(&run, 0, Some(Transient));
        assert!(asked.runs.is_empty() && asked.dead_letters.is_empty());
        run = consumer.tick(longest).runs.remove(0);
        assert_eq!(run.attempt as usize, retry + 2);
    }
    let (id, token, attempts, reason) = consumer.complete(&run, 0, Some(Transient)).dead_letters[0];
    assert_eq!((token, attempts, reason), (0, 5, DeadLetterReason::Exhausted));
    let asked = consumer.give(Input::DeadLettered { run: id, ok: true });
    assert_eq!((asked.runs[0].attempt, asked.runs[0].tokens.as_slice()), (1, &[1][..]));
}

#[test]
fn waits_are_spread_over_the_whole_of_their_range() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let records: Vec<_> = (0..100).map(|offset| (offset, offset as u64)).collect();
    for run in consumer.read(0, &records).runs {
        consumer.complete(&run, 0, Some(Transient));
    }
    for quarter in 0..4 {
        let due = consumer.tick(50).runs.len();
        assert!((10..=45).contains(&due), "{due} of 100 retries in quarter {quarter}");
    }
}

/// spring-kafka#2036: a batch with one undecodable record arrives empty.
#[test]
fn poison_in_the_middle_of_a_run_costs_its_neighbours_nothing() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let run = consumer.read(0, &[(0, 1), (1, 1), (2, 1)]).runs.remove(0);
    let asked = consumer.complete(&run, 1, Some(Poison));
    let (id, token, attempts, reason) = asked.dead_letters[0];
    assert_eq!((token, attempts, reason), (1, 1, DeadLetterReason::Poison));
    // wolverine#3476: events with a key leapfrog its dead letter.
    assert!(asked.runs.is_empty(), "the key waits until its dead letter is safe");
    let next = consumer.give(Input::DeadLettered { run: id, ok: true }).runs.remove(0);
    assert_eq!(next.tokens, [2]);
    consumer.succeed(&next);
    assert_eq!(consumer.tick(1_000).commits, [(0, 3)]);
}

/// wolverine#1708: an offset is committed before its event is safe. spring-kafka#4040: an endless loop on the way.
#[test]
fn a_dead_letter_that_cannot_be_written_stops_its_partition_and_is_tried_again_later() {
    let mut consumer = Consumer::new(|settings| settings.dead_letter.base = 1_000);
    consumer.assign(1, 0);
    let other = consumer.read(1, &[(0, 9)]).runs.remove(0);
    consumer.assign(0, 0);
    let runs = consumer.read(0, &[(0, 1), (1, 2), (2, 2)]).runs;
    let poisoned = runs.iter().position(|run| run.tokens == [0]).unwrap();
    let (mut id, ..) = consumer.complete(&runs[poisoned], 0, Some(Poison)).dead_letters[0];
    for failures in 1..=5 {
        let asked = consumer.give(Input::DeadLettered { run: id, ok: false });
        assert_eq!(asked.others, if failures == 1 { vec![pause(0)] } else { vec![] });
        assert!(asked.dead_letters.is_empty(), "not in the same breath");
        let asked = consumer.tick(30_000);
        assert!(asked.commits.is_empty(), "it is not passed over");
        id = asked.dead_letters[0].0;
    }
    let asked = consumer.complete(&runs[1 - poisoned], 1, None);
    assert!(asked.runs.is_empty(), "the partition stands still");
    consumer.succeed(&other);
    assert_eq!(consumer.tick(1_000).commits, [(1, 1)], "other partitions go on");
    let asked = consumer.give(Input::DeadLettered { run: id, ok: true });
    assert_eq!(asked.others, [resume(0)]);
    assert_eq!(asked.runs[0].tokens, [2]);
    consumer.succeed(&asked.runs[0]);
    assert_eq!(consumer.tick(1_000).commits, [(0, 3)]);
}

/// spring-kafka#2340: a rebalance during a retry loses messages. parallel-consumer#365: a revoke does not commit.
#[test]
fn a_revoke_during_a_retry_commits_up_to_the_failed_event() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 5);
    let runs = consumer.read(0, &[(5, 1), (6, 2), (7, 1), (8, 3)]).runs;
    let run = |first: u32| runs.iter().find(|run| run.tokens[0] == first).unwrap();
    consumer.succeed(run(5));
    consumer.complete(run(6), 0, Some(Transient));
    let asked = consumer.revoke(0);
    assert!(asked.others.is_empty(), "8 is under way");
    let asked = consumer.succeed(run(8));
    assert_eq!((asked.commits, asked.others), (vec![(0, 6)], vec![drained(0, 0)]));
    assert!(consumer.tick(60_000).runs.is_empty());
}

#[test]
fn a_drain_that_takes_too_long_is_ended_and_fenced() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let runs = consumer.read(0, &[(0, 1), (1, 2), (2, 2)]).runs;
    consumer.revoke(0);
    assert!(consumer.tick(9_999).others.is_empty());
    assert_eq!(consumer.tick(1).others, [drained(0, 3)]);
    consumer.assign(0, 0);
    let again = consumer.read(0, &[(0, 1), (1, 2), (2, 2)]).runs;
    for run in &runs {
        let asked = consumer.succeed(run);
        assert_eq!((asked.released, asked.runs.len()), (0, 0), "a late answer changes nothing");
    }
    assert!(consumer.tick(1_000).commits.is_empty());
    again.iter().for_each(|run| assert!(consumer.succeed(run).released > 0));
    assert_eq!(consumer.tick(1_000).commits, [(0, 3)]);
}

#[test]
fn work_given_back_unstarted_makes_a_drain_short_and_costs_no_attempt() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let run = consumer.read(0, &[(0, 1), (1, 1)]).runs.remove(0);
    let again = consumer.complete(&run, 1, None).runs.remove(0);
    assert_eq!((again.attempt, again.tokens.as_slice()), (1, &[1][..]));
    consumer.revoke(0);
    let asked = consumer.complete(&again, 0, None);
    assert_eq!((asked.commits, asked.others), (vec![(0, 1)], vec![drained(0, 0)]));
}

#[test]
fn revoking_what_is_not_ours_is_answered_at_once() {
    assert_eq!(Consumer::new(|_| {}).revoke(3).others, [drained(3, 0)]);
}

#[test]
fn a_loss_commits_nothing_and_lets_go_of_everything() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let runs = consumer.read(0, &[(0, 1), (1, 2)]).runs;
    consumer.succeed(runs.iter().find(|run| run.tokens == [0]).unwrap());
    let asked = consumer.give(Input::Lost { partition: PartitionId(0) });
    assert_eq!((asked.commits.len(), asked.released), (0, 1));
    assert!(consumer.tick(60_000).commits.is_empty());
    assert_eq!(consumer.events_held(), 0);
}

/// spring-kafka#2222: the pause is lost or sticks across a rebalance.
#[test]
fn a_pause_is_repeated_after_an_assignment_and_does_not_outlive_its_own() {
    let mut consumer = Consumer::new(|settings| settings.max_in_flight = 4);
    consumer.assign(0, 0);
    assert_eq!(consumer.read(0, &[(0, 1), (1, 1), (2, 1), (3, 1)]).others, [pause(0)]);
    assert_eq!(consumer.assign(1, 0).others, [pause(0), pause(1)]);
    let asked = consumer.give(Input::Lost { partition: PartitionId(0) });
    assert_eq!(asked.others, [resume(1)]);
    assert!(consumer.assign(0, 0).others.is_empty());
}

/// parallel-consumer#647: one stuck event, and consumption stops.
#[test]
fn a_stuck_key_leaves_the_ledgers_bounded_and_other_partitions_at_work() {
    let mut consumer = Consumer::new(|settings| settings.max_in_flight = 1_000);
    let mut epoch = [0; 2];
    for partition in 0..2 {
        consumer.assign(partition, 0);
        epoch[partition as usize] = consumer.epochs;
    }
    let (mut paused, mut next, mut handled) = ([false; 2], [0 as Offset; 2], [0; 2]);
    for _ in 0..20_000 {
        for partition in 0..2 {
            if paused[partition as usize] {
                continue;
            }
            consumer.epochs = epoch[partition as usize];
            let offset = &mut next[partition as usize];
            let records: Vec<_> = (*offset..*offset + 10).map(|offset| (offset, offset as u64 % 50)).collect();
            *offset += 10;
            let mut asked = consumer.read(partition, &records);
            while !(asked.runs.is_empty() && asked.others.is_empty()) {
                for effect in std::mem::take(&mut asked.others) {
                    match effect {
                        Effect::Pause { partition } => paused[partition.0 as usize] = true,
                        Effect::Resume { partition } => paused[partition.0 as usize] = false,
                        other => panic!("{other:?}"),
                    }
                }
                // The first event of partition 0 never ends.
                let runs = std::mem::take(&mut asked.runs).into_iter().filter(|run| run.tokens[0] != 0);
                for run in runs {
                    handled[partition as usize] += run.tokens.len();
                    let mut then = consumer.succeed(&run);
                    asked.runs.append(&mut then.runs);
                    asked.others.append(&mut then.others);
                }
            }
            assert!(consumer.events_held() <= 1_010);
        }
    }
    assert!(paused[0] && handled[0] > 400, "the stuck partition goes on until its share is used: {handled:?}");
    assert_eq!(handled[1], 200_000, "the other one is never held up for long");
}

/// Ten minutes without the database, under more events than may be in flight.
#[test]
fn an_outage_ends_in_no_dead_letter_no_loss_and_few_probes_with_the_same_event() {
    let mut consumer = Consumer::new(|settings| settings.max_in_flight = 2_000);
    consumer.assign(0, 0);
    let records: Vec<_> = (0..2_000).map(|offset| (offset, offset as u64 % 300)).collect();
    let asked = consumer.read(0, &records);
    let (mut waiting, mut probes, mut opened) = (asked.runs, Vec::new(), 0);
    while consumer.now < 600_000 {
        let mut asked: Vec<_> = waiting.drain(..).map(|run| consumer.complete(&run, 0, Some(Dependency))).collect();
        asked.push(consumer.tick(100));
        for mut asked in asked {
            assert!(asked.dead_letters.is_empty() && asked.commits.is_empty() && asked.released == 0);
            opened += asked
                .others
                .iter()
                .filter(|effect| **effect == Effect::BreakerOpened { circuit: CircuitId(0) })
                .count();
            if opened > 0 {
                probes.extend(asked.runs.iter().map(|run| run.tokens.clone()));
            }
            waiting.append(&mut asked.runs);
        }
    }
    assert_eq!(opened, 1);
    assert!((20..=30).contains(&probes.len()), "{} probes in ten minutes", probes.len());
    probes.dedup();
    assert_eq!(probes.len(), 1, "one event is probed with");

    let (mut handled, mut closed, mut committed) = (0, false, Vec::new());
    while handled < 2_000 {
        let mut asked: Vec<_> = waiting.drain(..).map(|run| consumer.succeed(&run)).collect();
        asked.push(consumer.tick(1_000));
        for mut asked in asked {
            handled += asked.released;
            committed.append(&mut asked.commits);
            closed |= asked.others.contains(&Effect::BreakerClosed { circuit: CircuitId(0) });
            waiting.append(&mut asked.runs);
        }
        assert!(consumer.now < 700_000, "only {handled} events are handled");
    }
    assert!(closed);
    committed.append(&mut consumer.tick(1_000).commits);
    assert_eq!(committed.last(), Some(&(0, 2_000)));
}

#[test]
fn a_breaker_holds_back_the_partitions_behind_it_and_no_others() {
    let mut consumer = Consumer::new(|settings| settings.breaker.min_calls = 1);
    consumer.assign(0, 0);
    let kept = consumer.epochs;
    consumer.assign(10, 0);
    let other = consumer.read(10, &[(0, 1)]).runs.remove(0);
    let others = std::mem::replace(&mut consumer.epochs, kept);
    let run = consumer.read(0, &[(0, 1), (1, 1)]).runs.remove(0);
    let asked = consumer.complete(&run, 1, Some(Dependency));
    assert_eq!(asked.others, [Effect::BreakerOpened { circuit: CircuitId(0) }, pause(0)]);
    consumer.epochs = others;
    assert_eq!(consumer.succeed(&other).released, 1);
    assert_eq!(consumer.read(10, &[(1, 1)]).runs.len(), 1);
}

#[test]
fn a_probe_whose_partition_is_taken_away_is_followed_by_another() {
    let mut consumer = Consumer::new(|settings| settings.breaker.min_calls = 1);
    consumer.assign(1, 0);
    let waiting = consumer.read(1, &[(0, 1)]).runs.remove(0);
    consumer.assign(0, 0);
    let run = consumer.read(0, &[(0, 1)]).runs.remove(0);
    consumer.complete(&run, 0, Some(Dependency));
    consumer.complete(&waiting, 0, Some(Dependency));
    assert_eq!(consumer.tick(1_000).runs[0].tokens, [0]);
    consumer.give(Input::Lost { partition: PartitionId(0) });
    let probe = consumer.tick(1).runs.remove(0);
    assert_eq!(probe.tokens, [1_000_000]);
    assert_eq!(consumer.succeed(&probe).others[0], Effect::BreakerClosed { circuit: CircuitId(0) });
}

#[test]
fn the_breaker_opens_at_once_however_busy_the_time_before_the_outage() {
    let mut consumer = Consumer::new(|settings| settings.max_in_flight = 1_000_000);
    consumer.assign(0, 0);
    for batch in 0..100 {
        let records: Vec<_> = (batch * 1_000..(batch + 1) * 1_000).map(|offset| (offset, offset as u64)).collect();
        let mut runs = consumer.read(0, &records).runs;
        while let Some(run) = runs.pop() {
            runs.append(&mut consumer.succeed(&run).runs);
        }
    }
    let records: Vec<_> = (100_000..100_200).map(|offset| (offset, offset as u64)).collect();
    let runs = consumer.read(0, &records).runs;
    let opens = |run: &Run| {
        consumer.complete(run, 0, Some(Dependency)).others.contains(&Effect::BreakerOpened { circuit: CircuitId(0) })
    };
    assert!(runs.iter().take(160).any(opens));
}

#[test]
fn a_few_dependency_failures_park_their_keys_and_cost_no_attempt() {
    let mut consumer = Consumer::new(|settings| settings.breaker.min_calls = 100);
    consumer.assign(0, 0);
    let mut run = consumer.read(0, &[(0, 1)]).runs.remove(0);
    for attempt in 2..40 {
        assert!(consumer.complete(&run, 0, Some(Dependency)).dead_letters.is_empty());
        run = consumer.tick(30_000).runs.remove(0);
        assert_eq!(run.attempt, attempt);
    }
}

#[test]
fn the_next_tick_is_when_something_is_due() {
    let mut consumer = Consumer::new(|settings| settings.retry.base = 100);
    assert_eq!(consumer.engine.next_tick(), 1_000);
    consumer.assign(0, 0);
    let run = consumer.read(0, &[(0, 1)]).runs.remove(0);
    consumer.complete(&run, 0, Some(Transient));
    let due = consumer.engine.next_tick();
    assert!(due <= 100);
    assert!(due == 0 || consumer.tick(due - 1).runs.is_empty());
    assert_eq!(consumer.tick(due - consumer.now).runs.len(), 1);
}

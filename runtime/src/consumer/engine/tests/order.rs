//! Keys, lanes and the watermark.

use super::consumer::{Consumer, record};
use crate::consumer::engine::{Effect, Input, Offset, PartitionId};
use crate::handler::FailureKind::Transient;

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
    let (partition, epoch) = (PartitionId(0), consumer.epoch(0));
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
    consumer.give(Input::CommitFailed { partition: PartitionId(0), epoch: consumer.epoch(0) });
    assert_eq!(consumer.tick(1_000).commits, [(0, 1)]);
}

/// parallel-consumer#647: one stuck event, and consumption stops.
#[test]
fn a_stuck_key_leaves_the_ledgers_bounded_and_other_partitions_at_work() {
    let mut consumer = Consumer::new(|settings| settings.max_in_flight = 1_000);
    consumer.assign(0, 0);
    consumer.assign(1, 0);
    let (mut paused, mut next, mut handled) = ([false; 2], [0 as Offset; 2], [0; 2]);
    for _ in 0..20_000 {
        for partition in 0..2 {
            if paused[partition as usize] {
                continue;
            }
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

#[test]
fn the_oldest_event_that_is_ready_goes_first_however_busy_its_key() {
    let mut consumer =
        Consumer::new(|settings| (settings.lanes, settings.lane_capacity, settings.run_length) = (1, 2, 2));
    consumer.assign(0, 0);
    let busy = consumer.read(0, &[(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (5, 3), (6, 1)]).runs.remove(0);
    let mut handed_out = busy.tokens.clone();
    let mut runs = vec![busy];
    while let Some(run) = runs.pop() {
        let asked = consumer.succeed(&run);
        handed_out.extend(asked.runs.iter().flat_map(|run| &run.tokens));
        runs.extend(asked.runs);
    }
    assert_eq!(handed_out, [0, 1, 2, 3, 4, 5, 6]);
}

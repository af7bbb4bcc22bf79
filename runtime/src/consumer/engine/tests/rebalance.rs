//! Partitions that come and go. The references are to faults that users of other consumers report.

use super::consumer::{Consumer, drained, pause, resume};
use crate::consumer::engine::{Completion, Input, PartitionId};
use crate::handler::FailureKind::{Dependency, Poison, Transient};

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
    assert!(asked.others.is_empty(), "8 cannot be committed without 6");
    let retry = consumer.tick(200).runs.remove(0);
    let asked = consumer.succeed(&retry);
    assert_eq!((asked.commits, asked.others), (vec![(0, 9)], vec![drained(0, 0)]));
    assert!(consumer.tick(60_000).runs.is_empty());
}

#[test]
fn a_revoke_finishes_what_lies_below_the_newest_handled_event_and_begins_nothing_above() {
    let mut consumer =
        Consumer::new(|settings| (settings.lanes, settings.lane_capacity, settings.run_length) = (1, 3, 3));
    consumer.assign(0, 0);
    let first = consumer.read(0, &[(0, 1), (1, 2), (2, 3), (3, 2), (4, 1), (5, 1), (6, 2), (7, 3)]).runs.remove(0);
    assert_eq!(first.tokens, [0, 4, 5]);
    assert!(consumer.revoke(0).runs.is_empty(), "the lane has no room");
    let asked = consumer.succeed(&first);
    let tokens: Vec<_> = asked.runs.iter().map(|run| run.tokens.clone()).collect();
    assert_eq!(tokens, [vec![1, 3], vec![2]], "6 and 7 are for the next owner");
    assert!(consumer.succeed(&asked.runs[0]).others.is_empty());
    let asked = consumer.succeed(&asked.runs[1]);
    assert_eq!((asked.commits, asked.others), (vec![(0, 6)], vec![drained(0, 0)]));
}

#[test]
fn what_is_given_back_unstarted_is_wanted_only_below_a_handled_event() {
    let mut consumer = Consumer::new(|settings| (settings.lanes, settings.run_length) = (1, 1));
    consumer.assign(0, 0);
    let runs = consumer.read(0, &[(0, 1), (1, 2), (2, 3), (3, 4)]).runs;
    consumer.succeed(&runs[1]);
    consumer.revoke(0);
    let given_back = [0, 2, 3].map(|run: usize| Completion { run: runs[run].id, done: 0, failure: None });
    let asked = consumer.give(Input::Completed { completions: &given_back });
    assert_eq!(asked.runs.len(), 1);
    assert_eq!(asked.runs[0].tokens, [0]);
    let asked = consumer.succeed(&asked.runs[0]);
    assert_eq!((asked.commits, asked.others), (vec![(0, 2)], vec![drained(0, 0)]));
}

#[test]
fn a_drain_does_not_wait_for_a_retry_that_comes_too_late_and_begins_nothing_above_it() {
    let mut consumer = Consumer::new(|settings| {
        (settings.lanes, settings.drain_timeout) = (1, 100);
        (settings.retry.base, settings.retry.cap) = (1_000_000, 1_000_000);
    });
    consumer.assign(0, 0);
    let runs = consumer.read(0, &[(0, 1), (1, 2), (2, 3), (3, 4)]).runs;
    consumer.succeed(&runs[0]);
    consumer.complete(&runs[1], 0, Some(Transient));
    consumer.succeed(&runs[3]);
    consumer.revoke(0);
    let asked = consumer.complete(&runs[2], 0, None);
    assert!(asked.runs.is_empty(), "2 is below a handled event, and could still not be committed");
    assert_eq!((asked.commits, asked.others), (vec![(0, 1)], vec![drained(0, 0)]));
}

#[test]
fn poison_below_a_handled_event_is_dead_lettered_before_its_partition_goes() {
    let mut consumer = Consumer::new(|_| {});
    consumer.assign(0, 0);
    let runs = consumer.read(0, &[(0, 1), (1, 2)]).runs;
    let run = |first: u32| runs.iter().find(|run| run.tokens[0] == first).unwrap();
    consumer.succeed(run(1));
    consumer.revoke(0);
    let (id, ..) = consumer.complete(run(0), 0, Some(Poison)).dead_letters[0];
    let asked = consumer.give(Input::DeadLettered { run: id, ok: true });
    assert_eq!((asked.commits, asked.others), (vec![(0, 2)], vec![drained(0, 0)]));
}

#[test]
fn a_drain_does_not_wait_for_a_dependency_that_is_away() {
    let mut consumer = Consumer::new(|settings| (settings.lanes, settings.breaker.min_calls) = (1, 2));
    consumer.assign(0, 0);
    let runs = consumer.read(0, &[(0, 1), (1, 2), (2, 3)]).runs;
    consumer.succeed(&runs[0]);
    consumer.complete(&runs[1], 0, Some(Dependency));
    consumer.revoke(0);
    let asked = consumer.succeed(&runs[2]);
    assert_eq!((asked.commits, asked.others), (vec![(0, 1)], vec![drained(0, 0)]));
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

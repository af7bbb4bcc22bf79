//! Partitions that come and go. The references are to faults that users of other consumers report.

use super::consumer::{Consumer, drained, pause, resume};
use crate::consumer::engine::{Input, PartitionId};
use crate::handler::FailureKind::Transient;

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

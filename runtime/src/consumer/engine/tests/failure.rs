//! Retries and dead letters. The references are to faults that users of other consumers report.

use super::consumer::{Consumer, pause, resume};
use crate::consumer::engine::{DeadLetterReason, Input};
use crate::handler::FailureKind::{Poison, Transient};

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

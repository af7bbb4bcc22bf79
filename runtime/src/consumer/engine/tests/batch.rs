//! Events that are handed out in batches.

use super::consumer::{Consumer, record};
use crate::consumer::engine::{Gather, Millis};
use crate::handler::FailureKind::{Poison, Transient};

fn consumer(events: u32, linger: Millis, by_key: bool) -> Consumer {
    let mut consumer = Consumer::new(|settings| {
        settings.lanes = 1;
        settings.gather = vec![Some(Gather::new(events, linger, by_key))];
    });
    consumer.assign(0, 0);
    consumer
}

#[test]
fn a_batch_is_handed_out_when_it_is_full_and_holds_what_is_ready_of_every_key() {
    let mut consumer = consumer(5, 50, false);
    assert!(consumer.read(0, &[(0, 1), (1, 2), (2, 1), (3, 3)]).runs.is_empty());
    let runs = consumer.read(0, &[(4, 2), (5, 2)]).runs;
    assert_eq!(runs.iter().map(|run| run.tokens.clone()).collect::<Vec<_>>(), [vec![0, 2], vec![1, 4, 5]]);
    assert!(runs[0].batch.is_some() && runs[0].batch == runs[1].batch);
    // What did not fit waits in its turn.
    assert_eq!(consumer.tick(50).runs[0].tokens, [3]);
}

#[test]
fn a_batch_that_is_not_full_is_handed_out_when_its_first_event_has_waited_long_enough() {
    let mut consumer = consumer(100, 50, false);
    consumer.read(0, &[(0, 1)]);
    assert!(consumer.tick(30).runs.is_empty());
    consumer.read(0, &[(1, 2)]);
    assert!(consumer.tick(19).runs.is_empty());
    assert_eq!(consumer.engine.next_tick(), 50);
    assert_eq!(consumer.tick(1).runs.len(), 2);
}

#[test]
fn a_batch_of_one_key_waits_for_that_key() {
    let mut consumer = consumer(2, 50, true);
    assert!(consumer.read(0, &[(0, 1), (1, 2)]).runs.is_empty());
    assert_eq!(consumer.read(0, &[(2, 2)]).runs[0].tokens, [1, 2]);
    assert_eq!(consumer.tick(50).runs[0].tokens, [0]);
    let runs = consumer.read_records(0, &[record(0, 3, None), record(0, 4, None)]).runs;
    assert_eq!(runs.len(), 2, "nothing can go with a record without a key");
    assert_ne!(runs[0].batch, runs[1].batch);
}

#[test]
fn a_member_that_failed_is_tried_again_alone_and_the_later_ones_of_its_key_wait() {
    let mut consumer = consumer(4, 10, false);
    let runs = consumer.read(0, &[(0, 1), (1, 2), (2, 1), (3, 3)]).runs;
    consumer.complete(&runs[0], 0, Some(Transient));
    consumer.succeed(&runs[1]);
    consumer.succeed(&runs[2]);
    consumer.read(0, &[(4, 1)]);
    let retry = consumer.tick(200).runs.remove(0);
    assert_eq!((retry.attempt, retry.tokens.as_slice()), (2, &[0][..]));
    assert!(consumer.succeed(&retry).runs.is_empty(), "then it waits for company again");
    assert_eq!(consumer.tick(10).runs[0].tokens, [2, 4]);
}

#[test]
fn a_poisoned_member_goes_to_the_dead_letter_and_its_neighbours_stay() {
    let mut consumer = consumer(2, 10, false);
    let runs = consumer.read(0, &[(0, 1), (1, 2)]).runs;
    let (_, token, attempts, _) = consumer.complete(&runs[0], 0, Some(Poison)).dead_letters[0];
    assert_eq!((token, attempts), (0, 1));
    consumer.succeed(&runs[1]);
}

#[test]
fn what_was_gathered_of_a_revoked_partition_is_given_back_untouched() {
    let mut consumer = consumer(10, 1_000, false);
    consumer.assign(1, 0);
    consumer.read(0, &[(0, 1), (1, 2)]);
    consumer.read(1, &[(0, 3)]);
    let asked = consumer.revoke(0);
    assert!(asked.runs.is_empty());
    assert_eq!(asked.others, [super::consumer::drained(0, 0)]);
    assert_eq!(consumer.tick(1_000).runs[0].tokens, [1_000_000], "those of other partitions go on");
}

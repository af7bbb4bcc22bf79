//! Events that follow the dead letters of their key.

use super::consumer::{Asked, Consumer, record, resume};
use crate::consumer::engine::{DeadLetterReason, Effect, Input, ParkedKey, PartitionId, Token};
use crate::handler::FailureKind::Poison;

fn ordered() -> Consumer {
    Consumer::new(|settings| settings.ordered = vec![true])
}

/// Answers the look-up that is asked for.
fn answer(consumer: &mut Consumer, asked: &Asked, parked: &[ParkedKey]) -> Asked {
    let number = asked.others.iter().find_map(|effect| match effect {
        Effect::LookUp { number, .. } => Some(*number),
        _ => None,
    });
    let (partition, epoch) = (PartitionId(0), consumer.epoch(0));
    consumer.give(Input::LookedUp { partition, epoch, number: number.expect("a look-up"), parked })
}

/// What a look-up finds of a key of the tests.
fn parked(key: u64, from: i64, to: i64, returning: bool) -> ParkedKey {
    ParkedKey { key: record(0, 0, Some(key)).key.unwrap(), from, to, returning }
}

/// Reads records, and answers what is asked with what is parked.
fn read(consumer: &mut Consumer, records: &[(i64, u64)], found: &[ParkedKey]) -> Asked {
    let asked = consumer.read(0, records);
    answer(consumer, &asked, found)
}

#[test]
fn nothing_is_handed_out_before_it_is_known_what_is_parked() {
    let mut consumer = ordered();
    let assigned = consumer.assign(0, 0);
    assert!(consumer.read(0, &[(0, 1), (1, 2)]).runs.is_empty());
    let asked = answer(&mut consumer, &assigned, &[parked(1, 0, 0, false)]);
    assert!(asked.others.contains(&resume(0)));
    assert!(asked.others.contains(&Effect::PassedOver { token: Token(0) }), "it is a letter already");
    assert_eq!(asked.runs[0].tokens, [1]);
    consumer.succeed(&asked.runs[0]);
    assert_eq!(consumer.tick(1_000).commits, [(0, 2)]);
}

/// wolverine#3476: events with a key leapfrog its dead letter.
#[test]
fn later_events_of_a_key_follow_its_dead_letter_one_by_one_and_other_keys_go_on() {
    let mut consumer = ordered();
    let assigned = consumer.assign(0, 0);
    answer(&mut consumer, &assigned, &[]);
    let run = consumer.read(0, &[(0, 1), (1, 1), (2, 1)]).runs.remove(0);
    let (first, ..) = consumer.complete(&run, 0, Some(Poison)).dead_letters[0];
    let asked = consumer.give(Input::DeadLettered { run: first, ok: true });
    let (second, token, attempts, reason) = asked.dead_letters[0];
    assert_eq!((token, attempts, reason), (1, 0, DeadLetterReason::Follows));
    assert!(asked.runs.is_empty());
    let (third, token, ..) = consumer.give(Input::DeadLettered { run: second, ok: true }).dead_letters[0];
    assert_eq!(token, 2);
    consumer.give(Input::DeadLettered { run: third, ok: true });
    assert_eq!(consumer.read(0, &[(3, 2)]).runs[0].tokens, [3]);
    assert_eq!(consumer.tick(1_000).commits, [(0, 3)]);
    // What arrives later asks again: its key may have been set free, and was.
    assert_eq!(read(&mut consumer, &[(4, 1)], &[]).runs[0].tokens, [4]);
}

#[test]
fn events_wait_for_letters_on_their_way_back_and_it_is_looked_up_again_for_them() {
    let mut consumer = ordered();
    let assigned = consumer.assign(0, 0);
    answer(&mut consumer, &assigned, &[parked(1, -2, -1, true)]);
    let asked = read(&mut consumer, &[(0, 1)], &[parked(1, -2, -1, true)]);
    assert!(asked.runs.is_empty() && asked.dead_letters.is_empty());
    assert_eq!(consumer.engine.next_tick(), 200);
    let asked = consumer.tick(200);
    assert_eq!(answer(&mut consumer, &asked, &[]).runs[0].tokens, [0]);
}

#[test]
fn a_look_up_from_before_a_dead_letter_does_not_free_its_key() {
    let mut consumer = ordered();
    let assigned = consumer.assign(0, 0);
    let known = answer(&mut consumer, &assigned, &[parked(2, -2, -1, false)]);
    assert!(known.dead_letters.is_empty());
    let asked = consumer.read(0, &[(0, 1), (1, 2)]);
    let (letter, ..) = consumer.complete(&asked.runs[0], 0, Some(Poison)).dead_letters[0];
    consumer.give(Input::DeadLettered { run: letter, ok: true });
    // Asked for key 2, and found before the letter of key 1 was there.
    assert_eq!(answer(&mut consumer, &asked, &[]).runs[0].tokens, [1]);
    let asked = read(&mut consumer, &[(2, 1)], &[parked(1, 0, 0, false)]);
    assert_eq!(asked.dead_letters[0].3, DeadLetterReason::Follows);
}

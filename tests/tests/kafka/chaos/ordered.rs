//! Dead letters that the later events of their key follow, while members die.

use std::collections::HashSet;

use conecta_runtime::consumer::redrive_topic;
use conecta_runtime::kafka::DeadLetters;
use conecta_tests::effects::is_culprit;

use super::*;
use crate::ordered::{open, redrive};

/// How many cases have a culprit among their events.
const PARKED: usize = (CASES as usize).div_ceil(8);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leapfrogs_a_dead_letter_though_members_are_killed_while_events_follow_and_come_back() {
    let chaos = Chaos::on(Contract::start().await, COOPERATIVE);
    let worker = || chaos.program(env!("CARGO_BIN_EXE_ordered_worker"), chaos.contract.kafka.brokers(), WORK);
    let letters = DeadLetters::new(&chaos.contract.settings, TOPIC, GROUP);
    let (third, two_thirds) = (each() / 3, each() * 2 / 3);

    // Killed when the first events have followed, and then again with another member beside it.
    chaos.contract.publish_part(CASES, 0..third).await;
    let first = worker();
    until(LIMIT, "events to follow", || (open(&letters).len() > PARKED / 4).then_some(()));
    first.kill();
    let (second, stays) = (worker(), worker());
    chaos.contract.kafka.wait_for_members(GROUP, 2);
    chaos.contract.publish_part(CASES, third..two_thirds).await;
    chaos.wait_for_member(stays.id());
    chaos.wait_for_member(second.id());
    second.kill();
    chaos.wait_until_committed();

    // Each event from the culprit on is a letter now, once for each time that it was read without being known as one.
    let parked = open(&letters);
    let origins: HashSet<_> = parked.iter().filter_map(|it| it.origin().map(|at| (at.partition, at.offset))).collect();
    assert_eq!(origins.len(), PARKED * (two_thirds - 4) as usize);
    let leapt = chaos.effects().all().into_iter().find(|it| it.key % 8 == 0 && it.seq >= 4);
    assert_eq!(leapt, None, "handled before its key was free");

    // Brought back while it still fails, once; then for good, while members die and events arrive.
    let redriven = redrive(&letters).settled;
    assert_eq!(redriven as usize, parked.len());
    let redrive_topic = redrive_topic(TOPIC, GROUP);
    until(LIMIT, "all to fail again", || (open(&letters).len() >= origins.len()).then_some(()));
    std::fs::write(format!("{}.mended", chaos.file().display()), "").unwrap();
    until(LIMIT, "some to be brought back", || (redrive(&letters).settled > 0).then_some(()));
    let dies = worker();
    chaos.contract.publish_part(CASES, two_thirds..each()).await;
    let is_back = || chaos.effects().all().into_iter().any(is_culprit);
    until(LIMIT, "a culprit to be handled", || is_back().then_some(()));
    stays.kill();
    let last = worker();
    until(LIMIT, "everything to be handled", || {
        redrive(&letters);
        (chaos.effects().verdict(&chaos.published).lost == 0).then_some(())
    });
    chaos.wait_until_committed();
    assert!(open(&letters).is_empty());
    assert!(dies.terminate().success() && last.terminate().success());
    assert!(chaos.contract.kafka.has_topic(&redrive_topic));
    chaos.judge("ordered-dead-letters");
}

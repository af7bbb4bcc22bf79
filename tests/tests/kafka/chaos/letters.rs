//! Dead-letter topics that refuse what is written to them, as those of a broker with a full disk do.

use std::collections::BTreeSet;

use conecta_runtime::consumer::dead_letter;
use conecta_runtime::{Headers, Message, Publisher as _};
use conecta_tests::kafka::tool;

use super::*;

/// Among the events are records that nobody can decode, and their dead-letter topic takes none until it is mended.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_topic_that_refuses_every_record_holds_back_commits_though_members_are_killed() {
    const UNDECODABLE: usize = 24;
    let chaos = Chaos::on(Contract::start().await, COOPERATIVE);
    let Contract { kafka, publisher, .. } = &chaos.contract;
    let letters = dead_letter::topic_name(TOPIC, GROUP);
    kafka.create_topic(&letters, 6, 1, &[("max.message.bytes", "10")]).await;
    chaos.contract.publish_part(CASES, 0..each() / 2).await;
    let mut first_on: HashMap<i32, i64> = HashMap::new();
    for number in 0..UNDECODABLE {
        let body = format!("not JSON, {number}").into_bytes();
        let key = number.to_string().into_bytes();
        let written = publisher.send(Message::new(TOPIC, Some(key), Headers::new(), Some(body))).await.unwrap();
        let written = written.await.unwrap();
        first_on.entry(written.partition).or_insert(written.offset);
    }
    chaos.contract.publish_part(CASES, each() / 2..each()).await;
    let held_back = || {
        let committed = kafka.committed(GROUP, TOPIC);
        let beyond = first_on.iter().find(|(partition, first)| committed.get(*partition).is_some_and(|it| it > *first));
        assert_eq!(beyond, None, "committed beyond what is neither handled nor safe: {committed:?}");
    };

    let worker = chaos.worker();
    // Other keys go on behind them.
    chaos.wait_for(0.6);
    worker.kill();
    held_back();
    let (second, before) = (chaos.worker(), chaos.effects().count());
    until(LIMIT, "another member to work", || (chaos.effects().count() > before + chaos.events() / 4).then_some(()));
    second.kill();
    held_back();
    assert_eq!(kafka.read(&letters).len(), 0, "every one was refused");

    let third = chaos.worker();
    chaos.wait_for_member(third.id());
    let alter = ["--bootstrap-server", kafka.brokers(), "--alter", "--topic", &letters];
    let _ = tool("kafka.admin.ConfigCommand", &[&alter[..], &["--delete-config", "max.message.bytes"]].concat());
    chaos.wait_until_committed();
    assert!(third.terminate().success());
    let written: BTreeSet<Vec<u8>> = kafka.read(&letters).into_iter().filter_map(|letter| letter.payload).collect();
    assert_eq!(written.len(), UNDECODABLE, "each is safe");
    chaos.judge("dead-letters-refused");
}

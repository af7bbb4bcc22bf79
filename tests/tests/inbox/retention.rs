//! An inbox that forgets sooner than a topic does is found out before anything is consumed.

use std::time::Duration;

use conecta_runtime::consumer::{Consumer, ConsumerError, dead_letter};
use conecta_runtime::inbox::Inbox;
use conecta_runtime::inbox::postgres::PostgresInbox;
use conecta_runtime::inbox::redis::RedisInbox;
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, Event as _, Raw, Registration};
use conecta_tests::contract::{Contract, Running};
use conecta_tests::kafka::tool;
use conecta_tests::{PostgresService, RedisService};
use conecta360_events::CasoCreado;

const TOPIC: &str = CasoCreado::TOPIC.name;
/// A day longer than the contract has the topic keep its events.
const REMEMBERED: Duration = Duration::from_secs(8 * 86_400);

fn consumer<I: Inbox>(contract: &Contract, group: &str, inbox: I) -> Consumer<I::Context, I> {
    let handler = Registration::new(CasoCreado::TOPIC, (), |_, _: Delivery<Raw, I::Context>| async { Ok(()) });
    Consumer::new(&contract.settings, group).on(handler).inbox(inbox)
}

/// Which topic keeps its events for longer than they are remembered, and what is said of it.
async fn found<I: Inbox>(contract: &Contract, group: &str, inbox: I) -> (String, String) {
    let running = consumer(contract, group, inbox).run(std::future::pending());
    let error = tokio::time::timeout(Duration::from_secs(60), running).await.expect("it ends at once").unwrap_err();
    let said = error.to_string();
    let ConsumerError::ForgetsTooSoon { topic, .. } = error else { panic!("{error:?}") };
    (topic, said)
}

async fn postgres() -> PostgresInbox {
    let inbox: PostgresInbox = PostgresService::shared().database().await.inbox();
    inbox.migrate().await.unwrap();
    inbox.retention(REMEMBERED)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_does_not_run_with_an_inbox_that_forgets_what_a_topic_or_its_dead_letters_still_have() {
    let contract = Contract::start().await;
    let letters = dead_letter::topic_name(TOPIC, "olvida");
    contract.kafka.create_topic(&letters, 6, 1, &[("retention.ms", "2592000000")]).await;
    let other = dead_letter::topic_name(TOPIC, "otro");
    contract.kafka.create_topic(&other, 6, 1, &[("retention.ms", "691200000")]).await;

    let (topic, said) = found(&contract, "olvida", postgres().await).await;
    assert_eq!(topic, letters);
    for part in ["691200000 ms", "2592000000 ms", "`retention`", "`retention.ms`"] {
        assert!(said.contains(part), "{part} is not in {said:?}");
    }
    let redis = RedisInbox::new(RedisService::shared().url()).unwrap().retention(REMEMBERED);
    assert_eq!(found(&contract, "olvida", redis).await.0, letters);

    // Another group's dead letters are none of its affair, and to remember just as long is enough.
    contract.publish_cases(1, 1).await;
    let consumer = consumer(&contract, "otro", postgres().await);
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let handled = || metrics.snapshot().topic(TOPIC).handled == 1;
    eventually("an event", Duration::from_secs(60), handled).await.unwrap();
    running.stop().await.unwrap();

    // The topic itself, which is not as the contract says any more.
    let alter = ["--bootstrap-server", contract.kafka.brokers(), "--alter", "--topic", TOPIC];
    let set = |config: &str| drop(tool("kafka.admin.ConfigCommand", &[&alter[..], &["--add-config", config]].concat()));
    for (changed, mended) in
        [("retention.ms=-1", "retention.ms=604800000"), ("cleanup.policy=compact", "cleanup.policy=delete")]
    {
        set(changed);
        let (topic, said) = found(&contract, "otro", postgres().await).await;
        assert_eq!(topic, TOPIC);
        assert!(said.contains("for ever"), "{said}");
        set(mended);
    }
}

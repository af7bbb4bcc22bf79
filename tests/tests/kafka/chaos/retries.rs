//! Retry topics, while members die between writing to one and committing.

use conecta_runtime::consumer::retry_topic;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_went_to_a_retry_topic_is_not_lost_though_members_are_killed_before_they_commit() {
    let mut chaos = Chaos::on(Contract::start().await, COOPERATIVE);
    // The last event of a case is the one that fails: nothing comes behind it that could overtake it.
    chaos.published.values_mut().for_each(|each| *each = 5);
    chaos.contract.publish_cases(CASES, 5).await;
    let worker = || chaos.program(env!("CARGO_BIN_EXE_retry_worker"), chaos.contract.kafka.brokers(), Duration::ZERO);
    let kafka = &chaos.contract.kafka;
    let written = |topic: &str| match kafka.has_topic(topic) {
        true => kafka.ends(topic).values().map(|(_, high)| *high).sum(),
        false => 0,
    };
    let failing = (CASES + 7) / 8;

    // From the topic to the first one, and from the first to the second.
    for number in [1, 2] {
        let topic = retry_topic(TOPIC, GROUP, number);
        let dies = worker();
        until(LIMIT, "all that fail to be postponed", || (written(&topic) >= failing).then_some(()));
        dies.kill();
        assert_eq!(kafka.lag(GROUP, TOPIC), 5 * CASES, "nothing was committed");
    }
    std::fs::write(format!("{}.mended", chaos.file().display()), "").unwrap();
    let last = worker();
    chaos.wait_until_committed();
    for number in [1, 2] {
        let topic = retry_topic(TOPIC, GROUP, number);
        until(LIMIT, "what was postponed to be handled", || (kafka.lag(GROUP, &topic) == 0).then_some(()));
    }
    assert!(last.terminate().success());
    assert!(!kafka.has_topic(&format!("{TOPIC}.{GROUP}.dlq")), "nothing was given up");
    chaos.judge("retry-topics");
}

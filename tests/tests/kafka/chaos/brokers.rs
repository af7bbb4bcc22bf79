//! Brokers that die while events are published and consumed.

use conecta_tests::KafkaService;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn brokers_die_one_after_the_other_and_no_acknowledged_event_is_lost() {
    let chaos = Chaos::on(Contract::on(KafkaService::start(3), 3).await, COOPERATIVE);
    let workers = [chaos.worker(), chaos.worker()];
    let kafka = &chaos.contract.kafka;
    let part = each() / 4;
    for (part, node) in [(0..part, 2), (part..2 * part, 3), (2 * part..each(), 1)] {
        let published = chaos.contract.publish_part(CASES, part);
        let killed = async { tokio::task::block_in_place(|| kafka.kill_node(node)) };
        tokio::join!(published, killed);
        // Published and handled to the end without the node.
        chaos.wait_until_committed();
        kafka.start_node(node);
        kafka.wait_for_copies(TOPIC, 3);
    }
    chaos.wait_until_committed();
    assert!(workers.into_iter().all(|worker| worker.terminate().success()));
    chaos.judge("brokers-killed");
}

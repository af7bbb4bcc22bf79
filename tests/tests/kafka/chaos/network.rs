//! A network between a consumer and the broker that goes silent, and comes back with every connection broken.

use conecta_tests::KafkaService;
use conecta_tests::proxy::Proxy;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_member_cut_off_past_its_session_loses_its_work_to_another_and_comes_back() {
    let proxy = Proxy::start().await;
    let contract = Contract::on(KafkaService::behind(&proxy), 1).await;
    let chaos = Chaos::on(contract, COOPERATIVE);
    chaos.contract.publish_part(CASES, 0..each() / 2).await;
    let (cut_off, other) = (chaos.worker_through(&proxy.address(), WORK), chaos.worker());
    chaos.wait_for_member(cut_off.id());
    chaos.wait_for_member(other.id());

    proxy.cut();
    // Its partitions go to the other when its session is over, and are handled to their ends.
    chaos.contract.kafka.wait_for_members(GROUP, 1);
    chaos.wait_until_committed();
    let before = chaos.effects().of_process(cut_off.id());
    proxy.restore();
    chaos.contract.kafka.wait_for_members(GROUP, 2);

    chaos.contract.publish_part(CASES, each() / 2..each()).await;
    chaos.wait_until_committed();
    assert!(chaos.effects().of_process(cut_off.id()) > before, "it came back");
    assert!(cut_off.terminate().success() && other.terminate().success());
    chaos.judge("network-cut");
}

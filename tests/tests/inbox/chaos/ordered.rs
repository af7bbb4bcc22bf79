//! Dead letters that the later events of their key follow, with effects that happen once.

use std::ops::ControlFlow;

use conecta_runtime::kafka::{Choice, DeadLetters, Settlement};

use super::*;

/// wolverine#3476: events with a key leapfrog its dead letter.
#[tokio::test(flavor = "multi_thread")]
async fn events_behind_a_dead_letter_have_their_effects_once_and_in_order_though_members_are_killed() {
    let mut chaos = Chaos::start().await;
    let (each, more) = (chaos.published[&0], chaos.published[&0] * 2);
    chaos.published.values_mut().for_each(|count| *count = more);
    let group = chaos.group::<TokioPostgres>("ordena", "ordered").await;
    for fault in ["after-effect:300:SIGKILL", "after-commit:300:SIGKILL", "before-commit:1000:SIGKILL"] {
        let mut dies = group.worker(fault);
        until(limit(), "the worker to be killed", || dies.is_dead().then_some(()));
    }
    let stays = group.worker("none");
    group.wait_until_committed();
    let sql = "SELECT count(*) FROM effects WHERE key % 8 = 0 AND seq >= 4";
    assert_eq!(group.client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0, "handled before its key was free");

    group.client.batch_execute("CREATE TABLE mended ()").await.unwrap();
    let letters = DeadLetters::new(&chaos.contract.settings, TOPIC, &*group.name);
    let redrive = || letters.settle(Settlement::Redrive, |_| Choice::Take, |_| {}).unwrap().settled;
    let behind_culprits = CASES.unsigned_abs().div_ceil(8) * u64::from(each - 4);
    assert!(redrive() >= behind_culprits);
    let mut dies = group.worker("after-commit:200:SIGKILL");
    chaos.contract.publish_part(CASES, each..more).await;
    until(limit(), "the worker to be killed", || dies.is_dead().then_some(()));
    // What arrived before it was brought back is a letter, too.
    until(limit(), "no letter to be open", || {
        redrive();
        let mut open = 0;
        letters
            .read(|letter| {
                open += u32::from(letter.is_open);
                ControlFlow::Continue(())
            })
            .unwrap();
        (open == 0 && chaos.contract.kafka.lag(&group.name, TOPIC) == 0).then_some(())
    });
    group.wait_for_effects(i64::from(chaos.events())).await;
    assert!(stays.terminate().success());
    group.judge_effects("ordered-dead-letters").await;
}

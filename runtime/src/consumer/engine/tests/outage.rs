//! The breaker.

use super::consumer::{Consumer, Run, pause};
use crate::consumer::engine::{CircuitId, Effect, Input, PartitionId};
use crate::handler::FailureKind::Dependency;

const OPENED: Effect = Effect::BreakerOpened { circuit: CircuitId(0) };
const CLOSED: Effect = Effect::BreakerClosed { circuit: CircuitId(0) };

/// Ten minutes without the database, under more events than may be in flight.
#[test]
fn an_outage_ends_in_no_dead_letter_no_loss_and_few_probes_with_the_same_event() {
    let mut consumer = Consumer::new(|settings| settings.max_in_flight = 2_000);
    consumer.assign(0, 0);
    let records: Vec<_> = (0..2_000).map(|offset| (offset, offset as u64 % 300)).collect();
    let asked = consumer.read(0, &records);
    let (mut waiting, mut probes, mut opened) = (asked.runs, Vec::new(), 0);
    while consumer.now < 600_000 {
        let mut asked: Vec<_> = waiting.drain(..).map(|run| consumer.complete(&run, 0, Some(Dependency))).collect();
        asked.push(consumer.tick(100));
        for mut asked in asked {
            assert!(asked.dead_letters.is_empty() && asked.commits.is_empty() && asked.released == 0);
            opened += asked.others.iter().filter(|effect| **effect == OPENED).count();
            if opened > 0 {
                probes.extend(asked.runs.iter().map(|run| run.tokens.clone()));
            }
            waiting.append(&mut asked.runs);
        }
    }
    assert_eq!(opened, 1);
    assert!((20..=30).contains(&probes.len()), "{} probes in ten minutes", probes.len());
    probes.dedup();
    assert_eq!(probes.len(), 1, "one event is probed with");

    let (mut handled, mut closed, mut committed) = (0, false, Vec::new());
    while handled < 2_000 {
        let mut asked: Vec<_> = waiting.drain(..).map(|run| consumer.succeed(&run)).collect();
        asked.push(consumer.tick(1_000));
        for mut asked in asked {
            handled += asked.released;
            committed.append(&mut asked.commits);
            closed |= asked.others.contains(&CLOSED);
            waiting.append(&mut asked.runs);
        }
        assert!(consumer.now < 700_000, "only {handled} events are handled");
    }
    assert!(closed);
    committed.append(&mut consumer.tick(1_000).commits);
    assert_eq!(committed.last(), Some(&(0, 2_000)));
}

#[test]
fn the_breaker_opens_at_the_share_and_not_below() {
    for (failing, opens) in [(9, false), (10, true)] {
        let mut consumer = Consumer::new(|settings| settings.breaker.min_calls = 20);
        consumer.assign(0, 0);
        let records: Vec<_> = (0..20).map(|offset| (offset, offset as u64)).collect();
        let runs = consumer.read(0, &records).runs;
        let mut opened = false;
        for (index, run) in runs.iter().rev().enumerate() {
            let asked =
                if index < 20 - failing { consumer.succeed(run) } else { consumer.complete(run, 0, Some(Dependency)) };
            opened |= !asked.others.is_empty();
        }
        assert_eq!(opened, opens, "{failing} of 20");
    }
}

#[test]
fn a_breaker_holds_back_the_partitions_behind_it_and_no_others() {
    let mut consumer = Consumer::new(|settings| settings.breaker.min_calls = 1);
    consumer.assign(0, 0);
    consumer.assign(10, 0);
    let other = consumer.read(10, &[(0, 1)]).runs.remove(0);
    let run = consumer.read(0, &[(0, 1), (1, 1)]).runs.remove(0);
    let asked = consumer.complete(&run, 1, Some(Dependency));
    assert_eq!(asked.others, [OPENED, pause(0)]);
    assert_eq!(consumer.succeed(&other).released, 1);
    assert_eq!(consumer.read(10, &[(1, 1)]).runs.len(), 1);
}

#[test]
fn a_probe_whose_partition_is_taken_away_is_followed_by_another() {
    let mut consumer = Consumer::new(|settings| settings.breaker.min_calls = 1);
    consumer.assign(1, 0);
    let waiting = consumer.read(1, &[(0, 1)]).runs.remove(0);
    consumer.assign(0, 0);
    let run = consumer.read(0, &[(0, 1)]).runs.remove(0);
    consumer.complete(&run, 0, Some(Dependency));
    consumer.complete(&waiting, 0, Some(Dependency));
    assert_eq!(consumer.tick(1_000).runs[0].tokens, [0]);
    consumer.give(Input::Lost { partition: PartitionId(0) });
    let probe = consumer.tick(1).runs.remove(0);
    assert_eq!(probe.tokens, [1_000_000]);
    assert_eq!(consumer.succeed(&probe).others[0], CLOSED);
}

#[test]
fn the_breaker_opens_at_once_however_busy_the_time_before_the_outage() {
    let mut consumer = Consumer::new(|settings| settings.max_in_flight = 1_000_000);
    consumer.assign(0, 0);
    for batch in 0..100 {
        let records: Vec<_> = (batch * 1_000..(batch + 1) * 1_000).map(|offset| (offset, offset as u64)).collect();
        let mut runs = consumer.read(0, &records).runs;
        while let Some(run) = runs.pop() {
            runs.append(&mut consumer.succeed(&run).runs);
        }
    }
    let records: Vec<_> = (100_000..100_200).map(|offset| (offset, offset as u64)).collect();
    let runs = consumer.read(0, &records).runs;
    let opens = |run: &Run| consumer.complete(run, 0, Some(Dependency)).others.contains(&OPENED);
    assert!(runs.iter().take(160).any(opens));
}

#[test]
fn a_few_dependency_failures_park_their_keys_and_cost_no_attempt() {
    let mut consumer = Consumer::new(|settings| settings.breaker.min_calls = 100);
    consumer.assign(0, 0);
    let mut run = consumer.read(0, &[(0, 1)]).runs.remove(0);
    for attempt in 2..40 {
        assert!(consumer.complete(&run, 0, Some(Dependency)).dead_letters.is_empty());
        run = consumer.tick(30_000).runs.remove(0);
        assert_eq!(run.attempt, attempt);
    }
}

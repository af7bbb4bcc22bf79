//! Random lives of a consumer, each replayable from its seed.

use super::super::backoff::{Backoff, Rng};
use super::super::{BreakerSettings, Gather, Settings};
use super::world::{Checked, LARGEST, Log, Tally, World, ensure};

/// Lives a whole life: a random world, random trouble, and then peace until all is done. Says what was broken, if
/// anything was.
pub(super) fn live(seed: u64, trace: bool) -> (World, Checked) {
    let mut rng = Rng::new(seed);
    let mut world = World::new(settings(&mut rng), rng.next());
    if trace {
        world.trace = Some(vec![format!("{:?}", world.settings)]);
    }
    world.measured = rng.up_to(1) == 0;
    publish(&mut world, &mut rng);
    let checked = trouble(&mut world, &mut rng).and_then(|()| peace(&mut world));
    (world, checked)
}

fn settings(rng: &mut Rng) -> Settings {
    let mut up_to = |most: u64| rng.up_to(most) as u32;
    Settings {
        lanes: 1 + up_to(3),
        lane_capacity: 1 + up_to(5),
        run_length: 1 + up_to(3),
        max_in_flight: 1 + up_to(15),
        max_in_flight_bytes: 1 + u64::from(up_to(60)),
        commit_interval: 20,
        drain_timeout: 100,
        retries: up_to(3),
        retry: Backoff { base: 10, factor: 2, cap: 60 },
        dead_letter: Backoff { base: 10, factor: 2, cap: 60 },
        breaker: BreakerSettings {
            window: 100,
            min_calls: 1 + up_to(3),
            share_percent: 50,
            open: Backoff { base: 20, factor: 2, cap: 80 },
        },
        gather: (0..2)
            .map(|_| (up_to(1) == 0).then(|| Gather::new(1 + up_to(4), u64::from(up_to(40)), up_to(1) == 0)))
            .collect(),
        ordered: (0..2).map(|_| up_to(1) == 0).collect(),
        look_again: 20,
    }
}

/// Fills the logs: few keys, gaps, some events that fail.
fn publish(world: &mut World, rng: &mut Rng) {
    let (keys, circuits) = (1 + rng.up_to(4), rng.up_to(1));
    for _ in 0..=rng.up_to(2) {
        let circuit = rng.up_to(circuits) as usize;
        let mut log = Log::behind(circuit);
        log.ordered = world.settings.ordered[circuit];
        for _ in 0..rng.up_to(16) {
            // Keys are small numbers: the engine has to spread them by itself.
            let key = rng.up_to(keys).checked_sub(1);
            let gap = if rng.up_to(3) == 0 { rng.up_to(3) as i64 } else { 0 };
            let event = log.push(key, gap);
            event.bytes = rng.up_to(LARGEST) as u32;
            match rng.up_to(9) {
                0 => event.poison = true,
                1 | 2 => event.flaky = 1 + rng.up_to(4) as u32,
                _ => {}
            }
        }
        log.end += rng.up_to(2) as i64;
        world.logs.push(log);
    }
}

/// Anything may happen at any time.
fn trouble(world: &mut World, rng: &mut Rng) -> Checked {
    for _ in 0..rng.up_to(120) {
        let index = rng.up_to(world.logs.len() as u64 - 1) as usize;
        let some = rng.up_to(3) as usize;
        match rng.up_to(69) {
            0..20 => world.read(index, 1 + some, usize::from(rng.up_to(9) == 0), rng.up_to(1) == 0)?,
            20..40 => answer(world, rng, 1 + some)?,
            40..45 if !world.writing.is_empty() => {
                let which = rng.up_to(world.writing.len() as u64 - 1) as usize;
                world.acknowledge(which)?;
            }
            45..52 => world.tick(rng.up_to(30))?,
            52..55 if world.logs[index].epoch.is_none() || rng.up_to(15) == 0 => world.assign(index)?,
            55 => world.revoke(index)?,
            56 if rng.up_to(1) == 0 => world.lose(index)?,
            57 if !world.former.is_empty() => {
                let which = rng.up_to(world.former.len() as u64 - 1) as usize;
                world.say_of_former(which)?;
            }
            58 => match world.logs[index].epoch.filter(|_| world.logs[index].draining.is_some()) {
                Some(epoch) => world.read_late(index, epoch)?,
                None if !world.former_epochs.is_empty() => {
                    let which = rng.up_to(world.former_epochs.len() as u64 - 1) as usize;
                    let (index, epoch) = world.former_epochs[which];
                    world.read_late(index, epoch)?;
                }
                None => {}
            },
            59 => world.report_failed_commit()?,
            60 => world.circuits[some % 2].down ^= true,
            61 => world.full_disk ^= true,
            62 => world.commits_fail ^= true,
            63 if rng.up_to(3) == 0 => world.crash(),
            64..67 if !world.looking.is_empty() => {
                let which = rng.up_to(world.looking.len() as u64 - 1) as usize;
                world.answer_look_up(which)?;
            }
            67..69 if world.logs[index].ordered => world.settle(index, rng.up_to(3), rng.up_to(3) == 0),
            69 => world.return_home(index),
            _ => {}
        }
    }
    Ok(())
}

/// Everything works again: every event must end, and be committed, in a time that can be foretold.
fn peace(world: &mut World) -> Checked {
    (world.full_disk, world.commits_fail) = (false, false);
    world.circuits.iter_mut().for_each(|circuit| circuit.down = false);
    while !world.failed_commits.is_empty() {
        world.report_failed_commit()?;
    }
    for _ in 0..400 {
        if world.is_at_rest() {
            return Ok(());
        }
        for index in 0..world.logs.len() {
            if world.logs[index].epoch.is_none() {
                world.assign(index)?;
            }
            world.return_home(index);
            world.read(index, 4, 0, true)?;
        }
        for _ in 0..world.looking.len() {
            world.answer_look_up(0)?;
        }
        let works = std::mem::take(&mut world.lanes);
        world.answer(works, false)?;
        while !world.writing.is_empty() {
            world.acknowledge(0)?;
        }
        world.tick(25)?;
    }
    ensure!(world.is_at_rest(), "ten seconds of peace, and not every event has ended and is committed");
    Ok(())
}

fn answer(world: &mut World, rng: &mut Rng, most: usize) -> Checked {
    let stops = rng.up_to(3) == 0;
    let mut works = Vec::new();
    while works.len() < most && !world.lanes.is_empty() {
        let which = rng.up_to(world.lanes.len() as u64 - 1) as usize;
        works.push(world.lanes.swap_remove(which));
    }
    if works.is_empty() { Ok(()) } else { world.answer(works, stops) }
}

/// What a failed schedule tells: the seed, the rule, and the last steps on the way to it.
pub(super) fn story(seed: u64) -> String {
    let (world, checked) = live(seed, true);
    let trace = world.trace.unwrap_or_default();
    let last = trace.len().saturating_sub(60);
    let broken = checked.err().unwrap_or_else(|| "nothing is broken".to_owned());
    format!(
        "schedule {seed}: {broken}\n{}\n…\n{}\nreplay with CONECTA_ENGINE_SEED={seed}",
        trace[0],
        trace[last..].join("\n")
    )
}

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// `CONECTA_ENGINE_SEED` replays one schedule and prints all of it if it fails; `CONECTA_ENGINE_SCHEDULES` tries so many.
#[test]
fn no_schedule_breaks_a_rule() {
    if let Some(seed) = from_env("CONECTA_ENGINE_SEED") {
        let (world, checked) = live(seed, true);
        assert!(checked.is_ok(), "schedule {seed}: {checked:?}\n{}", world.trace.unwrap_or_default().join("\n"));
        return;
    }
    let schedules = from_env("CONECTA_ENGINE_SCHEDULES").unwrap_or(100_000);
    let mut total = Tally::default();
    for seed in 0..schedules {
        let (world, checked) = live(seed, false);
        assert!(checked.is_ok(), "{}", story(seed));
        total.iter_mut().zip(world.tally).for_each(|(total, count)| *total += count);
    }
    assert!(!total.contains(&0) || schedules < 1_000, "the schedules no longer reach everything: {total:?}");
}

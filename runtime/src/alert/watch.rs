//! Counters in, alerts out: without a clock, a task or anybody to tell.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Alert, AlertKind, AlertState, Alerts};
use crate::telemetry::MetricsSnapshot;

/// How many alerts of all kinds and topics are told in an interval.
const BUDGET: usize = 20;
/// So often an inbox may fail in that time.
const INBOX_FAILURES: u64 = 10;
const INBOX_WINDOW: Duration = Duration::from_secs(300);

/// What an alert is about: its kind, and its topic where it has one.
type Of = (AlertKind, Option<Arc<str>>);

/// What was seen of a consumer so far.
pub(super) struct Watch {
    interval: Duration,
    stalled_after: Duration,
    max_lag: Option<u64>,
    before: MetricsSnapshot,
    cases: BTreeMap<Of, Case>,
    /// When the last of them were told, within an interval.
    told: VecDeque<Duration>,
    /// When the inbox failed, and how often.
    inbox: VecDeque<(Duration, u64)>,
}

/// What is known of one kind and topic.
#[derive(Default)]
struct Case {
    /// When it was last told that it has happened or begun.
    told_at: Option<Duration>,
    /// Whether that is what was told last, of what stands.
    is_told: bool,
    stands: bool,
    /// What has happened since it was told.
    count: u64,
    suppressed: u64,
}

impl Watch {
    pub(super) fn new(alerts: &Alerts) -> Self {
        let Alerts { interval, stalled_after, max_lag, .. } = *alerts;
        Self {
            interval,
            stalled_after,
            max_lag,
            before: MetricsSnapshot::default(),
            cases: BTreeMap::new(),
            told: VecDeque::new(),
            inbox: VecDeque::new(),
        }
    }

    /// What has happened since the last look, and how things stand. Times are since any beginning.
    pub(super) fn look(&mut self, now: Duration, seen: &MetricsSnapshot, out: &mut Vec<Alert>) {
        let grown = self.note(now, seen);
        if let Some(max) = self.max_lag {
            for (topic, figures) in &seen.topics {
                self.stands(now, (AlertKind::Lag, Some(topic)), figures.lag > max, figures.lag, out);
            }
        }
        // Those that are open, and those that were.
        let mut breakers: BTreeSet<Arc<str>> = seen.open_breakers.iter().map(|topic| Arc::from(*topic)).collect();
        let known = self.cases.keys().filter(|(kind, _)| *kind == AlertKind::BreakerOpen);
        breakers.extend(known.filter_map(|(_, topic)| topic.clone()));
        for topic in breakers {
            let is_open = seen.open_breakers.contains(&&*topic);
            self.stands(now, (AlertKind::BreakerOpen, Some(&topic)), is_open, 1, out);
        }
        let idle = Duration::from_millis(seen.idle_ms);
        let is_stalled = idle > self.stalled_after && seen.open_breakers.is_empty();
        self.stands(now, (AlertKind::Stalled, None), is_stalled, idle.as_secs(), out);
        let failures: u64 = self.inbox.iter().map(|(_, failures)| failures).sum();
        let was_failing = self.cases.get(&(AlertKind::InboxFailing, None)).is_some_and(|case| case.stands);
        let is_failing = failures >= INBOX_FAILURES || (was_failing && failures > 0);
        self.stands(now, (AlertKind::InboxFailing, None), is_failing, failures, out);
        // Last: how things stand is told once, what happens may go on for ever.
        self.tell(now, &grown, BUDGET, out);
    }

    /// The last look: all that has happened and was not told, whether or not it was to be kept back. How things stand is not to be judged of a
    /// consumer that is leaving.
    pub(super) fn look_back(&mut self, now: Duration, seen: &MetricsSnapshot, out: &mut Vec<Alert>) {
        let grown = self.note(now, seen);
        self.cases.values_mut().for_each(|case| case.told_at = None);
        self.tell(now, &grown, usize::MAX, out);
    }

    /// Counts what has happened since the last look; returns what of.
    fn note(&mut self, now: Duration, seen: &MetricsSnapshot) -> BTreeSet<Of> {
        let before = std::mem::replace(&mut self.before, seen.clone());
        let mut grown = BTreeSet::new();
        for (topic, figures) in &seen.topics {
            let earlier = before.topic(topic);
            for (kind, count, counted) in [
                (AlertKind::DeadLetters, figures.dead_lettered, earlier.dead_lettered),
                (AlertKind::DeadLetterFailing, figures.dead_letter_failures, earlier.dead_letter_failures),
            ] {
                let more = count.saturating_sub(counted);
                if more > 0 {
                    let of = (kind, Some(Arc::clone(topic)));
                    self.cases.entry(of.clone()).or_default().count += more;
                    grown.insert(of);
                }
            }
        }
        let failures = seen.inbox_failures.saturating_sub(before.inbox_failures);
        if failures > 0 {
            self.inbox.push_back((now, failures));
        }
        while self.inbox.front().is_some_and(|(at, _)| now.saturating_sub(*at) > INBOX_WINDOW) {
            self.inbox.pop_front();
        }
        grown
    }

    /// Tells what has happened, of that first which was told longest ago.
    fn tell(&mut self, now: Duration, grown: &BTreeSet<Of>, budget: usize, out: &mut Vec<Alert>) {
        let mut waiting: Vec<_> =
            self.cases.iter().filter(|(_, case)| case.count > 0).map(|(of, case)| (case.told_at, of.clone())).collect();
        waiting.sort();
        for (_, of) in waiting {
            let may_be_told = self.may_be_told(now, &of, budget);
            let case = self.cases.entry(of.clone()).or_default();
            if may_be_told {
                case.told_at = Some(now);
                let (count, suppressed) = (std::mem::take(&mut case.count), std::mem::take(&mut case.suppressed));
                self.told.push_back(now);
                out.push(self.alert(of, AlertState::Firing, count, suppressed));
            } else if grown.contains(&of) {
                case.suppressed += 1;
            }
        }
    }

    fn stands(
        &mut self,
        now: Duration,
        of: (AlertKind, Option<&Arc<str>>),
        stands: bool,
        count: u64,
        out: &mut Vec<Alert>,
    ) {
        let key = (of.0, of.1.map(Arc::clone));
        if !stands && !self.cases.contains_key(&key) {
            return;
        }
        let may_be_told = self.may_be_told(now, &key, BUDGET);
        let case = self.cases.entry(key.clone()).or_default();
        let has_begun = !std::mem::replace(&mut case.stands, stands) && stands;
        if stands && !case.is_told {
            if may_be_told {
                case.told_at = Some(now);
                case.is_told = true;
                let suppressed = std::mem::take(&mut case.suppressed);
                self.told.push_back(now);
                out.push(self.alert(key, AlertState::Firing, count, suppressed));
            } else if has_begun {
                case.suppressed += 1;
            }
        } else if !stands && std::mem::take(&mut case.is_told) {
            // At once: there is one for each that was told, so they are as few.
            out.push(self.alert(key, AlertState::Resolved, count, 0));
        }
    }

    fn may_be_told(&mut self, now: Duration, of: &Of, budget: usize) -> bool {
        let interval = self.interval;
        let is_over = |at: Duration| now.saturating_sub(at) >= interval;
        while self.told.front().is_some_and(|at| is_over(*at)) {
            self.told.pop_front();
        }
        self.told.len() < budget && self.cases.get(of).and_then(|case| case.told_at).is_none_or(is_over)
    }

    fn alert(&self, of: Of, state: AlertState, count: u64, suppressed: u64) -> Alert {
        let (kind, topic) = of;
        let group = Arc::clone(&self.before.group);
        Alert { kind, state, group, topic, count, suppressed, at: SystemTime::now() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::telemetry::TopicMetrics;

    struct World {
        watch: Watch,
        seen: MetricsSnapshot,
        now: Duration,
    }

    impl World {
        fn new(alerts: Alerts) -> Self {
            let seen = MetricsSnapshot { group: "g".into(), ..MetricsSnapshot::default() };
            Self { watch: Watch::new(&alerts), seen, now: Duration::ZERO }
        }

        fn topic(&mut self, topic: &str) -> &mut TopicMetrics {
            self.seen.topics.entry(topic.into()).or_default()
        }

        /// What is told so many seconds later: kind, state, count, suppressed.
        fn after(&mut self, seconds: u64) -> Vec<(AlertKind, AlertState, u64, u64)> {
            self.now += Duration::from_secs(seconds);
            let mut told = Vec::new();
            self.watch.look(self.now, &self.seen, &mut told);
            told.iter().map(|it| (it.kind, it.state, it.count, it.suppressed)).collect()
        }
    }

    use AlertKind as K;
    use AlertState::{Firing, Resolved};

    #[test]
    fn dead_letters_are_told_at_once_and_later_ones_together_when_the_interval_is_over() {
        let mut world = World::new(Alerts::new());
        assert_eq!(world.after(0), []);
        world.topic("a").dead_lettered = 3;
        assert_eq!(world.after(1), [(K::DeadLetters, Firing, 3, 0)]);
        for dead_lettered in [4, 9] {
            world.topic("a").dead_lettered = dead_lettered;
            assert_eq!(world.after(1), []);
        }
        world.topic("b").dead_lettered = 1;
        assert_eq!(world.after(1), [(K::DeadLetters, Firing, 1, 0)], "another topic's");
        assert_eq!(world.after(56), []);
        assert_eq!(world.after(1), [(K::DeadLetters, Firing, 6, 2)]);
        assert_eq!(world.after(600), []);
    }

    #[test]
    fn what_was_kept_back_is_told_at_the_end() {
        let mut world = World::new(Alerts::new());
        world.topic("a").dead_lettered = 1;
        world.seen.idle_ms = u64::MAX;
        world.after(1);
        world.topic("a").dead_lettered = 5;
        assert_eq!(world.after(1), []);
        world.topic("a").dead_lettered = 6;
        let mut told = Vec::new();
        world.watch.look_back(world.now, &world.seen, &mut told);
        let told: Vec<_> = told.iter().map(|it| (it.kind, it.count, it.suppressed)).collect();
        assert_eq!(told, [(K::DeadLetters, 5, 1)]);
    }

    #[test]
    fn a_breaker_is_told_when_it_opens_and_when_it_closes_and_one_that_flaps_once_an_interval() {
        let mut world = World::new(Alerts::new());
        world.seen.open_breakers = vec!["a"];
        assert_eq!(world.after(0), [(K::BreakerOpen, Firing, 1, 0)]);
        assert_eq!(world.after(30), []);
        world.seen.open_breakers = vec![];
        assert_eq!(world.after(1), [(K::BreakerOpen, Resolved, 1, 0)]);
        for _ in 0..2 {
            world.seen.open_breakers = vec!["a"];
            assert_eq!(world.after(1), []);
            world.seen.open_breakers = vec![];
            assert_eq!(world.after(1), []);
        }
        world.seen.open_breakers = vec!["a"];
        assert_eq!(world.after(1), []);
        assert_eq!(world.after(24), [(K::BreakerOpen, Firing, 1, 3)], "it stands, and was not told");
        world.seen.open_breakers = vec![];
        assert_eq!(world.after(1), [(K::BreakerOpen, Resolved, 1, 0)]);
    }

    #[test]
    fn a_stall_is_none_while_a_breaker_is_open() {
        let mut world = World::new(Alerts::new().stalled_after(Duration::from_secs(10)));
        world.seen.idle_ms = 10_000;
        assert_eq!(world.after(1), []);
        world.seen.idle_ms = 11_000;
        world.seen.open_breakers = vec!["a"];
        assert_eq!(world.after(1), [(K::BreakerOpen, Firing, 1, 0)]);
        world.seen.open_breakers = vec![];
        assert_eq!(world.after(1), [(K::BreakerOpen, Resolved, 1, 0), (K::Stalled, Firing, 11, 0)]);
        world.seen.idle_ms = 0;
        assert_eq!(world.after(1), [(K::Stalled, Resolved, 0, 0)]);
    }

    #[test]
    fn lag_is_told_above_its_bound_and_without_one_never() {
        let mut world = World::new(Alerts::new().max_lag(100));
        world.topic("a").lag = 100;
        assert_eq!(world.after(1), []);
        world.topic("a").lag = 101;
        assert_eq!(world.after(1), [(K::Lag, Firing, 101, 0)]);
        world.topic("a").lag = 5;
        assert_eq!(world.after(1), [(K::Lag, Resolved, 5, 0)]);
        let mut world = World::new(Alerts::new());
        world.topic("a").lag = u64::MAX;
        assert_eq!(world.after(1), []);
    }

    #[test]
    fn an_inbox_is_failing_from_ten_failures_until_five_minutes_without_one() {
        let mut world = World::new(Alerts::new());
        world.seen.inbox_failures = 9;
        assert_eq!(world.after(1), []);
        world.seen.inbox_failures = 10;
        assert_eq!(world.after(200), [(K::InboxFailing, Firing, 10, 0)]);
        assert_eq!(world.after(300), [], "one is left of the last five minutes");
        assert_eq!(world.after(1), [(K::InboxFailing, Resolved, 0, 0)]);
    }

    #[test]
    fn a_hundred_topics_are_not_told_of_in_a_minute_and_none_is_forgotten() {
        let mut world = World::new(Alerts::new());
        for topic in 0..100 {
            world.topic(&format!("t{topic}")).dead_lettered = 1;
        }
        let mut told = world.after(1).len();
        assert_eq!(told, BUDGET);
        for _ in 0..4 {
            let more = world.after(60);
            assert!(more.len() == BUDGET && more.iter().all(|it| it.2 == 1 && it.3 == 1), "{more:?}");
            told += more.len();
        }
        assert_eq!((told, world.after(60).len()), (100, 0));
    }

    #[test]
    fn topics_that_fail_all_the_time_keep_neither_a_breaker_nor_each_other_back() {
        let mut world = World::new(Alerts::new());
        let mut told = Vec::new();
        for round in 1..=4 {
            for topic in 0..25 {
                world.topic(&format!("t{topic}")).dead_lettered = round;
            }
            if round == 3 {
                world.seen.open_breakers = vec!["t0"];
            }
            world.now += Duration::from_secs(60);
            let from = told.len();
            world.watch.look(world.now, &world.seen, &mut told);
            assert_eq!(told.len() - from, BUDGET, "round {round}");
        }
        assert!(told.iter().any(|it| it.kind == AlertKind::BreakerOpen), "{told:?}");
        let topics: BTreeSet<_> = told[..2 * BUDGET].iter().filter_map(|it| it.topic.clone()).collect();
        assert_eq!(topics.len(), 25, "each is told of within two minutes");
    }

    #[test]
    fn at_the_end_all_that_was_kept_back_is_told() {
        let mut world = World::new(Alerts::new());
        for topic in 0..100 {
            world.topic(&format!("t{topic}")).dead_lettered = 1;
        }
        assert_eq!(world.after(1).len(), BUDGET);
        let mut told = Vec::new();
        world.watch.look_back(world.now, &world.seen, &mut told);
        assert_eq!(told.len(), 100 - BUDGET);
    }
}

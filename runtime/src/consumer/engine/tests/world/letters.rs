//! The dead letters of partitions whose events follow those of their key: written, settled, brought back, looked up.

use std::ops::Range;

use super::checks::ensure;
use super::{Checked, Did, Log, Phase, World, id};
use crate::consumer::engine::{Input, ParkedKey, Token};

/// A dead letter of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    event: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// Brought back, and not handled yet.
    Returning,
    /// Handled after all, or skipped.
    Over,
}

impl Log {
    /// An event is safe in the dead-letter topic.
    pub(super) fn written(&mut self, event: usize) {
        self.events[event].ended = true;
        if self.ordered && self.events[event].key.is_some() {
            self.letters.push(Letter { event, stage: Stage::Open });
            self.meet_letters(self.start..self.read);
        }
    }

    /// Notes of events which of them have open letters before them.
    pub(super) fn meet_letters(&mut self, events: Range<usize>) {
        for index in events {
            let open = self.before(index).any(|letter| letter.stage == Stage::Open);
            self.events[index].may_follow |= open;
        }
    }

    /// The unfinished letters of its key that come before an event.
    fn before(&self, event: usize) -> impl Iterator<Item = &Letter> {
        self.of_key(self.events[event].key).filter(move |letter| letter.event < event)
    }

    fn of_key(&self, key: Option<u64>) -> impl Iterator<Item = &Letter> {
        let of_key = move |letter: &&Letter| key.is_some() && self.events[letter.event].key == key;
        self.letters.iter().filter(|letter| letter.stage != Stage::Over).filter(of_key)
    }

    fn parked(&self) -> Vec<ParkedKey> {
        let mut keys: Vec<_> = self.letters.iter().filter_map(|letter| self.events[letter.event].key).collect();
        keys.sort_unstable();
        keys.dedup();
        let parked = keys.into_iter().filter_map(|key| {
            let offset = |letter: &Letter| self.events[letter.event].offset;
            let from = self.of_key(Some(key)).map(offset).min()?;
            let to = self.of_key(Some(key)).map(offset).max()?;
            let returning = self.of_key(Some(key)).all(|letter| letter.stage == Stage::Returning);
            Some(ParkedKey { key, from, to, returning })
        });
        parked.collect()
    }

    /// The letters of a key that are open go back to the group, or are skipped.
    fn settle(&mut self, key: u64, stage: Stage) {
        for letter in &mut self.letters {
            if letter.stage == Stage::Open && self.events[letter.event].key == Some(key) {
                letter.stage = stage;
            }
        }
    }

    fn return_home(&mut self) {
        for letter in self.letters.iter_mut().filter(|letter| letter.stage == Stage::Returning) {
            letter.stage = Stage::Over;
        }
    }

    /// Whether a key has, or had, dead letters.
    pub(super) fn has_letters(&self, key: Option<u64>) -> bool {
        self.letters.iter().any(|letter| self.events[letter.event].key == key)
    }

    /// Whether the oldest unfinished event waits for letters, or for news of them.
    pub(super) fn oldest_waits_for_letters(&self) -> bool {
        let oldest = self.events[self.start..self.read].iter().find(|event| event.phase != Phase::Finished);
        oldest.is_some_and(|event| self.has_letters(event.key))
    }

    /// Whether it is not known yet which keys have letters.
    pub(super) fn is_unknown(&self) -> bool {
        self.ordered && !self.knows_letters
    }
}

impl World {
    /// The operator settles the dead letters of a key.
    pub(in super::super) fn settle(&mut self, index: usize, key: u64, skip: bool) {
        self.note(|| format!("settle {index} key {key} skip {skip}"));
        self.tally[Did::BringBack as usize] += 1;
        self.logs[index].settle(key, if skip { Stage::Over } else { Stage::Returning });
    }

    /// What was brought back is handled.
    pub(in super::super) fn return_home(&mut self, index: usize) {
        self.note(|| format!("all of {index} that came back is handled"));
        self.logs[index].return_home();
    }

    /// Answers a look-up, of a former assignment maybe.
    pub(in super::super) fn answer_look_up(&mut self, which: usize) -> Checked {
        let (index, epoch, number, found) = self.looking.swap_remove(which);
        let log = &mut self.logs[index];
        log.knows_letters |= log.epoch == Some(epoch);
        let parked = found.unwrap_or_else(|| log.parked());
        self.feed(Input::LookedUp { partition: id(index), epoch, number, parked: &parked })
    }

    /// Of the letters that are being written, some arrive though nobody hears of it any more.
    pub(super) fn some_arrive(&mut self, index: usize) {
        for at in 0..self.writing.len() {
            let (_, partition, event) = self.writing[at];
            if partition == index && self.logs[index].ordered && self.rng.up_to(1) == 0 {
                self.tally[Did::WriteWhatNobodyHears as usize] += 1;
                self.logs[index].written(event);
            }
        }
    }

    pub(super) fn look_up_asked(&mut self, partition: usize, number: u32) -> Checked {
        self.tally[Did::LookUp as usize] += 1;
        let log = &self.logs[partition];
        let Some(epoch) = log.epoch.filter(|_| log.ordered) else {
            return Err(format!("{partition} is to be looked up"));
        };
        let asked = self.looking.iter().any(|it| (it.0, it.1) == (partition, epoch));
        ensure!(!asked, "{partition} is looked up twice at a time");
        let found = (self.rng.up_to(1) == 0).then(|| log.parked());
        self.looking.push((partition, epoch, number, found));
        Ok(())
    }

    /// No event of a parked key is handed out.
    pub(super) fn check_handed_out(&self, partition: usize, event: usize) -> Checked {
        let log = &self.logs[partition];
        let offset = log.events[event].offset;
        let parked = log.before(event).next();
        ensure!(parked.is_none(), "{partition}@{offset} was handed out, and an earlier event of its key is {parked:?}");
        let itself = log.of_key(log.events[event].key).any(|letter| letter.event == event);
        ensure!(!itself, "{partition}@{offset} was handed out though it is a dead letter");
        Ok(())
    }

    /// They are dead-lettered in order, and once.
    pub(super) fn check_letter(&self, partition: usize, event: usize, follows: bool) -> Checked {
        let log = &self.logs[partition];
        let Some(key) = log.events[event].key.filter(|_| log.ordered) else {
            ensure!(!follows, "{partition} is not ordered, or its event has no key");
            return Ok(());
        };
        let offset = log.events[event].offset;
        let twice = log.of_key(Some(key)).any(|letter| letter.event == event);
        ensure!(!twice, "{partition}@{offset} is a dead letter already");
        let mut earlier = log.events[log.start..event].iter().filter(|earlier| earlier.key == Some(key));
        let open = earlier.find(|earlier| earlier.phase != Phase::Finished);
        ensure!(open.is_none(), "{partition}@{offset} is dead-lettered before {open:?}");
        ensure!(!follows || log.events[event].may_follow, "{partition}@{offset} is dead-lettered behind nothing");
        Ok(())
    }

    pub(super) fn passed_over(&mut self, token: Token) -> Checked {
        let (partition, event) = self.live(token)?;
        self.tally[Did::PassOver as usize] += 1;
        let log = &mut self.logs[partition];
        let offset = log.events[event].offset;
        let is_letter = log.letters.iter().any(|letter| letter.event == event);
        ensure!(is_letter, "{partition}@{offset} is passed over, and is no dead letter");
        ensure!(log.events[event].phase == Phase::Waiting, "{partition}@{offset} is passed over while under way");
        log.events[event].phase = Phase::Finished;
        Ok(())
    }
}

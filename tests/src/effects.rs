//! Judging a consumer from outside: each handler run leaves one line in a file, and the file is held against what was
//! published.
//!
//! A line is `KEY SEQ PROCESS`. The file is opened for appending and each line is one write, so that lines of several processes stand whole and in
//! the order in which they were written.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// One effect: the `seq`-th event of a key was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Effect {
    /// The event's key.
    pub key: i64,
    /// Its place among the events of the key, from 0.
    pub seq: u32,
}

/// Whether `ordered_worker` takes the event for poison, until it is mended.
#[must_use]
pub fn is_culprit(effect: Effect) -> bool {
    effect.key % 8 == 0 && effect.seq == 4
}

/// Writes effects.
#[derive(Debug)]
pub struct EffectLog(File);

impl EffectLog {
    /// Appends to a file, which is made where there is none.
    ///
    /// # Panics
    /// When that cannot be done.
    #[must_use]
    pub fn append_to(path: &Path) -> Self {
        Self(OpenOptions::new().create(true).append(true).open(path).unwrap())
    }

    /// Leaves a line.
    ///
    /// # Errors
    /// As the file system does.
    pub fn record(&self, effect: Effect) -> std::io::Result<()> {
        (&self.0).write_all(format!("{} {} {}\n", effect.key, effect.seq, std::process::id()).as_bytes())
    }
}

/// Reads effects.
#[derive(Clone, Debug)]
pub struct Effects(PathBuf);

impl Effects {
    /// Those in that file, which need not exist yet.
    #[must_use]
    pub fn in_file(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// How many there are. Quick: counts lines.
    #[must_use]
    pub fn count(&self) -> usize {
        std::fs::read(&self.0).unwrap_or_default().iter().filter(|&&byte| byte == b'\n').count()
    }

    /// All of them, in the order they happened.
    ///
    /// # Panics
    /// When a line is not one of [`EffectLog`]'s.
    #[must_use]
    pub fn all(&self) -> Vec<Effect> {
        self.lines().into_iter().map(|(effect, _)| effect).collect()
    }

    /// How many are of that process.
    ///
    /// # Panics
    /// As [`all`](Self::all).
    #[must_use]
    pub fn of_process(&self, process: u32) -> usize {
        self.lines().iter().filter(|(_, by)| *by == process).count()
    }

    fn lines(&self) -> Vec<(Effect, u32)> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        let parse = |line: &str| {
            let mut fields = line.split(' ');
            let effect = Effect { key: fields.next()?.parse().ok()?, seq: fields.next()?.parse().ok()? };
            Some((effect, fields.next()?.parse().ok()?))
        };
        text.lines().map(|line| parse(line).unwrap_or_else(|| panic!("not an effect: {line:?}"))).collect()
    }

    /// Holds them against `published`: so many events of each key.
    ///
    /// # Panics
    /// As [`all`](Self::all).
    #[must_use]
    pub fn verdict(&self, published: &HashMap<i64, u32>) -> Verdict {
        Verdict::of(&self.all(), published)
    }
}

/// What became of the events that were published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Published.
    pub events: usize,
    /// Published, and without an effect.
    pub lost: usize,
    /// Effects beyond the first of an event.
    pub doubled: usize,
    /// First handled before an earlier one of its key was.
    pub disordered: usize,
    /// Effects of events that were never published.
    pub invented: usize,
}

impl Verdict {
    /// Of these effects, in the order they happened, against `published`: so many events of each key.
    #[must_use]
    pub fn of(effects: &[Effect], published: &HashMap<i64, u32>) -> Self {
        let mut seen: HashMap<i64, Vec<bool>> =
            published.iter().map(|(&key, &count)| (key, vec![false; count as usize])).collect();
        let mut verdict = Self { events: published.values().map(|&count| count as usize).sum(), ..Self::default() };
        for Effect { key, seq } in effects {
            let Some(of_key) = seen.get_mut(key).filter(|of_key| (*seq as usize) < of_key.len()) else {
                verdict.invented += 1;
                continue;
            };
            let at = *seq as usize;
            if of_key[at] {
                verdict.doubled += 1;
            } else {
                verdict.disordered += usize::from(of_key[..at].contains(&false));
                of_key[at] = true;
            }
        }
        verdict.lost = seen.values().flatten().filter(|seen| !**seen).count();
        verdict
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, lost, doubled, disordered, .. } = self;
        write!(f, "events={events} lost={lost} doubled={doubled} disordered={disordered}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(effects: &[(i64, u32)]) -> Verdict {
        let effects: Vec<Effect> = effects.iter().map(|&(key, seq)| Effect { key, seq }).collect();
        Verdict::of(&effects, &HashMap::from([(1, 3), (2, 1)]))
    }

    #[test]
    fn each_event_once_and_in_order_is_faultless() {
        assert_eq!(verdict(&[(1, 0), (2, 0), (1, 1), (1, 2)]), Verdict { events: 4, ..Verdict::default() });
    }

    #[test]
    fn an_event_without_an_effect_is_lost() {
        assert_eq!(verdict(&[(1, 0), (1, 1), (1, 2)]).lost, 1);
    }

    #[test]
    fn a_second_effect_is_doubled_and_not_disordered() {
        let found = verdict(&[(1, 0), (1, 1), (1, 0), (1, 1), (1, 2), (2, 0)]);
        assert_eq!((found.doubled, found.disordered, found.lost), (2, 0, 0));
    }

    #[test]
    fn an_event_handled_before_an_earlier_one_of_its_key_is_disordered() {
        let found = verdict(&[(1, 1), (1, 0), (1, 2), (2, 0)]);
        assert_eq!((found.doubled, found.disordered, found.lost), (0, 1, 0));
    }

    #[test]
    fn an_effect_of_nothing_published_is_invented() {
        assert_eq!(verdict(&[(3, 0), (1, 3)]).invented, 2);
    }
}

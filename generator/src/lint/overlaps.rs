//! CG0712: one topic can be of two addresses.
//!
//! Both names are read at once, a sign at a time, as far as they can be alike.

use std::collections::HashSet;

use super::Context;
use crate::{
    api::Channel,
    diagnostic::{At, Code, Diagnostic, Findings, Severity},
    topics::is_topic_name,
};

/// Steps of reading two names at once, all addresses together. Thousands of addresses that begin and end differently need none.
const MOST_STEPS: usize = 400_000;

/// The name of a channel's topic.
pub(super) struct Name<'a> {
    parts: Vec<Part<'a>>,
    parameters: Vec<&'a str>,
}

enum Part<'a> {
    /// One of these.
    Texts(Vec<&'a str>),
    /// At least one letter, digit, `_` or `-`: no value holds a dot, so that the name says each for certain.
    Any,
}

impl<'a> Name<'a> {
    /// That of a channel; `None` where what is fixed of it is nothing that Kafka takes, so that nobody can mean a topic.
    pub(super) fn of(channel: &'a Channel) -> Option<Self> {
        let mut rest = channel.topic.as_ref().map_or(&*channel.address, |topic| &topic.name);
        let (mut parts, mut parameters) = (Vec::new(), Vec::new());
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            parts.push(Part::Texts(vec![before]));
            let said = channel.parameters.iter().find(|parameter| parameter.name == name);
            parts.push(match said.map_or(&[][..], |said| &said.values) {
                [] => Part::Any,
                values => Part::Texts(values.iter().map(String::as_str).collect()),
            });
            parameters.push(name);
            rest = after;
        }
        parts.push(Part::Texts(vec![rest]));
        let name = Self { parts, parameters };
        let fixed: String = name.fixed().collect();
        (fixed.is_empty() && !name.parameters.is_empty() || is_topic_name(&format!("x{fixed}"))).then_some(name)
    }

    /// Whether it has that parameter.
    pub(super) fn has(&self, parameter: &str) -> bool {
        self.parameters.contains(&parameter)
    }

    /// The least that its length can be.
    pub(super) fn least(&self) -> usize {
        self.fixed().map(str::len).sum::<usize>() + self.parameters.len()
    }

    /// What stands outside the parameters.
    fn fixed(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.parts.iter().step_by(2).filter_map(|part| match part {
            Part::Texts(texts) => texts.first().copied(),
            Part::Any => None,
        })
    }

    /// Whether a name can be both, as far as beginnings and ends tell without reading.
    fn may_meet(&self, other: &Self) -> bool {
        let (Some(a), Some(b)) = (self.fixed().next(), other.fixed().next()) else { return true };
        let (Some(c), Some(d)) = (self.fixed().last(), other.fixed().last()) else { return true };
        let begin = a.starts_with(b) || b.starts_with(a);
        let whole = |name: &Self| name.parameters.is_empty();
        begin && (whole(self) || whole(other) || c.ends_with(d) || d.ends_with(c))
    }

    /// What may be read next from `at`, and where reading is then.
    fn steps(&self, at: Reading) -> Vec<(Option<u8>, Reading)> {
        match &self.parts.get(at.part) {
            None => Vec::new(),
            // After one sign there may be more of it, or the next part.
            Some(Part::Any) => {
                let mut steps = vec![(None, Reading { read: 1, ..at })];
                steps.extend(self.starts(at.part + 1).into_iter().map(|next| (None, next)));
                steps
            }
            Some(Part::Texts(texts)) => {
                let text = texts[at.text].as_bytes();
                let read = at.read + 1;
                let after = match read == text.len() {
                    true => self.starts(at.part + 1),
                    false => vec![Reading { read, ..at }],
                };
                after.into_iter().map(|next| (Some(text[at.read]), next)).collect()
            }
        }
    }

    /// Where reading a part begins; parts that are empty are passed over.
    fn starts(&self, part: usize) -> Vec<Reading> {
        match self.parts.get(part) {
            Some(Part::Texts(texts)) => {
                let begin = |(text, said): (usize, &&str)| match said.is_empty() {
                    true => self.starts(part + 1),
                    false => vec![Reading { part, text, read: 0 }],
                };
                texts.iter().enumerate().flat_map(begin).collect()
            }
            _ => vec![Reading { part, text: 0, read: 0 }],
        }
    }

    /// Whether some topic has both names; `None` where that takes too many steps.
    fn meets(&self, other: &Self, left: &mut usize) -> Option<bool> {
        if !self.may_meet(other) {
            return Some(false);
        }
        let mut pending: Vec<_> =
            self.starts(0).into_iter().flat_map(|a| other.starts(0).into_iter().map(move |b| (a, b))).collect();
        let mut seen: HashSet<_> = HashSet::new();
        while let Some((a, b)) = pending.pop() {
            *left = left.checked_sub(1)?;
            if a.part == self.parts.len() && b.part == other.parts.len() {
                return Some(true);
            }
            for (one, next) in self.steps(a) {
                for (two, then) in other.steps(b) {
                    let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
                    let alike = match (one, two) {
                        (Some(one), Some(two)) => one == two,
                        (Some(byte), None) | (None, Some(byte)) => sign(byte),
                        (None, None) => true,
                    };
                    if alike && seen.insert((next, then)) {
                        pending.push((next, then));
                    }
                }
            }
        }
        Some(false)
    }
}

/// How far a name was read: which part, which of its texts, how many bytes of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Reading {
    part: usize,
    text: usize,
    read: usize,
}

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let channels = cx.resolved.api.channels.iter().filter(|channel| channel.kafka && !channel.is_open());
    let names: Vec<_> = channels.filter_map(|channel| Some((channel, Name::of(channel)?))).collect();
    let mut left = MOST_STEPS;
    for (index, (channel, name)) in names.iter().enumerate().filter(|(_, (_, name))| !name.parameters.is_empty()) {
        // Of two with parameters the later one is pointed at, and each once.
        let others = names.iter().enumerate().filter(|(other, (_, name))| *other < index || name.parameters.is_empty());
        for (_, (other, theirs)) in others {
            let found = match name.meets(theirs, &mut left) {
                Some(false) => continue,
                Some(true) => {
                    let said = format!("a topic of `{}` can be one of `{}`", channel.name, other.name);
                    let mut found =
                        Diagnostic::new(Code::ADDRESSES_MEET, said).related(At::Key(other.place), "the other one");
                    if theirs.parameters.is_empty() {
                        // The one with the name has it, whoever publishes to the address as well.
                        found.severity = Severity::Note;
                    }
                    found.help("make a part that is fixed differ, or list the values that the parameter may take")
                }
                None => Diagnostic::new(Code::ADDRESSES_MEET, "from here on addresses are not held against each other")
                    .help("there are too many that begin and end alike"),
            };
            findings.push(found.at_key(channel.place));
            if left == 0 {
                return;
            }
            break;
        }
    }
}

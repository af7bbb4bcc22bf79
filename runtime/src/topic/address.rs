//! Addresses with parameters: `tenants.{tenant}.orders` stands for a topic for each tenant.
//!
//! What a parameter may be is bounded so that a topic's name says each value for certain: it holds no dot, and where another
//! parameter follows in the same part between dots, not the sign that separates the two. Dead-letter topics, which have more
//! parts, are never taken for topics of an address.

use std::fmt;

use super::overlap::{self, Label};
use crate::codec::Violation;

/// The longest name of a topic that Kafka takes.
const LONGEST: usize = 249;

/// An address with parameters, and what each may be.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    text: &'static str,
    parts: Vec<Part>,
    parameters: Vec<Parameter>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Literal(&'static str),
    /// Index into the parameters.
    Parameter(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parameter {
    name: &'static str,
    /// The values that the contract lists; none is any.
    listed: Vec<&'static str>,
    signs: Signs,
}

/// The signs that a value may have beside letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signs {
    dash: bool,
    underscore: bool,
    /// Whether the first may be an underscore: topics of Kafka's own begin with one.
    underscore_first: bool,
}

impl Address {
    /// An address as the contract writes it. `listed` has the values of those parameters that may only take these, by name.
    #[must_use]
    pub fn new(text: &'static str, listed: &[(&'static str, Vec<&'static str>)]) -> Self {
        let mut parts = Vec::new();
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_parameter(rest) {
            if !before.is_empty() {
                parts.push(Part::Literal(before));
            }
            let known = parameters.iter().position(|parameter| parameter.name == name);
            parts.push(Part::Parameter(known.unwrap_or(parameters.len())));
            if known.is_none() {
                let values = listed.iter().find(|(listed, _)| *listed == name).map(|(_, values)| values.clone());
                let signs = Signs { dash: true, underscore: true, underscore_first: !parts_begin_with_one(&parts) };
                parameters.push(Parameter { name, listed: values.unwrap_or_default(), signs });
            }
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest));
        }
        for around in parts.windows(3) {
            if let [Part::Parameter(index), Part::Literal(between), Part::Parameter(_)] = *around
                && !between.contains('.')
            {
                let signs = &mut parameters[index].signs;
                signs.dash &= !between.starts_with('-');
                signs.underscore &= !between.starts_with('_');
            }
        }
        Self { text, parts, parameters }
    }

    /// The address as the contract writes it, `tenants.{tenant}.orders`.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// The names of its parameters, each once, in order.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = &'static str> + '_ {
        self.parameters.iter().map(|parameter| parameter.name)
    }

    /// The topic with these values, in the order of [`parameters`](Self::parameters).
    ///
    /// # Errors
    /// When a value is empty or has a sign that it may not have, or the name would be longer than Kafka takes. The fault's path is
    /// the parameter's name.
    pub fn topic<V: AsRef<str>>(&self, values: &[V]) -> Result<String, Violation> {
        for (parameter, value) in self.parameters.iter().zip(values) {
            parameter.check(value.as_ref())?;
        }
        let mut topic = String::with_capacity(self.text.len() + 16);
        for part in &self.parts {
            match part {
                Part::Literal(text) => topic.push_str(text),
                Part::Parameter(index) => topic.push_str(values.get(*index).map(AsRef::as_ref).unwrap_or_default()),
            }
        }
        if topic.len() > LONGEST {
            let said = format!("the topic's name would have {} bytes, Kafka takes {LONGEST}", topic.len());
            return Err(Violation::new("", said));
        }
        Ok(topic)
    }

    /// The values that a topic's name has for the parameters, in the order of [`parameters`](Self::parameters); `None` for a topic
    /// that is not one of this address.
    #[must_use]
    pub fn values<'t>(&self, topic: &'t str) -> Option<Vec<&'t str>> {
        let mut values = vec![None; self.parameters.len()];
        self.read(&self.parts, topic, &mut values).then(|| values.into_iter().flatten().collect())
    }

    fn read<'t>(&self, parts: &[Part], rest: &'t str, values: &mut [Option<&'t str>]) -> bool {
        let Some((part, parts)) = parts.split_first() else { return rest.is_empty() };
        let index = match *part {
            Part::Literal(text) => {
                return rest.strip_prefix(text).is_some_and(|rest| self.read(parts, rest, values));
            }
            Part::Parameter(index) => index,
        };
        if let Some(known) = values[index] {
            return rest.strip_prefix(known).is_some_and(|rest| self.read(parts, rest, values));
        }
        let parameter = &self.parameters[index];
        let lengths: Vec<usize> = match parameter.listed.as_slice() {
            // The longest first: all but the last of a part end where the next sign is one that they do not have.
            [] => (1..=parameter.signs.prefix(rest)).rev().collect(),
            listed => listed.iter().filter(|value| rest.starts_with(**value)).map(|value| value.len()).collect(),
        };
        for length in lengths {
            let (value, rest) = rest.split_at(length);
            values[index] = Some(value);
            if self.read(parts, rest, values) {
                return true;
            }
        }
        values[index] = None;
        false
    }

    /// The regular expression of its topics, for a subscription: anchored, of what librdkafka and the broker both understand.
    #[must_use]
    pub fn regex(&self) -> String {
        self.regex_with("")
    }

    /// The same for topics whose names go on like that.
    pub(crate) fn regex_with(&self, suffix: &str) -> String {
        let mut out = String::from("^");
        for part in &self.parts {
            match *part {
                Part::Literal(text) => escape(text, &mut out),
                Part::Parameter(index) => self.parameters[index].regex(&mut out),
            }
        }
        escape(suffix, &mut out);
        out.push('$');
        out
    }

    /// Whether some topic is one of both addresses.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        overlap::overlaps(&self.labels(), &other.labels())
    }

    /// What the name of a topic is made of. That a parameter stands twice with one value is left out: two addresses
    /// may be said to overlap there that do not.
    fn labels(&self) -> Vec<Label<'_>> {
        let mut labels = Vec::new();
        for part in &self.parts {
            match *part {
                Part::Literal(text) => labels.push(Label::OneOf(vec![text])),
                Part::Parameter(index) => {
                    let Parameter { listed, signs, .. } = &self.parameters[index];
                    match listed.as_slice() {
                        [] => {
                            let (first, other) = (signs.first(), signs.set());
                            labels.push(Label::Signs { first, other });
                        }
                        listed => labels.push(Label::OneOf(listed.to_vec())),
                    }
                }
            }
        }
        labels
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl Parameter {
    fn check(&self, value: &str) -> Result<(), Violation> {
        let fault = |said: String| Err(Violation::new(self.name, said));
        if value.is_empty() {
            return fault("is empty, and the address needs it".into());
        }
        if !self.listed.is_empty() {
            return match self.listed.contains(&value) {
                true => Ok(()),
                false => fault("is not among the values that the contract lists".into()),
            };
        }
        if self.signs.prefix(value) == value.len() {
            return Ok(());
        }
        let mut may = String::from("may hold letters, digits");
        may.push_str(match (self.signs.dash, self.signs.underscore) {
            (true, true) => ", `_` and `-`",
            (true, false) => " and `-`",
            (false, true) => " and `_`",
            (false, false) => "",
        });
        may.push_str(if self.signs.underscore_first { " only" } else { " only, and does not begin with `_`" });
        fault(may)
    }

    fn regex(&self, out: &mut String) {
        if self.listed.is_empty() {
            let class = |signs: Signs| {
                let underscore = if signs.underscore { "_" } else { "" };
                let dash = if signs.dash { "-" } else { "" };
                format!("[a-zA-Z0-9{underscore}{dash}]")
            };
            if self.signs.underscore_first || !self.signs.underscore {
                out.push_str(&class(self.signs));
                out.push('+');
            } else {
                out.push_str(&class(Signs { underscore: false, ..self.signs }));
                out.push_str(&class(self.signs));
                out.push('*');
            }
            return;
        }
        out.push('(');
        for (index, value) in self.listed.iter().enumerate() {
            if index > 0 {
                out.push('|');
            }
            escape(value, out);
        }
        out.push(')');
    }
}

impl Signs {
    fn has(self, sign: u8) -> bool {
        sign.is_ascii_alphanumeric() || (sign == b'-' && self.dash) || (sign == b'_' && self.underscore)
    }

    /// How many bytes of a text can be such a value.
    fn prefix(self, text: &str) -> usize {
        if text.starts_with('_') && !self.underscore_first {
            return 0;
        }
        text.bytes().take_while(|sign| self.has(*sign)).count()
    }

    fn set(self) -> u128 {
        (0..128u8).filter(|sign| self.has(*sign)).fold(0, |set, sign| set | 1 << sign)
    }

    fn first(self) -> u128 {
        if self.underscore_first { self.set() } else { self.set() & !(1 << b'_') }
    }
}

fn parts_begin_with_one(parts: &[Part]) -> bool {
    matches!(parts, [Part::Parameter(_)])
}

/// `tenants.`, `tenant`, `.orders`: what stands before the first parameter, its name, and what follows it.
fn next_parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Whether an address has parameters.
pub(super) const fn has_parameters(address: &str) -> bool {
    let bytes = address.as_bytes();
    let (mut at, mut opened) = (0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'{' => opened = true,
            b'}' if opened => return true,
            _ => {}
        }
        at += 1;
    }
    false
}

/// Whether a topic has an address's words in their order, and something for each parameter.
pub(super) fn is_like(address: &str, topic: &str) -> bool {
    let Some((before, _, mut rest)) = next_parameter(address) else { return address == topic };
    let Some(mut topic) = topic.strip_prefix(before) else { return false };
    while let Some((between, _, after)) = next_parameter(rest) {
        // The first sign is the parameter's.
        let Some(found) = topic.char_indices().skip(1).find(|(at, _)| topic[*at..].starts_with(between)) else {
            return false;
        };
        topic = &topic[found.0 + between.len()..];
        rest = after;
    }
    topic.len() > rest.len() && topic.ends_with(rest)
}

fn escape(text: &str, out: &mut String) {
    for sign in text.chars() {
        if r"\^$.|?*+()[]{}".contains(sign) {
            out.push('\\');
        }
        out.push(sign);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &'static str) -> Address {
        Address::new(text, &[("region", vec!["eu", "us", "us-1.x"])])
    }

    #[test]
    fn what_is_filled_in_is_read_again() {
        for (text, values, topic) in [
            ("tenants.{tenant}.orders", &["gob"][..], "tenants.gob.orders"),
            ("{tenant}.orders", &["gob-1_x"], "gob-1_x.orders"),
            ("{env}-{tenant}-orders", &["prod", "a-b"], "prod-a-b-orders"),
            ("orders.{region}.{tenant}", &["us-1.x", "t"], "orders.us-1.x.t"),
            ("{tenant}events", &["events"], "eventsevents"),
            ("{a}.{b}.{a}", &["x", "y"], "x.y.x"),
            ("user/{userId}/signedup", &["7"], "user/7/signedup"),
        ] {
            let address = address(text);
            assert_eq!(address.topic(values).as_deref(), Ok(topic), "{text}");
            assert_eq!(address.values(topic).as_deref(), Some(values), "{text}");
            assert!(is_like(text, topic), "{text}");
            let regex = regex_lite::Regex::new(&address.regex()).map(|regex| regex.is_match(topic));
            assert_eq!(regex, Ok(true), "{text}: {}", address.regex());
        }
    }

    #[test]
    fn topics_of_other_addresses_are_not_taken_for_its_own() {
        for (text, topic) in [
            ("tenants.{tenant}.orders", "tenants..orders"),
            ("tenants.{tenant}.orders", "tenants.a.b.orders"),
            ("tenants.{tenant}.orders", "tenantsxa.orders"),
            ("orders.{tenant}", "orders.gob.group.dlq"),
            ("orders.{region}", "orders.asia"),
            ("{tenant}", "__consumer_offsets"),
            ("{env}-{tenant}.x", "prod.x"),
            ("{a}.{a}", "x.y"),
            ("orders.{tenant}", "orders.señor"),
        ] {
            let address = address(text);
            assert_eq!(address.values(topic), None, "{text} {topic}");
            // A regular expression does not know that two values are one.
            if text != "{a}.{a}" {
                let regex = regex_lite::Regex::new(&address.regex()).map(|regex| regex.is_match(topic));
                assert_eq!(regex, Ok(false), "{text} {topic}: {}", address.regex());
            }
        }
    }

    #[test]
    fn values_that_would_make_the_address_ambiguous_or_that_kafka_refuses_are_faults() {
        let fault = |text, values: &[&str]| address(text).topic(values).map_err(|fault| fault.to_string());
        let said = |text: &str| Err(text.to_owned());
        assert_eq!(fault("a.{tenant}", &[""]), said("tenant: is empty, and the address needs it"));
        for value in ["a.b", "a b", "a/b", "é", "a\n"] {
            assert_eq!(
                fault("a.{tenant}", &[value]),
                said("tenant: may hold letters, digits, `_` and `-` only"),
                "{value}"
            );
        }
        assert_eq!(
            fault("{e}-{t}", &["a-b", "c"]),
            said("e: may hold letters, digits and `_` only, and does not begin with `_`")
        );
        assert_eq!(fault("x.{e}_{t}", &["a_b", "c"]), said("e: may hold letters, digits and `-` only"));
        assert_eq!(fault("x.{region}", &["asia"]), said("region: is not among the values that the contract lists"));
        let long = "x".repeat(248);
        assert_eq!(fault("a.{t}", &[&long]), said("the topic's name would have 250 bytes, Kafka takes 249"));
        assert!(fault("a.{t}", &[&long[1..]]).is_ok());
    }

    #[test]
    fn addresses_overlap_where_one_topic_is_of_both() {
        for (one, other, overlaps) in [
            ("tenants.{a}.orders", "tenants.{b}.orders", true),
            ("tenants.{a}.orders", "tenants.{b}.bills", false),
            ("tenants.{a}.orders", "{b}.gob.orders", true),
            ("orders.{a}", "orders.{a}.{b}", false),
            ("orders.{region}", "orders.us-{n}", false),
            ("orders.{region}.{a}", "orders.us-{n}.x.{b}", true),
            ("orders.{region}", "orders.u{n}", true),
            ("{a}-{b}", "{a}_{b}", true),
            ("{a}.x", "_{b}.x", false),
            ("ñ.{a}", "ñ.{b}", true),
            ("ñ.{a}", "n.{b}", false),
        ] {
            assert_eq!(address(one).overlaps(&address(other)), overlaps, "{one} {other}");
            assert_eq!(address(other).overlaps(&address(one)), overlaps, "{other} {one}");
        }
    }

    #[test]
    fn a_topic_is_like_an_address_that_has_its_words() {
        for (address, topic, like) in [
            ("a.b", "a.b", true),
            ("a.b", "a.c", false),
            ("a.{x}.b", "a.c.d.b", true),
            ("a.{x}.b", "a..b", false),
            ("a.{x}", "a.", false),
            ("{x}.{y}", "a.b", true),
            ("{x}.{y}", ".b", false),
        ] {
            assert_eq!(is_like(address, topic), like, "{address} {topic}");
        }
    }

    #[test]
    fn braces_that_hold_nothing_together_are_text() {
        for text in ["a.b", "a}b{c", "a{b"] {
            assert!(!has_parameters(text), "{text}");
            assert_eq!(address(text).parameters().len(), 0, "{text}");
        }
        assert!(has_parameters("a}.{b}"));
    }
}

//! What became of the events of each channel, and whether it is what must have become of them.

use std::fmt;

use conecta_runtime::{Event as _, Topic};
use conecta360_events::{CasoAsignado, CasoCerrado, CasoCreado, topics};

use crate::dead_letters::DeadLetter;
use crate::events::Published;
use crate::services::Services;

/// One row a channel.
pub(crate) struct Table(Vec<Row>);

struct Row {
    topic: Topic,
    counts: Counts,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    published: usize,
    handled: usize,
    retried: usize,
    dead_lettered: usize,
    duplicates: usize,
}

impl Table {
    pub(crate) fn of(published: &Published, services: &Services, letter: &DeadLetter) -> Self {
        let row = |topic: &Topic| {
            let mut counts = Counts::default();
            for event in published.events.iter().filter(|event| event.topic == topic.name) {
                let calls = services.calls(&event.id);
                counts.published += event.copies;
                counts.handled += calls.handled;
                counts.retried += calls.retried;
                counts.duplicates += event.copies.saturating_sub(calls.handled);
            }
            if letter.topic.starts_with(topic.name) {
                counts.published += 1;
                counts.dead_lettered += 1;
            }
            Row { topic: *topic, counts }
        };
        Self(topics().iter().map(row).collect())
    }

    /// Each count that is not as it must be; none where all is well.
    pub(crate) fn faults(&self) -> Vec<String> {
        let differs = |row: &&Row| row.counts != expected(row.topic.name);
        let fault =
            |row: &Row| format!("{}: {:?}, it must be {:?}", row.topic.name, row.counts, expected(row.topic.name));
        self.0.iter().filter(differs).map(fault).collect()
    }
}

/// Three events a channel are handled; the poison, the duplicate and the retry come on top.
fn expected(topic: &str) -> Counts {
    let counts = Counts { published: 3, handled: 3, ..Counts::default() };
    if topic == CasoCreado::TOPIC.name {
        Counts { published: 4, dead_lettered: 1, ..counts }
    } else if topic == CasoAsignado::TOPIC.name {
        Counts { retried: 1, ..counts }
    } else if topic == CasoCerrado::TOPIC.name {
        Counts { published: 4, duplicates: 1, ..counts }
    } else {
        counts
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["topic", "partitions", "key", "published", "handled", "retried", "dead-lettered", "duplicates"];
        let line = |f: &mut fmt::Formatter<'_>, cells: [&str; 8]| {
            let [topic, partitions, key, rest @ ..] = cells;
            write!(f, "{topic:<26}{partitions:>10}  {key:<21}")?;
            for (cell, head) in rest.iter().zip(&head[3..]) {
                write!(f, "  {cell:>width$}", width = head.len())?;
            }
            writeln!(f)
        };
        line(f, head)?;
        for Row { topic, counts } in &self.0 {
            let numbers = [counts.published, counts.handled, counts.retried, counts.dead_lettered, counts.duplicates];
            let [published, handled, retried, dead_lettered, duplicates] = numbers.map(|number| number.to_string());
            let partitions = topic.partitions.map_or_else(|| "?".to_owned(), |number| number.to_string());
            let key = topic.key.unwrap_or("none");
            line(f, [topic.name, &partitions, key, &published, &handled, &retried, &dead_lettered, &duplicates])?;
        }
        Ok(())
    }
}

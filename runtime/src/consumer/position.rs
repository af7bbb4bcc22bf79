//! Where in its topics a group begins and ends.

use std::collections::BTreeMap;

use crate::datetime::DateTime;

/// A place in each partition of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Position {
    /// Before the oldest record.
    #[default]
    Earliest,
    /// Behind the newest record that there is when it is asked for.
    Latest,
    /// At the first record whose timestamp is that or a later one, as the broker's index has it; behind the newest where there
    /// is none. What such a timestamp is, when the record was made or when it was written, `message.timestamp.type` of the topic
    /// says; where it is the former, earlier ones may follow.
    Time(DateTime),
    /// At these offsets, by topic and partition; before the oldest record of every other partition.
    Offsets(BTreeMap<(String, i32), i64>),
}

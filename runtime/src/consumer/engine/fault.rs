//! Bugs that the tests plant, one a rule, to show that breaking the rule is noticed. Compiled in for the crate's own unit
//! tests only; elsewhere [`planted`] is a constant.

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// What was read is committed, finished or not.
    CommitPosition,
    /// A loss is followed by a commit.
    CommitAfterLoss,
    /// The end of an empty ledger is not committed: gaps at the end never count as done.
    GapsBlock,
    /// A revoked partition is given back without a commit.
    DrainWithoutCommit,
    /// A revoked partition is given back while lanes work on it.
    DrainAtOnce,
    /// A revoked partition is still dispatched, whatever was handled of it.
    DispatchWhileDraining,
    /// A revoked partition is given back with unfinished events below handled ones.
    DrainLeavesHoles,
    /// What a lane gave back unstarted still counts as begun.
    GivenBackHasBegun,
    /// An arrival makes its key ready though a run of it is under way.
    TwoRunsOfAKey,
    /// After a failure the key goes on with its next event.
    FailedEventSkipped,
    /// An event counts as dead-lettered once that was asked for.
    DeadLetterNotAwaited,
    /// What a lane gave back unstarted counts as done.
    UnstartedIsDone,
    /// An answer is taken for the key's present run, whatever run it names.
    StaleAnswerCounts,
    /// Records of a former assignment are taken for the present one's.
    StaleRecordsCount,
    /// A dead letter that could not be written counts as written.
    DeadLetterFailureIgnored,
    /// A partition whose dead letter could not be written goes on.
    UndeliveredGoesOn,
    /// One retry too many.
    RetryOnceMore,
    /// A dependency failure costs the event one of its tries.
    DependencyCosts,
    /// The breaker does not hold back what is ready.
    OpenDispatches,
    /// The breaker does not hold back dead letters.
    OpenDeadLetters,
    /// The breaker does not hold back commits.
    OpenCommits,
    /// The probe's partition goes, and the breaker waits for it for ever.
    ProbeForgotten,
    /// Partitions are never paused.
    NeverPaused,
    /// Paused partitions are never resumed.
    NeverResumed,
    /// A partition is given all of the room, whatever the others have.
    RoomForAll,
    /// Finished events above the watermark do not count as held.
    FinishedNotCounted,
    /// A pause is not repeated after an assignment.
    PauseNotRepeated,
    /// A record is released when it is dispatched, so that a retry finds it gone.
    ReleasedEarly,
    /// What a lane had of a partition that is gone fills it for ever.
    LaneLeaks,
    /// What events occupied that failed before they ended stays on the bill.
    BytesLeak,
    /// A batch is handed out before its time.
    AlwaysDue,
    /// A batch that is not full is never handed out.
    NeverDue,
    /// A batch has more events than it may.
    BatchOverfull,
    /// A batch that is to be of one key has several.
    KeysMixed,
    /// The breaker does not hold back what was gathered.
    OpenGathers,
    /// A dead letter that cannot be written does not hold back what was gathered.
    UndeliveredGathers,
    /// What was gathered of a revoked partition is still handed out.
    DrainKeepsGathered,
    /// A dead letter does not park its key.
    FollowersHandled,
    /// A partition goes on before it is known which keys are parked.
    UnknownGoesOn,
    /// What was found to be parked is not heard.
    LookUpIgnored,
    /// A look-up frees a key that got a dead letter after it was asked for.
    LateNewsFree,
    /// An event follows on the word of a look-up from before it arrived.
    OldNewsCount,
    /// What is a dead letter already is read again and becomes another one.
    LetterTwice,
    /// A run begins before the dead letters of its key, and goes on over them.
    RunOverLetters,
    /// Events follow letters that are on their way back.
    ReturningFollowed,
    /// Events do not wait for letters that are on their way back.
    ReturningOvertaken,
}

#[cfg(not(test))]
pub(super) const fn planted(_: Fault) -> bool {
    false
}

#[cfg(test)]
pub(super) use self::tests::{ALL, plant, planted};

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::Fault;

    /// Every one.
    pub(in super::super) const ALL: [Fault; Fault::ReturningOvertaken as usize + 1] = [
        Fault::CommitPosition,
        Fault::CommitAfterLoss,
        Fault::GapsBlock,
        Fault::DrainWithoutCommit,
        Fault::DrainAtOnce,
        Fault::DispatchWhileDraining,
        Fault::DrainLeavesHoles,
        Fault::GivenBackHasBegun,
        Fault::TwoRunsOfAKey,
        Fault::FailedEventSkipped,
        Fault::DeadLetterNotAwaited,
        Fault::UnstartedIsDone,
        Fault::StaleAnswerCounts,
        Fault::StaleRecordsCount,
        Fault::DeadLetterFailureIgnored,
        Fault::UndeliveredGoesOn,
        Fault::RetryOnceMore,
        Fault::DependencyCosts,
        Fault::OpenDispatches,
        Fault::OpenDeadLetters,
        Fault::OpenCommits,
        Fault::ProbeForgotten,
        Fault::NeverPaused,
        Fault::NeverResumed,
        Fault::RoomForAll,
        Fault::FinishedNotCounted,
        Fault::PauseNotRepeated,
        Fault::ReleasedEarly,
        Fault::LaneLeaks,
        Fault::BytesLeak,
        Fault::AlwaysDue,
        Fault::NeverDue,
        Fault::BatchOverfull,
        Fault::KeysMixed,
        Fault::OpenGathers,
        Fault::UndeliveredGathers,
        Fault::DrainKeepsGathered,
        Fault::FollowersHandled,
        Fault::UnknownGoesOn,
        Fault::LookUpIgnored,
        Fault::LateNewsFree,
        Fault::OldNewsCount,
        Fault::LetterTwice,
        Fault::RunOverLetters,
        Fault::ReturningFollowed,
        Fault::ReturningOvertaken,
    ];

    thread_local!(static PLANTED: Cell<Option<Fault>> = const { Cell::new(None) });

    /// Plants a bug in every engine of this thread, or none.
    pub(in super::super) fn plant(fault: Option<Fault>) {
        PLANTED.set(fault);
    }

    pub(in super::super) fn planted(fault: Fault) -> bool {
        PLANTED.get() == Some(fault)
    }
}

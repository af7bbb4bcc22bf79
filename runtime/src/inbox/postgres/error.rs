//! What PostgreSQL's errors mean to a consumer.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::handler::HandlerError;

/// Whether the database is away, rather than unhappy with a statement.
pub(crate) fn is_down(error: &Error) -> bool {
    let Some(state) = error.code() else {
        // Not an answer of the server: the connection is gone, or what came over it was nothing PostgreSQL says. The
        // latter two are mistakes of the caller, and come back with every try.
        return error.is_closed() || error.source().is_some_and(|cause| cause.is::<std::io::Error>());
    };
    // Connection, resources (disk, memory, connections), operator intervention, system; and a standby.
    let class = state.code().get(..2).unwrap_or_default();
    matches!(class, "08" | "53" | "57" | "58") && *state != SqlState::QUERY_CANCELED
        || *state == SqlState::READ_ONLY_SQL_TRANSACTION
}

/// An error of the inbox's own statements. They say nothing of the event, so unless another transaction was in the way it
/// is the database that is not as it should be.
pub(super) fn of_inbox(error: Error) -> HandlerError {
    let in_the_way = [
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
    ];
    match error.code() {
        Some(state) if in_the_way.contains(state) => HandlerError::transient(error),
        _ => HandlerError::dependency(error),
    }
}

/// Why the handler's transaction could not be committed. `ended` is why the connection ended, if it did.
pub(super) fn of_commit(error: Error, ended: Option<&Error>) -> HandlerError {
    if ended.and_then(Error::code) == Some(&SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT) {
        return HandlerError::transient(
            "the handler left its transaction idle for too long: do what takes time before the first statement, or raise \
             `PostgresInbox::idle_limit`",
        );
    }
    match error.code() {
        Some(state) if *state == SqlState::IN_FAILED_SQL_TRANSACTION => HandlerError::transient(
            "a statement of the handler failed and it went on: return the error, or put the statement behind a SAVEPOINT",
        ),
        Some(state) if *state == SqlState::NO_ACTIVE_SQL_TRANSACTION => HandlerError::transient(
            "the handler ended the inbox's transaction: the consumer commits it and rolls it back",
        ),
        _ if is_down(&error) => HandlerError::dependency(error),
        _ => HandlerError::transient(error),
    }
}

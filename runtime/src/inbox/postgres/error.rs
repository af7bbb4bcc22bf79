//! What PostgreSQL's errors mean to a consumer. Their codes are those of its
//! [documentation](https://www.postgresql.org/docs/current/errcodes-appendix.html).

use super::driver::Driver;
use crate::handler::HandlerError;

const NO_ACTIVE_SQL_TRANSACTION: &str = "25P01";
const IN_FAILED_SQL_TRANSACTION: &str = "25P02";
const IDLE_IN_TRANSACTION_SESSION_TIMEOUT: &str = "25P03";
const READ_ONLY_SQL_TRANSACTION: &str = "25006";
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK_DETECTED: &str = "40P01";
const LOCK_NOT_AVAILABLE: &str = "55P03";
const QUERY_CANCELED: &str = "57014";

/// Whether the database is away, rather than unhappy with a statement.
pub(crate) fn is_down<D: Driver>(error: &D::Error) -> bool {
    // Without an answer of the server the connection is gone, or what came over it was nothing PostgreSQL says, or it was not
    // asked. The latter two are mistakes of the caller, and come back with every try.
    let Some(state) = D::state(error) else { return D::is_cut(error) };
    // Connection, resources (disk, memory, connections), operator intervention, system; and a standby.
    let class = state.get(..2).unwrap_or_default();
    matches!(class, "08" | "53" | "57" | "58") && state != QUERY_CANCELED || state == READ_ONLY_SQL_TRANSACTION
}

/// An error of the inbox's own statements. They say nothing of the event, so unless another transaction was in the way it
/// is the database that is not as it should be.
pub(super) fn of_inbox<D: Driver>(error: D::Error) -> HandlerError {
    match D::state(&error).as_deref() {
        Some(DEADLOCK_DETECTED | SERIALIZATION_FAILURE | LOCK_NOT_AVAILABLE | QUERY_CANCELED) => {
            HandlerError::transient(error)
        }
        _ => HandlerError::dependency(error),
    }
}

/// Why the handler's transaction could not be committed. `ended` is why the connection ended, if it did.
pub(super) fn of_commit<D: Driver>(error: D::Error, ended: Option<&D::Error>) -> HandlerError {
    let state = ended.and_then(D::state).or_else(|| D::state(&error));
    match state.as_deref() {
        Some(IDLE_IN_TRANSACTION_SESSION_TIMEOUT) => HandlerError::transient(
            "the handler left its transaction idle for too long: do what takes time before the first statement, or raise \
             the inbox's `idle_limit`",
        ),
        Some(IN_FAILED_SQL_TRANSACTION) => HandlerError::transient(
            "a statement of the handler failed and it went on: return the error, or put the statement behind a SAVEPOINT",
        ),
        Some(NO_ACTIVE_SQL_TRANSACTION) => HandlerError::transient(
            "the handler ended the inbox's transaction: the consumer commits it and rolls it back",
        ),
        _ if is_down::<D>(&error) => HandlerError::dependency(error),
        _ => HandlerError::transient(error),
    }
}

//! What can be wrong with a value.

use std::fmt;

/// Why a record could not be read as its type.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct DecodeError {
    path: String,
    message: String,
}

/// A constraint of the contract that a value breaks.
pub type Violation = DecodeError;

impl DecodeError {
    /// A fault at a path of the payload; the empty path is the payload itself.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// Where: `datos.cambios[0].valor_anterior`. A property of a map is named by its place, `{3}` the fourth, since its
    /// name may be personal data.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What: never the value itself, which may be personal data.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a value could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// It breaks the contract.
    #[error("{0}")]
    Invalid(Violation),
}

impl From<EncodeError> for DecodeError {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Invalid(violation) => violation,
        }
    }
}

/// A rule that a whole value breaks.
///
/// # Errors
/// The rule, with the empty path.
pub fn violation<T>(held: Result<T, String>) -> Result<T, Violation> {
    held.map_err(|broken| Violation::new("", broken))
}

/// What is wrong, without its path.
///
/// # Errors
/// The sentence.
pub fn fault<T>(held: Result<T, Violation>) -> Result<T, String> {
    held.map_err(|broken| broken.message)
}

/// The message of a fault without its line and column where the path says it better.
pub(super) fn sentence(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    if error.is_data() {
        let place = format!(" at line {} column {}", error.line(), error.column());
        if let Some(bare) = text.strip_suffix(&place) {
            text.truncate(bare.len());
        }
        text
    } else {
        format!("not JSON: {text}")
    }
}

//! What is wrong with settings, all of it in one report.

use std::fmt;

/// Everything that is wrong with a service's settings; shown one a line. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFaults(Vec<Fault>);

/// One thing that is wrong. It never quotes the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The file's name, or the variable's.
    pub source: String,
    /// Line and column in the file, from 1.
    pub at: Option<(usize, usize)>,
    /// What is wrong, and what to write.
    pub reason: String,
}

impl SettingsFaults {
    /// `Ok` when nothing is wrong. In the order of the places.
    pub(super) fn check(mut faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort_by(|a, b| (&a.source, a.at).cmp(&(&b.source, b.at)));
        faults.dedup();
        Err(Self(faults))
    }

    pub(super) fn one(source: String, at: Option<(usize, usize)>, reason: String) -> Self {
        Self(vec![Fault { source, at, reason }])
    }

    /// Each of them.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, at, reason } = self;
        match at {
            Some((line, column)) => write!(f, "{source}:{line}:{column}: {reason}"),
            None => write!(f, "{source}: {reason}"),
        }
    }
}

impl fmt::Display for SettingsFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [one] = &*self.0 {
            return one.fmt(f);
        }
        write!(f, "{} settings are wrong:", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for SettingsFaults {}

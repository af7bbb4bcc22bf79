//! What may be a name, and names that clash.

use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::naming::{self, MAX_LEN, Scope, Wanted};

use super::Said;

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A type, a message's among them.
    Type,
    Variant,
    Field,
    Module,
    Operation,
}

impl Sort {
    /// Why a text cannot be such a name.
    pub(super) fn fault(self, name: &str) -> Option<String> {
        let alphanumeric = |c: char| c.is_ascii_alphanumeric();
        let shaped = match self {
            Self::Type | Self::Variant => {
                name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(alphanumeric)
            }
            // Every part between two underscores has something in it, and there are no capitals.
            Self::Field | Self::Module | Self::Operation => {
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.split('_').all(|part| !part.is_empty())
                    && name.chars().all(|c| c == '_' || (alphanumeric(c) && !c.is_ascii_uppercase()))
            }
        };
        let shown = || name.chars().take(64).collect::<String>();
        if !shaped || name.len() > MAX_LEN {
            return Some(format!("{:?} cannot be the name of {}", shown(), self.describe()));
        }
        let kept = match self {
            Self::Type | Self::Variant => name == "Self",
            Self::Field | Self::Operation => naming::safe_field(name.to_owned()) != name,
            Self::Module => naming::module(name.to_owned()) != name,
        };
        kept.then(|| format!("`{name}` is kept for the language or for generated code"))
    }

    const fn describe(self) -> &'static str {
        match self {
            Self::Type => "a type",
            Self::Variant => "a variant",
            Self::Field => "a field",
            Self::Module => "a module",
            Self::Operation => "an operation",
        }
    }

    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::Type | Self::Variant => {
                "an ASCII identifier in camel case, such as `OrderPlaced`; a word with an underscore behind it is none"
            }
            Self::Field | Self::Module | Self::Operation => {
                "an ASCII identifier in snake case, such as `order_placed`; a keyword may be one of a field, not of a module"
            }
        }
    }
}

/// Gives each its name: as it is said, else the one wanted or the next free one with a number. Names that are said and clash are
/// findings.
pub(crate) fn assign(
    scope: &mut Scope,
    wanted: &[Wanted],
    said: &[Option<&Said>],
    findings: &mut Vec<Diagnostic>,
) -> Vec<String> {
    if said.iter().all(Option::is_none) {
        return scope.assign(wanted);
    }
    let name = |index: usize| said[index].map_or(&*wanted[index].name, |said| &*said.name);
    let mut bearers: HashMap<&str, Vec<usize>> = HashMap::new();
    for index in 0..said.len() {
        let bearers = bearers.entry(name(index)).or_default();
        // A clash is shown with one other place.
        if bearers.len() < 2 {
            bearers.push(index);
        }
    }
    for (index, given) in said.iter().enumerate() {
        let Some(given) = given else { continue };
        let other = bearers[&*given.name].iter().copied().find(|other| *other != index);
        if other.is_none() && !scope.has(&given.name) {
            continue;
        }
        let finding = Diagnostic::new(Code::NAME_TAKEN, format!("`{}` is the name of something else", given.name));
        let finding = given.point(finding).help("say another name, or name the other one too");
        findings.push(match other.and_then(|other| said[other]) {
            Some(other) => finding.related(other.at, "it is given here too"),
            None => match other {
                Some(other) => {
                    let spelling = &wanted[other].spelling;
                    finding.label(format!("so {spelling:?} is called"))
                }
                None => finding,
            },
        });
    }
    let others: Vec<usize> = (0..said.len()).filter(|index| said[*index].is_none()).collect();
    let mut names: Vec<String> = (0..said.len()).map(|index| name(index).to_owned()).collect();
    for given in said.iter().flatten() {
        scope.take(&given.name);
    }
    let asked: Vec<Wanted> = others.iter().map(|&index| wanted[index].clone()).collect();
    for (index, name) in others.into_iter().zip(scope.assign(&asked)) {
        names[index] = name;
    }
    names
}

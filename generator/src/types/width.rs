//! How wide an integer is: 64 bits with a sign, unless its bounds ask for more.

use std::collections::{HashMap, HashSet};

use serde_json::Number;

use crate::api::{Schema, SchemaId, Schemas};
use crate::diagnostic::{Code, Diagnostic};

use super::form::{self, Form};

/// How wide an integer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    I64,
    /// Only where the bounds ask for more than [`i64::MAX`].
    U64,
    /// Only where the bounds ask for more than 64 bits.
    I128,
    /// The same, where nothing is below zero.
    U128,
}

impl Width {
    /// The narrowest that holds all that the bounds of a schema let through, as far as any does.
    pub(super) fn of(schema: &Schema) -> Self {
        let narrow = Self::narrow(schema);
        let (least, greatest) = bounds(schema);
        let signed = least.is_none_or(|least| least < 0);
        match greatest {
            _ if least.is_some_and(|least| least < i64::MIN.into()) => Self::I128,
            Some(greatest) if signed && greatest > i64::MAX as u128 => Self::I128,
            Some(greatest) if greatest > u64::MAX.into() => Self::U128,
            _ if least.is_some_and(|least| least > u64::MAX.into()) => Self::U128,
            _ => narrow,
        }
    }

    /// The same of 64 bits.
    pub(super) fn narrow(schema: &Schema) -> Self {
        let beyond = |bound: &Option<Number>| {
            bound.as_ref().is_some_and(|n| !n.is_i64() && n.as_f64().is_some_and(|n| n > 9.2e18))
        };
        let [low, high] = ends(schema);
        let unsigned = low.into_iter().flatten().any(|n| n.as_f64().is_some_and(|n| n >= 0.0));
        if unsigned && low.into_iter().chain(high).any(beyond) { Self::U64 } else { Self::I64 }
    }

    pub(crate) const fn is_wide(self) -> bool {
        matches!(self, Self::I128 | Self::U128)
    }

    const fn range(self) -> (i128, u128) {
        match self {
            Self::I64 => (i64::MIN as i128, i64::MAX as u128),
            Self::U64 => (0, u64::MAX as u128),
            Self::I128 => (i128::MIN, i128::MAX as u128),
            Self::U128 => (0, u128::MAX),
        }
    }

    /// Whether a bound leaves nothing of what it holds.
    pub(super) fn holds_nothing(self, schema: &Schema) -> bool {
        let (low, high) = self.range();
        let [least, greatest] = ends(schema);
        let above = |n: &Number| n.as_f64().is_none_or(|n| n > high as f64);
        let below = |n: &Number| n.as_f64().is_none_or(|n| n < low as f64);
        least.into_iter().flatten().any(above) || greatest.into_iter().flatten().any(below)
    }

    /// Whether the bounds of a schema say that there is more than it holds.
    fn is_narrower(self, schema: &Schema) -> bool {
        let (low, high) = self.range();
        let (least, greatest) = bounds(schema);
        let [lows, highs] = ends(schema);
        // Of what no integer holds, only the double is known.
        let beyond = |n: &Number, end: f64| n.as_i64().is_none() && n.as_f64().is_some_and(|n| n.abs() >= end);
        least.is_some_and(|least| least < low || (least > 0 && least as u128 > high))
            || greatest.is_some_and(|greatest| greatest > high)
            || (least.is_none() && lows.into_iter().flatten().any(|n| beyond(n, i128::MAX as f64)))
            || (greatest.is_none() && highs.into_iter().flatten().any(|n| beyond(n, u128::MAX as f64)))
    }
}

/// The least and the greatest integer that a schema allows, as far as integers of 128 bits say it.
pub(crate) fn bounds(schema: &Schema) -> (Option<i128>, Option<u128>) {
    let exact = |n: &Number| n.as_i64().map(i128::from).or(n.as_u64().map(i128::from));
    let wide = schema.wide.as_deref().copied().unwrap_or_default();
    let least = [
        wide.minimum,
        schema.minimum.as_ref().and_then(exact),
        schema.exclusive_minimum.as_ref().and_then(exact).map(|n| n + 1),
    ];
    let greatest =
        [schema.maximum.as_ref().and_then(exact), schema.exclusive_maximum.as_ref().and_then(exact).map(|n| n - 1)];
    let greatest = greatest.into_iter().flatten().map(|n| u128::try_from(n).unwrap_or_default());
    (least.into_iter().flatten().max(), greatest.chain(wide.maximum).min())
}

/// The bounds at each end.
fn ends(schema: &Schema) -> [[&Option<Number>; 2]; 2] {
    [[&schema.minimum, &schema.exclusive_minimum], [&schema.maximum, &schema.exclusive_maximum]]
}

/// Leaves 64 bits of the integers whose values are looked at as JSON from above, where more would be doubles, and says of each that is
/// narrower than its bounds.
pub(super) fn settle(
    schemas: &Schemas,
    order: &[SchemaId],
    forms: &mut HashMap<SchemaId, Form>,
    weighed: impl FnOnce(&HashMap<SchemaId, Form>) -> HashSet<SchemaId>,
    findings: &mut Vec<Diagnostic>,
) {
    let width = |form: &Form| match form.inner() {
        Form::Integer(width) | Form::Number(Some(width)) => Some(*width),
        _ => None,
    };
    let wide: Vec<SchemaId> =
        order.iter().copied().filter(|id| width(&forms[id]).is_some_and(Width::is_wide)).collect();
    let weighed = if wide.is_empty() { HashSet::new() } else { weighed(forms) };
    for id in wide {
        // Rules of its own hold it against doubles as well.
        if weighed.contains(&id) || matches!(forms[&id], Form::Checked(_)) {
            let schema = &schemas[id];
            let narrow = form::integer_of(schema, Width::narrow(schema));
            let form = if matches!(forms[&id], Form::Checked(_)) {
                Form::Checked(Box::new(narrow.inner().clone()))
            } else {
                narrow
            };
            forms.insert(id, form);
        }
    }
    let told = order.iter().filter_map(|id| Some((&schemas[*id], width(&forms[id])?)));
    findings.extend(told.filter(|(schema, width)| width.is_narrower(schema)).map(|(schema, width)| {
        let (low, high) = width.range();
        Diagnostic::new(Code::NARROWER_INTEGER, format!("integers below {low} and above {high} are refused"))
            .at(schema.place)
            .label("its bounds allow more")
            .help(match width.is_wide() {
                true => "no type holds more than 128 bits",
                false => "beneath `oneOf`, `anyOf`, `not` and their like an integer has 64 bits, and bounds beyond 128 bits ask for nothing",
            })
    }));
}

//! What a place of the document is, by where it stands: what the specification puts there, whatever is written.

use super::{Object, Shape, V2, V3};
use crate::document::{Document, Place};

/// What stands at a place that the specification knows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stand {
    /// A schema.
    Schema,
    Object(&'static Object),
    /// Several of a kind, by name or in a list.
    Several,
}

impl Stand {
    /// For messages: `a server`.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Schema => "a schema",
            Self::Object(object) => object.name,
            Self::Several => "a collection",
        }
    }
}

/// What the specification puts at a place of the document itself. `None` where it leaves that open: within schemas, bindings
/// and extensions, and in other files.
pub(crate) fn stand_of(document: &Document, place: Place) -> Option<Stand> {
    let root = document.root(0)?;
    if document.file(place) != document.file(root) {
        return None;
    }
    let mut way = Vec::new();
    let mut at = place;
    while at != root {
        way.push(document.key(at));
        at = document.parent(at)?;
    }
    let three = document.get_str(root, "asyncapi").is_some_and(|version| version.starts_with('3'));
    let top = Shape::Object(if three { &V3 } else { &V2 });
    let mut stand = &top;
    for key in way.into_iter().rev() {
        stand = match (stand, key) {
            (Shape::Object(object) | Shape::Ref(object) | Shape::Reference(object), Some(key)) => {
                object.fields.iter().find(|field| field.name == key)?.shape
            }
            (Shape::MapOf(each), Some(key)) if !key.starts_with("x-") => each,
            (Shape::List(each), None) => each,
            _ => return None,
        };
    }
    match stand {
        Shape::Object(object) | Shape::Ref(object) | Shape::Reference(object) => Some(Stand::Object(object)),
        Shape::Schema | Shape::Payload => Some(Stand::Schema),
        Shape::MapOf(_) | Shape::List(_) => Some(Stand::Several),
        _ => None,
    }
}

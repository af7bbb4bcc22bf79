//! The objects of AsyncAPI: what each may hold ([`v2`], [`v3`]), and the walk that holds a document against it.
//!
//! The walk is the one place where structure is judged. It leaves an [`Index`] of what stands where, so that later stages
//! need not know how to get there, and may take for granted what it has reported: they pass over what is not as it must be.

mod security;
mod stand;
mod v2;
mod v3;
mod walk;

pub(crate) use stand::{Stand, stand_of};
pub(crate) use v2::V2;
pub(crate) use v3::V3;
pub(crate) use walk::{Index, walk};

/// What a value must be.
#[derive(Debug)]
pub(crate) enum Shape {
    Any,
    Text,
    TextOrNull,
    Bool,
    Uri,
    /// A runtime expression.
    Expression,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A mapping of anything.
    Map,
    /// An object, in place.
    Object(&'static Object),
    /// An object, or a reference to one.
    Ref(&'static Object),
    /// A reference and nothing else.
    Reference(&'static Object),
    List(&'static Shape),
    MapOf(&'static Shape),
    /// A schema, or a reference to one.
    Schema,
    /// What depends on `schemaFormat` beside it.
    Payload,
}

/// An object of the specification.
#[derive(Debug)]
pub(crate) struct Object {
    /// For messages: `a server`.
    pub(crate) name: &'static str,
    /// Under which it is listed in the index.
    pub(crate) role: Role,
    pub(crate) fields: &'static [Field],
    /// Whether other fields than these may stand in it.
    pub(crate) open: bool,
}

impl Object {
    /// Whether this is what an object of the other kind is patched by: what fits may be either.
    fn is_trait_of(&self, other: &Self) -> bool {
        self.name.strip_suffix(" trait") == Some(other.name)
    }
}

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: &'static Shape,
}

pub(crate) const fn opt(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, required: false, shape }
}

pub(crate) const fn req(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, required: true, shape }
}

/// What the index distinguishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    Other,
    Server,
    Channel,
    Operation,
    OperationTrait,
    Message,
    MessageTrait,
    Parameter,
    Variable,
    SecurityScheme,
}

pub(crate) const NAMES: Shape = Shape::List(&Shape::Text);

pub(crate) static BINDINGS: Object = Object { name: "bindings", role: Role::Other, fields: &[], open: true };
pub(crate) static EXTERNAL_DOCS: Object = Object {
    name: "external documentation",
    role: Role::Other,
    fields: &[req("url", &Shape::Text), opt("description", &Shape::Text)],
    open: false,
};
pub(crate) static TAG: Object = Object {
    name: "a tag",
    role: Role::Other,
    fields: &[
        req("name", &Shape::Text),
        opt("description", &Shape::Text),
        opt("externalDocs", &Shape::Ref(&EXTERNAL_DOCS)),
    ],
    open: false,
};
pub(crate) static CONTACT: Object = Object {
    name: "a contact",
    role: Role::Other,
    fields: &[opt("name", &Shape::Text), opt("url", &Shape::Text), opt("email", &Shape::Text)],
    open: false,
};
pub(crate) static LICENSE: Object = Object {
    name: "a licence",
    role: Role::Other,
    fields: &[req("name", &Shape::Text), opt("url", &Shape::Text)],
    open: false,
};
pub(crate) static VARIABLE: Object = Object {
    name: "a server variable",
    role: Role::Variable,
    fields: &[
        opt("enum", &NAMES),
        opt("default", &Shape::Text),
        opt("description", &Shape::Text),
        opt("examples", &NAMES),
    ],
    open: false,
};
pub(crate) static CORRELATION_ID: Object = Object {
    name: "a correlation id",
    role: Role::Other,
    fields: &[req("location", &Shape::Expression), opt("description", &Shape::Text)],
    open: false,
};
pub(crate) static EXAMPLE: Object = Object {
    name: "a message example",
    role: Role::Other,
    fields: &[
        opt("headers", &Shape::Map),
        opt("payload", &Shape::Any),
        opt("name", &Shape::Text),
        opt("summary", &Shape::Text),
    ],
    // 2.0 and 2.1 leave open what an example holds.
    open: true,
};
pub(crate) static SECURITY_SCHEME: Object =
    Object { name: "a security scheme", role: Role::SecurityScheme, fields: &[], open: true };

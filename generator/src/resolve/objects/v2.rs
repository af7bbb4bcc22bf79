//! AsyncAPI 2.0 to 2.6. Fields that a later minor version brought are accepted in an earlier one: they can mean nothing
//! else. <https://www.asyncapi.com/docs/reference/specification/v2.6.0>

use super::{
    BINDINGS, CONTACT, CORRELATION_ID, EXAMPLE, EXTERNAL_DOCS, LICENSE, NAMES, Object, Role, SECURITY_SCHEME, Shape,
    TAG, VARIABLE, opt, req,
};

const TAGS: Shape = Shape::List(&Shape::Object(&TAG));
const DOCS: Shape = Shape::Object(&EXTERNAL_DOCS);
const REQUIREMENTS: Shape = Shape::List(&Shape::MapOf(&NAMES));
const BOUND: Shape = Shape::Ref(&BINDINGS);

/// A document.
pub(crate) static V2: Object = Object {
    name: "an AsyncAPI 2 document",
    role: Role::Other,
    fields: &[
        req("asyncapi", &Shape::Text),
        opt("id", &Shape::Uri),
        req("info", &Shape::Object(&INFO)),
        opt("servers", &Shape::MapOf(&Shape::Ref(&SERVER))),
        opt("defaultContentType", &Shape::Text),
        req("channels", &Shape::MapOf(&Shape::Ref(&CHANNEL))),
        opt("components", &Shape::Object(&COMPONENTS)),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
    ],
    open: false,
};

static INFO: Object = Object {
    name: "info",
    role: Role::Other,
    fields: &[
        req("title", &Shape::Text),
        req("version", &Shape::Text),
        opt("description", &Shape::Text),
        opt("termsOfService", &Shape::Text),
        opt("contact", &Shape::Object(&CONTACT)),
        opt("license", &Shape::Object(&LICENSE)),
    ],
    open: false,
};

static SERVER: Object = Object {
    name: "a server",
    role: Role::Server,
    fields: &[
        req("url", &Shape::Text),
        req("protocol", &Shape::Text),
        opt("protocolVersion", &Shape::Text),
        opt("description", &Shape::Text),
        opt("variables", &Shape::MapOf(&Shape::Ref(&VARIABLE))),
        opt("security", &REQUIREMENTS),
        opt("tags", &TAGS),
        opt("bindings", &BOUND),
    ],
    open: false,
};

static CHANNEL: Object = Object {
    name: "a channel",
    role: Role::Channel,
    fields: &[
        opt("description", &Shape::Text),
        opt("servers", &NAMES),
        opt("subscribe", &Shape::Object(&OPERATION)),
        opt("publish", &Shape::Object(&OPERATION)),
        opt("parameters", &Shape::MapOf(&Shape::Ref(&PARAMETER))),
        opt("bindings", &BOUND),
        opt("deprecated", &Shape::Bool),
    ],
    open: false,
};

static PARAMETER: Object = Object {
    name: "a parameter",
    role: Role::Parameter,
    fields: &[opt("description", &Shape::Text), opt("schema", &Shape::Schema), opt("location", &Shape::Expression)],
    open: false,
};

static OPERATION: Object = Object {
    name: "an operation",
    role: Role::Operation,
    fields: &[
        opt("operationId", &Shape::Text),
        opt("summary", &Shape::Text),
        opt("description", &Shape::Text),
        opt("security", &REQUIREMENTS),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
        opt("bindings", &BOUND),
        opt("traits", &Shape::List(&Shape::Ref(&OPERATION_TRAIT))),
        opt("message", &Shape::Ref(&MESSAGE)),
    ],
    open: false,
};

static OPERATION_TRAIT: Object = Object {
    name: "an operation trait",
    role: Role::OperationTrait,
    fields: &[
        opt("operationId", &Shape::Text),
        opt("summary", &Shape::Text),
        opt("description", &Shape::Text),
        opt("security", &REQUIREMENTS),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
        opt("bindings", &BOUND),
    ],
    open: false,
};

/// One of several messages: nothing stands beside them.
pub(super) static ONE_OF: Object = Object {
    name: "a choice of messages",
    role: Role::Other,
    fields: &[req("oneOf", &Shape::List(&Shape::Ref(&MESSAGE)))],
    open: false,
};

pub(super) static MESSAGE: Object = Object {
    name: "a message",
    role: Role::Message,
    fields: &[
        opt("messageId", &Shape::Text),
        opt("headers", &Shape::Schema),
        opt("payload", &Shape::Payload),
        opt("correlationId", &Shape::Ref(&CORRELATION_ID)),
        opt("schemaFormat", &Shape::Text),
        opt("contentType", &Shape::Text),
        opt("name", &Shape::Text),
        opt("title", &Shape::Text),
        opt("summary", &Shape::Text),
        opt("description", &Shape::Text),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
        opt("bindings", &BOUND),
        opt("examples", &Shape::List(&Shape::Object(&EXAMPLE))),
        opt("traits", &Shape::List(&Shape::Ref(&MESSAGE_TRAIT))),
        opt("deprecated", &Shape::Bool),
    ],
    open: false,
};

static MESSAGE_TRAIT: Object = Object {
    name: "a message trait",
    role: Role::MessageTrait,
    fields: &[
        opt("messageId", &Shape::Text),
        opt("headers", &Shape::Schema),
        opt("correlationId", &Shape::Ref(&CORRELATION_ID)),
        opt("schemaFormat", &Shape::Text),
        opt("contentType", &Shape::Text),
        opt("name", &Shape::Text),
        opt("title", &Shape::Text),
        opt("summary", &Shape::Text),
        opt("description", &Shape::Text),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
        opt("bindings", &BOUND),
        opt("examples", &Shape::List(&Shape::Object(&EXAMPLE))),
    ],
    open: false,
};

static COMPONENTS: Object = Object {
    name: "components",
    role: Role::Other,
    fields: &[
        opt("schemas", &Shape::MapOf(&Shape::Schema)),
        opt("servers", &Shape::MapOf(&Shape::Ref(&SERVER))),
        opt("serverVariables", &Shape::MapOf(&Shape::Ref(&VARIABLE))),
        opt("channels", &Shape::MapOf(&Shape::Ref(&CHANNEL))),
        opt("messages", &Shape::MapOf(&Shape::Ref(&MESSAGE))),
        opt("securitySchemes", &Shape::MapOf(&Shape::Ref(&SECURITY_SCHEME))),
        opt("parameters", &Shape::MapOf(&Shape::Ref(&PARAMETER))),
        opt("correlationIds", &Shape::MapOf(&Shape::Ref(&CORRELATION_ID))),
        opt("operationTraits", &Shape::MapOf(&Shape::Ref(&OPERATION_TRAIT))),
        opt("messageTraits", &Shape::MapOf(&Shape::Ref(&MESSAGE_TRAIT))),
        opt("serverBindings", &Shape::MapOf(&BOUND)),
        opt("channelBindings", &Shape::MapOf(&BOUND)),
        opt("operationBindings", &Shape::MapOf(&BOUND)),
        opt("messageBindings", &Shape::MapOf(&BOUND)),
    ],
    open: false,
};

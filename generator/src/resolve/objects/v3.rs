//! AsyncAPI 3.0 and 3.1. <https://www.asyncapi.com/docs/reference/specification/v3.0.0>

use super::{
    BINDINGS, CONTACT, CORRELATION_ID, EXAMPLE, EXTERNAL_DOCS, LICENSE, NAMES, Object, Role, SECURITY_SCHEME, Shape,
    TAG, VARIABLE, opt, req,
};

const TAGS: Shape = Shape::List(&Shape::Ref(&TAG));
const DOCS: Shape = Shape::Ref(&EXTERNAL_DOCS);
const SCHEMES: Shape = Shape::List(&Shape::Ref(&SECURITY_SCHEME));
const BOUND: Shape = Shape::Ref(&BINDINGS);

/// A document.
pub(crate) static V3: Object = Object {
    name: "an AsyncAPI 3 document",
    role: Role::Other,
    fields: &[
        req("asyncapi", &Shape::Text),
        opt("id", &Shape::Uri),
        req("info", &Shape::Object(&INFO)),
        opt("servers", &Shape::MapOf(&Shape::Ref(&SERVER))),
        opt("defaultContentType", &Shape::Text),
        opt("channels", &Shape::MapOf(&Shape::Ref(&CHANNEL))),
        opt("operations", &Shape::MapOf(&Shape::Ref(&OPERATION))),
        opt("components", &Shape::Object(&COMPONENTS)),
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
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
    ],
    open: false,
};

static SERVER: Object = Object {
    name: "a server",
    role: Role::Server,
    fields: &[
        req("host", &Shape::Text),
        req("protocol", &Shape::Text),
        opt("protocolVersion", &Shape::Text),
        opt("pathname", &Shape::Text),
        opt("description", &Shape::Text),
        opt("title", &Shape::Text),
        opt("summary", &Shape::Text),
        opt("variables", &Shape::MapOf(&Shape::Ref(&VARIABLE))),
        opt("security", &SCHEMES),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
        opt("bindings", &BOUND),
    ],
    open: false,
};

static CHANNEL: Object = Object {
    name: "a channel",
    role: Role::Channel,
    fields: &[
        opt("address", &Shape::TextOrNull),
        opt("messages", &Shape::MapOf(&Shape::Ref(&MESSAGE))),
        opt("title", &Shape::Text),
        opt("summary", &Shape::Text),
        opt("description", &Shape::Text),
        opt("servers", &Shape::List(&Shape::Reference(&SERVER))),
        opt("parameters", &Shape::MapOf(&Shape::Ref(&PARAMETER))),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
        opt("bindings", &BOUND),
    ],
    open: false,
};

static PARAMETER: Object = Object {
    name: "a parameter",
    role: Role::Parameter,
    fields: &[
        opt("enum", &NAMES),
        opt("default", &Shape::Text),
        opt("description", &Shape::Text),
        opt("examples", &NAMES),
        opt("location", &Shape::Expression),
    ],
    open: false,
};

static OPERATION: Object = Object {
    name: "an operation",
    role: Role::Operation,
    fields: &[
        req("action", &Shape::Word(&["send", "receive"])),
        req("channel", &Shape::Reference(&CHANNEL)),
        opt("title", &Shape::Text),
        opt("summary", &Shape::Text),
        opt("description", &Shape::Text),
        opt("security", &SCHEMES),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
        opt("bindings", &BOUND),
        opt("traits", &Shape::List(&Shape::Ref(&OPERATION_TRAIT))),
        opt("messages", &Shape::List(&Shape::Reference(&MESSAGE))),
        opt("reply", &Shape::Ref(&REPLY)),
    ],
    open: false,
};

static OPERATION_TRAIT: Object = Object {
    name: "an operation trait",
    role: Role::OperationTrait,
    fields: &[
        opt("title", &Shape::Text),
        opt("summary", &Shape::Text),
        opt("description", &Shape::Text),
        opt("security", &SCHEMES),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
        opt("bindings", &BOUND),
    ],
    open: false,
};

static REPLY: Object = Object {
    name: "a reply",
    role: Role::Other,
    fields: &[
        opt("address", &Shape::Ref(&REPLY_ADDRESS)),
        opt("channel", &Shape::Reference(&CHANNEL)),
        opt("messages", &Shape::List(&Shape::Reference(&MESSAGE))),
    ],
    open: false,
};

static REPLY_ADDRESS: Object = Object {
    name: "a reply address",
    role: Role::Other,
    fields: &[req("location", &Shape::Expression), opt("description", &Shape::Text)],
    open: false,
};

static MESSAGE: Object = Object {
    name: "a message",
    role: Role::Message,
    fields: &[
        opt("headers", &Shape::Payload),
        opt("payload", &Shape::Payload),
        opt("correlationId", &Shape::Ref(&CORRELATION_ID)),
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
        opt("headers", &Shape::Payload),
        opt("correlationId", &Shape::Ref(&CORRELATION_ID)),
        opt("contentType", &Shape::Text),
        opt("name", &Shape::Text),
        opt("title", &Shape::Text),
        opt("summary", &Shape::Text),
        opt("description", &Shape::Text),
        opt("tags", &TAGS),
        opt("externalDocs", &DOCS),
        opt("bindings", &BOUND),
        opt("examples", &Shape::List(&Shape::Object(&EXAMPLE))),
        opt("deprecated", &Shape::Bool),
    ],
    open: false,
};

static COMPONENTS: Object = Object {
    name: "components",
    role: Role::Other,
    fields: &[
        opt("schemas", &Shape::MapOf(&Shape::Payload)),
        opt("servers", &Shape::MapOf(&Shape::Ref(&SERVER))),
        opt("serverVariables", &Shape::MapOf(&Shape::Ref(&VARIABLE))),
        opt("channels", &Shape::MapOf(&Shape::Ref(&CHANNEL))),
        opt("operations", &Shape::MapOf(&Shape::Ref(&OPERATION))),
        opt("messages", &Shape::MapOf(&Shape::Ref(&MESSAGE))),
        opt("securitySchemes", &Shape::MapOf(&Shape::Ref(&SECURITY_SCHEME))),
        opt("parameters", &Shape::MapOf(&Shape::Ref(&PARAMETER))),
        opt("correlationIds", &Shape::MapOf(&Shape::Ref(&CORRELATION_ID))),
        opt("replies", &Shape::MapOf(&Shape::Ref(&REPLY))),
        opt("replyAddresses", &Shape::MapOf(&Shape::Ref(&REPLY_ADDRESS))),
        opt("externalDocs", &Shape::MapOf(&DOCS)),
        opt("tags", &Shape::MapOf(&Shape::Ref(&TAG))),
        opt("operationTraits", &Shape::MapOf(&Shape::Ref(&OPERATION_TRAIT))),
        opt("messageTraits", &Shape::MapOf(&Shape::Ref(&MESSAGE_TRAIT))),
        opt("serverBindings", &Shape::MapOf(&BOUND)),
        opt("channelBindings", &Shape::MapOf(&BOUND)),
        opt("operationBindings", &Shape::MapOf(&BOUND)),
        opt("messageBindings", &Shape::MapOf(&BOUND)),
    ],
    open: false,
};

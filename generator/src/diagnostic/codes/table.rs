//! What each code stands for. docs/diagnostics.md is written from it.

use super::{Code, Entry};
use crate::diagnostic::Severity;

macro_rules! codes {
    ($($name:ident = $number:literal $severity:ident $title:literal, $why:literal, $example:literal;)*) => {
        #[allow(missing_docs)]
        impl Code {
            $(#[doc = $title] pub const $name: Self = Self($number);)*
        }
        pub(super) const REGISTRY: &[Entry] = &[$(Entry {
            code: Code::$name,
            severity: Severity::$severity,
            title: $title,
            why: $why,
            example: $example,
        },)*];
    };
}

codes! {
    EMPTY = 101 Error "the file is empty",
        "There is nothing to read. An AsyncAPI document is a mapping with at least `asyncapi`, `info` and `channels` (2.x).",
        "asyncapi: 2.6.0\ninfo: { title: Orders, version: 1.0.0 }\nchannels: {}";
    NOT_UTF8 = 102 Error "the text is not UTF-8",
        "Documents are read as UTF-8, with or without a byte order mark. UTF-16 and Latin-1 files must be saved anew.",
        "iconv -f UTF-16 -t UTF-8 old.yaml > new.yaml";
    SYNTAX = 103 Error "the text is neither YAML nor JSON",
        "The parser could not go on at this place. What is missing is often a line or two above it: a quote, a bracket, an indentation.",
        "title: Orders: all of them   # wrong: a second colon\ntitle: \"Orders: all of them\" # right";
    TAB = 104 Error "a tab is used for indentation",
        "YAML is indented with spaces only.",
        "info:\n  title: Orders";
    DUPLICATE_KEY = 105 Error "a key stands twice in one mapping",
        "Most parsers keep the last of the two without a word, some the first. Both places are shown; one must go.",
        "properties:\n  id: { type: integer }\n  id: { type: string }   # which of the two?";
    SEVERAL_DOCUMENTS = 106 Error "the file holds several documents",
        "A file is one document. What follows a second `---` would be read by no one.",
        "---\nasyncapi: 2.6.0\n---\nasyncapi: 3.0.0";
    TOO_LARGE = 107 Error "the document is too large",
        "A document is read up to 16 MiB and 600,000 values, all its files together, unless `[limits]` says otherwise.",
        "split it: one document a domain";
    TOO_DEEP = 108 Error "lists and mappings are nested too deep",
        "More than 100 levels, aliases followed. Depth makes recursive readers overflow; no contract needs it.",
        "items:\n  $ref: '#/components/schemas/Inner'";
    ALIAS_BUDGET = 109 Error "aliases stand for too many values",
        "YAML aliases of aliases multiply: ten lines can stand for a thousand million values. The place is that of the alias at which the budget ran out.",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]";
    CYCLIC_ALIAS = 110 Error "an alias stands within what it stands for",
        "Such a value would contain itself and could never be written out.",
        "node: &node\n  child: *node";
    NOT_A_NUMBER = 111 Error "the number has no form in JSON",
        "Infinity, NaN and numbers beyond the range of a double cannot be sent as JSON.",
        "maximum: .inf";
    READ_DIFFERENTLY = 112 Error "parsers do not agree on what this is",
        "Two readers of YAML give this text different values, so what it means depends on the tool. Quote it.",
        "text: \"written plainly\"";
    TAG = 113 Error "a tag has no meaning here",
        "AsyncAPI documents hold JSON values. A YAML tag of one's own asks for something else.",
        "when: !instant 2024-01-01   # wrong\nwhen: \"2024-01-01\"";
    KEY_NOT_TEXT = 114 Error "a key is not plain text",
        "YAML allows a list or a mapping as a key; JSON, and so AsyncAPI, does not.",
        "? [a, b]\n: value";
    NOT_A_MAPPING = 115 Error "the document is not a mapping",
        "At the top of an AsyncAPI document stands a mapping.",
        "asyncapi: 2.6.0\ninfo: { title: Orders, version: 1.0.0 }\nchannels: {}";
    MORE = 116 Note "there are more findings",
        "A document with thousands of faults is told of the first 5,000 errors and of as many warnings and notes.",
        "conecta-gen check asyncapi.yaml --format json | jq length";
    MERGE_KEY = 117 Error "a merge key holds no mapping",
        "`<<` adds the entries of a mapping, or of a list of mappings, that are not there already.",
        "base: &base { type: string }\nname: { <<: *base, maxLength: 40 }";
    TOO_MANY_REFERENCES = 118 Error "the document has too many references",
        "Each `$ref` is followed. The place is that of the one at which the budget ran out.",
        "# conecta-gen.toml\n[limits]\nreferences = 400000";
    REF_MISSING = 201 Error "a reference leads nowhere",
        "The file exists, the value in it does not. A pointer is the path of keys from the top; `/` in a key is written `~1`, `~` is `~0`.",
        "$ref: '#/components/schemas/Order'";
    REF_NO_FILE = 202 Error "the file of a reference cannot be read",
        "The path is relative to the file that the reference stands in.",
        "$ref: './common/messages.yaml#/Order'";
    REF_OUTSIDE = 203 Error "a reference leaves the document's folder",
        "Files in the folder of the root document, or below it, are read, and such as contracts keep beside it: at most three levels up, within the repository, neither hidden nor in a home itself, called .yaml, .yml, .json or .avsc, and holding a mapping. Symbolic links count as what they lead to. Others must be allowed with `--allow-dir`: a document from elsewhere must not read the files of the machine it is checked on.",
        "$ref: '../common/messages.yaml#/Order'";
    REF_REMOTE = 204 Error "a reference is a URL",
        "Nothing is ever fetched: what a contract means must not depend on a server. Keep a copy beside the document.",
        "$ref: './schemas/order.json'";
    REF_RING = 205 Error "references refer to each other in a ring",
        "Each stands for the next and none for a value. A schema may refer to itself from a property or an item, but not in place of itself.",
        "A: { $ref: '#/components/schemas/B' }\nB: { $ref: '#/components/schemas/A' }";
    REF_SIBLINGS = 206 Warning "what stands beside a `$ref` is ignored",
        "A `$ref` stands for the whole value, so the specification has everything beside it ignored. To add a description to a referred schema use `allOf`.",
        "allOf:\n  - $ref: '#/components/schemas/Order'\ndescription: The order as it was placed.";
    REF_NOT_ALLOWED = 207 Error "a reference is not allowed here",
        "The specification does not allow a `$ref` at this place.",
        "publish:\n  message:\n    $ref: '#/components/messages/Order'";
    REF_NOT_TEXT = 208 Error "`$ref` is not a string",
        "A reference is a string that says where the value stands.",
        "$ref: '#/components/schemas/Order'";
    REF_KIND = 209 Error "a reference leads to something of another kind",
        "What is referred to cannot stand in this place: a message where a schema is needed, for instance.",
        "payload:\n  $ref: '#/components/schemas/Order'";
    NO_VERSION = 301 Error "the document does not say its AsyncAPI version",
        "Without `asyncapi` nobody can tell how to read it.",
        "asyncapi: 2.6.0";
    UNKNOWN_VERSION = 302 Error "the AsyncAPI version is not supported",
        "2.0.0 to 2.6.0, 3.0.0 and 3.1.0 are.",
        "asyncapi: 3.0.0";
    MISSING_FIELD = 303 Error "a required field is missing",
        "The specification requires the field in this object.",
        "info:\n  title: Orders\n  version: 1.0.0";
    WRONG_TYPE = 304 Error "a value has the wrong type",
        "The specification wants a value of another type here.",
        "tags: [{ name: orders }]   # a list, not a mapping";
    UNKNOWN_FIELD = 305 Error "a field is not known",
        "The specification knows no such field in this object, so no tool would look at it. Fields of one's own begin with `x-`.",
        "x-owner: team-orders";
    BAD_VALUE = 306 Error "a value is not allowed",
        "The specification restricts what may stand here.",
        "id: 'urn:example:orders'";
    BAD_KEY = 307 Warning "a key has signs that it must not have",
        "Keys of the components are made of letters, digits, `.`, `-` and `_`, those of servers have no dots either. Other tools refuse the document, or cannot refer to what stands there.",
        "components:\n  schemas:\n    OrderPlaced: { type: object }   # and not \"Order placed\"";
    DUPLICATE_OPERATION_ID = 401 Error "two operations have one `operationId`",
        "The generated traits take their names from it.",
        "operationId: publishOrderPlaced";
    DUPLICATE_MESSAGE_ID = 402 Error "two messages have one `messageId`",
        "A message identifier is unique in the document.",
        "messageId: orderPlaced";
    UNKNOWN_SERVER = 403 Error "a channel names a server that is not defined",
        "`servers` of a channel lists keys of the document's `servers`.",
        "servers: [production]";
    PARAMETER_NOT_DESCRIBED = 404 Error "a parameter of the address is not described",
        "Each `{name}` in the address has an entry under `parameters`.",
        "orders/{region}:\n  parameters:\n    region: { schema: { type: string } }";
    PARAMETER_NOT_IN_ADDRESS = 405 Error "a described parameter is not in the address",
        "The address has no such `{name}`.",
        "orders/{region}:\n  parameters:\n    region: { schema: { type: string } }";
    NOT_OF_CHANNEL = 406 Error "a message of an operation is not the channel's",
        "In 3.x the messages of an operation are a subset of its channel's and refer to them there.",
        "messages:\n  - $ref: '#/channels/orders/messages/placed'";
    UNKNOWN_SECURITY = 407 Error "a security requirement names no scheme",
        "Its keys are those of `components.securitySchemes`.",
        "security:\n  - saslScram: []";
    DUPLICATE_TAG = 408 Error "a tag stands twice in one list",
        "Tags of one object have different names.",
        "tags: [{ name: orders }, { name: billing }]";
    ADDRESS_DELIMITER = 409 Error "an address holds `?` or `#`",
        "An address has neither query nor fragment.",
        "orders/placed:";
    VARIABLE_NOT_DESCRIBED = 410 Error "a variable of a server is not described",
        "Each `{name}` in the server's address has an entry under `variables`.",
        "url: '{host}:9092'\nvariables:\n  host: { default: localhost }";
    UNDEFINED_TAG = 411 Note "a tag is not among the document's",
        "The document lists its tags, and this one, which has no description of its own, is not among them: often a slip of the pen.",
        "tags: [{ name: orders, description: What is ordered }]\nchannels:\n  orders.placed:\n    publish: { tags: [{ name: orders }] }";
    BINDING = 412 Error "a Kafka binding has a wrong value",
        "The binding of a channel says how its topic is to be made; a value of the wrong kind would be dropped and the broker's own taken. Elsewhere it is a warning, since nothing is made of it.",
        "bindings:\n  kafka:\n    partitions: 6\n    replicas: 3\n    topicConfiguration: { cleanup.policy: [compact] }";
    UNKNOWN_BINDING = 413 Warning "a binding has an unknown field",
        "Nothing reads it. The Kafka bindings of a server, a channel, an operation and a message each have fields of their own.",
        "publish:\n  bindings: { kafka: { groupId: { type: string, enum: [billing] } } }";
    NO_SUCH_LOCATION = 414 Warning "a runtime expression leads nowhere",
        "The message describes no such header or property, so what the expression stands for is neither filled in nor found.",
        "headers:\n  type: object\n  properties: { correlationId: { type: string } }\ncorrelationId: { location: '$message.header#/correlationId' }";
    NOT_LISTED = 415 Warning "a default or an example is none of the values listed",
        "A server's variable, or a parameter, with an `enum` takes one of its values.",
        "variables:\n  environment: { enum: [production, staging], default: staging }";
    VARIABLE_NOT_IN_ADDRESS = 416 Warning "a described variable is not in the server's address",
        "The address has no such `{name}`, so the variable changes nothing.",
        "url: '{host}:9092'\nvariables:\n  host: { default: localhost }";
    CHANNEL_ELSEWHERE = 417 Error "an operation is on a channel that is not the document's",
        "In 3.x the channel of an operation, and that of a reply, is an entry of the document's `channels`. One that only stands among the components belongs to no application, and nothing is generated from it.",
        "channels:\n  orders: { $ref: '#/components/channels/orders' }\noperations:\n  place: { action: send, channel: { $ref: '#/channels/orders' } }";
    HEADERS_NOT_OBJECT = 418 Error "headers are described by something that is no object",
        "Headers are names and values; their schema is that of an object.",
        "headers:\n  type: object\n  properties: { trace-id: { type: string } }";
    PARAMETER_NAME = 419 Warning "the braces of an address make no parameter",
        "A parameter is `{name}`, and its name has letters, digits, `-` and `_`. What is written otherwise is a part of the address as any text, or a parameter that other tools do not find.",
        "orders.{region}:\n  parameters:\n    region: { schema: { type: string } }";
    UNUSED = 420 Note "a component is not used",
        "Nothing refers to it. It is checked, but nothing is generated from it.",
        "components:\n  messages:\n    Order: …   # and no `$ref` to it";
    NO_ADDRESS = 421 Note "the key of a channel is taken for its address",
        "In 3.x the key of a channel is only its name, and one without `address` has none that is known. On Kafka the key is taken for the topic's name: most who leave the address out mean that.",
        "channels:\n  orders:\n    address: orders.placed";
    ALLOF_CYCLE = 501 Error "an `allOf` contains itself",
        "Each member is part of the other without end, so the schema has no meaning. Recursion is fine through `properties` or `items`.",
        "A: { allOf: [{ $ref: '#/components/schemas/B' }] }\nB: { allOf: [{ $ref: '#/components/schemas/A' }] }";
    TYPE_CONFLICT = 502 Error "parts of an `allOf` ask for different types",
        "A value would have to be of both types at once, and none is.",
        "allOf:\n  - type: string\n  - type: object";
    IMPOSSIBLE = 503 Error "no value fits the schema",
        "Its keywords contradict each other.",
        "minimum: 10\nmaximum: 5";
    BAD_KEYWORD = 504 Error "a keyword of a schema has a wrong value",
        "JSON Schema gives each keyword a type and, often, a range.",
        "minLength: 1\nrequired: [id]";
    REQUIRED_ABSENT = 505 Warning "a required property is not described",
        "It is listed in `required` and stands nowhere in `properties`: often a slip of the pen.",
        "required: [order_id]\nproperties:\n  order_id: { type: integer }";
    EMPTY_ENUM = 506 Error "an `enum` has no values",
        "No value can be one of none.",
        "enum: [PLACED, PAID]";
    DUPLICATE_ENUM = 507 Error "an `enum` has a value twice",
        "Values of an `enum` are unique; 1 and 1.0 are the same value in JSON Schema.",
        "enum: [1, 2]";
    ENUM_TYPE = 508 Warning "a value of an `enum` is not of the schema's type",
        "It can never occur.",
        "type: string\nenum: ['1', '2']";
    INFINITE = 509 Warning "a schema requires itself",
        "A value would have to contain another one of its kind without end; none can be written.",
        "Node:\n  required: [next]\n  properties:\n    next: { $ref: '#/components/schemas/Node' }";
    PATTERN_NOT_ENFORCED = 510 Warning "a pattern cannot be enforced",
        "Patterns are matched in linear time, by an engine without look-around and back-references. The value is generated as plain text and this pattern is not checked.",
        "pattern: '^[A-Z]{3}-\\d+$'";
    BAD_PATTERN = 511 Error "a pattern is no regular expression",
        "It cannot be read as ECMA-262.",
        "pattern: '^[a-z]+$'";
    MERGE_BUDGET = 512 Error "merging the schemas takes too much work",
        "`allOf` of `allOf`s that overlap in ever new combinations. Name the shared parts once.",
        "allOf:\n  - $ref: '#/components/schemas/Base'";
    OPAQUE_PAYLOAD = 513 Warning "a payload is not typed",
        "Its `schemaFormat` is not one that types are made from; the payload is passed through as bytes.",
        "schemaFormat: application/schema+json;version=draft-07";
    KEYWORD_NOT_ENFORCED = 514 Warning "a keyword is not enforced",
        "It has no meaning in draft-07, or speaks of more schemas than values can be held against.",
        "# see the table of keywords in the documentation";
    NO_MESSAGE_TYPE = 515 Error "a Protobuf schema defines no message",
        "The payload is passed through untyped, but a schema without a message describes none.",
        "schemaFormat: application/vnd.google.protobuf;version=3\npayload: |\n  message Order { string id = 1; }";
    UNKNOWN_KEYWORD = 516 Warning "a key of a schema is no keyword",
        "JSON Schema has no such keyword, so it restricts nothing and nobody reads it. Where it is a letter away from one, what was meant to be refused is accepted: that is a warning; of others there is one note for each name.",
        "type: string\nmaxLength: 20   # and not maxlength\nx-unit: ms      # what is one's own begins with x-";
    EXAMPLE = 601 Error "an example contradicts its schema",
        "Whoever reads the example will send what the schema refuses. Both places are shown: the value, and the keyword it breaks. `generate` goes on with a warning, since the types are sound.",
        "cambios:\n  - valor_anterior: 168     # wrong: the schema says string\n  - valor_anterior: \"168\"   # right";
    HEADERS_EXAMPLE = 602 Error "an example of headers contradicts its schema",
        "As CG0601, for the headers of a message.",
        "headers:\n  trace-id: \"4711\"";
    DEFAULT = 603 Error "a default contradicts its schema",
        "What is filled in where nothing was sent would itself be refused. `generate` goes on with a warning.",
        "type: integer\ndefault: 0";
    SCHEMA_EXAMPLE = 604 Warning "an example within a schema contradicts it",
        "`example` and `examples` beside the keywords of a schema.",
        "type: string\nexamples: [\"1.0\"]";
    UNKNOWN_TOPIC = 701 Error "the topics file names a channel that the document has not",
        "Each key under `Topics` is the address of a channel.",
        "Topics:\n  casos.creados: { partitions: 6 }";
    KEY_ABSENT = 702 Error "no payload has the partition key",
        "`partition_key` is the name of a property of the payload, at any depth, or its path with dots.",
        "partition_key: datos.caso_id";
    KEY_OPTIONAL = 703 Error "the partition key is optional",
        "Events without it would go to any partition and lose their order. The property, and each above it, must be `required`, and none may be null.",
        "required: [caso_id]";
    KEY_AMBIGUOUS = 704 Error "the partition key may be several properties",
        "The name stands at several places of the payload. Write the path.",
        "partition_key: datos.caso_id";
    KEY_NOT_SCALAR = 705 Error "the partition key is no scalar",
        "A key is text on the wire: a string, an integer or a boolean.",
        "caso_id: { type: integer }";
    TOPIC_VALUE = 706 Error "a setting of a topic has a wrong value",
        "Partitions and replicas are counts from 1; times are milliseconds.",
        "partitions: 6\nreplication_factor: 3\nretention_ms: 604800000";
    TOPICS_FILE = 707 Error "this is no topics file",
        "A topics file has one mapping, `Topics`, of channel addresses.",
        "Topics:\n  casos.creados:\n    partitions: 6";
    TOPIC_NAME = 708 Error "Kafka refuses the topic's name",
        "1 to 249 characters out of `a-z A-Z 0-9 . _ -`, and neither `.` nor `..`.",
        "orders.placed";
    TOPIC_COLLISION = 709 Warning "two topics differ only in `.` and `_`",
        "Kafka's metrics do not tell them apart.",
        "orders.placed and orders_placed";
    ORDER_ACROSS_TOPICS = 710 Note "order holds within a topic only",
        "Several topics have the same key. Nothing orders the events of one key across them, and where their numbers of partitions differ not even the same consumer gets them. A service that reads several must bear with it.",
        "casos.creados: 6 partitions\ncasos.actualizados: 12 partitions";
    PARAMETER_VALUE = 711 Warning "Kafka refuses a value of a parameter in a topic's name",
        "A value that a parameter lists, or its default, has signs that the name of a topic must not have, or makes it longer than 249 characters. Nothing can be published there.",
        "tenant: { enum: [acme, globex.eu] }   # and not acme/eu";
    ADDRESSES_MEET = 712 Warning "one topic can be of two addresses",
        "Which channel a record of it is of cannot be said, so a consumer of both does not start. Where one of the two has no parameters, its topic is left to it, which is a note.",
        "orders.{region}:\norders.{region}.returns:   # and not orders.{country}";
    UNTYPED = 801 Warning "a schema is kept as a JSON value",
        "No Rust type accepts exactly what the schema accepts, so it is a JSON value: never a wrong type. It is held against the schema when it is read and when it is written.",
        "oneOf:\n  - { type: string }\n  - { minLength: 2 }   # of any type: a JSON value";
    VERSION_GUESSED = 802 Note "the version of an event is taken from `info.version`",
        "Neither conecta-gen.toml nor an `x-version` field says which version new events bear, and there are no examples that agree on one.",
        "# conecta-gen.toml\n[events]\nversion = \"1.0\"";
    NO_SUCH_FIELD = 803 Error "conecta-gen.toml names a field that a payload has not",
        "The paths of `[envelope]` hold for every message, or are left out and found by known names.",
        "# conecta-gen.toml\n[envelope]\nid = \"evento_id\"";
    NOT_KAFKA = 805 Note "channels are not on Kafka",
        "Their messages, traits and constants are generated; they have no topics to be created.",
        "servers:\n  production: { url: 'broker:9092', protocol: kafka }";
    KEY_OUT_OF_REACH = 806 Error "the partition key cannot be read from the event",
        "The payload's type does not lead to it: it may be null, or is kept as a JSON value above the key. Events would be sent without their key and lose their order.",
        "partition_key: datos.caso_id   # and `datos` is an object with properties";
    IMPLICIT_OBJECT = 807 Note "a schema with properties is taken for an object",
        "It has `properties` and no `type`. Strictly it says nothing of values that are no objects, and would accept 5 or null; whoever writes properties means an object. Values of other types are refused.",
        "type: object\nproperties:\n  id: { type: integer }";
    MESSAGES_ALIKE = 808 Error "two messages of a channel cannot be told apart",
        "A channel with several messages needs something that says which one a record is: a header or a required text of the payload with other values in each, the envelope's type, a discriminator, or structures of which no value has two. Guessing would hand an event to the wrong handler: until it is said, the crate has the channel's types and producers and no consumer trait, and `generate` ends with 1.",
        "# in each payload\nrequired: [type]\nproperties:\n  type: { const: order.placed }\n\n# or in conecta-gen.toml\n[channels.orders]\ntype = \"header:event-type\"\n[messages.OrderPlaced]\ntype = \"order.placed\"";
    RECORD_TYPE_GUESSED = 809 Warning "the type of a message is taken to be its name",
        "Its channel carries several messages, told apart by their type, and nothing says what this one's is: no `const`, no examples that agree. A record whose type is another is set aside.",
        "evento_tipo: { const: CasoCreado }\n\n# or in conecta-gen.toml\n[messages.CasoCreado]\ntype = \"CasoCreado\"";
    NO_SUCH_PLACE = 810 Error "conecta-gen.toml names what the contract has not",
        "The names under `[channels]` and `[messages]` are those of the contract; a message's type stands at `header:NAME` or `payload:PATH`.",
        "# conecta-gen.toml\n[channels.\"casos.eventos\"]\ntype = \"payload:evento_tipo\"";
    DEFAULT_NOT_APPLIED = 811 Note "a default is not applied",
        "Where an optional property with a `default` is absent, generated code gives the default. Not this one: it is out of the range of the field's Rust type (an integer of 64 bits, a time with nine digits of a second), is an object with further properties, or a text of a format that only the runtime knows. The property is absent as any other.",
        "count: { type: integer, default: 1e20 }   # more than 64 bits";
    BAD_NAME = 812 Error "a name that is said cannot be one",
        "`x-rust-name`, and `[names]` of conecta-gen.toml, are taken as they are or not at all. A type, a message and a value of an enum are named in camel case (`OrderPlaced`), a field, an operation and a channel's module in snake case (`order_placed`); words that the language or generated code keeps for itself are none.",
        "x-rust-name: order placed   # wrong: a space\nx-rust-name: OrderPlaced    # right";
    NAME_TAKEN = 813 Error "a name that is said is the name of something else",
        "Two things of one scope cannot have one name: types of a crate, fields of a struct, values of an enum, modules, operations. Names that are made clash as well and are numbered; one that is said is what its author wants, so nothing is done behind their back.",
        "# conecta-gen.toml\n[names]\n\"/components/schemas/Order\" = \"Order\"\n\"/components/schemas/OrderV2\" = \"OrderV2\"";
    NAMES_NOTHING = 814 Warning "a name is given to nothing",
        "`x-rust-name` stands beside a `$ref`, where nothing is read, on something that has no name in Rust, or names a value that its `enum` has not.",
        "type: string\nenum: [LOW, HIGH]\nx-rust-names: { LOW: Low, HIGH: High }";
    BAD_TYPE = 815 Error "a type that is asked for cannot be had",
        "`x-rust-type: decimal` is for a schema of `type: number` that stands by itself or in objects, lists and maps. Beneath `oneOf`, `not` and their like values are held against doubles, and the digits would be lost on the way.",
        "type: number\nmultipleOf: 0.01\nx-rust-type: decimal";
    NO_ROLE = 816 Warning "a 2.x document has no roles",
        "`publish` is what the application receives, says the specification of 2.x, and many documents mean the opposite: so both ends of each operation are generated, whatever role is asked for.",
        "asyncapi: 3.0.0\noperations:\n  place: { action: send, channel: { $ref: '#/channels/orders' } }";
    NO_LOCATION = 817 Warning "the location of a parameter leads nowhere",
        "A parameter's `location` says where an event has its value. Where it is no runtime expression, or leads to nothing or to more than one value in some message of the channel, whoever publishes is asked for the parameter instead.",
        "parameters:\n  # the payload has no `tenant`\n  tenant: { location: $message.payload#/tenant }";
    NARROWER_INTEGER = 818 Warning "an integer has more values than its Rust type",
        "An integer has 64 bits, and 128 where its bounds ask for them. Beneath `oneOf`, `anyOf`, `not` and their like values are looked at as JSON, whose integers of more than 64 bits are doubles: there it has 64. What lies beyond is refused, never rounded.",
        "type: integer\nminimum: 0\nmaximum: 18446744073709551615";
    NO_IDENTIFIER = 820 Note "events have no known identifier",
        "No field of the payload is known to identify an event: duplicates cannot be told by it, and no header carries it. Known by themselves are `evento_id` with `evento_tipo`, `event_id` with `event_type`, `eventId` with `eventType`, and CloudEvents; others are named in conecta-gen.toml.",
        "# conecta-gen.toml\n[envelope]\nid = \"id\"\ntype = \"type\"\ntime = \"occurred_at\"";
    TYPE_GUESSED = 821 Note "the type of an event is taken from the message's name",
        "The payload has a field for the event's type, and neither a `const` nor examples that agree say what stands in it.",
        "properties:\n  event_type: { type: string, const: order.paid }";
    MASKS_NOTHING = 822 Warning "a sensitive property is nowhere in the document",
        "`[sensitive]` of conecta-gen.toml names a property that no schema has. If the name is a slip, the property that was meant is shown in `Debug` and in logs.",
        "# conecta-gen.toml\n[sensitive]\nfields = [\"email\"]";
    CONFIG_SYNTAX = 901 Error "the configuration is not TOML",
        "conecta-gen.toml could not be read from this place on.",
        "[crate]\nname = \"shop-events\"";
    CONFIG_KEY = 902 Error "the configuration has no such key",
        "A key that nothing reads would be believed to work. docs/configuration.md lists every key.",
        "[envelope]\nid = \"event_id\"";
    CONFIG_VALUE = 903 Error "a setting has a wrong value",
        "The key is known, and wants something else.",
        "[fields]\nunknown = \"keep\"";
    LEVEL = 904 Error "a code cannot be given this level",
        "Where the finding is an error because what is generated would be in doubt, no level makes it sound. Warnings, notes and errors of style can be lowered; everything can be raised.",
        "[lint]\nCG0420 = \"allow\"\nCG0505 = \"error\"";
    ALLOW = 905 Warning "nothing is allowed by this",
        "A comment or an `x-conecta-allow` names a code that there is not, or that cannot be allowed.",
        "LegacyOrder: # conecta-gen: allow(CG0420)\n  type: object\nOldOrder:\n  x-conecta-allow: [CG0420]\n  type: object";
}

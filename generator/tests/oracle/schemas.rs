//! Random schemas of draft-07, mostly of the kind that people write.

use serde_json::{Map, Value, json};

use crate::rng::Rng;

/// Schemas that refer to one another; the one under test is [`ROOT`].
pub(crate) type Components = Map<String, Value>;

/// The name of the schema under test.
pub(crate) const ROOT: &str = "Root";

/// Patterns, each with texts that match it.
pub(crate) const PATTERNS: [(&str, &[&str]); 18] = [
    (r"^CRV-\d{4}-\d{8}$", &["CRV-2024-00012345", "CRV-0000-99999999"]),
    (r"^\d+\.\d+$", &["1.0", "12.34"]),
    ("^[A-Z]{3}$", &["ABC", "ZZZ"]),
    (r"^\d+$", &["0", "0123456789"]),
    ("^[a-z0-9_-]{2,8}$", &["ab", "a_b-c", "00000000"]),
    ("^(foo|bar)$", &["foo", "bar"]),
    ("[aeiou]", &["xay", "e"]),
    ("^$", &[""]),
    (r"^\S+$", &["x", "ñ", "a,b"]),
    ("^.$", &["a", "ñ", "😀"]),
    ("^[^,]*$", &["", "abc", "ñandú"]),
    (r"\w+@\w+\.\w+", &["a@b.c", "<a@b.cd>"]),
    (r"^\/[\w\/.-]*$", &["/", "/a/b.txt"]),
    (r"\bcat\b", &["cat", "a cat."]),
    (r"^[\s\S]{1,5}$", &["a\nb", "x"]),
    (r"^\u0041\x42$", &["AB"]),
    // Of these, linear time knows nothing.
    (r"^(?!no).*$", &["yes", ""]),
    (r"^(a|b)\1$", &["aa", "bb"]),
];
const LINEAR: usize = 16;

/// Formats, each with texts that have it.
pub(crate) const FORMATS: [(&str, &[&str]); 12] = [
    (
        "date-time",
        &["2024-01-15T10:30:00Z", "2024-02-29t23:59:59.120+05:30", "1999-12-31T23:59:60Z", "0001-01-01T00:00:00-00:00"],
    ),
    ("date", &["2024-01-15", "0000-02-29", "9999-12-31"]),
    ("time", &["10:30:00Z"]),
    ("duration", &["P1D"]),
    ("uuid", &["0188d0f2-7c3e-7cc3-98c4-dc0c0c07398f"]),
    ("email", &["ana@example.com"]),
    ("uri", &["https://example.com/a?b#c"]),
    ("ipv4", &["127.0.0.1", "255.255.255.255", "0.0.0.0"]),
    ("hostname", &["example.com"]),
    ("byte", &["aGk="]),
    ("password", &["hunter2"]),
    ("cedula", &["0102030405"]),
];

/// Names of properties: the usual, then those that are hard to turn into Rust.
const NAMES: [&str; 26] = [
    "id",
    "caso_id",
    "titulo",
    "prioridad",
    "email",
    "datos",
    "cambios",
    "lat",
    "total",
    "activo",
    "timestamp",
    "lineas",
    "tipo",
    "notas",
    "type",
    "self",
    "casoId",
    "x-origen",
    "ñandú",
    "a b",
    "1st",
    "",
    "$id",
    "default",
    "Titulo",
    "r#fn",
];
/// How many of [`NAMES`] are easy.
const EASY: usize = 14;

/// Names that only a map, a pattern or nobody has a place for.
pub(crate) const OTHER_NAMES: [&str; 6] = ["zz_extra", "x-nota", "clave_id", "k9", "Z", "otro nombre"];

/// Makes the schemas of one case.
pub(crate) fn components(rng: &mut Rng) -> Components {
    let count = rng.weighted(&[50, 30, 15, 5]);
    let names: Vec<String> = ["Base", "Parte", "Nodo"][..count].iter().map(|name| (*name).to_owned()).collect();
    let mut maker = Maker { rng, names, current: 0, budget: 0, more: Components::new() };
    let mut all = Components::new();
    for index in 0..count {
        maker.current = index + 1;
        maker.budget = 14;
        let schema = if maker.rng.chance(75) { maker.object(1) } else { maker.schema(1, true) };
        all.insert(maker.names[index].clone(), schema);
    }
    maker.current = 0;
    maker.budget = 24;
    let root = match maker.rng.weighted(&[45, 13, 27, 15]) {
        0 => maker.object(0),
        1 => maker.envelope(),
        3 => maker.union(0),
        _ => maker.schema(0, true),
    };
    all.insert(ROOT.to_owned(), root);
    all.extend(maker.more);
    all
}

struct Maker<'r> {
    rng: &'r mut Rng,
    names: Vec<String>,
    /// The components from here on may be referred to where a reference is the whole schema, so that none is a ring.
    current: usize,
    /// How many schemas may still be begun.
    budget: usize,
    /// Alternatives that have a name.
    more: Components,
}

/// Names of alternatives.
const ALTERNATIVES: [&str; 3] = ["Gato", "Perro", "Pez"];
/// What tells them, two of each.
const WORDS: [&str; 6] = ["A", "b", "C", "x", "y", "z"];

impl Maker<'_> {
    /// Any schema. `bare` where it is a component itself or a member of `allOf` and its like: a reference there goes
    /// forward only.
    fn schema(&mut self, depth: usize, bare: bool) -> Value {
        self.budget = self.budget.saturating_sub(1);
        if depth > 4 || self.budget == 0 {
            return self.scalar();
        }
        match self.rng.weighted(&[40, 24, 14, 9, 4, 4, 5, 2, 2, 2, 1, 5]) {
            11 => self.union(depth),
            0 => self.scalar(),
            1 => self.object(depth),
            2 => self.array(depth),
            3 => self.reference(bare).unwrap_or_else(|| self.scalar()),
            4 => self.all_of(depth),
            5 => self.any_of(depth),
            6 => self.one_of(depth),
            7 => self.not(depth),
            8 => self.condition(depth),
            9 => self.untyped(depth),
            _ => self.rng.pick(&[json!(true), json!({}), json!({ "description": "anything" }), json!(false)]).clone(),
        }
    }

    fn reference(&mut self, bare: bool) -> Option<Value> {
        let from = if bare { self.current } else { 0 };
        let among = self.names.get(from..).filter(|names| !names.is_empty())?;
        Some(json!({ "$ref": format!("#/components/schemas/{}", self.rng.pick(among)) }))
    }

    fn scalar(&mut self) -> Value {
        let mut schema = match self.rng.weighted(&[38, 20, 14, 7, 14, 5, 2]) {
            0 => self.string(),
            1 => self.integer(),
            2 => self.number(),
            3 => json!({ "type": "boolean" }),
            4 => self.enumeration(),
            5 => self.constant(),
            _ => json!({ "type": "null" }),
        };
        if self.rng.chance(8) {
            self.make_nullable(&mut schema);
        }
        if self.rng.chance(6) {
            let (key, value) =
                self.rng.pick(&[("description", "What it is."), ("title", "Name"), ("$comment", "none")]).to_owned();
            schema[key] = json!(value);
        }
        schema
    }

    /// Adds `"null"` to `type`, or says it with a list of one, or names several types.
    fn make_nullable(&mut self, schema: &mut Value) {
        let Some(first) = schema.get("type").and_then(Value::as_str).map(str::to_owned) else { return };
        schema["type"] = match self.rng.weighted(&[70, 10, 20]) {
            0 if first != "null" => json!([first, "null"]),
            1 => json!([first]),
            _ => {
                let second = *self.rng.pick(&["string", "integer", "boolean", "object", "array"]);
                if second == first { json!([first]) } else { json!([first, second]) }
            }
        };
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut).filter(|_| self.rng.chance(60)) {
            values.push(Value::Null);
        }
    }

    fn string(&mut self) -> Value {
        let mut schema = json!({ "type": "string" });
        match self.rng.weighted(&[45, 20, 22, 13]) {
            1 => self.lengths(&mut schema, "minLength", "maxLength", 4),
            2 => {
                let among = if self.rng.chance(4) { PATTERNS.len() } else { LINEAR };
                let at = self.rng.below(among);
                schema["pattern"] = json!(PATTERNS[at].0);
                if self.rng.chance(20) {
                    self.lengths(&mut schema, "minLength", "maxLength", 12);
                }
            }
            3 => {
                let at = if self.rng.chance(50) { 0 } else { self.rng.below(FORMATS.len()) };
                schema["format"] = json!(FORMATS[at].0);
                if self.rng.chance(10) {
                    self.lengths(&mut schema, "minLength", "maxLength", 30);
                }
            }
            _ => {}
        }
        schema
    }

    /// One or both of two bounds of a count.
    fn lengths(&mut self, schema: &mut Value, least: &str, most: &str, up_to: i64) {
        let low = self.rng.range(0, up_to);
        let which = self.rng.below(3);
        if which != 0 {
            schema[least] = json!(low);
        }
        if which != 1 {
            schema[most] = json!(low + self.rng.range(0, up_to));
        }
    }

    fn integer(&mut self) -> Value {
        let mut schema = json!({ "type": "integer" });
        match self.rng.weighted(&[40, 35, 10, 8, 7]) {
            1 => self.bounds(&mut schema, |rng| json!(rng.range(-5, 20))),
            2 => {
                schema["multipleOf"] =
                    self.rng.pick(&[json!(1), json!(5), json!(7), json!(0.5), json!(1.5), json!(2.0)]).clone()
            }
            3 => {
                let wide = [
                    json!(0),
                    json!(9_007_199_254_740_993_u64),
                    json!(i64::MAX),
                    json!(u64::MAX),
                    json!(4_294_967_295_u64),
                    json!(1e20),
                ];
                schema["maximum"] = self.rng.pick(&wide).clone();
                if self.rng.chance(50) {
                    schema["minimum"] = json!(0);
                }
            }
            4 => schema["format"] = json!(*self.rng.pick(&["int32", "int64", "cuenta"])),
            _ => {}
        }
        schema
    }

    fn number(&mut self) -> Value {
        let mut schema = json!({ "type": "number" });
        match self.rng.weighted(&[40, 28, 20, 12]) {
            1 => self.bounds(&mut schema, |rng| json!(f64::from(i32::try_from(rng.range(-90, 90)).unwrap()) / 4.0)),
            2 => {
                schema["multipleOf"] =
                    self.rng.pick(&[json!(0.01), json!(0.1), json!(0.25), json!(3), json!(1e-3), json!(2.5)]).clone()
            }
            3 => schema["format"] = json!(*self.rng.pick(&["float", "double"])),
            _ => {}
        }
        schema
    }

    fn bounds(&mut self, schema: &mut Value, mut draw: impl FnMut(&mut Rng) -> Value) {
        let (a, b) = (draw(self.rng), draw(self.rng));
        let (low, high) = if a.as_f64() <= b.as_f64() { (a, b) } else { (b, a) };
        let which = self.rng.below(3);
        if which != 0 {
            schema[*self.rng.pick(&["minimum", "minimum", "exclusiveMinimum"])] = low;
        }
        if which != 1 {
            schema[*self.rng.pick(&["maximum", "maximum", "exclusiveMaximum"])] = high;
        }
    }

    fn enumeration(&mut self) -> Value {
        let texts = ["BAJA", "MEDIA", "ALTA", "baja", "en-curso", "en curso", "1", "", "self", "+", "-", "ñ"];
        let count = self.rng.range(1, 4);
        let mut values: Vec<Value> = Vec::new();
        let kind = self.rng.weighted(&[70, 12, 6, 12]);
        for _ in 0..count {
            let value = match kind {
                0 => json!(*self.rng.pick(&texts)),
                1 => json!(self.rng.range(-2, 5)),
                2 => json!(self.rng.range(0, 4) as f64 / 2.0),
                _ => {
                    let mixed = [
                        json!("1"),
                        json!(1),
                        json!(true),
                        Value::Null,
                        json!({ "a": 1 }),
                        json!([1, "x"]),
                        json!(0.5),
                        json!(""),
                    ];
                    self.rng.pick(&mixed).clone()
                }
            };
            if !values.iter().any(|other| crate::judge::same(other, &value)) {
                values.push(value);
            }
        }
        let mut schema = json!({ "enum": values });
        let ty = ["string", "integer", "number", ""][kind];
        if !ty.is_empty() && self.rng.chance(85) {
            schema["type"] = json!(ty);
        }
        schema
    }

    fn constant(&mut self) -> Value {
        let value = match self.rng.weighted(&[70, 15, 5, 10]) {
            0 => json!(*self.rng.pick(&["caso.creado", "A", "b"])),
            1 => json!(self.rng.range(0, 3)),
            2 => json!(true),
            _ => self.rng.pick(&[Value::Null, json!(1.5), json!({ "k": [1] }), json!([])]).clone(),
        };
        let mut schema = json!({ "const": value });
        if let (Some(_), true) = (schema["const"].as_str(), self.rng.chance(60)) {
            schema["type"] = json!("string");
        }
        schema
    }

    fn name(&mut self) -> String {
        let among = if self.rng.chance(85) { EASY } else { NAMES.len() };
        NAMES[self.rng.below(among)].to_owned()
    }

    fn object(&mut self, depth: usize) -> Value {
        let mut properties = Map::new();
        for _ in 0..self.rng.weighted(&[8, 15, 25, 25, 15, 12]) {
            let name = self.name();
            let schema = self.schema(depth + 1, false);
            properties.insert(name, self.with_default(schema));
        }
        let mut schema = json!({ "type": "object" });
        let names: Vec<String> = properties.keys().cloned().collect();
        let mut required: Vec<String> = self.rng.some(&names, 45).into_iter().cloned().collect();
        if self.rng.chance(4) {
            let more = self.name();
            if !required.contains(&more) {
                required.push(more);
            }
        }
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if !properties.is_empty() || self.rng.chance(10) {
            schema["properties"] = Value::Object(properties);
        }
        match self.rng.weighted(&[66, 16, 4, 14]) {
            1 => schema["additionalProperties"] = json!(false),
            2 => schema["additionalProperties"] = json!(true),
            3 => schema["additionalProperties"] = self.schema(depth + 1, false),
            _ => {}
        }
        if self.rng.chance(7) {
            let mut patterns = Map::new();
            for pattern in self.rng.some(&["^x-", "_id$", r"\d", "^$", "o", "^(?!x-)", "a"], 30) {
                patterns.insert((*pattern).to_owned(), self.schema(depth + 1, false));
            }
            schema["patternProperties"] = Value::Object(patterns);
        }
        if self.rng.chance(4) {
            let among = [
                json!({ "pattern": "^[a-z_-]+$" }),
                json!({ "maxLength": 6 }),
                json!({ "enum": names }),
                json!({ "minLength": 1 }),
            ];
            schema["propertyNames"] = self.rng.pick(&among).clone();
            if schema["propertyNames"]["enum"].as_array().is_some_and(Vec::is_empty) {
                schema["propertyNames"] = json!(true);
            }
        }
        if self.rng.chance(6) {
            self.lengths(&mut schema, "minProperties", "maxProperties", 3);
        }
        if self.rng.chance(5) && !names.is_empty() {
            let when = self.rng.pick(&names).clone();
            let then = if self.rng.chance(60) { json!([self.name()]) } else { self.partial(&names) };
            schema["dependencies"] = json!({ when: then });
        }
        if self.rng.chance(4) {
            schema["type"] = json!(["object", "null"]);
        }
        if self.rng.chance(3) {
            schema.as_object_mut().unwrap().remove("type");
        }
        schema
    }

    /// A default that surely fits, beside the simplest types.
    fn with_default(&mut self, mut schema: Value) -> Value {
        if self.rng.chance(6) && schema.as_object().is_some_and(|s| s.len() == 1) {
            match schema["type"].as_str() {
                Some("string") => schema["default"] = json!("ninguno"),
                Some("integer") => schema["default"] = json!(3),
                Some("boolean") => schema["default"] = json!(false),
                Some("number") => schema["default"] = json!(0.5),
                _ => {}
            }
        }
        schema
    }

    /// A few words about an object that is described elsewhere.
    fn partial(&mut self, names: &[String]) -> Value {
        let name = if names.is_empty() || self.rng.chance(20) { self.name() } else { self.rng.pick(names).clone() };
        match self.rng.weighted(&[40, 25, 20, 15]) {
            0 => json!({ "required": [name] }),
            1 => json!({ "properties": { name: { "const": *self.rng.pick(&["A", "b"]) } } }),
            2 => json!({ "properties": { name.clone(): self.scalar() }, "required": [name] }),
            _ => json!({ "properties": { name.clone(): { "enum": ["A", "b", 1, null] } }, "required": [name] }),
        }
    }

    fn array(&mut self, depth: usize) -> Value {
        let mut schema = json!({ "type": "array" });
        match self.rng.weighted(&[80, 8, 12]) {
            0 => schema["items"] = self.schema(depth + 1, false),
            1 => {}
            _ => {
                let items: Vec<Value> = (0..self.rng.range(1, 3)).map(|_| self.schema(depth + 2, false)).collect();
                schema["items"] = json!(items);
                match self.rng.below(3) {
                    0 => schema["additionalItems"] = json!(false),
                    1 => schema["additionalItems"] = self.schema(depth + 2, false),
                    _ => {}
                }
            }
        }
        if self.rng.chance(22) {
            self.lengths(&mut schema, "minItems", "maxItems", 2);
        }
        if self.rng.chance(12) {
            schema["uniqueItems"] = json!(true);
        }
        if self.rng.chance(5) {
            schema["contains"] = self.schema(depth + 2, false);
        }
        schema
    }

    /// A base and what is particular, as of events.
    fn envelope(&mut self) -> Value {
        let base = self.reference(true).unwrap_or_else(|| self.object(1));
        let mut particular = self.object(1);
        if self.rng.chance(25) && particular["properties"].is_object() {
            // Both speak of one property, as events do of their data.
            let again = self.object(2);
            particular["properties"]["datos"] = again;
        }
        let mut schema = json!({ "allOf": [base, particular] });
        if self.rng.chance(20) {
            schema["description"] = json!("An event.");
        }
        schema
    }

    fn all_of(&mut self, depth: usize) -> Value {
        let mut members = vec![self.reference(true).unwrap_or_else(|| self.object(depth + 1))];
        for _ in 0..self.rng.range(0, 2) {
            let member = match self.rng.weighted(&[50, 20, 30]) {
                0 => self.object(depth + 1),
                1 => self.schema(depth + 1, true),
                _ => self.partial(&[]),
            };
            members.push(member);
        }
        let mut schema = json!({ "allOf": members });
        if self.rng.chance(20) {
            schema["required"] = json!([self.name()]);
        }
        if self.rng.chance(10) {
            schema["description"] = json!("Both.");
        }
        schema
    }

    fn any_of(&mut self, depth: usize) -> Value {
        let count = self.rng.range(1, 3);
        let among: Vec<Value> = (0..count).map(|_| self.schema(depth + 1, true)).collect();
        self.beside(json!({ "anyOf": among }))
    }

    fn one_of(&mut self, depth: usize) -> Value {
        let among: Vec<Value> = match self.rng.weighted(&[35, 30, 20, 15]) {
            // Told apart by a constant.
            0 => {
                let tag = *self.rng.pick(&["tipo", "type"]);
                ["A", "b", "C"][..usize::try_from(self.rng.range(2, 3)).unwrap()]
                    .iter()
                    .map(|word| {
                        let mut object = self.object(depth + 1);
                        object["properties"][tag] = json!({ "const": word });
                        object["required"] = json!([tag]);
                        object
                    })
                    .collect()
            }
            1 => (0..self.rng.range(1, 3)).map(|_| self.schema(depth + 1, true)).collect(),
            2 => vec![self.schema(depth + 1, true), json!({ "type": "null" })],
            _ => (0..2).map(|_| self.scalar()).collect(),
        };
        self.beside(json!({ "oneOf": among }))
    }

    /// An object whose patterns are all enforced: what is not, and decides among alternatives, makes others of what fits.
    fn linear_object(&mut self, depth: usize) -> Value {
        loop {
            let object = self.object(depth);
            let text = object.to_string();
            if !text.contains("(?!") && !text.contains(r")\\1") {
                return object;
            }
        }
    }

    /// Objects of which a value is one: named or not, told apart by a property or not, with more or less in common.
    fn union(&mut self, depth: usize) -> Value {
        let count = usize::try_from(self.rng.range(2, 3)).unwrap();
        let keyword = *self.rng.pick(&["oneOf", "oneOf", "anyOf"]);
        let tag = *self.rng.pick(&["tipo", "type", "prioridad"]);
        let how = self.rng.weighted(&[25, 30, 20, 25]);
        // Each set of named alternatives but once.
        let named = how != 0 && self.more.is_empty() && self.rng.chance(75);
        let common = if self.rng.chance(50) { self.linear_object(3)["properties"].clone() } else { Value::Null };
        let (mut list, mut mapping) = (Vec::new(), Map::new());
        for (index, name) in ALTERNATIVES[..count].iter().enumerate() {
            let mut object = self.linear_object(depth + 2);
            if !object["properties"].is_object() {
                object["properties"] = json!({});
            }
            for (name, schema) in common.as_object().into_iter().flatten() {
                object["properties"][name] = schema.clone();
            }
            if how != 0 {
                object["properties"][tag] = match self.rng.weighted(&[50, 30, 20]) {
                    0 => json!({ "type": "string" }),
                    1 => json!({ "const": WORDS[index] }),
                    _ => json!({ "enum": [WORDS[index], WORDS[index + 3]] }),
                };
                let mut required = object["required"].as_array().cloned().unwrap_or_default();
                if self.rng.chance(85) && !required.contains(&json!(tag)) {
                    required.push(json!(tag));
                    object["required"] = json!(required);
                }
            }
            if named {
                mapping.insert(WORDS[index].to_owned(), json!(format!("#/components/schemas/{name}")));
                self.more.insert((*name).to_owned(), object);
                list.push(json!({ "$ref": format!("#/components/schemas/{name}") }));
            } else {
                list.push(object);
            }
        }
        if self.rng.chance(12) {
            list.push(json!({ "type": "null" }));
        }
        if self.rng.chance(10) {
            list.push(self.scalar());
        }
        let mut schema = json!({ keyword: list });
        match how {
            2 => schema["discriminator"] = json!(tag),
            3 if self.rng.chance(60) => schema["discriminator"] = json!({ "propertyName": tag, "mapping": mapping }),
            3 => schema["discriminator"] = json!({ "propertyName": tag }),
            _ => {}
        }
        if self.rng.chance(15) {
            schema["type"] = json!("object");
        }
        schema
    }

    /// Alternatives that stand in an object of their own, now and then.
    fn beside(&mut self, mut alternatives: Value) -> Value {
        if self.rng.chance(15) {
            let object = self.object(4);
            let names: Vec<String> =
                object["properties"].as_object().map(|p| p.keys().cloned().collect()).unwrap_or_default();
            let partials = [self.partial(&names), self.partial(&names)];
            let keyword = if self.rng.chance(50) { "oneOf" } else { "anyOf" };
            alternatives = object;
            alternatives[keyword] = json!(partials);
        }
        alternatives
    }

    fn not(&mut self, depth: usize) -> Value {
        let mut schema = if self.rng.chance(60) { self.object(depth + 1) } else { self.scalar() };
        schema["not"] = if self.rng.chance(60) { self.partial(&[]) } else { self.scalar() };
        schema
    }

    fn condition(&mut self, depth: usize) -> Value {
        let mut schema = self.object(depth + 1);
        let names: Vec<String> =
            schema["properties"].as_object().map(|p| p.keys().cloned().collect()).unwrap_or_default();
        schema["if"] = self.partial(&names);
        let which = self.rng.below(3);
        if which != 0 {
            schema["then"] = self.partial(&names);
        }
        if which != 1 {
            schema["else"] = self.partial(&names);
        }
        schema
    }

    /// Keywords of a type that is not named.
    fn untyped(&mut self, depth: usize) -> Value {
        let mut schema = if self.rng.chance(60) { self.scalar() } else { self.array(depth + 1) };
        schema.as_object_mut().unwrap().remove("type");
        schema
    }
}

//! Values for a schema: such as fit it, such as fit it but for one thing, and such as nobody thought of.
//!
//! It reads the schema as it is written, with a mind of its own about `allOf` and references, so that it shares no mistake
//! with the generator. Its values are guesses, good ones mostly; the judge has the word.

use serde_json::{Map, Value, json};

use crate::{
    judge::same,
    rng::Rng,
    schemas::{FORMATS, OTHER_NAMES, PATTERNS},
};

/// Everything that must hold at one place.
type All<'d> = Vec<&'d Value>;

/// How deep values go before only what is required is made.
const DEEP: usize = 5;

/// Makes values for schemas of one document.
pub(crate) struct Instances<'d> {
    document: &'d Value,
    rng: Rng,
    /// How many places until the one that gets a fault.
    fault_in: Option<usize>,
    places: usize,
}

impl<'d> Instances<'d> {
    pub(crate) fn new(document: &'d Value, seed: u64) -> Self {
        Self { document, rng: Rng::new(seed), fault_in: None, places: 0 }
    }

    /// So many values for the schema at a pointer.
    pub(crate) fn make(&mut self, pointer: &str, count: usize) -> Vec<Value> {
        let Some(schema) = self.document.pointer(pointer) else { return Vec::new() };
        let mut values = Vec::with_capacity(count);
        while values.len() < count {
            self.places = 0;
            self.fault_in = None;
            let good = self.value(vec![schema], 0);
            let places = self.places;
            match self.rng.weighted(&[40, 48, 9, 3]) {
                0 => values.push(good),
                1 => {
                    self.fault_in = Some(self.rng.below(places));
                    values.push(self.value(vec![schema], 0));
                }
                2 => values.push(self.changed(&good)),
                _ => values.push(self.junk(0)),
            }
        }
        values
    }

    /// A value that should fit all of these.
    fn value(&mut self, all: All<'d>, depth: usize) -> Value {
        self.places += 1;
        let faulty = match &mut self.fault_in {
            Some(0) => true,
            Some(more) => {
                *more -= 1;
                false
            }
            None => false,
        };
        if faulty {
            self.fault_in = None;
        }
        let mut flat = All::new();
        self.flatten(all, &mut flat, 0);
        let good = self.fitting(&flat, depth);
        if faulty { self.fault(&flat, good) } else { good }
    }

    /// Follows references, gathers `allOf`, and chooses among alternatives.
    fn flatten(&mut self, all: All<'d>, into: &mut All<'d>, depth: usize) {
        for schema in all {
            let schema = self.resolve(schema);
            if into.len() > 40 || depth > 12 || into.iter().any(|other| std::ptr::eq(*other, schema)) {
                continue;
            }
            into.push(schema);
            if let Some(members) = schema["allOf"].as_array() {
                self.flatten(members.iter().collect(), into, depth + 1);
            }
            for keyword in ["anyOf", "oneOf"] {
                if let Some(alternatives) = schema[keyword].as_array().filter(|a| !a.is_empty()) {
                    let chosen = &alternatives[self.rng.below(alternatives.len())];
                    self.flatten(vec![chosen], into, depth + 1);
                }
            }
            if schema.get("if").is_some() {
                let met = self.rng.chance(50);
                let parts = if met { ["if", "then"] } else { ["else", "else"] };
                let chosen = parts.iter().filter_map(|keyword| schema.get(*keyword)).collect();
                self.flatten(chosen, into, depth + 1);
            }
        }
    }

    fn resolve(&self, mut schema: &'d Value) -> &'d Value {
        for _ in 0..50 {
            let Some(reference) = schema["$ref"].as_str() else { return schema };
            let Some(target) = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(pointer)) else {
                return schema;
            };
            schema = target;
        }
        schema
    }

    fn fitting(&mut self, all: &All<'d>, depth: usize) -> Value {
        for schema in all {
            if let Some(constant) = schema.get("const") {
                return constant.clone();
            }
        }
        if let Some(values) =
            all.iter().find_map(|schema| schema["enum"].as_array()).filter(|values| !values.is_empty())
        {
            return self.rng.pick(values).clone();
        }
        match self.type_of(all) {
            "object" => self.object(all, depth),
            "array" => self.array(all, depth),
            "string" => Value::String(self.string(all)),
            "integer" => self.number(all, true),
            "number" => self.number(all, false),
            "boolean" => json!(self.rng.chance(50)),
            _ => Value::Null,
        }
    }

    fn type_of(&mut self, all: &All<'d>) -> &'static str {
        const TYPES: [&str; 7] = ["object", "array", "string", "integer", "number", "boolean", "null"];
        let mut left: Vec<&str> = TYPES.to_vec();
        for schema in all {
            let named: Vec<&str> = match &schema["type"] {
                Value::String(name) => vec![name],
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            left.retain(|ty| named.contains(ty) || (*ty == "integer" && named.contains(&"number")));
        }
        // A type that the keywords speak of is the likelier one.
        let about = |ty: &str| {
            all.iter().filter_map(|schema| schema.as_object()).flat_map(Map::keys).any(|keyword| {
                match keyword.as_str() {
                    "properties" | "required" | "additionalProperties" | "patternProperties" | "dependencies" => {
                        ty == "object"
                    }
                    "items" | "minItems" | "uniqueItems" | "contains" => ty == "array",
                    "pattern" | "minLength" | "maxLength" | "format" => ty == "string",
                    "minimum" | "maximum" | "multipleOf" => ty == "number",
                    _ => false,
                }
            })
        };
        let spoken: Vec<&str> = left.iter().copied().filter(|ty| about(ty)).collect();
        let among = if spoken.is_empty() || self.rng.chance(15) { left } else { spoken };
        let Some(chosen) = among.get(self.rng.below(among.len())) else { return "null" };
        TYPES.iter().find(|ty| *ty == chosen).copied().unwrap_or("null")
    }

    fn object(&mut self, all: &All<'d>, depth: usize) -> Value {
        let mut names: Vec<&str> = Vec::new();
        for schema in all {
            names.extend(schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str));
        }
        let mut required: Vec<&str> =
            all.iter().filter_map(|s| s["required"].as_array()).flatten().filter_map(Value::as_str).collect();
        for schema in all {
            for (when, then) in schema["dependencies"].as_object().into_iter().flatten() {
                if required.contains(&when.as_str()) {
                    required.extend(then.as_array().into_iter().flatten().filter_map(Value::as_str));
                }
            }
        }
        let closed = all.iter().any(|schema| schema["additionalProperties"] == json!(false));
        let optional = if depth > DEEP { 0 } else { *self.rng.pick(&[0, 60, 60, 100]) };
        let mut object = Map::new();
        for name in names {
            if required.contains(&name) || self.rng.chance(optional) {
                self.property(&mut object, all, name, depth);
            }
        }
        for name in required {
            self.property(&mut object, all, name, depth);
        }
        let extra = !closed
            && all.iter().any(|s| s.get("additionalProperties").is_some() || s.get("patternProperties").is_some());
        let least = all.iter().filter_map(|schema| schema["minProperties"].as_u64()).max().unwrap_or(0);
        for _ in 0..8 {
            let wanted =
                (object.len() as u64) < least || (extra && self.rng.chance(45)) || (!closed && self.rng.chance(3));
            if !wanted || depth > DEEP + 2 {
                break;
            }
            let name = *self.rng.pick(&OTHER_NAMES);
            self.property(&mut object, all, name, depth);
        }
        Value::Object(object)
    }

    fn property(&mut self, object: &mut Map<String, Value>, all: &All<'d>, name: &str, depth: usize) {
        if object.contains_key(name) {
            return;
        }
        let mut of_it = All::new();
        for schema in all {
            let named = schema["properties"].get(name);
            let by_pattern: Vec<&Value> = schema["patternProperties"]
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(pattern, _)| regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(name)))
                .map(|(_, schema)| schema)
                .collect();
            if named.is_none() && by_pattern.is_empty() {
                of_it.extend(schema.get("additionalProperties"));
            }
            of_it.extend(named);
            of_it.extend(by_pattern);
        }
        let value = if depth > DEEP + 20 { Value::Null } else { self.value(of_it, depth + 1) };
        object.insert(name.to_owned(), value);
    }

    fn array(&mut self, all: &All<'d>, depth: usize) -> Value {
        let least = all.iter().filter_map(|schema| schema["minItems"].as_u64()).max().unwrap_or(0).min(12);
        let most = all.iter().filter_map(|schema| schema["maxItems"].as_u64()).min().unwrap_or(least + 3);
        let tuple = all.iter().filter_map(|schema| schema["items"].as_array()).map(Vec::len).max().unwrap_or(0) as u64;
        let wanted = if depth > DEEP {
            least
        } else {
            (least + self.rng.below(3) as u64).max(if self.rng.chance(60) { tuple } else { 0 })
        };
        let unique = all.iter().any(|schema| schema["uniqueItems"] == json!(true));
        let mut items: Vec<Value> = Vec::new();
        for index in 0..wanted.min(most.max(least)) {
            let mut of_it = All::new();
            for schema in all {
                match &schema["items"] {
                    Value::Array(items) => {
                        of_it.extend(items.get(usize::try_from(index).unwrap()).or(schema.get("additionalItems")))
                    }
                    _ => of_it.extend(schema.get("items")),
                }
                if index == 0 {
                    of_it.extend(schema.get("contains"));
                }
            }
            let mut item = Value::Null;
            for _ in 0..4 {
                item = if depth > DEEP + 20 { Value::Null } else { self.value(of_it.clone(), depth + 1) };
                if !unique || !items.iter().any(|other| same(other, &item)) {
                    break;
                }
            }
            items.push(item);
        }
        Value::Array(items)
    }

    fn string(&mut self, all: &All<'d>) -> String {
        const TEXTS: [&str; 8] = ["", "a", "hola", "ñandú", "línea\n2", "A", "b", "😀 con \"comillas\" \\ y \u{0}"];
        let mut text = (*self.rng.pick(&TEXTS)).to_owned();
        for schema in all {
            if let Some(pattern) = schema["pattern"].as_str() {
                text = match PATTERNS.iter().find(|(known, _)| *known == pattern) {
                    Some((_, texts)) => (*self.rng.pick(texts)).to_owned(),
                    None => crate::patterns::matching(pattern, &mut self.rng).unwrap_or(text),
                };
                if self.rng.chance(90) {
                    return text;
                }
            }
            if let Some((_, texts)) = FORMATS.iter().find(|(format, _)| schema["format"] == json!(format)) {
                text = (*self.rng.pick(texts)).to_owned();
            }
        }
        let least = all.iter().filter_map(|schema| schema["minLength"].as_u64()).max().unwrap_or(0).min(5_000);
        let most = all.iter().filter_map(|schema| schema["maxLength"].as_u64()).min().unwrap_or(u64::MAX);
        while (text.chars().count() as u64) < least {
            text.push(*self.rng.pick(&['x', 'ñ', '😀']));
        }
        text.chars().take(usize::try_from(most).unwrap_or(usize::MAX)).collect()
    }

    fn number(&mut self, all: &All<'d>, integer: bool) -> Value {
        let edges = self.edges(all);
        let step = all.iter().filter_map(|schema| schema["multipleOf"].as_f64()).reduce(f64::max);
        let low = bound(all, &["minimum", "exclusiveMinimum"]).reduce(f64::max);
        let high = bound(all, &["maximum", "exclusiveMaximum"]).reduce(f64::min);
        if !edges.is_empty() && self.rng.chance(40) {
            let edge = self.rng.pick(&edges).clone();
            if !integer || edge.as_f64().is_some_and(|n| n.fract() == 0.0) {
                return edge;
            }
        }
        let low = low.unwrap_or_else(|| high.map_or(-20.0, |high| high - 40.0).min(-20.0));
        let high = high.unwrap_or(low + 60.0).max(low);
        let drawn = low + (high - low) * (self.rng.below(1_001) as f64 / 1_000.0);
        let drawn = match step {
            Some(step) => {
                // Written as decimals, so that 3 steps of 0.1 are 0.3.
                let exact = (drawn / step).ceil() * step;
                format!("{exact:.6}").parse().unwrap_or(exact)
            }
            None => drawn,
        };
        if integer {
            let whole = drawn.ceil();
            if whole.abs() > 9e15 || self.rng.chance(8) { json!(whole) } else { json!(whole as i64) }
        } else if self.rng.chance(25) {
            json!(drawn.ceil() as i64)
        } else {
            json!(drawn)
        }
    }

    /// Numbers at the bounds that a schema names.
    fn edges(&mut self, all: &All<'d>) -> Vec<Value> {
        let named = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
        all.iter()
            .flat_map(|schema| named.iter().filter_map(|keyword| schema.get(*keyword)))
            .filter(|n| n.is_number())
            .cloned()
            .collect()
    }

    /// Breaks one thing of a value that fits.
    fn fault(&mut self, all: &All<'d>, good: Value) -> Value {
        if self.rng.chance(22) {
            return self.junk(1);
        }
        match good {
            Value::Object(mut object) => {
                let names: Vec<String> = object.keys().cloned().collect();
                match self.rng.below(4) {
                    0 | 1 if !names.is_empty() => {
                        object.remove(self.rng.pick(&names));
                    }
                    2 => {
                        let name = *self.rng.pick(&OTHER_NAMES);
                        object.insert(name.to_owned(), self.junk(1));
                    }
                    _ => {
                        if let Some(name) =
                            all.iter().filter_map(|s| s["properties"].as_object()).flat_map(Map::keys).next()
                        {
                            object.insert(name.clone(), Value::Null);
                        }
                    }
                }
                Value::Object(object)
            }
            Value::Array(mut items) => {
                match self.rng.below(4) {
                    0 if !items.is_empty() => items.push(items[0].clone()),
                    1 => {
                        items.pop();
                    }
                    2 => items.push(self.junk(1)),
                    _ => items.extend(items.clone()),
                }
                Value::Array(items)
            }
            Value::Number(number) => self.faulty_number(all, &number),
            Value::String(text) => json!(self.faulty_text(all, text)),
            Value::Bool(is) => self.rng.pick(&[json!(is.to_string()), json!(u8::from(is)), Value::Null]).clone(),
            Value::Null => self.rng.pick(&[json!("null"), json!(""), json!(0), json!(false), json!({})]).clone(),
        }
    }

    fn faulty_number(&mut self, all: &All<'d>, number: &serde_json::Number) -> Value {
        let value = number.as_f64().unwrap_or(0.0);
        let edges: Vec<f64> = self.edges(all).iter().filter_map(Value::as_f64).collect();
        match self.rng.below(9) {
            0 => json!(number.to_string()),
            1 => json!(value + 0.5),
            2 => json!(value),
            3 => json!(-value),
            4 => self
                .rng
                .pick(&[json!(i64::MIN), json!(i64::MAX), json!(u64::MAX), json!(1e19), json!(1e300), json!(-0.0)])
                .clone(),
            5 => json!(value + 0.001),
            _ if edges.is_empty() => Value::Null,
            _ => {
                let edge = *self.rng.pick(&edges) + *self.rng.pick(&[-1.0, 0.0, 1.0, 0.25, -0.01]);
                if edge.fract() == 0.0 && edge.abs() < 9e15 { json!(edge as i64) } else { json!(edge) }
            }
        }
    }

    fn faulty_text(&mut self, all: &All<'d>, text: String) -> String {
        match self.rng.below(8) {
            0 => format!("{text}x"),
            1 => format!(" {text}"),
            2 => format!("{text}\n"),
            3 => text.to_uppercase(),
            4 => text.to_lowercase(),
            5 => text.chars().skip(1).collect(),
            6 => text.replacen('0', "٠", 1),
            _ => {
                let most = all.iter().filter_map(|schema| schema["maxLength"].as_u64()).min().unwrap_or(3).min(10_000);
                "é".repeat(usize::try_from(most).unwrap() + self.rng.below(2))
            }
        }
    }

    /// Another value in one place of this one, whatever its schema.
    fn changed(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(object) if !object.is_empty() && self.rng.chance(80) => {
                let names: Vec<&String> = object.keys().collect();
                let name = (*self.rng.pick(&names)).clone();
                let mut object = object.clone();
                let inner = self.changed(&object[&name]);
                object.insert(name, inner);
                Value::Object(object)
            }
            Value::Array(items) if !items.is_empty() && self.rng.chance(80) => {
                let mut items = items.clone();
                let at = self.rng.below(items.len());
                items[at] = self.changed(&items[at]);
                Value::Array(items)
            }
            _ => self.junk(1),
        }
    }

    /// Any JSON.
    fn junk(&mut self, depth: usize) -> Value {
        match self.rng.weighted(&[10, 8, 12, 12, 20, if depth > 3 { 0 } else { 8 }, if depth > 3 { 0 } else { 12 }]) {
            0 => Value::Null,
            1 => json!(self.rng.chance(50)),
            2 => json!(self.rng.range(-3, 30)),
            3 => self
                .rng
                .pick(&[json!(0.5), json!(1.0), json!(-0.0), json!(1e18), json!(2.675), json!(0.1), json!(12.25)])
                .clone(),
            4 => json!(*self.rng.pick(&[
                "",
                "A",
                "b",
                "BAJA",
                "1",
                "null",
                "ñ",
                "2024-01-15",
                "2024-02-30T10:00:00Z",
                "CRV-2024-00012345"
            ])),
            5 => {
                let count = self.rng.below(3);
                Value::Array((0..count).map(|_| self.junk(depth + 1)).collect())
            }
            _ => {
                let names = ["id", "tipo", "caso_id", "datos", "zz_extra", "x-nota", "type"];
                let count = self.rng.below(4);
                Value::Object((0..count).map(|_| ((*self.rng.pick(&names)).to_owned(), self.junk(depth + 1))).collect())
            }
        }
    }
}

fn bound<'a>(all: &'a All<'_>, keywords: &'a [&str]) -> impl Iterator<Item = f64> + 'a {
    all.iter().flat_map(move |schema| keywords.iter().filter_map(move |keyword| schema[*keyword].as_f64()))
}

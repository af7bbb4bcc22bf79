//! The generated types against the judge: they accept what the schema accepts, and give it back as it came.

use conecta_gen::{
    Loaded,
    api::{Payload, SchemaId, Schemas, TypeSet},
    config::Config,
    document::{NoFiles, Source},
    validate::Validator,
};
use serde_json::{Map, Value, json};

use crate::{
    case,
    discriminators::spelled_out,
    harness::{Harness, Verdict},
    instances::Instances,
    judge::{Judge, whole},
    kept::difference,
    mended::MENDED,
    model::Model,
    relax,
    schemas::{Components, ROOT},
    seeds,
};

/// Values for each schema.
const VALUES: usize = 200;

#[test]
fn a_generated_type_accepts_what_the_judge_accepts_and_gives_it_back() {
    let seeds = seeds(120);
    // Larger crates take longer to build than two of half the size.
    let failures: Vec<String> =
        seeds.chunks(150).flat_map(|some| compare("ignored", &Config::default(), some)).collect();
    assert!(failures.is_empty(), "{} schemas disagree\n\n{}", failures.len(), failures.join("\n"));
}

/// What was once wrong in one crate, each as the message of a seed.
#[test]
fn what_was_mended_stays_mended() {
    let cases: Vec<(u64, Components)> = (1..)
        .zip(&MENDED)
        .map(|(seed, mended)| (seed, Components::from_iter([(ROOT.to_owned(), parsed(mended.schema))])))
        .collect();
    let batch = batch(cases);
    assert_eq!(batch.cases.len(), MENDED.len(), "one is refused as a whole");
    let mut loaded = batch.load();
    let harness = Harness::build("mended", &mut loaded, &Config::default()).unwrap();
    let schemas = &loaded.api.as_ref().unwrap().schemas;
    let less = relax::relaxed(&loaded, &loaded.diagnostics);
    let model = Model::new(schemas);
    for ((seed, components), mended) in batch.cases.iter().zip(&MENDED) {
        let value = parsed(mended.value);
        let verdict = harness.ask([(message(*seed).as_str(), &value)].into_iter()).remove(0);
        let judge = Judge::of_component(components, ROOT).unwrap();
        let payload = payload(&loaded, &message(*seed));
        let asked = Asked { judge: &judge, model: &model, schemas, less: less.as_ref(), payload };
        assert_eq!(asked.wrong(&value, &verdict), None, "{}: {verdict:?}", mended.what);
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Schemas of many seeds as the messages of one document.
struct Batch {
    document: Value,
    cases: Vec<(u64, Components)>,
}

impl Batch {
    fn load(&self) -> Loaded {
        conecta_gen::load(Source::new("oracle.json", self.document.to_string()), None, &NoFiles)
    }
}

/// Of these, those of which no error says that nothing fits them: one would stop the others.
fn batch(cases: Vec<(u64, Components)>) -> Batch {
    let (mut schemas, mut channels) = (Map::new(), Map::new());
    let cases: Vec<(u64, Components)> =
        cases.into_iter().filter(|(_, components)| !case::load(&case::document(components)).blocked()).collect();
    for (seed, components) in &cases {
        schemas.extend(renamed(components, *seed));
        channels.insert(
            format!("things.{seed}"),
            json!({ "subscribe": { "operationId": format!("onThing{seed}"), "message": {
                "name": message(*seed),
                "payload": { "$ref": format!("#/components/schemas/{}", component(ROOT, *seed)) },
            } } }),
        );
    }
    let document = json!({
        "asyncapi": "2.6.0",
        "info": { "title": "Oracle", "version": "1.0.0" },
        "channels": channels,
        "components": { "schemas": schemas },
    });
    Batch { document, cases }
}

fn message(seed: u64) -> String {
    format!("Thing{seed}")
}

fn component(name: &str, seed: u64) -> String {
    format!("{name}{seed}")
}

/// The same schemas under names of this seed's own.
fn renamed(components: &Components, seed: u64) -> Vec<(String, Value)> {
    let mut text = Value::Object(components.clone()).to_string();
    for name in components.keys() {
        // References, and what a mapping leads to.
        text = text.replace(
            &format!("\"#/components/schemas/{name}\""),
            &format!("\"#/components/schemas/{}\"", component(name, seed)),
        );
    }
    let all: Components = serde_json::from_str(&text).unwrap();
    all.into_iter().map(|(name, schema)| (component(&name, seed), schema)).collect()
}

/// Tries these seeds in one crate; gives what went wrong.
fn compare(name: &str, config: &Config, seeds: &[u64]) -> Vec<String> {
    let mut failures = Vec::new();
    let mut cases: Vec<(u64, Components)> = seeds.iter().map(|seed| (*seed, case::components(*seed))).collect();
    let (batch, loaded, harness) = loop {
        let batch = batch(cases);
        let mut loaded = batch.load();
        match Harness::build(name, &mut loaded, config) {
            Ok(harness) => break (batch, loaded, harness),
            Err(said) => {
                // Those that the compiler names are told of and left out, so that they do not hide the others.
                let (broken, sound): (Vec<_>, Vec<_>) =
                    batch.cases.into_iter().partition(|(seed, _)| names(&said, *seed));
                assert!(!broken.is_empty(), "the crate does not build:\n{said}");
                for (seed, _) in broken {
                    let lines: Vec<&str> = said.lines().filter(|line| names(line, seed)).take(2).collect();
                    failures.push(format!("seed {seed} does not build\n  {}\n", lines.join("\n  ")));
                }
                cases = sound;
            }
        }
    };

    let spelled = spelled_out(&batch.document);
    let values: Vec<Vec<Value>> = batch
        .cases
        .iter()
        .map(|(seed, _)| {
            let pointer = format!("/components/schemas/{}", component(ROOT, *seed));
            Instances::new(&spelled, *seed).make(&pointer, VALUES)
        })
        .collect();
    let names: Vec<String> = batch.cases.iter().map(|(seed, _)| message(*seed)).collect();
    let questions =
        names.iter().zip(&values).flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value)));
    let mut verdicts = harness.ask(questions).into_iter();

    let schemas = &loaded.api.as_ref().unwrap().schemas;
    let less = relax::relaxed(&loaded, &loaded.diagnostics);
    let model = Model::new(schemas);
    let (mut tried, mut accepted) = (0, 0);
    for ((seed, components), values) in batch.cases.iter().zip(values) {
        let own = renamed(components, *seed).into_iter().collect();
        let judge = Judge::of_component(&own, &component(ROOT, *seed)).unwrap();
        let payload = payload(&loaded, &message(*seed));
        let asked = Asked { judge: &judge, model: &model, schemas, less: less.as_ref(), payload };
        let mut shown = false;
        for value in values {
            let verdict = verdicts.next().unwrap();
            if Judge::errs(&batch.document, &value) {
                continue;
            }
            tried += 1;
            accepted += usize::from(matches!(verdict, Verdict::Accepted(_)));
            let Some(wrong) = asked.wrong(&value, &verdict) else { continue };
            if !shown {
                // One of a schema is enough.
                shown = true;
                failures.push(format!(
                    "seed {seed}: {wrong}\n  schemas: {}\n  value:   {value}\n  judge:   {}\n  ours:    {verdict:?}\n",
                    Value::Object(components.clone()),
                    judge.reason(&value),
                ));
            }
        }
    }
    println!("{name}: {} schemas, {tried} values, {accepted} accepted", batch.cases.len());
    failures
}

/// Whether the compiler speaks of something of a seed's.
fn names(said: &str, seed: u64) -> bool {
    let number = seed.to_string();
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_digit());
    ["things_", "Root", "Base", "Parte", "Nodo", "Thing", "Gato", "Perro", "Pez"]
        .iter()
        .any(|word| said.match_indices(&format!("{word}{number}")).any(|(at, found)| ends(&said[at + found.len()..])))
}

fn payload(loaded: &Loaded, message: &str) -> SchemaId {
    let api = loaded.api.as_ref().unwrap();
    match api.messages.iter().find(|m| m.name == message).map(|m| &m.payload) {
        Some(Payload::Schema(id)) => *id,
        other => panic!("{message}: {other:?}"),
    }
}

/// Those who are asked about the values of one schema.
pub(crate) struct Asked<'a> {
    pub(crate) judge: &'a Judge,
    pub(crate) model: &'a Model<'a>,
    pub(crate) schemas: &'a Schemas,
    /// The same without what the generator says it does not enforce.
    pub(crate) less: Option<&'a Schemas>,
    pub(crate) payload: SchemaId,
}

impl Asked<'_> {
    /// What is wrong about a verdict.
    pub(crate) fn wrong(&self, value: &Value, verdict: &Verdict) -> Option<String> {
        match (self.judge.accepts(value), verdict) {
            (true, Verdict::Refused(why)) if is_narrower(value, why) => None,
            // A note says that a schema with properties is taken for an object.
            (true, Verdict::Refused(_))
                if self.less.is_some_and(|less| taken_for_object(less, self.payload, value)) =>
            {
                None
            }
            (true, Verdict::Refused(_)) => Some("refused, and the schema accepts it".to_owned()),
            (true, Verdict::Accepted(back)) => self.changed(value, back),
            (false, Verdict::Accepted(_)) => {
                let enforced = self.less.unwrap_or(self.schemas);
                let faults = Validator::new(enforced).faults(self.payload, value);
                let fault = faults.first()?;
                Some(format!(
                    "accepted, and nothing warns that `{}` of `{}` is not enforced",
                    fault.keyword, fault.path
                ))
            }
            (false, Verdict::Refused(_)) => None,
        }
    }

    /// How what came back differs from what went in. Properties of which the schema says nothing are dropped.
    fn changed(&self, went: &Value, came: &Value) -> Option<String> {
        difference(self.model, &[self.payload], went, came, "")
    }
}

/// Whether a value is refused for being no object, by the model in which every schema with properties is of that type.
fn taken_for_object(less: &Schemas, payload: SchemaId, value: &Value) -> bool {
    let faults = Validator::new(less).faults(payload, value);
    // Of alternatives it is told as a fault of theirs; what is not enforced may make too many fit, which is another matter.
    let too_many = |message: &str| message.contains("exactly one is allowed");
    let object = less.0.iter().any(|schema| schema.types == TypeSet::OBJECT);
    object && faults.iter().any(|fault| fault.keyword != "not" && !too_many(&fault.message))
}

/// What the documentation lists as narrower than the schema: integers beyond `i64`, and more than nine digits of a second.
fn is_narrower(value: &Value, why: &str) -> bool {
    let beyond = |n: &serde_json::Number| {
        n.as_i64().is_none()
            && whole(n).is_none_or(|n| n.unsigned_abs() > 1 << 53)
            && n.as_f64().is_some_and(|n| n.fract() == 0.0)
    };
    why.contains("integer out of range") && contains_number(value, &beyond)
}

fn contains_number(value: &Value, is: &dyn Fn(&serde_json::Number) -> bool) -> bool {
    match value {
        Value::Number(number) => is(number),
        Value::Array(items) => items.iter().any(|item| contains_number(item, is)),
        Value::Object(object) => object.values().any(|value| contains_number(value, is)),
        _ => false,
    }
}

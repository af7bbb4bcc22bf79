//! The merged model against the judge: what `allOf`, references and each keyword mean is kept.

use conecta_gen::{
    Loaded,
    diagnostic::{At, Code, Diagnostic, Severity},
    validate::Validator,
};
use serde_json::{Value, json};

use crate::{
    case,
    instances::Instances,
    judge::Judge,
    model::Model,
    relax,
    schemas::{Components, ROOT},
    seeds,
};

/// Values for each schema.
const VALUES: usize = 200;

/// A value about which two disagree.
struct Disagreement {
    value: Value,
    judge: bool,
    ours: String,
    /// Whether it is only about where an error points.
    misplaced: bool,
}

impl Disagreement {
    fn new(value: Value, judge: bool, who: &str, accepts: bool) -> Self {
        let ours = format!("{who} {}", if accepts { "accepts it" } else { "refuses it" });
        Self { value, judge, ours, misplaced: false }
    }
}

#[test]
fn a_merged_schema_accepts_what_the_judge_accepts() {
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for seed in seeds(150) {
        let components = case::components(seed);
        if let Some(found) = disagreement(&components, seed, &mut tally) {
            failures.push(report(seed, &components, &found));
        }
    }
    println!("{tally:?}");
    assert!(failures.is_empty(), "{} schemas disagree\n\n{}", failures.len(), failures.join("\n"));
}

/// What was tried.
#[derive(Debug, Default)]
struct Tally {
    schemas: usize,
    values: usize,
    accepted: usize,
    /// Schemas of which an error says that nothing fits them.
    impossible: usize,
    /// Those of them where the error points at parts that do not contradict each other: see [`MISPLACED`].
    misplaced: usize,
}

fn disagreement(components: &Components, seed: u64, tally: &mut Tally) -> Option<Disagreement> {
    let document = case::document(components);
    let judge = Judge::of_component(components, ROOT).expect("a schema of draft-07");
    let loaded = case::load(&document);
    let blocked = loaded.blocked();
    tally.schemas += 1;
    tally.impossible += usize::from(blocked);
    if blocked && let Some(found) = unfounded(&document, &loaded, seed) {
        if !found.misplaced {
            return Some(found);
        }
        tally.misplaced += 1;
    }
    let Some((api, payload)) = loaded.api.as_ref().zip(case::payload(&loaded)) else {
        return Some(Disagreement::new(Value::Null, true, "the reader", false));
    };
    let less = relax::relaxed(&loaded, &loaded.diagnostics);
    let (model, validator) = (Model::new(&api.schemas), Validator::new(&api.schemas));
    let enforced = less.as_ref().map(Model::new);
    for value in Instances::new(&crate::discriminators::spelled_out(&document), seed)
        .make(&format!("/components/schemas/{ROOT}"), VALUES)
    {
        let (expected, by_model) = (judge.accepts(&value), model.accepts(payload, &value));
        tally.values += 1;
        tally.accepted += usize::from(expected);
        // Where parts contradict each other the model has only one of them: it may then accept more.
        if blocked && !expected || Judge::errs(&document, &value) {
            continue;
        }
        if expected != by_model {
            return Some(Disagreement::new(value, expected, "the merged model", by_model));
        }
        let enforced = enforced.as_ref().map_or(expected, |model| model.accepts(payload, &value));
        let by_validator = validator.fits(payload, &value);
        if by_validator != enforced {
            return Some(Disagreement::new(value, expected, "the validator", by_validator));
        }
        if expected && !enforced {
            return Some(Disagreement::new(value, expected, "the model without what is not enforced", enforced));
        }
    }
    None
}

/// A document is refused because parts of a schema contradict each other: then nothing may fit both.
fn unfounded(document: &Value, loaded: &Loaded, seed: u64) -> Option<Disagreement> {
    let errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error && !d.code.spares_types());
    for error in errors {
        let ours = format!("{}: {}", error.code, error.message);
        if !matches!(error.code, Code::TYPE_CONFLICT | Code::IMPOSSIBLE) {
            return Some(Disagreement { value: Value::Null, judge: true, ours, misplaced: false });
        }
        let parts: Vec<String> = parts(loaded, error).iter().map(|pointer| format!("#{pointer}")).collect();
        let both = json!({ "allOf": parts.iter().map(|part| json!({ "$ref": part })).collect::<Vec<_>>() });
        let mut document = document.clone();
        document["both"] = both;
        let Some(judge) = Judge::of(&document, "/both") else { continue };
        if let Some(value) =
            Instances::new(&document, seed).make("/both", VALUES).into_iter().find(|value| judge.accepts(value))
        {
            let ours = format!("{ours} ({})", parts.join(" and "));
            return Some(Disagreement { value, judge: true, ours, misplaced: true });
        }
    }
    None
}

/// Contradictions that are found, and of which one of the two places is wrong: known, and to go from here once mended.
const MISPLACED: [(&str, &str); 3] = [
    (
        "the type that last narrowed is named instead of the one that is contradicted",
        r#"{ "allOf": [{ "type": "object" }, { "type": ["string", "object"] }, { "type": "string" }] }"#,
    ),
    ("a `const` has no place", r#"{ "allOf": [{ "const": "A" }, { "enum": ["b"] }] }"#),
    (
        "the first bound is named instead of the tightest",
        r#"{ "allOf": [{ "minLength": 2, "maxLength": 3 }, { "minLength": 9 }] }"#,
    ),
];

#[test]
fn contradictions_known_to_be_misplaced_still_are() {
    for (what, schema) in MISPLACED {
        let components = Components::from_iter([(ROOT.to_owned(), serde_json::from_str(schema).unwrap())]);
        let document = case::document(&components);
        let loaded = case::load(&document);
        assert!(loaded.blocked(), "no contradiction is found: {schema}");
        assert!(unfounded(&document, &loaded, 1).is_some(), "no longer so, take it out of the list: {what}");
    }
}

/// The schemas whose keywords an error points at.
fn parts(loaded: &Loaded, error: &Diagnostic) -> Vec<String> {
    let places = error.at.iter().chain(error.related.iter().map(|related| &related.at));
    let keywords = places.filter_map(|at| match at {
        At::Value(place) | At::Key(place) => Some(loaded.document.pointer(*place)),
        At::Text(_) => None,
    });
    keywords.filter_map(|keyword| Some(keyword.rsplit_once('/')?.0.to_owned())).collect()
}

fn report(seed: u64, components: &Components, found: &Disagreement) -> String {
    // The same value against less of the schema, then less of the value.
    let mut schemas = Value::Object(components.clone());
    let mut value = found.value.clone();
    let differs = |schemas: &Value, value: &Value| {
        let Some(components) = schemas.as_object().filter(|c| c.contains_key(ROOT)) else { return false };
        let Some(judge) = Judge::of_component(components, ROOT) else { return false };
        let loaded = case::load(&case::document(components));
        match loaded.api.as_ref().zip(case::payload(&loaded)) {
            Some((api, payload)) if !loaded.blocked() && relax::relaxed(&loaded, &loaded.diagnostics).is_none() => {
                let expected = judge.accepts(value);
                expected != Model::new(&api.schemas).accepts(payload, value)
                    || expected != Validator::new(&api.schemas).fits(payload, value)
            }
            _ => false,
        }
    };
    if differs(&schemas, &value) {
        case::shrink(&mut schemas, 600, |less| differs(less, &value));
        case::shrink(&mut value, 200, |less| differs(&schemas, less));
    }
    let reason = schemas.as_object().and_then(|c| Judge::of_component(c, ROOT)).map(|judge| judge.reason(&value));
    format!(
        "seed {seed} (CONECTA_ORACLE_SEED={seed} cargo test -p conecta-gen --test oracle)\n  schemas: {schemas}\n  value:   {value}\n  \
         judge:   {} ({})\n  ours:    {}\n",
        if found.judge { "accepted" } else { "refused" },
        reason.unwrap_or_default(),
        found.ours
    )
}

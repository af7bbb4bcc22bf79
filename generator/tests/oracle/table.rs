//! `docs/json-schema.md`, row by row: what it says of a keyword is what generated code does.

use std::{collections::BTreeSet, fs, path::Path};

use conecta_gen::{
    CrateOptions, Loaded,
    config::Config,
    diagnostic::At,
    document::{NoFiles, Source},
    generate_crate,
    render::Templates,
};
use serde_json::{Map, Value, json};

use crate::harness::{Harness, Verdict};

/// A row: a keyword and what is said of it.
struct Row {
    keyword: String,
    held: String,
    schema: Value,
    accepted: Vec<Value>,
    /// What the keyword, held up, would refuse.
    refused: Vec<Value>,
    findings: BTreeSet<String>,
}

impl Row {
    /// Of a line of the table; `None` of any other line.
    fn of(line: &str) -> Option<Self> {
        if line.matches('|').count() < 7 {
            return None;
        }
        let escaped = line.strip_prefix("| `")?.replace("\\|", "\u{1}");
        let cells: Vec<String> =
            format!("`{escaped}").split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect();
        let [keyword, held, schema, accepted, refused, findings, _] = cells.as_slice() else {
            panic!("{} cells: {line}", cells.len())
        };
        let values = |cell: &str| codes(cell).iter().map(|text| parsed(text)).collect();
        Some(Self {
            keyword: codes(keyword).join(" "),
            held: held.clone(),
            schema: parsed(&codes(schema).concat()),
            accepted: values(accepted),
            refused: values(refused),
            findings: findings.split_whitespace().filter(|word| word.starts_with("CG")).map(str::to_owned).collect(),
        })
    }
}

/// What stands in backticks.
fn codes(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn rows() -> Vec<Row> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(root.join("docs/json-schema.md")).unwrap();
    text.lines().filter_map(Row::of).collect()
}

fn message(row: usize) -> String {
    format!("Row{row}")
}

/// A message for each row.
fn document(rows: &[Row]) -> Value {
    let mut schemas = Map::from_iter([
        ("Positive".to_owned(), json!({ "type": "integer", "minimum": 1 })),
        (
            "Node".to_owned(),
            json!({ "type": "object", "properties": { "next": { "$ref": "#/components/schemas/Node" } } }),
        ),
    ]);
    let mut channels = Map::new();
    for (number, row) in rows.iter().enumerate() {
        schemas.insert(message(number), row.schema.clone());
        channels.insert(
            format!("rows.{number}"),
            json!({ "subscribe": { "operationId": format!("onRow{number}"), "message": {
                "name": message(number),
                "payload": { "$ref": format!("#/components/schemas/{}", message(number)) },
            } } }),
        );
    }
    json!({
        "asyncapi": "2.6.0",
        "info": { "title": "Rows", "version": "1.0.0" },
        "channels": channels,
        "components": { "schemas": schemas },
    })
}

/// The codes of what is found within the schema of a row.
fn found(loaded: &Loaded, row: usize) -> BTreeSet<String> {
    let at = format!("/components/schemas/{}", message(row));
    let within = |pointer: &str| pointer.strip_prefix(&at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let places = loaded.diagnostics.iter().filter_map(|finding| match finding.at? {
        At::Value(place) | At::Key(place) => Some((finding.code, loaded.document.pointer(place))),
        At::Text(_) => None,
    });
    places.filter(|(_, pointer)| within(pointer)).map(|(code, _)| code.to_string()).collect()
}

/// What of a row is not so.
fn wrong(row: &Row, number: usize, loaded: &Loaded, module: &str, ask: &dyn Fn(&Value) -> Verdict) -> Vec<String> {
    let mut wrong = Vec::new();
    let ruled = ["rules = ", "min_properties = ", "max_properties = "].iter().any(|word| module.contains(word));
    let enforced = match row.held.as_str() {
        "type" => {
            if ruled {
                wrong.push("it is held up by rules, not by the type".to_owned());
            }
            true
        }
        "validate()" => {
            if !ruled {
                wrong.push("nothing but the type holds it up".to_owned());
            }
            true
        }
        "not enforced" => {
            if row.findings.is_empty() {
                wrong.push("it is not enforced, in silence".to_owned());
            }
            false
        }
        "describes" => {
            assert!(row.refused.is_empty(), "what describes refuses nothing: {}", row.keyword);
            false
        }
        other => panic!("`{}` is held by {other}?", row.keyword),
    };
    assert!(!row.accepted.is_empty() && (row.held == "describes" || !row.refused.is_empty()), "{}", row.keyword);
    for value in &row.accepted {
        match ask(value) {
            Verdict::Accepted(_) => {}
            Verdict::Refused(why) => wrong.push(format!("{value} is refused: {why}")),
        }
    }
    for value in &row.refused {
        let accepted = matches!(ask(value), Verdict::Accepted(_));
        if accepted == enforced {
            wrong.push(format!("{value} is {}", if accepted { "accepted" } else { "refused" }));
        }
    }
    let found = found(loaded, number);
    if found != row.findings {
        wrong.push(format!("{found:?} is found, not {:?}", row.findings));
    }
    wrong.into_iter().map(|what| format!("`{}`: {what}", row.keyword)).collect()
}

#[test]
fn every_row_of_the_table_of_keywords_is_so() {
    let rows = rows();
    assert!(rows.len() > 60, "the table is not read as it is written: {} rows", rows.len());
    let document = document(&rows);
    let load = || conecta_gen::load(Source::new("rows.json", document.to_string()), None, &NoFiles);
    let options = CrateOptions { name: Some("rows".to_owned()), ..CrateOptions::default() };
    let files = generate_crate(&mut load(), &Config::default(), &options, &Templates::default()).unwrap();
    let mut loaded = load();
    let files = files.unwrap_or_else(|| panic!("refused: {:#?}", loaded.diagnostics));
    let harness = Harness::build("table", &mut loaded, &Config::default()).unwrap();
    let wrong: Vec<String> = rows
        .iter()
        .enumerate()
        .flat_map(|(number, row)| {
            let module = files.get(&format!("src/rows_{number}.rs")).unwrap_or_default();
            let name = message(number);
            wrong(row, number, &loaded, module, &|value| harness.ask(std::iter::once((name.as_str(), value))).remove(0))
        })
        .collect();
    assert!(wrong.is_empty(), "{} rows are not so\n{}", wrong.len(), wrong.join("\n"));
}

/// A row of the table of formats.
struct FormatRow {
    name: String,
    /// The Rust type, of those that have one.
    becomes: Option<String>,
    accepted: Vec<Value>,
    refused: Vec<Value>,
}

fn formats() -> Vec<FormatRow> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(root.join("docs/json-schema.md")).unwrap();
    let (_, text) = text.split_once("\n## Formats\n").unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<Vec<String>> = line.split('|').map(codes).collect();
        let values = |cell: &Vec<String>| cell.iter().map(|text| parsed(text)).collect();
        FormatRow {
            name: cells[1].concat(),
            becomes: cells[2].first().and_then(|ty| ty.rsplit(':').next()).map(str::to_owned),
            accepted: values(&cells[3]),
            refused: values(&cells[4]),
        }
    })
    .collect()
}

#[test]
fn every_format_that_can_be_held_up_is_where_the_configuration_names_it() {
    let formats = formats();
    let names: Vec<&String> = formats.iter().map(|row| &row.name).collect();
    assert!(names.len() > 10, "the table is not read as it is written: {names:?}");
    let config = Config::parse(&format!("[formats]\nenforce = {names:?}\n")).unwrap();
    let properties: Map<String, Value> =
        names.iter().map(|name| ((*name).clone(), json!({ "type": "string", "format": name }))).collect();
    let document = json!({
        "asyncapi": "2.6.0",
        "info": { "title": "Formats", "version": "1.0.0" },
        "channels": { "texts": { "subscribe": { "operationId": "onText", "message": {
            "name": "Text",
            "payload": { "type": "object", "properties": properties },
        } } } },
    });
    let load = || conecta_gen::load(Source::new("formats.json", document.to_string()), None, &NoFiles);
    let files = generate_crate(&mut load(), &config, &CrateOptions::default(), &Templates::default()).unwrap().unwrap();
    let module = files.get("src/texts.rs").unwrap();
    let mut loaded = load();
    let harness = Harness::build("formats", &mut loaded, &config).unwrap();
    let mut wrong = Vec::new();
    for FormatRow { name, becomes, accepted, refused } in &formats {
        let ty = becomes.as_deref().unwrap_or("Text");
        let field = format!("pub {}: Option<{ty}", name.replace('-', "_"));
        if !module.contains(&field) {
            wrong.push(format!("{name}: it does not become {ty}"));
        }
        // Of `byte` the judge knows nothing.
        let judge = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&json!({ "format": name }))
            .unwrap();
        for (value, expected) in accepted.iter().map(|v| (v, true)).chain(refused.iter().map(|v| (v, false))) {
            let event = json!({ name: value });
            let verdict = harness.ask(std::iter::once(("Text", &event))).remove(0);
            if matches!(verdict, Verdict::Accepted(_)) != expected {
                wrong.push(format!("{name}: {value}: {verdict:?}"));
            }
            if name != "byte" && judge.is_valid(value) != expected {
                wrong.push(format!("{name}: {value}: the judge does not agree"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

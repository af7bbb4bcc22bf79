//! What the compiler takes to check a generated crate, beside what it takes for the types that typify prints of the same
//! schemas.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use conecta_tests::kafka::root;
use serde_json::Value;

use crate::report::Report;
use crate::scale::{contract, least};

const CHANNELS: usize = 100;

/// At most half of what typify's types take, though they are without events, producers and consumers.
pub(crate) fn figures(report: &mut Report, tool: &Path) {
    let scratch = tempfile::tempdir().unwrap();
    let document = scratch.path().join("contract.yaml");
    let text = contract(CHANNELS);
    fs::write(&document, &text).unwrap();
    let ours = scratch.path().join("ours");
    let generated = Command::new(tool)
        .arg("generate")
        .arg(&document)
        .arg("-o")
        .arg(&ours)
        .args(["--name", "ours", "--runtime-path"])
        .arg(root().join("runtime"))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(generated.success(), "{generated}");
    let theirs = scratch.path().join("theirs");
    typified(&text, &theirs);

    let target = scratch.path().join("target").display().to_string();
    let check = |folder: &Path| {
        let lib = folder.join("src/lib.rs");
        let manifest = folder.join("Cargo.toml").display().to_string();
        let arguments = ["check", "--quiet", "--offline", "--manifest-path", &manifest, "--target-dir", &target];
        let arguments = arguments.map(str::to_owned);
        // The versions of the workspace, and all that the crate depends on built.
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        let cargo = Path::new(env!("CARGO"));
        assert!(Command::new(cargo).args(&arguments).status().unwrap().success());
        least(cargo, &arguments, || fs::File::open(&lib).unwrap().set_modified(std::time::SystemTime::now()).unwrap())
    };
    let (ours, theirs) = (check(&ours), check(&theirs));
    report.seconds("check-of-100-channels-s", ours.user, theirs.user / 2.0);
}

/// A crate of what typify makes of the contract's schemas.
fn typified(contract: &str, folder: &Path) {
    let document: Value = serde_yaml::from_str(contract).unwrap();
    let schemas = document["components"]["schemas"].to_string().replace("#/components/schemas/", "#/definitions/");
    let definitions: Value = serde_json::from_str(&schemas).unwrap();
    let schema = serde_json::from_value(serde_json::json!({ "definitions": definitions })).unwrap();
    let mut space = typify::TypeSpace::default();
    space.add_root_schema(schema).unwrap();
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/lib.rs"), prettyplease::unparse(&syn::parse2(space.to_stream()).unwrap())).unwrap();
    let manifest = "[package]\nname = \"theirs\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n[dependencies]\n\
        serde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"\n\
        chrono = { version = \"0.4\", default-features = false, features = [\"serde\", \"now\"] }\nregress = \"*\"\n";
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
}

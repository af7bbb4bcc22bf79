//! Whether generated types accept exactly what their schema accepts.
//!
//! Schemas are drawn from a seed, values are drawn for each of them, and three are asked about each value: a judge that
//! knows nothing of this project ([`judge`]), the merged model that types are made from ([`merged`]), and the generated
//! types themselves ([`compiled`]). A disagreement prints the schema, the value and the seed. What the generator warns that
//! it does not enforce is taken from its findings ([`relax`]); what was once wrong stays mended ([`mended`]). The same is done
//! with the schemas of real documents, where they are present ([`corpus`]), and in OpenAPI's words ([`formats`]).
//!
//! | variable | |
//! |---|---|
//! | `CONECTA_ORACLE_SEED` | this seed alone |
//! | `CONECTA_ORACLE_CASES` | so many seeds instead of the usual number |
//! | `CONECTA_ORACLE_FROM` | another first seed |
//! | `CONECTA_ORACLE_CRATES` | so many documents of the corpus are compiled instead of a few |
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]

mod bundle;
mod case;
mod compiled;
mod corpus;
mod discriminators;
mod formats;
mod harness;
mod instances;
mod judge;
mod kept;
mod mended;
mod merged;
mod model;
mod patterns;
mod relax;
mod rng;
mod schemas;
mod table;

/// The seeds to try; `usual` many where nothing else is asked for.
fn seeds(usual: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    if let Some(seed) = number("CONECTA_ORACLE_SEED") {
        return vec![seed];
    }
    let from = number("CONECTA_ORACLE_FROM").unwrap_or(1);
    (from..from + number("CONECTA_ORACLE_CASES").unwrap_or(usual)).collect()
}

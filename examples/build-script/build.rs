//! Generates the events of `asyncapi.yaml`.

fn main() -> Result<(), conecta_gen::BuildError> {
    conecta_gen::Builder::new().spec("asyncapi.yaml").topics("topics.yaml").generate()
}

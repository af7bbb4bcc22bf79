//! What the contract's own examples become: eight are kept, and the ninth is refused where it contradicts its schema.
#![allow(clippy::unwrap_used)]

use conecta_runtime::Value;
use conecta_runtime::codec::same_json;
use conecta360_events::MESSAGES;

#[test]
fn eight_examples_come_back_as_the_same_json() {
    let mut kept = 0;
    for message in MESSAGES {
        for example in message.examples {
            let Ok(written) = (message.transcode)(example.payload.as_bytes()) else { continue };
            let json = |text: &[u8]| std::str::from_utf8(text).unwrap().parse::<Value>().unwrap();
            assert!(same_json(&json(example.payload.as_bytes()), &json(&written)), "{}", message.name);
            kept += 1;
        }
    }
    assert_eq!(kept, 8);
}

#[test]
fn the_example_with_integers_for_strings_is_refused_at_the_first_of_them() {
    let message = MESSAGES.iter().find(|message| message.name == "DependenciaConfigurada").unwrap();
    let refused = (message.transcode)(message.examples[0].payload.as_bytes()).unwrap_err();
    assert_eq!(refused.path(), "datos.cambios[0].valor_anterior");
}

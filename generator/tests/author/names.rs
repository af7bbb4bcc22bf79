//! Names that the contract's author gave.

use conecta_runtime::Event as _;
use conecta_runtime::codec::from_slice;
use named_events::cases;
use named_events::{CaseClosed, CaseClosedBuilder, CaseCreated, CaseCreatedPrioridad, Grade, Person, PersonDatos, Spot, SpotPunto};

#[test]
fn types_fields_and_values_are_called_as_was_said() {
    let json = br#"{"type":"t","fn":"f","prioridad":"-","ubicacion":{"punto":{"lat":1}},"autor":{"datos":{"nombre":"n"}}}"#;
    let case: CaseCreated = from_slice(json).unwrap();
    assert_eq!((&*case.kind, case.r#match.as_deref()), ("t", Some("f")));
    assert_eq!(case.prioridad, Some(CaseCreatedPrioridad::Unknown));
    assert_eq!(CaseCreatedPrioridad::ALL, [CaseCreatedPrioridad::Low, CaseCreatedPrioridad::Alta, CaseCreatedPrioridad::Unknown]);
    let spot = Spot { punto: Some(SpotPunto { lat: Some(1.0) }) };
    assert_eq!((case.ubicacion, case.author), (Some(spot), Some(Person { datos: Some(PersonDatos { nombre: Some("n".to_owned()) }) })));
    assert_eq!((named_events::MESSAGES[0].transcode)(json).unwrap(), json);
}

#[test]
fn messages_keep_their_names_in_the_contract() {
    assert_eq!((CaseCreated::NAME, cases::TOPIC.name), ("CasoCreado", "casos.creados"));
    let closed: CaseClosedBuilder = CaseClosed::builder();
    assert_eq!(closed.nota(Grade::Bad).build().unwrap().nota, Some(Grade::Bad));
}

#[test]
fn operations_give_their_traits_the_name_that_was_said() {
    fn publishes<T: named_events::PublishCase>() {}
    fn consumes<T: named_events::ConsumeCase>() {}
    let _ = (publishes::<conecta_runtime::publisher::MemoryPublisher>, consumes::<Handler>);
}

struct Handler;

impl named_events::ConsumeCase for Handler {
    async fn consume_case(&self, case: conecta_runtime::Delivery<CaseCreated>) -> Result<(), conecta_runtime::HandlerError> {
        if case.kind.is_empty() { Err(conecta_runtime::HandlerError::poison("no kind")) } else { Ok(()) }
    }
}

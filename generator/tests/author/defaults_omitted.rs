//! Absent properties with defaults are filled in, and not written where they have them.

use conecta_runtime::codec::from_slice;
use omit_defaults::{MESSAGES, Order};

#[test]
fn what_equals_its_default_is_left_out() {
    let order: Order = from_slice(br#"{"id":1}"#).unwrap();
    assert_eq!((order.retries, order.level, order.label), (3, Some(7), None));
    for json in [r#"{"id":1}"#, r#"{"id":1,"retries":0,"level":null,"label":"l"}"#] {
        assert_eq!((MESSAGES[0].transcode)(json.as_bytes()).unwrap(), json.as_bytes());
    }
    let given = br#"{"id":1,"retries":3,"currency":"PEN","either":"auto","where":"there"}"#;
    assert_eq!((MESSAGES[0].transcode)(given).unwrap(), br#"{"id":1}"#);
}

//! Numbers whose every digit is kept.

use conecta_runtime::Decimal;
use conecta_runtime::codec::from_slice;
use decimal_events::{MESSAGES, Payment, PaymentFee};

#[test]
fn digits_come_out_as_they_came_in() {
    let json = br#"{"total":12345678901234567890.10,"rate":null,"fee":0.30,"parts":[0.1,2.00],"by_name":{"a":-1.50}}"#;
    assert_eq!((MESSAGES[0].transcode)(json).unwrap(), json);
    let payment: Payment = from_slice(json).unwrap();
    assert_eq!(payment.total.to_string(), "12345678901234567890.10");
    assert_eq!(payment.fee.unwrap().get() * Decimal::from(3), "0.90".parse().unwrap());
    assert_eq!(payment.parts.unwrap().iter().map(|part| part.get()).sum::<Decimal>(), "2.1".parse().unwrap());
}

#[test]
fn constraints_hold_and_defaults_are_given() {
    for json in [r#"{"total":1,"fee":0.001}"#, r#"{"total":1,"fee":-0.01}"#, r#"{"total":1,"parts":[0]}"#, r#"{"total":"1"}"#] {
        assert!(from_slice::<Payment>(json.as_bytes()).is_err(), "{json}");
    }
    let payment = Payment::builder().total("19.90".parse::<Decimal>().unwrap()).build().unwrap();
    assert_eq!(payment.fee_or_default(), PaymentFee::new("0.25".parse().unwrap()).unwrap());
    assert_eq!(payment.rate_or_default(), Some("1.5".parse().unwrap()));
    assert!(PaymentFee::new("0.255".parse().unwrap()).is_err());
}

#[test]
fn an_integer_that_is_a_decimal_has_more_digits_than_any_other_and_no_fraction() {
    let json = br#"{"total":1,"account":340282366920938463463374607}"#;
    assert_eq!((MESSAGES[0].transcode)(json).unwrap(), json);
    let payment: Payment = from_slice(json).unwrap();
    assert_eq!(conecta_runtime::codec::key(&payment.account).unwrap(), b"340282366920938463463374607");
    for json in [r#"{"total":1,"account":1.5}"#, r#"{"total":1,"account":-1}"#] {
        assert!(from_slice::<Payment>(json.as_bytes()).is_err(), "{json}");
    }
    let payment: Payment = from_slice(br#"{"total":1,"account":7.0}"#).unwrap();
    assert_eq!(conecta_runtime::codec::key(&payment.account).unwrap(), b"7");
}

#[test]
fn a_fault_has_its_path() {
    let fault = from_slice::<Payment>(br#"{"total":1,"by_name":{"a":"x"}}"#).unwrap_err();
    assert!(fault.to_string().ends_with("expected a number, found a string") && fault.path().starts_with("by_name"), "{fault}");
}

//! Integers beyond 64 bits.

use conecta_runtime::codec::from_slice;
use wide_events::{MESSAGES, Transfer, TransferHash, TransferSerial};

#[test]
fn bounds_beyond_64_bits_choose_a_type_that_holds_every_digit() {
    let json = br#"{"serial":99999999999999999999,"hash":340282366920938463463374607431768211454,"delta":-18446744073709551616,"counts":[1]}"#;
    assert_eq!((MESSAGES[0].transcode)(json).unwrap(), json);
    assert!(TransferHash::new(u128::MAX).is_err());
    let transfer: Transfer = from_slice(json).unwrap();
    assert_eq!(transfer.serial.get(), 99_999_999_999_999_999_999_u128);
    assert_eq!(transfer.hash.unwrap(), TransferHash::new(u128::MAX - 1).unwrap());
    assert_eq!(transfer.delta.unwrap().get(), -18_446_744_073_709_551_616_i128);
    assert_eq!(conecta_runtime::codec::key(&transfer.serial).unwrap(), b"99999999999999999999");
    assert_eq!(transfer.step_or_default().get(), 30_000_000_000_000_000_000);
}

#[test]
fn bounds_are_exact_to_the_last_digit_and_integers_may_be_written_as_numbers() {
    for json in [r#"{"serial":100000000000000000000}"#, r#"{"serial":-1}"#, r#"{"serial":0.5}"#, r#"{"serial":1,"step":20000000000000000001}"#] {
        assert!(from_slice::<Transfer>(json.as_bytes()).is_err(), "{json}");
    }
    let transfer: Transfer = from_slice(br#"{"serial":1e2,"step":20000000000000000000}"#).unwrap();
    assert_eq!(transfer.serial, TransferSerial::new(100).unwrap());
    let fault = from_slice::<Transfer>(br#"{"serial":1,"delta":"x"}"#).unwrap_err();
    assert_eq!(fault.to_string(), "delta: expected an integer, found a string");
}

#[test]
fn in_an_enum_of_alternatives_an_integer_has_64_bits() {
    assert!(from_slice::<Transfer>(br#"{"serial":1,"either":18446744073709551615}"#).is_ok());
    assert!(from_slice::<Transfer>(br#"{"serial":1,"either":18446744073709551616}"#).is_err());
}

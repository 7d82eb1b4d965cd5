//! Sealed values: every bit and every circumstance that they are bound to.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use signet_jose::sealed::{LONGEST_VALUE, Opened};
use signet_jose::{OpenError, Purpose, SealContext, SealingKey, SealingKeyRing, SystemRandom, base64url};
use signet_protocol::time::UnixTime;

use crate::seeded::Seeded;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Payload {
    client: String,
    generation: u64,
}

const CONTEXT: SealContext<'static> = SealContext { purpose: Purpose::AuthorizationCode, realm: "demo", timeline: 7 };
const EXPIRY: UnixTime = UnixTime(1_000);
const BEFORE: UnixTime = UnixTime(999);

fn payload() -> Payload {
    Payload { client: "client-1".into(), generation: 3 }
}

fn ring(seed: u64) -> SealingKeyRing {
    SealingKeyRing::new(SealingKey::generate(11, &Seeded::new(seed)), Vec::new())
}

fn sealed() -> String {
    ring(1).seal(CONTEXT, EXPIRY, &payload(), &Seeded::new(2)).unwrap()
}

fn open(context: SealContext<'_>, value: &str) -> Result<Payload, OpenError> {
    ring(1).open(context, value, BEFORE)
}

#[test]
fn design_6_a_sealed_value_opens_as_it_was_until_it_expires() {
    let value = sealed();
    assert!(value.starts_with("sc_"));
    assert_eq!(Purpose::of(&value), Some(Purpose::AuthorizationCode));
    assert_eq!(open(CONTEXT, &value), Ok(payload()));
    assert_eq!(ring(1).open::<Payload>(CONTEXT, &value, EXPIRY), Err(OpenError::Expired));
    let opened: Opened<Payload> = ring(1).open_even_expired(CONTEXT, &value).unwrap();
    assert_eq!(opened, Opened { payload: payload(), expires_at: EXPIRY });
}

#[test]
fn design_6_no_content_shows_and_no_two_values_are_alike() {
    let random = Seeded::new(3);
    let seal = || ring(1).seal(CONTEXT, EXPIRY, &payload(), &random).unwrap();
    let (one, other) = (seal(), seal());
    assert_ne!(one, other);
    let bytes = base64url::decode(&one[3..]).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"client"));
}

/// AZ-037: codes of the same content, which differ in every bit as often as chance has it.
#[test]
fn az_037_of_a_hundred_thousand_codes_no_two_share_anything() {
    const CODES: u32 = 100_000;
    /// Format and identifier of the key, which all have.
    const HEAD: usize = 5;
    /// The salt, and as much of what is encrypted.
    const LOOKED_AT: usize = 32;
    let (ring, random) = (ring(1), SystemRandom::new());
    let (mut seen, mut ones) = (HashSet::new(), [0; LOOKED_AT * 8]);
    for _ in 0..CODES {
        let code = ring.seal(CONTEXT, EXPIRY, &payload(), &random).unwrap();
        let bytes = base64url::decode(&code[3..]).unwrap();
        for bit in 0..LOOKED_AT * 8 {
            ones[bit] += u32::from(bytes[HEAD + bit / 8] >> (bit % 8) & 1);
        }
        assert!(seen.insert(code), "a code came twice");
    }
    for (bit, ones) in ones.into_iter().enumerate() {
        // Ten standard deviations.
        assert!(ones.abs_diff(CODES / 2) < 1_600, "bit {bit} is set in {ones} of {CODES}");
    }
}

#[test]
fn design_6_a_change_of_any_bit_is_noticed() {
    let value = sealed();
    let message = base64url::decode(&value[3..]).unwrap();
    for index in 0..message.len() {
        for bit in 0..8 {
            let mut changed = message.clone();
            changed[index] ^= 1 << bit;
            let expected = match index {
                0 => OpenError::Malformed,
                1..5 => OpenError::UnknownKey(u32::from_be_bytes(changed[1..5].try_into().unwrap())),
                _ => OpenError::Forged,
            };
            assert_eq!(open(CONTEXT, &format!("sc_{}", base64url::encode(changed))), Err(expected), "byte {index}");
        }
    }
}

#[test]
fn design_6_truncated_and_lengthened_values_do_not_open() {
    let value = sealed();
    let message = base64url::decode(&value[3..]).unwrap();
    for length in 0..message.len() {
        let error = open(CONTEXT, &format!("sc_{}", base64url::encode(&message[..length]))).unwrap_err();
        assert!(matches!(error, OpenError::Malformed | OpenError::Forged), "length {length}");
    }
    let longer = base64url::encode([message.as_slice(), &[0]].concat());
    assert_eq!(open(CONTEXT, &format!("sc_{longer}")), Err(OpenError::Forged));
    for malformed in
        ["", "sc_", "sc", &value[3..], &format!("{value}="), &format!("{value} "), &format!("sc_{value}"), "sc_é"]
    {
        assert_eq!(open(CONTEXT, malformed), Err(OpenError::Malformed), "{malformed}");
    }
    assert_eq!(open(CONTEXT, &format!("sc_{}", "A".repeat(LONGEST_VALUE))), Err(OpenError::Malformed));
}

#[test]
fn design_6_purpose_realm_and_timeline_are_bound() {
    let value = sealed();
    for context in [
        SealContext { realm: "demo2", ..CONTEXT },
        SealContext { realm: "", ..CONTEXT },
        SealContext { timeline: 8, ..CONTEXT },
        SealContext { timeline: 6, ..CONTEXT },
    ] {
        assert_eq!(open(context, &value), Err(OpenError::Forged), "{context:?}");
    }
    for purpose in Purpose::ALL.into_iter().filter(|purpose| *purpose != CONTEXT.purpose) {
        let context = SealContext { purpose, ..CONTEXT };
        assert_eq!(open(context, &value), Err(OpenError::Malformed));
        let relabelled = format!("{}{}", purpose.prefix(), &value[3..]);
        assert_eq!(open(context, &relabelled), Err(OpenError::Forged));
    }
}

#[test]
fn design_6_keys_rotate_and_unknown_ones_are_named() {
    let (old, new) = (SealingKey::generate(1, &Seeded::new(4)), SealingKey::generate(2, &Seeded::new(5)));
    let before = SealingKeyRing::new(old.clone(), Vec::new());
    let after = SealingKeyRing::new(new, vec![old]);
    let value = before.seal(CONTEXT, EXPIRY, &payload(), &Seeded::new(6)).unwrap();
    assert_eq!(after.open(CONTEXT, &value, BEFORE), Ok(payload()));
    let value = after.seal(CONTEXT, EXPIRY, &payload(), &Seeded::new(7)).unwrap();
    assert_eq!(before.open::<Payload>(CONTEXT, &value, BEFORE), Err(OpenError::UnknownKey(2)));
    let same_number = SealingKeyRing::new(SealingKey::generate(2, &Seeded::new(8)), Vec::new());
    assert_eq!(same_number.open::<Payload>(CONTEXT, &value, BEFORE), Err(OpenError::Forged));
}

#[test]
fn design_6_what_is_too_long_is_not_sealed() {
    let payload = Payload { client: "x".repeat(LONGEST_VALUE), generation: 0 };
    assert!(ring(1).seal(CONTEXT, EXPIRY, &payload, &Seeded::new(9)).is_err());
}

#[test]
fn style_7_debug_output_of_sealing_keys_shows_no_secret() {
    assert_eq!(format!("{:?}", SealingKey::new(5, [0xab; 32])), "SealingKey { id: 5, .. }");
}

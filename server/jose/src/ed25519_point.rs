//! Ed25519 public keys that verify signatures nobody made.

/// The y coordinates (little-endian, sign bit cleared) of the points whose order divides 8, with the two spellings that
/// are not reduced modulo the field prime. A signature under such a key can be made without a private key, so one
/// signature may fit many messages (RFC 8032 section 5.1.7 leaves the check to the protocol).
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    with_first_byte([0; 32], 0x01),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    with_first_byte(FIELD_PRIME_ENDING, 0xec),
    with_first_byte(FIELD_PRIME_ENDING, 0xed),
    with_first_byte(FIELD_PRIME_ENDING, 0xee),
];

const FIELD_PRIME_ENDING: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[31] = 0x7f;
    bytes
};

const fn with_first_byte(mut bytes: [u8; 32], first: u8) -> [u8; 32] {
    bytes[0] = first;
    bytes
}

/// Whether the public key is one of the weak points.
pub(crate) fn has_small_order(public_key: &[u8; 32]) -> bool {
    let mut y = *public_key;
    y[31] &= 0x7f;
    SMALL_ORDER.contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With S = 0 and R the neutral element, a signature verifies where the hash times the key is neutral: for a point
    /// of small order within a few messages, for an honest key never.
    fn is_forgeable(public_key: &[u8; 32]) -> bool {
        let mut signature = [0; 64];
        signature[0] = 1;
        let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, public_key);
        (0_u32..200).any(|message| key.verify(&message.to_be_bytes(), &signature).is_ok())
    }

    #[test]
    fn rfc8032_5_1_7_each_listed_point_really_is_weak() {
        let canonical = SMALL_ORDER.iter().take(5);
        for point in canonical {
            assert!(is_forgeable(point), "{point:02x?}");
        }
    }

    #[test]
    fn rfc8032_5_1_7_listed_points_are_found_with_either_sign_and_an_honest_key_is_not() {
        for mut point in SMALL_ORDER {
            assert!(has_small_order(&point));
            point[31] |= 0x80;
            assert!(has_small_order(&point));
        }
        let honest = crate::base64url::decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let honest: [u8; 32] = honest.try_into().unwrap();
        assert!(!has_small_order(&honest));
        assert!(!is_forgeable(&honest));
    }
}

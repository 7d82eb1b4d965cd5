//! Everything that this server made and gets back: sealed values, refresh tokens, encrypted columns, wrapped keys and
//! the root key file. Nobody without the keys can make one that opens.

#![no_main]

use std::sync::LazyLock;

use signet_jose::{
    ColumnCipher, ColumnPlace, DataKey, Purpose, Random, RefreshToken, RefreshTokenKey, RootKey, SealContext,
    SealingKey, SealingKeyRing,
};
use signet_protocol::time::UnixTime;

struct Fixed;

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

static RING: LazyLock<SealingKeyRing> =
    LazyLock::new(|| SealingKeyRing::new(SealingKey::new(1, [1; 32]), vec![SealingKey::new(0, [2; 32])]));
static ROOT: LazyLock<RootKey> = LazyLock::new(|| RootKey::generate(&Fixed));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        for purpose in Purpose::ALL {
            let context = SealContext { purpose, realm: "demo", timeline: 1 };
            assert!(RING.open::<serde_json::Value>(context, text, UnixTime(0)).is_err());
        }
        if let Ok(token) = RefreshToken::parse(text) {
            assert!(!token.is_genuine(&RefreshTokenKey::new(1, [3; 32])));
        }
        if let Ok(key) = RootKey::parse(text) {
            let again = RootKey::parse(&key.to_file_content()).expect("a written key file is a key file");
            assert_eq!(again.id(), key.id());
        }
    }
    assert!(ROOT.unwrap_key("demo", data).is_err());
    assert!(ROOT.check_canary(data).is_err());
    let place = ColumnPlace { realm: "demo", table: "client", column: "secret", row: b"1" };
    assert!(ColumnCipher::new(1, DataKey::generate(&Fixed)).decrypt(place, data).is_err());
});

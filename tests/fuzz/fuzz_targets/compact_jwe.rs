//! Encrypted tokens: as they come, and with a valid tag under arbitrary headers, so that the reading of headers, of
//! ephemeral keys and of encrypted keys is reached too.

#![no_main]

use std::sync::LazyLock;

use signet_jose::{
    AllowedEncryption, ContentEncryptionAlgorithm, DecryptionKey, EncryptedToken, Encryption, KeyManagementAlgorithm,
    Random, Recipient, RecipientKey, SharedKey, base64url,
};

const SECRET: &[u8] = b"a client secret that is long enough for every symmetric algorithm: sixty-four bytes";

static KEYS: LazyLock<Vec<DecryptionKey>> = LazyLock::new(|| {
    let private = KeyManagementAlgorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric());
    let private = private.map(|algorithm| DecryptionKey::generate(algorithm).expect("a key can be made"));
    private.chain([DecryptionKey::shared(SharedKey::of_client_secret(SECRET))]).collect()
});

const ANYTHING: AllowedEncryption<'static> =
    AllowedEncryption { algorithms: &KeyManagementAlgorithm::ALL, contents: &ContentEncryptionAlgorithm::ALL };

/// The same bytes each time: what a run finds, the next one finds again.
struct Constant(u8);

impl Random for Constant {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

/// A header of the fuzzer's choice in front of the parts of a good token.
fn check_header(data: &[u8]) {
    let shared = SharedKey::of_client_secret(SECRET);
    let encryption = Encryption {
        algorithm: KeyManagementAlgorithm::A128Kw,
        content: ContentEncryptionAlgorithm::A128Gcm,
        recipient: Recipient::Shared(&shared),
        content_type: None,
        issuer: None,
    };
    let token = encryption.encrypt(b"plaintext", &Constant(1)).expect("a shared key encrypts");
    let (_, rest) = token.split_once('.').expect("five parts");
    let changed = format!("{}.{rest}", base64url::encode(data));
    let Ok(parsed) = EncryptedToken::parse(&changed) else { return };
    assert_eq!(parsed.decrypt(&KEYS, &ANYTHING, &Constant(2)).is_ok(), changed == token);
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(token) = EncryptedToken::parse(text)
    {
        assert!(EncryptedToken::is_meant(text));
        // Nobody else knows the secret or the public keys, which are made anew in each run.
        assert!(token.decrypt(&KEYS[..KEYS.len() - 1], &ANYTHING, &Constant(2)).is_err());
    }
    check_header(data);
    if let Ok(key) = RecipientKey::parse(data) {
        let published = serde_json::to_vec(&key).expect("a key serialises");
        assert!(RecipientKey::parse(&published).is_ok());
        for algorithm in KeyManagementAlgorithm::ALL.into_iter().filter(|algorithm| key.permits(*algorithm)) {
            let recipient = Recipient::Public(&key);
            let content = ContentEncryptionAlgorithm::A128Gcm;
            let encryption = Encryption { algorithm, content, recipient, content_type: None, issuer: None };
            drop(encryption.encrypt(b"plaintext", &Constant(1)));
        }
    }
});

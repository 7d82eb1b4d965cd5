//! Key sets of strangers: each accepted key can be used, published and read again, and verifies nothing by accident.

#![no_main]

use signet_jose::{Jwk, JwkSet, SignatureAlgorithm};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(set) = JwkSet::parse(data) else { return };
    for key in set.keys() {
        let jwk = key.jwk().expect("a key of a set is a public key");
        assert_eq!(jwk.thumbprint().expect("a checked key has a thumbprint").len(), 43);
        let published = serde_json::to_vec(jwk).expect("a JWK serialises");
        let read = Jwk::parse(&published).expect("a published key is a good key");
        assert_eq!(read.thumbprint(), jwk.thumbprint());
        for algorithm in SignatureAlgorithm::ALL {
            assert!(!(algorithm.is_symmetric() && key.permits(algorithm)));
            assert!(!key.verifies(algorithm, b"message", &[0; 64]));
            assert!(!key.verifies(algorithm, b"message", data));
        }
    }
});

//! The crate `josekit` as a verifier of ID tokens with the published key set.

use std::time::{Duration, UNIX_EPOCH};

use josekit::jwk::JwkSet;
use josekit::jws::{ES256, JwsVerifier, RS256};
use josekit::jwt::{self, JwtPayloadValidator};
use serde_json::json;

use crate::support::realm::Realm;
use crate::support::time::now;

#[tokio::test]
async fn josekit_verifies_id_tokens_with_the_published_keys() {
    let realm = Realm::new().await;
    for algorithm in ["RS256", "ES256"] {
        let metadata = json!({"id_token_signed_response_alg": algorithm, "settings": {"skip_consent": true}});
        let client = realm.client(metadata).await;
        let request = client.request();
        let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
        let token = tokens.id_token();

        let header = jwt::decode_header(token).unwrap();
        assert_eq!(header.claim("alg"), Some(&json!(algorithm)));
        let key_id = header.claim("kid").and_then(|kid| kid.as_str()).expect("a key identifier").to_owned();
        // Read as the library reads any key set: all keys, none of them changed before.
        let published = realm.get("/jwks").await;
        let set = JwkSet::from_bytes(&published.body).unwrap();
        let keys = set.get(&key_id);
        let [key] = keys[..] else { panic!("{key_id} is there {} times", keys.len()) };
        assert_eq!(key.parameter("d"), None, "only the public part is published");
        let verifier: Box<dyn JwsVerifier> = match algorithm {
            "RS256" => Box::new(RS256.verifier_from_jwk(key).unwrap()),
            _ => Box::new(ES256.verifier_from_jwk(key).unwrap()),
        };
        let (payload, _) = jwt::decode_with_verifier(token, &*verifier).unwrap();

        let mut expected = JwtPayloadValidator::new();
        expected.set_issuer(&realm.issuer);
        expected.set_audience(&client.id);
        expected.set_subject(&realm.user.id);
        expected.set_claim("nonce", json!(request.get("nonce")));
        expected.set_base_time(UNIX_EPOCH + Duration::from_secs(now().try_into().unwrap()));
        expected.validate(&payload).unwrap();

        // What was signed for one login is no signature for another.
        let other = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
        let (message, _) = other.id_token().rsplit_once('.').unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        jwt::decode_with_verifier(format!("{message}.{signature}"), &*verifier).unwrap_err();
    }
}

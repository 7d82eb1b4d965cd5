//! Which certificates `tls_client_auth` and `self_signed_tls_client_auth` take, over real handshakes (RFC 8705 section 2,
//! RFC 5280 section 6).

use serde_json::{Value, json};
use signet_core::model::ClientSettings;
use signet_core::registry::{self, ClientRegistration};

use crate::flows::client_authentication::certificate_set;
use crate::support::certificates::{Bounds, Identity, Others, Subject, Usage};
use crate::support::client::{Client, Credential};
use crate::support::provider::TimedProvider;
use crate::support::realm::{Realm, merged};

const DAY: i64 = 86_400;

/// A realm that trusts these authorities.
async fn trusting(authorities: &[&Identity]) -> Realm {
    let authorities: String = authorities.iter().map(|authority| authority.certificate_pem()).collect();
    Realm::with(json!({"client_certificate_authorities": authorities})).await
}

/// A client that is known by a certificate name.
async fn named(realm: &Realm, name: Value) -> Client {
    let own = json!({"token_endpoint_auth_method": "tls_client_auth", "grant_types": ["client_credentials"]});
    realm.client(merged(own, name)).await
}

async fn client_one(realm: &Realm) -> Client {
    named(realm, json!({"tls_client_auth_subject_dn": "CN=client one,O=Example"})).await
}

fn one() -> Subject<'static> {
    Subject::named("client one")
}

async fn assert_taken(client: &Client, identity: Identity) {
    let client = client.with_credential(Credential::Certificate(Box::new(identity)));
    client.client_credentials("").await.tokens();
}

async fn assert_refused(client: &Client, identity: Identity, what: &str) {
    let client = client.with_credential(Credential::Certificate(Box::new(identity)));
    let answer = client.client_credentials("").await;
    assert_eq!(answer.json()["error"], "invalid_client", "{what}: {answer:?}");
    answer.assert_refused("invalid_client");
}

/// Every kind of registered name, a subject that has it, and subjects that almost do.
fn names() -> Vec<(&'static str, &'static str, Subject<'static>, Vec<Subject<'static>>)> {
    let anything = || Subject::named("anything");
    let others = |others| Subject { others, ..anything() };
    let uri = |uri| others(Others { uri: Some(uri), ..Others::default() });
    let ip = |ip| others(Others { ip: Some(ip), ..Others::default() });
    let email = |email| others(Others { email: Some(email), ..Others::default() });
    vec![
        (
            "tls_client_auth_subject_dn",
            "CN=client one,O=Example",
            one(),
            vec![Subject::named("client"), Subject { dns: &["client one"], ..anything() }],
        ),
        (
            "tls_client_auth_san_dns",
            "client.test",
            Subject { dns: &["other.test", "client.test"], ..anything() },
            vec![
                Subject { dns: &["a.client.test", "client.test.evil.test", "*.test"], ..anything() },
                Subject::named("client.test"),
                uri("client.test"),
            ],
        ),
        (
            "tls_client_auth_san_uri",
            "https://client.test/id",
            uri("https://client.test/id"),
            vec![
                uri("https://client.test/id/"),
                uri("https://CLIENT.test/id"),
                Subject { dns: &["client.test"], ..anything() },
            ],
        ),
        (
            "tls_client_auth_san_ip",
            "2001:db8::7",
            ip("2001:db8:0:0::7"),
            vec![ip("2001:db8::8"), ip("192.0.2.7"), Subject { dns: &["2001:db8::7"], ..anything() }],
        ),
        ("tls_client_auth_san_ip", "192.0.2.7", ip("192.0.2.7"), vec![ip("192.0.2.70"), ip("::ffff:192.0.2.7")]),
        (
            "tls_client_auth_san_email",
            "client@example.com",
            email("client@example.com"),
            vec![
                email("other@example.com"),
                email("client@example.com.evil.test"),
                Subject::named("client@example.com"),
            ],
        ),
    ]
}

#[tokio::test]
async fn rfc8705_2_1_2_each_kind_of_name_is_compared_whole_and_with_its_own_kind_alone() {
    let authority = Identity::authority("Client authority");
    let realm = trusting(&[&authority]).await;
    for (member, value, right, wrong) in names() {
        let client = named(&realm, json!({(member): value})).await;
        assert_taken(&client, Identity::issued(&right, Some(&authority))).await;
        for subject in wrong {
            assert_refused(&client, Identity::issued(&subject, Some(&authority)), value).await;
        }
    }
}

#[tokio::test]
async fn rfc5280_4_2_1_12_and_tk_040_a_certificate_for_servers_is_no_clients() {
    let authority = Identity::authority("Client authority");
    let realm = trusting(&[&authority]).await;
    let client = client_one(&realm).await;
    let issued = |usage| Identity::issued(&Subject { usage, ..one() }, Some(&authority));
    assert_taken(&client, issued(Usage::Client)).await;
    assert_refused(&client, issued(Usage::Server), "for servers").await;
}

#[tokio::test]
async fn rfc5280_6_1_a_path_is_built_from_what_the_client_sends_and_what_the_realm_has() {
    let root = Identity::authority("Root");
    let between = Identity::authority_below("Between", Some(&root), Bounds::default());
    let last = Identity::authority_below("Last", Some(&between), Bounds::default());
    let leaf = Identity::issued(&one(), Some(&last));
    let realm = trusting(&[&root]).await;
    let client = client_one(&realm).await;
    assert_taken(&client, leaf.beside(&[&last, &between])).await;
    assert_taken(&client, leaf.beside(&[&between, &root, &last])).await;
    assert_refused(&client, leaf.clone(), "no path").await;
    assert_refused(&client, leaf.beside(&[&last]), "half a path").await;
    assert_refused(&client, leaf.beside(&[&between]), "the other half").await;
    // A proxy hands on the client's own certificate alone: the realm may name those between.
    let realm = trusting(&[&root, &between, &last]).await;
    assert_taken(&client_one(&realm).await, leaf.clone()).await;
    // An authority is trusted without its root, and then none beside it.
    let realm = trusting(&[&last]).await;
    let client = client_one(&realm).await;
    assert_taken(&client, leaf).await;
    let sibling = Identity::authority_below("Sibling", Some(&between), Bounds::default());
    let foreign = Identity::issued(&one(), Some(&sibling)).beside(&[&sibling, &between, &root]);
    assert_refused(&client, foreign, "of a sibling").await;
}

#[tokio::test]
async fn rfc5280_4_2_1_9_and_4_2_1_10_what_limits_an_authority_limits_its_certificates() {
    let bounds = Bounds { path_length: Some(0), domain: Some("good.test") };
    let root = Identity::authority("Root");
    let bounded = Identity::authority_below("Bounded", Some(&root), bounds);
    let below = Identity::authority_below("Below", Some(&bounded), Bounds::default());
    let realm = trusting(&[&root]).await;
    let client = client_one(&realm).await;
    let issued = |dns: &'static [&'static str], authority| Identity::issued(&Subject { dns, ..one() }, Some(authority));
    assert_taken(&client, issued(&["client.good.test"], &bounded).beside(&[&bounded])).await;
    assert_refused(&client, issued(&["client.evil.test"], &bounded).beside(&[&bounded]), "another domain").await;
    assert_refused(&client, issued(&["client.good.test"], &below).beside(&[&below, &bounded]), "too long a path").await;
    // A client is no authority, whoever issued its certificate.
    let client_as_authority = issued(&["client.good.test"], &root);
    let forged = Identity::issued(&one(), Some(&client_as_authority)).beside(&[&client_as_authority]);
    assert_refused(&client, forged, "of a client").await;
}

#[tokio::test]
async fn tk_038_and_cve_2023_2422_names_in_the_rest_of_the_chain_are_nobodys() {
    let authority = Identity::authority("Client authority");
    let realm = trusting(&[&authority]).await;
    let client = client_one(&realm).await;
    let victim = Identity::issued(&one(), Some(&authority));
    let attacker = Identity::issued(&Subject::named("client two"), Some(&authority));
    assert_refused(&client, attacker.beside(&[&victim]), "the victim's certificate beside").await;
    assert_refused(&client, attacker.beside(&[&victim, &authority]), "the victim's in the middle").await;
    // An authority that calls itself as the victim is called does not lend its name either.
    let namesake = Identity::authority_below("client one", Some(&authority), Bounds::default());
    let below = Identity::issued(&Subject::named("client two"), Some(&namesake));
    assert_refused(&client, below.beside(&[&namesake]), "an authority of that name").await;
}

#[tokio::test]
async fn rfc8705_2_2_and_tk_040_a_self_signed_certificate_is_that_very_one_while_it_is_valid() {
    let realm = Realm::new().await;
    let registered = Identity::issued(&one(), None);
    let client = async |identity: &Identity| {
        let body = json!({
            "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": certificate_set(identity),
            "grant_types": ["client_credentials"],
        });
        realm.client(body).await
    };
    let known = client(&registered).await;
    assert_taken(&known, registered.clone()).await;
    // Section 2.2.2 compares certificates: what stands beside x5c in the key is not used.
    assert_refused(&known, registered.renewed(&one()), "another certificate of the same key").await;
    assert_refused(&known, Identity::issued(&one(), None), "another key of the same name").await;
    for (what, validity) in [("expired", (-2 * DAY, -DAY)), ("not yet valid", (DAY, 2 * DAY))] {
        let identity = Identity::issued(&Subject { validity, ..one() }, None);
        assert_refused(&client(&identity).await, identity, what).await;
    }
}

#[tokio::test]
async fn rfc8705_3_4_bound_tokens_are_registered_where_certificates_are_asked_for_alone() {
    let bound =
        json!({"redirect_uris": ["https://client.test/cb"], "tls_client_certificate_bound_access_tokens": true});
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let context = registry::find_realm(&timed.provider, &realm.name.parse().unwrap()).await.unwrap();
    let register = async |metadata: Value| {
        let metadata = serde_json::from_value(metadata).unwrap();
        let registration = ClientRegistration { metadata, settings: ClientSettings::default(), enabled: true };
        let created =
            registry::create_client(&timed.provider.serving_itself(), &context, None, registration, None).await;
        created.map(drop).map_err(|error| error.to_string())
    };
    let refused = register(bound.clone()).await.unwrap_err();
    assert!(refused.starts_with("tls_client_certificate_bound_access_tokens: needs mutual TLS"), "{refused}");
    assert!(refused.contains("server.mtls_public_url"), "{refused}");
    assert_eq!(
        register(merged(bound.clone(), json!({"tls_client_certificate_bound_access_tokens": false}))).await,
        Ok(())
    );
    let document = realm.discovery().await;
    for member in ["tls_client_certificate_bound_access_tokens", "mtls_endpoint_aliases"] {
        assert!(document.get(member).is_none(), "{member}");
    }
    timed.stop().await;
    let realm = Realm::new().await;
    let created = realm.server.administration.create_client(&realm.name, &bound).await;
    assert_eq!(created["tls_client_certificate_bound_access_tokens"], true);
}

//! Certificates that their authority has taken back (RFC 5280 sections 5 and 6.3), at a server that has the lists.

use std::sync::Arc;

use serde_json::json;

use crate::support::certificates::{Bounds, Identity, Subject};
use crate::support::client::{Client, Credential};
use crate::support::realm::Realm;
use crate::support::revocation::List;
use crate::support::server::{Configuration, Server};
use crate::support::wait::until_true;

const HOUR: i64 = 3_600;

/// A server with lists, a realm that trusts authorities, and a client with a name.
async fn client(lists: Vec<u8>, unlisted: &'static str, authorities: &[&Identity]) -> (Arc<Server>, Client) {
    let server = Server::start(Configuration { revocation: Some((lists, unlisted)), ..Configuration::default() }).await;
    let authorities: String = authorities.iter().map(|authority| authority.certificate_pem()).collect();
    let realm = Realm::on(&server, json!({"client_certificate_authorities": authorities})).await;
    let body = json!({
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=client one,O=Example",
        "grant_types": ["client_credentials"],
    });
    (server, realm.client(body).await)
}

fn issued(authority: &Identity) -> Identity {
    Identity::issued(&Subject::named("client one"), Some(authority))
}

async fn is_taken(client: &Client, identity: &Identity) -> bool {
    let client = client.with_credential(Credential::Certificate(Box::new(identity.clone())));
    let answer = client.client_credentials("").await;
    if answer.status != 200 {
        answer.assert_refused("invalid_client");
    }
    answer.status == 200
}

#[tokio::test]
async fn rfc5280_6_3_a_revoked_certificate_is_refused_and_so_is_one_that_nobody_can_tell_of() {
    let [listed, other, unlisted] = ["Listed", "Out of date", "Unlisted"].map(Identity::authority);
    let (good, revoked) = (issued(&listed), issued(&listed));
    // Who has the name and not the key of an authority makes no list of it.
    let impostor = Identity::authority("Impostor");
    let forged = Identity { certificate: unlisted.certificate.clone(), key: impostor.key.clone(), beside: Vec::new() };
    let lists = [
        List::of(&listed, &[&revoked.certificate]).pem(),
        List { validity: (-2 * HOUR, -HOUR), ..List::of(&other, &[]) }.pem(),
    ]
    .concat();
    let (server, client) = client(lists.clone(), "refused", &[&listed, &other, &unlisted]).await;
    assert!(is_taken(&client, &good).await);
    assert!(!is_taken(&client, &revoked).await);
    assert!(!is_taken(&client, &issued(&other)).await, "its list is out of date");
    assert!(!is_taken(&client, &issued(&unlisted)).await, "there is no list");
    for reason in ["the certificate is revoked", "is genuine and valid now", "there is no revocation list"] {
        assert!(server.log().contains(reason), "{reason} is missing in the log");
    }

    // A newer list counts without a restart; one that does not read changes nothing.
    let lists = |revoked: &[&openssl::x509::X509]| {
        [List::of(&listed, revoked).pem(), List::of(&other, &[]).pem(), List::of(&forged, &[]).pem()].concat()
    };
    server.replace_revocation_lists(&lists(&[&good.certificate]));
    until_true("the new list counts", async || !is_taken(&client, &good).await).await;
    assert!(is_taken(&client, &revoked).await && is_taken(&client, &issued(&other)).await);
    assert!(!is_taken(&client, &issued(&unlisted)).await, "the list is forged");
    server.replace_revocation_lists(b"no list");
    until_true("the file is refused", async || server.log().contains("revocation lists not reloaded")).await;
    assert!(!is_taken(&client, &good).await && is_taken(&client, &revoked).await);
}

#[tokio::test]
async fn rfc5280_6_3_every_authority_between_is_looked_for_too() {
    let root = Identity::authority("Root");
    let [good, revoked] =
        ["Good", "Revoked"].map(|name| Identity::authority_below(name, Some(&root), Bounds::default()));
    let root_list = List::of(&root, &[&revoked.certificate]).pem();
    let lists = [root_list, List::of(&good, &[]).pem(), List::of(&revoked, &[]).pem()].concat();
    let (_server, client) = client(lists, "refused", &[&root]).await;
    assert!(is_taken(&client, &issued(&good).beside(&[&good])).await);
    assert!(!is_taken(&client, &issued(&revoked).beside(&[&revoked])).await);
}

#[tokio::test]
async fn authorities_without_a_list_may_be_left_unchecked_and_others_not() {
    let [listed, unlisted] = ["Listed", "Unlisted"].map(Identity::authority);
    let revoked = issued(&listed);
    let lists = List::of(&listed, &[&revoked.certificate]).pem();
    let (server, client) = client(lists, "unchecked", &[&listed, &unlisted]).await;
    assert!(is_taken(&client, &issued(&unlisted)).await && is_taken(&client, &issued(&listed)).await);
    assert!(!is_taken(&client, &revoked).await);
    server.replace_revocation_lists(&List { validity: (-2 * HOUR, -HOUR), ..List::of(&listed, &[]) }.pem());
    until_true("the list is out of date", async || !is_taken(&client, &issued(&listed)).await).await;
    assert!(is_taken(&client, &issued(&unlisted)).await);
}

//! RFC 8705: who is asked for a certificate, and what the endpoint sees of it.

use openssl::ssl::Ssl;
use serde_json::json;

use super::certificates::{Folder, Identity, elliptic_curve_key, rsa_key};
use super::client::{Client, context, handshake, present};
use super::server::{HOST, mutual_tls, mutual_tls_for, start, tls, two_certificates};

#[tokio::test]
async fn rfc8705_5_pages_never_ask_for_a_certificate() {
    let folder = Folder::new();
    let listener = start(tls(two_certificates(&folder))).await;
    let identity = Identity::new("client", &[], elliptic_curve_key(), None);
    let client = context(|builder| present(builder, &identity, &[]));
    let seen = Client::connect(listener.address(), &client).await.seen().await;
    assert_eq!(seen["leaf"], json!(null));
}

#[tokio::test]
async fn rfc8705_2_2_any_presented_certificate_reaches_the_endpoint() {
    let folder = Folder::new();
    let listener = start(mutual_tls(two_certificates(&folder))).await;
    for key in [elliptic_curve_key(), rsa_key()] {
        let identity = Identity::new("self-signed", &[], key, None);
        for protocol in [b"\x02h2".as_slice(), b"\x08http/1.1"] {
            let client = context(|builder| {
                present(builder, &identity, &[]);
                builder.set_alpn_protos(protocol).unwrap();
            });
            let seen = Client::connect(listener.address(), &client).await.seen().await;
            assert_eq!(seen["leaf"], json!(identity.der()));
            assert_eq!((&seen["chain"], &seen["source"]), (&json!(1), &json!("Handshake")));
        }
    }
}

#[tokio::test]
async fn a_client_without_certificate_is_served_without_one() {
    let folder = Folder::new();
    let listener = start(mutual_tls(two_certificates(&folder))).await;
    let seen = Client::connect(listener.address(), &context(|_| {})).await.seen().await;
    assert_eq!((&seen["leaf"], &seen["tls"]), (&json!(null), &json!("TLSv1.3")));
}

#[tokio::test]
async fn rfc8705_5_certificates_are_asked_for_under_their_own_host_name_alone() {
    const MUTUAL: &str = "mtls.signet.test";
    let folder = Folder::new();
    let mut certificates = two_certificates(&folder);
    // The name has a certificate of the server of its own, or shares one.
    certificates.push(Identity::new("mutual", &[MUTUAL], elliptic_curve_key(), None).write(&folder, "mutual"));
    let identity = Identity::new("client", &[], elliptic_curve_key(), None);
    for certificates in [certificates.clone(), certificates[..2].to_vec()] {
        let listener = start(mutual_tls_for(MUTUAL, certificates)).await;
        for (name, asked) in [(HOST, false), (MUTUAL, true), ("MTLS.signet.test", true), ("", false)] {
            let client = context(|builder| present(builder, &identity, &[]));
            let stream = handshake(listener.address(), Ssl::new(&client).unwrap(), name).await.unwrap();
            let host = if name.is_empty() { MUTUAL } else { name };
            let response = Client::new(stream).await.get(host, "/").await;
            let seen: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(seen["leaf"], if asked { json!(identity.der()) } else { json!(null) }, "{name}");
        }
        for (name, host) in [(HOST, MUTUAL), (MUTUAL, HOST)] {
            let client = context(|builder| present(builder, &identity, &[]));
            let stream = handshake(listener.address(), Ssl::new(&client).unwrap(), name).await.unwrap();
            assert_eq!(Client::new(stream).await.get(host, "/").await.status(), 421, "{name}");
        }
    }
}

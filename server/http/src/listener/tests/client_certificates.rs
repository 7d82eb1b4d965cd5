//! RFC 8705: who is asked for a certificate, and what the endpoint sees of it.

use serde_json::json;

use super::certificates::{Folder, Identity, elliptic_curve_key, rsa_key};
use super::client::{Client, context, present};
use super::server::{mutual_tls, start, tls, two_certificates};

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

//! Versions, suites, certificates, protocols and names of the handshake; misdirected requests.

use openssl::ssl::{Ssl, SslContextBuilder, SslVersion};
use poem::endpoint::make;
use poem::{Body, Response};

use super::certificates::{Folder, Identity, elliptic_curve_key, rsa_key};
use super::client::{Client, connect, context, handshake};
use super::server::{HOST, serve, start, tls, two_certificates};
use crate::listener::RunningListener;

const SUITES: &[&str] = &[
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA",
    "AES256-GCM-SHA384",
    "AES128-SHA",
];

async fn two_certificate_listener() -> (RunningListener, Folder) {
    let folder = Folder::new();
    let listener = start(tls(two_certificates(&folder))).await;
    (listener, folder)
}

fn only(version: SslVersion) -> impl Fn(&mut SslContextBuilder) {
    move |builder| {
        // Old versions are only offered below the library's own security level.
        builder.set_security_level(0);
        builder.set_min_proto_version(Some(version)).unwrap();
        builder.set_max_proto_version(Some(version)).unwrap();
    }
}

#[tokio::test]
async fn tls_1_3_is_preferred_and_1_2_is_possible() {
    let (listener, _folder) = two_certificate_listener().await;
    let newest = connect(listener.address(), &context(|_| {})).await.unwrap();
    assert_eq!(newest.ssl().version_str(), "TLSv1.3");
    let older = connect(listener.address(), &context(only(SslVersion::TLS1_2))).await.unwrap();
    assert_eq!(older.ssl().version_str(), "TLSv1.2");
}

#[tokio::test]
async fn rfc8996_tls_1_0_and_1_1_are_refused_with_an_alert() {
    let (listener, _folder) = two_certificate_listener().await;
    for version in [SslVersion::TLS1, SslVersion::TLS1_1] {
        let refused = connect(listener.address(), &context(only(version))).await.unwrap_err().to_string();
        assert!(refused.contains("alert protocol version"), "{version:?}: {refused}");
    }
}

#[tokio::test]
async fn fapi_tls_1_2_has_exactly_two_suites() {
    let (listener, _folder) = two_certificate_listener().await;
    let mut accepted = Vec::new();
    for suite in SUITES {
        let client = context(|builder| {
            only(SslVersion::TLS1_2)(builder);
            builder.set_cipher_list(suite).unwrap();
        });
        match connect(listener.address(), &client).await {
            Ok(stream) => accepted.push(stream.ssl().current_cipher().unwrap().name()),
            Err(refused) => assert!(refused.to_string().contains("alert handshake failure"), "{suite}: {refused}"),
        }
    }
    assert_eq!(accepted, ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"]);
}

#[tokio::test]
async fn the_server_chooses_the_suite() {
    let (listener, _folder) = two_certificate_listener().await;
    let client = context(|builder| {
        only(SslVersion::TLS1_2)(builder);
        builder.set_cipher_list("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384").unwrap();
    });
    let stream = connect(listener.address(), &client).await.unwrap();
    assert_eq!(stream.ssl().current_cipher().unwrap().name(), "ECDHE-RSA-AES256-GCM-SHA384");
}

#[tokio::test]
async fn both_certificates_are_offered_by_what_the_client_can_verify() {
    let (listener, _folder) = two_certificate_listener().await;
    for (algorithms, kind) in [("ECDSA+SHA256", openssl::pkey::Id::EC), ("RSA-PSS+SHA256", openssl::pkey::Id::RSA)] {
        let client = context(|builder| builder.set_sigalgs_list(algorithms).unwrap());
        let stream = connect(listener.address(), &client).await.unwrap();
        assert_eq!(stream.ssl().peer_certificate().unwrap().public_key().unwrap().id(), kind);
    }
}

#[tokio::test]
async fn rfc7301_http2_is_preferred_and_http1_spoken_to_whoever_asks() {
    let (listener, _folder) = two_certificate_listener().await;
    let offers: [(&[u8], &str); 3] =
        [(b"\x08http/1.1\x02h2", "HTTP/2.0"), (b"\x08http/1.1", "HTTP/1.1"), (b"", "HTTP/1.1")];
    for (offer, version) in offers {
        let client = context(|builder| {
            if !offer.is_empty() {
                builder.set_alpn_protos(offer).unwrap();
            }
        });
        let response = Client::connect(listener.address(), &client).await.get(HOST, "/").await;
        assert_eq!((response.status().as_u16(), format!("{:?}", response.version()).as_str()), (200, version));
    }
    let other = context(|builder| builder.set_alpn_protos(b"\x08http/0.9").unwrap());
    let refused = connect(listener.address(), &other).await.unwrap_err().to_string();
    assert!(refused.contains("no application protocol"), "{refused}");
}

#[tokio::test]
async fn a_large_answer_crosses_tls_whole_although_the_socket_fills_up() {
    const BYTES: usize = 8 * 1024 * 1024;
    let folder = Folder::new();
    let endpoint = make(|_| async {
        let pieces = (0..BYTES / 1024).map(|piece| {
            let byte = u8::try_from(piece % 251).unwrap();
            Ok::<_, std::io::Error>(vec![byte; 1024])
        });
        Response::builder().body(Body::from_bytes_stream(futures_util::stream::iter(pieces)))
    });
    let listener = serve(tls(two_certificates(&folder)), endpoint).await;
    for protocol in [b"\x02h2".as_slice(), b"\x08http/1.1"] {
        let client = context(|builder| builder.set_alpn_protos(protocol).unwrap());
        let response = Client::connect(listener.address(), &client).await.get(HOST, "/").await;
        let body = response.into_body();
        assert_eq!(body.len(), BYTES);
        assert!(body.iter().enumerate().all(|(index, byte)| usize::from(*byte) == (index / 1024) % 251));
    }
}

#[tokio::test]
async fn the_endpoint_learns_what_the_handshake_agreed_on() {
    let (listener, _folder) = two_certificate_listener().await;
    let client = context(|builder| {
        only(SslVersion::TLS1_2)(builder);
        builder.set_alpn_protos(b"\x02h2").unwrap();
    });
    let seen = Client::connect(listener.address(), &client).await.seen().await;
    assert_eq!(seen["tls"], "TLSv1.2");
    assert_eq!(seen["cipher"], "ECDHE-RSA-AES256-GCM-SHA384");
    assert_eq!(seen["sni"], HOST);
    assert_eq!(seen["resumed"], false);
}

#[tokio::test]
async fn the_requested_name_decides_among_certificates_of_one_kind() {
    let folder = Folder::new();
    let certificates = vec![
        Identity::new("first", &[HOST], elliptic_curve_key(), None).write(&folder, "first"),
        Identity::new("second", &["realm.test", "*.realms.test"], elliptic_curve_key(), None).write(&folder, "second"),
        Identity::new("rsa", &[HOST], rsa_key(), None).write(&folder, "rsa"),
    ];
    let listener = start(tls(certificates)).await;
    let client = context(|builder| builder.set_sigalgs_list("ECDSA+SHA256").unwrap());
    let names = [
        (HOST, "first"),
        ("REALM.test", "second"),
        ("a.realms.test", "second"),
        ("a.b.realms.test", "first"),
        ("other.test", "first"),
        ("", "first"),
    ];
    for (name, expected) in names {
        let stream = handshake(listener.address(), Ssl::new(&client).unwrap(), name).await.unwrap();
        let certificate = stream.ssl().peer_certificate().unwrap();
        let subject = certificate.subject_name().entries().next().unwrap().data().to_string().unwrap();
        assert_eq!(subject, expected, "{name}");
    }
}

#[tokio::test]
async fn rfc9110_15_5_20_a_request_for_another_name_is_misdirected() {
    let (listener, _folder) = two_certificate_listener().await;
    for protocol in [b"\x02h2".as_slice(), b"\x08http/1.1"] {
        let client = context(|builder| builder.set_alpn_protos(protocol).unwrap());
        let mut client = Client::connect(listener.address(), &client).await;
        let hosts = [
            (HOST, 200),
            ("signet.test:8443", 200),
            ("SIGNET.test:1", 200),
            ("other.test", 421),
            ("signet.test.evil.test", 421),
            ("localhost", 421),
        ];
        for (host, expected) in hosts {
            assert_eq!(client.get(host, "/").await.status(), expected, "{host}");
        }
    }
}

#[tokio::test]
async fn a_handshake_without_name_serves_any_host() {
    let (listener, _folder) = two_certificate_listener().await;
    let stream = handshake(listener.address(), Ssl::new(&context(|_| {})).unwrap(), "").await.unwrap();
    assert_eq!(Client::new(stream).await.get("127.0.0.1", "/").await.status(), 200);
}

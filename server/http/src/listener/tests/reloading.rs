//! New certificates while connections are open.

use openssl::ssl::Ssl;

use super::certificates::{Folder, Identity, elliptic_curve_key};
use super::client::{Client, TlsStream, connect, context, handshake};
use super::server::{HOST, start, tls};
use crate::listener::{CertificateError, ListenError, Listener, RunningListener};

fn subject(stream: &TlsStream) -> String {
    let certificate = stream.ssl().peer_certificate().unwrap();
    certificate.subject_name().entries().next().unwrap().data().to_string().unwrap()
}

async fn offered(listener: &RunningListener) -> String {
    subject(&handshake(listener.address(), Ssl::new(&context(|_| {})).unwrap(), HOST).await.unwrap())
}

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_open_ones_go_on() {
    let folder = Folder::new();
    let files = Identity::new("old", &[HOST], elliptic_curve_key(), None).write(&folder, "server");
    let listener = start(tls(vec![files])).await;
    let stream = connect(listener.address(), &context(|_| {})).await.unwrap();
    assert_eq!(subject(&stream), "old");
    let mut kept_alive = Client::new(stream).await;
    assert_eq!(kept_alive.get(HOST, "/").await.status(), 200);

    Identity::new("new", &[HOST], elliptic_curve_key(), None).write(&folder, "server");
    listener.reload().unwrap();

    assert_eq!(offered(&listener).await, "new");
    assert_eq!(kept_alive.get(HOST, "/").await.status(), 200);
    assert_eq!(listener.counts().connections_accepted, 2);
}

#[tokio::test]
async fn a_bad_file_keeps_the_old_certificate_and_says_which_file() {
    let folder = Folder::new();
    let files = Identity::new("old", &[HOST], elliptic_curve_key(), None).write(&folder, "server");
    let listener = start(tls(vec![files.clone()])).await;

    let other = Identity::new("other", &[HOST], elliptic_curve_key(), None);
    std::fs::write(&files.chain, other.certificate.to_pem().unwrap()).unwrap();
    let mismatch = listener.reload().unwrap_err();
    assert!(matches!(mismatch, CertificateError::KeyMismatch { .. }));
    assert!(mismatch.to_string().contains(files.key.to_str().unwrap()), "{mismatch}");

    std::fs::write(&files.chain, "not a certificate").unwrap();
    assert!(matches!(listener.reload().unwrap_err(), CertificateError::NotACertificate(file) if file == files.chain));
    std::fs::remove_file(&files.chain).unwrap();
    let missing = listener.reload().unwrap_err();
    assert!(matches!(&missing, CertificateError::Unreadable { file, .. } if *file == files.chain));

    assert_eq!(offered(&listener).await, "old");
}

#[tokio::test]
async fn a_listener_does_not_start_with_unusable_files() {
    let folder = Folder::new();
    let good = Identity::new("good", &[HOST], elliptic_curve_key(), None);
    let files = good.write(&folder, "server");
    let encrypted = good.key.private_key_to_pem_pkcs8_passphrase(openssl::symm::Cipher::aes_128_cbc(), b"secret");
    std::fs::write(&files.key, encrypted.unwrap()).unwrap();
    let refused = Listener::bind(tls(vec![files.clone()])).await.err().unwrap();
    assert!(matches!(refused, ListenError::Certificate(CertificateError::NotAKey(file)) if file == files.key));

    let edwards = openssl::pkey::PKey::generate_ed25519().unwrap();
    std::fs::write(&files.key, edwards.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let refused = Listener::bind(tls(vec![files])).await.err().unwrap();
    assert!(matches!(refused, ListenError::Certificate(CertificateError::UnsupportedKey(_))));

    let refused = Listener::bind(tls(Vec::new())).await.err().unwrap();
    assert!(matches!(refused, ListenError::Certificate(CertificateError::NoneConfigured)));
}

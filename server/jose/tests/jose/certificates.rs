//! Certificates: those we make, and the comparisons and the chain check of RFC 8705.

use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::X509;
use serde_json::json;
use signet_jose::certificate::{AlternativeName, ExpectedSubject};
use signet_jose::certificate_authority::{
    CertificateAuthority, IssuedCertificate, LeafKey, LeafPurpose, LeafRequest, local_names,
};
use signet_jose::{
    CertificateError, ClientCertificate, JwkError, JwkSet, RevocationLists, SignatureAlgorithm, SigningKey,
    TrustAnchors, base64url,
};
use signet_protocol::time::UnixTime;

use crate::seeded::Seeded;

const NOW: UnixTime = UnixTime(1_800_000_000);
const DAY: i64 = 86_400;

fn authority(seed: u64) -> CertificateAuthority {
    CertificateAuthority::generate("Test authority", NOW, &Seeded::new(seed)).unwrap()
}

fn issue(authority: &CertificateAuthority, purpose: LeafPurpose, names: &[AlternativeName]) -> IssuedCertificate {
    let request = LeafRequest { common_name: "client-1", alternative_names: names, key: LeafKey::Ecdsa, purpose };
    authority.issue(&request, NOW, &Seeded::new(99)).unwrap()
}

fn certificate(issued: &IssuedCertificate) -> ClientCertificate {
    ClientCertificate::from_pem(issued.chain.as_bytes()).unwrap()
}

fn anchors(authority: &CertificateAuthority) -> TrustAnchors {
    TrustAnchors::from_pem(authority.certificate_pem().unwrap().as_bytes()).unwrap()
}

fn names() -> Vec<AlternativeName> {
    vec![
        AlternativeName::Dns("Client.example".into()),
        AlternativeName::Uri("urn:example:client".into()),
        AlternativeName::Ip("192.0.2.1".parse().unwrap()),
        AlternativeName::Ip("2001:db8::1".parse().unwrap()),
        AlternativeName::Email("client@example.com".into()),
    ]
}

#[test]
fn rfc8705_3_1_the_confirmation_is_the_hash_of_the_der() {
    let certificate = certificate(&issue(&authority(1), LeafPurpose::Client, &[]));
    let hash = openssl::sha::sha256(certificate.der());
    assert_eq!(certificate.thumbprint(), &hash);
    assert_eq!(certificate.confirmation(), base64url::encode(hash));
    assert_eq!(certificate.validity().unwrap(), (NOW.minus(3600), NOW.plus(397 * DAY)));
    let parsed = X509::from_der(certificate.der()).unwrap();
    assert_eq!(certificate.public_key().unwrap(), parsed.public_key().unwrap().public_key_to_der().unwrap());
}

#[test]
fn rfc8705_2_1_2_each_kind_of_registered_name_is_found_and_no_other_is() {
    let certificate = certificate(&issue(&authority(1), LeafPurpose::Client, &names()));
    assert_eq!(certificate.alternative_names(), names());
    assert_eq!(certificate.subject().unwrap().to_string(), "CN=client-1");
    let has_name = |name| certificate.has_subject(&ExpectedSubject::AlternativeName(name));
    assert!(names().into_iter().all(has_name));
    assert!(has_name(AlternativeName::Dns("CLIENT.EXAMPLE".into())));
    for other in [
        AlternativeName::Dns("example".into()),
        AlternativeName::Dns("urn:example:client".into()),
        AlternativeName::Dns("192.0.2.1".into()),
        AlternativeName::Uri("URN:example:client".into()),
        AlternativeName::Ip("192.0.2.2".parse().unwrap()),
        AlternativeName::Email("CLIENT@example.com".into()),
        AlternativeName::Dns("client-1".into()),
    ] {
        assert!(!has_name(other.clone()), "{other:?}");
    }
    let has_subject = |name: &str| certificate.has_subject(&ExpectedSubject::DistinguishedName(name.parse().unwrap()));
    assert!(has_subject("CN=client-1") && has_subject("cn=CLIENT-1"));
    assert!(!has_subject("CN=client-2") && !has_subject("CN=client-1,O=x") && !has_subject("O=client-1"));
}

fn unchecked() -> RevocationLists {
    RevocationLists::default()
}

/// A certificate that names `issuer` and is signed by another key. It lacks the identifier of the issuer's key, so that
/// only the signature can tell.
fn forgery(issuer: &CertificateAuthority) -> ClientCertificate {
    let issuer = X509::from_pem(issuer.certificate_pem().unwrap().as_bytes()).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap()).unwrap());
    let key = key.unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_issuer_name(issuer.subject_name()).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(issuer.not_before()).unwrap();
    builder.set_not_after(issuer.not_after()).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    ClientCertificate::from_der(&builder.build().to_der().unwrap()).unwrap()
}

/// What the library leaves behind on this thread, the next TLS connection there takes for an error of its own.
#[test]
fn a_refused_certificate_or_signature_leaves_no_error_behind_for_others() {
    let authority = authority(1);
    let forged = forgery(&authority);
    assert!(anchors(&authority).verify_client(&forged, &[], &unchecked(), NOW).is_err());
    assert!(ErrorStack::get().errors().is_empty());

    let algorithm = SignatureAlgorithm::ES512;
    let key = SigningKey::generate(algorithm).unwrap();
    let beyond_the_order = [0xff; 132];
    assert!(!key.verifying_key().unwrap().verifies(algorithm, b"message", &beyond_the_order));
    assert!(ErrorStack::get().errors().is_empty());
}

#[test]
fn rfc8705_2_1_a_chain_is_checked_for_trust_time_and_purpose() {
    let trusted = authority(1);
    let leaf = certificate(&issue(&trusted, LeafPurpose::Client, &[]));
    let check =
        |anchors: &TrustAnchors, leaf: &ClientCertificate, now| anchors.verify_client(leaf, &[], &unchecked(), now);
    assert_eq!(check(&anchors(&trusted), &leaf, NOW), Ok(()));
    let untrusted = |result| matches!(result, Err(CertificateError::Untrusted(_)));
    assert!(untrusted(check(&anchors(&trusted), &leaf, NOW.minus(2 * 3600))));
    assert!(untrusted(check(&anchors(&trusted), &leaf, NOW.plus(398 * DAY))));
    assert!(untrusted(check(&anchors(&authority(2)), &leaf, NOW)));
    let server = certificate(&issue(&trusted, LeafPurpose::Server, &[]));
    assert!(untrusted(check(&anchors(&trusted), &server, NOW)));
    // The leaf of another authority with the trusted one's certificate beside it: only its own chain counts.
    let foreign = certificate(&issue(&authority(2), LeafPurpose::Client, &[]));
    let beside = [leaf, ClientCertificate::from_pem(trusted.certificate_pem().unwrap().as_bytes()).unwrap()];
    assert!(untrusted(anchors(&trusted).verify_client(&foreign, &beside, &unchecked(), NOW)));
    // A client's certificate is no authority.
    let as_anchor = issue(&trusted, LeafPurpose::Client, &[]);
    let key_of_leaf = CertificateAuthority::from_pem(as_anchor.chain.as_bytes(), as_anchor.private_key.as_bytes());
    let below_leaf = certificate(&issue(&key_of_leaf.unwrap(), LeafPurpose::Client, &[]));
    assert!(untrusted(anchors(&trusted).verify_client(&below_leaf, &[certificate(&as_anchor)], &unchecked(), NOW)));
}

#[test]
fn rfc5280_4_1_a_certificate_has_one_encoding() {
    let good = certificate(&issue(&authority(1), LeafPurpose::Client, &[]));
    assert!(ClientCertificate::from_der(good.der()).is_ok());
    let with_rest = [good.der(), &[0]].concat();
    for refused in [&[][..], b"text", &with_rest, &good.der()[..good.der().len() - 1], &vec![0x30; 20_000]] {
        assert_eq!(ClientCertificate::from_der(refused).err(), Some(CertificateError::Malformed));
    }
    let pem = issue(&authority(1), LeafPurpose::Client, &[]).chain;
    for refused in
        [String::new(), "text".into(), format!("{pem}{pem}"), pem.replace("CERTIFICATE", "KEY"), "x".repeat(30_000)]
    {
        assert_eq!(ClientCertificate::from_pem(refused.as_bytes()).err(), Some(CertificateError::Malformed));
    }
    assert_eq!(TrustAnchors::from_pem(b"").err(), Some(CertificateError::TrustAnchors));
}

#[test]
fn rfc8705_2_2_2_a_certificate_registered_in_x5c_is_found_and_must_fit_its_key() {
    use base64::Engine as _;
    let (one, other) = (issue(&authority(1), LeafPurpose::Client, &[]), issue(&authority(1), LeafPurpose::Client, &[]));
    let (one, other) = (certificate(&one), certificate(&other));
    let encoded = |certificate: &ClientCertificate| base64::engine::general_purpose::STANDARD.encode(certificate.der());
    let point = X509::from_der(one.der()).unwrap().public_key().unwrap().public_key_to_der().unwrap();
    let (x, y) = point[point.len() - 64..].split_at(32);
    let key = |chain: serde_json::Value| json!({ "kty": "EC", "crv": "P-256", "x": base64url::encode(x), "y": base64url::encode(y), "x5c": chain });
    let set = json!({ "keys": [
        key(json!([encoded(&one), encoded(&other)])), key(json!([encoded(&other)])), key(json!([])), key(json!("text")),
        key(json!([base64url::encode(one.der())])),
    ] });
    let set = JwkSet::parse(set.to_string().as_bytes()).unwrap();
    assert!(set.contains_certificate(one.thumbprint()));
    assert!(!set.contains_certificate(other.thumbprint()));
    let reasons: Vec<_> = set.rejected().iter().map(|rejected| rejected.reason).collect();
    assert_eq!(reasons[0], JwkError::CertificateMismatch);
    assert!(reasons[1..].iter().all(|reason| *reason == JwkError::Member("x5c")));
    assert_eq!(reasons.len(), 4);
}

#[test]
fn ux_dev_server_certificates_name_the_local_host_and_survive_their_files() {
    let made = authority(1);
    let (certificate_file, key_file) = (made.certificate_pem().unwrap(), made.private_key_pem().unwrap());
    let read = CertificateAuthority::from_pem(certificate_file.as_bytes(), key_file.as_bytes()).unwrap();
    let authority_certificate = X509::from_pem(certificate_file.as_bytes()).unwrap();
    for key in [LeafKey::Rsa, LeafKey::Ecdsa] {
        let names = local_names();
        let request =
            LeafRequest { common_name: "localhost", alternative_names: &names, key, purpose: LeafPurpose::Server };
        let issued = read.issue(&request, NOW, &Seeded::new(3)).unwrap();
        let parsed = X509::from_pem(issued.chain.as_bytes()).unwrap();
        assert!(parsed.verify(&authority_certificate.public_key().unwrap()).unwrap());
        let private_key = openssl::pkey::PKey::private_key_from_pem(issued.private_key.as_bytes()).unwrap();
        assert!(parsed.public_key().unwrap().public_eq(&private_key));
        let names: Vec<String> =
            certificate(&issued).alternative_names().iter().map(|name| format!("{name:?}")).collect();
        assert_eq!(names, ["Dns(\"localhost\")", "Ip(127.0.0.1)", "Ip(::1)"]);
    }
    assert!(
        CertificateAuthority::from_pem(certificate_file.as_bytes(), authority(2).private_key_pem().unwrap().as_bytes())
            .is_err()
    );
}

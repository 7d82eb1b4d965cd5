//! Certificates that clients present and the names that they are registered by.

#![no_main]

use std::sync::LazyLock;

use signet_jose::certificate::ExpectedSubject;
use signet_jose::distinguished_name::DistinguishedName;
use signet_jose::{ClientCertificate, RevocationLists, TrustAnchors};
use signet_protocol::time::UnixTime;

static ANCHORS: LazyLock<TrustAnchors> = LazyLock::new(|| {
    TrustAnchors::from_pem(include_bytes!("../seeds/client_certificate/other_authority.pem"))
        .expect("the seed is a certificate")
});

const NOW: UnixTime = UnixTime(1_800_000_000);

fn check(certificate: &ClientCertificate) {
    assert!(ClientCertificate::from_der(certificate.der()).is_ok());
    if let Ok(subject) = certificate.subject() {
        assert!(certificate.has_subject(&ExpectedSubject::DistinguishedName(subject)));
    }
    for name in certificate.alternative_names() {
        assert!(certificate.has_subject(&ExpectedSubject::AlternativeName(name)));
    }
    let _ = certificate.validity();
    let _ = certificate.public_key();
    let is_anchor = certificate.der() == ANCHOR.der();
    assert!(is_anchor || ANCHORS.verify_client(certificate, &[], &RevocationLists::default(), NOW).is_err());
}

static ANCHOR: LazyLock<ClientCertificate> = LazyLock::new(|| {
    ClientCertificate::from_pem(include_bytes!("../seeds/client_certificate/other_authority.pem"))
        .expect("the seed is a certificate")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let parsed = [ClientCertificate::from_der(data), ClientCertificate::from_pem(data)];
    parsed.iter().flatten().for_each(check);
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(name) = text.parse::<DistinguishedName>()
    {
        let printed: DistinguishedName = name.to_string().parse().expect("a printed name is a name");
        assert!(printed.matches(&name));
    }
});

//! The server's certificates: how long they last, and whether they are for the names that clients use.

use std::path::Path;

use openssl::asn1::Asn1Time;
use openssl::x509::X509;
use signet_protocol::time::UnixTime;

use super::Finding;
use crate::config::{BaseUrl, Protocol, Settings};

/// Days before its end from which a certificate is worth a warning.
const DAYS_LEFT: i32 = 21;

const SUBJECT: &str = "certificates";

/// Looks at every certificate.
pub(super) fn check(settings: &Settings, now: UnixTime) -> Vec<Finding> {
    if settings.listener.protocol == Protocol::Plain {
        return vec![Finding::good(SUBJECT, "the proxy in front has them")];
    }
    let bases = std::iter::once(&settings.server.public_url).chain(&settings.server.mtls_public_url);
    let mut findings = Vec::new();
    let mut leaves = Vec::new();
    for files in &settings.listener.certificates {
        match read(&files.chain) {
            Ok(leaf) => {
                findings.push(validity(&leaf, &files.chain, now));
                leaves.push(leaf);
            }
            Err(said) => findings.push(Finding::bad(SUBJECT, said)),
        }
    }
    findings.extend(bases.filter(|base| !leaves.iter().any(|leaf| is_for(leaf, base))).map(|base| {
        let host = base.host();
        Finding::bad(SUBJECT, format!("none is for {host}; get one whose subject alternative names have it"))
    }));
    findings
}

fn read(file: &Path) -> Result<X509, String> {
    let shown = file.display();
    let content = std::fs::read(file).map_err(|error| format!("{shown} cannot be read: {error}; make it readable"))?;
    X509::from_pem(&content).map_err(|_| format!("{shown} does not hold PEM certificates, the server's own first"))
}

fn validity(leaf: &X509, file: &Path, now: UnixTime) -> Finding {
    let shown = file.display();
    let left = Asn1Time::from_unix(now.0).and_then(|now| now.diff(leaf.not_after()));
    let begun = Asn1Time::from_unix(now.0).map(|now| leaf.not_before() <= now);
    match (left, begun) {
        (Ok(left), Ok(true)) if left.days < 0 || left.secs < 0 => {
            Finding::bad(SUBJECT, format!("{shown} ended on {}; renew it", leaf.not_after()))
        }
        (Ok(left), Ok(true)) if left.days < DAYS_LEFT => {
            Finding::doubtful(SUBJECT, format!("{shown} ends in {} days; renew it", left.days))
        }
        (Ok(left), Ok(true)) => Finding::good(SUBJECT, format!("{shown} is valid for {} days", left.days)),
        (Ok(_), Ok(false)) => {
            Finding::bad(SUBJECT, format!("{shown} is valid from {} only; set the clock", leaf.not_before()))
        }
        (Err(_), _) | (_, Err(_)) => Finding::bad(SUBJECT, format!("{shown} has no readable validity; get a new one")),
    }
}

/// Whether a client that uses this base accepts the name (RFC 9525 section 6.3).
fn is_for(leaf: &X509, base: &BaseUrl) -> bool {
    let host = base.host().trim_start_matches('[').trim_end_matches(']');
    let wildcard = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
    let address: Option<std::net::IpAddr> = host.parse().ok();
    leaf.subject_alt_names().iter().flatten().any(|name| match (name.dnsname(), name.ipaddress(), address) {
        (Some(dns), ..) => {
            dns.eq_ignore_ascii_case(host) || wildcard.as_deref().is_some_and(|w| w.eq_ignore_ascii_case(dns))
        }
        (_, Some(bytes), Some(std::net::IpAddr::V4(address))) => bytes == address.octets(),
        (_, Some(bytes), Some(std::net::IpAddr::V6(address))) => bytes == address.octets(),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;
    use signet_jose::SystemRandom;
    use signet_jose::certificate_authority::{CertificateAuthority, LeafKey, LeafPurpose, LeafRequest, local_names};

    const NOW: UnixTime = UnixTime(1_800_000_000);
    const DAY: i64 = 86_400;

    fn leaf() -> X509 {
        let random = SystemRandom::new();
        let authority = CertificateAuthority::generate("Test", NOW, &random).unwrap();
        let request = LeafRequest {
            common_name: "localhost",
            alternative_names: &local_names(),
            key: LeafKey::Ecdsa,
            purpose: LeafPurpose::Server,
        };
        X509::from_pem(authority.issue(&request, NOW, &random).unwrap().chain.as_bytes()).unwrap()
    }

    fn base(url: &str) -> BaseUrl {
        use crate::config::SettingValue as _;
        BaseUrl::read(&toml::Value::from(url), Path::new("/")).unwrap()
    }

    #[test]
    fn a_certificate_is_good_then_doubtful_then_bad() {
        let leaf = leaf();
        let grade = |now| validity(&leaf, Path::new("x.pem"), now).grade;
        assert_eq!(grade(NOW), Grade::Good);
        assert_eq!(grade(NOW.plus(380 * DAY)), Grade::Doubtful);
        assert_eq!(grade(NOW.plus(398 * DAY)), Grade::Bad);
        assert_eq!(grade(NOW.minus(DAY)), Grade::Bad);
    }

    #[test]
    fn rfc9525_6_3_names_and_addresses_are_compared() {
        let leaf = leaf();
        for (url, expected) in [
            ("https://localhost:8443", true),
            ("https://127.0.0.1", true),
            ("https://[::1]:8443", true),
            ("https://127.0.0.2", false),
            ("https://login.example.com", false),
            ("https://a.localhost", false),
        ] {
            assert_eq!(is_for(&leaf, &base(url)), expected, "{url}");
        }
    }
}

//! The server's certificates: how long they last, and whether they are for the names that clients use.

use std::net::IpAddr;
use std::path::Path;

use signet_jose::ClientCertificate;
use signet_jose::certificate::AlternativeName;
use signet_protocol::time::UnixTime;

use super::Finding;
use crate::command::reason;
use crate::config::{BaseUrl, Protocol, Settings};

/// Days before its end from which a certificate is worth a warning.
const DAYS_LEFT: i64 = 21;
const DAY: i64 = 86_400;

const SUBJECT: &str = "certificates";
const END_OF_PEM: &str = "-----END CERTIFICATE-----";

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

/// The first certificate of a chain: the server's own.
fn read(file: &Path) -> Result<ClientCertificate, String> {
    let shown = file.display();
    let content = std::fs::read_to_string(file)
        .map_err(|error| format!("{shown} cannot be read: {}; make it readable", reason(&error)))?;
    let first = content.find(END_OF_PEM).map_or(content.as_str(), |end| &content[..end + END_OF_PEM.len()]);
    ClientCertificate::from_pem(first.as_bytes())
        .map_err(|_| format!("{shown} does not hold PEM certificates, the server's own first"))
}

fn validity(leaf: &ClientCertificate, file: &Path, now: UnixTime) -> Finding {
    let shown = file.display();
    let Ok((begin, end)) = leaf.validity() else {
        return Finding::bad(SUBJECT, format!("{shown} has no readable validity; get a new one"));
    };
    let days = end.since(now) / DAY;
    if now < begin {
        Finding::bad(SUBJECT, format!("{shown} is not valid yet; set this machine's clock, or wait"))
    } else if now > end {
        Finding::bad(SUBJECT, format!("{shown} has ended; renew it"))
    } else if days < DAYS_LEFT {
        Finding::doubtful(SUBJECT, format!("{shown} ends in {days} days; renew it"))
    } else {
        Finding::good(SUBJECT, format!("{shown} is valid for {days} days"))
    }
}

/// Whether a client that uses this base accepts the name (RFC 9525 section 6.3).
fn is_for(leaf: &ClientCertificate, base: &BaseUrl) -> bool {
    let host = base.host().trim_start_matches('[').trim_end_matches(']');
    let wildcard = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
    let address: Option<IpAddr> = host.parse().ok();
    leaf.alternative_names().iter().any(|name| match name {
        AlternativeName::Dns(dns) => {
            dns.eq_ignore_ascii_case(host) || wildcard.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(dns))
        }
        AlternativeName::Ip(ip) => Some(*ip) == address,
        AlternativeName::Uri(_) | AlternativeName::Email(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;
    use signet_jose::SystemRandom;
    use signet_jose::certificate_authority::{CertificateAuthority, LeafKey, LeafPurpose, LeafRequest, local_names};

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn leaf() -> ClientCertificate {
        let random = SystemRandom::new();
        let authority = CertificateAuthority::generate("Test", NOW, &random).unwrap();
        let request = LeafRequest {
            common_name: "localhost",
            alternative_names: &local_names(),
            key: LeafKey::Ecdsa,
            purpose: LeafPurpose::Server,
        };
        let chain = authority.issue(&request, NOW, &random).unwrap().chain;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chain.pem");
        std::fs::write(&file, chain + authority.certificate_pem().unwrap().as_str()).unwrap();
        read(&file).unwrap()
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

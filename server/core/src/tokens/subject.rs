//! How a user is named to a client: `sub` (OpenID Connect Core 8).

use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::names::SubjectType;
use url::Url;

use crate::failure::Fault;
use crate::model::{Client, User};
use crate::realm::RealmContext;

/// Why a client has no sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSector {
    /// OpenID Connect Core 8.1.
    #[error("pairwise subjects need it where redirect_uris have several hosts")]
    SeveralHosts,
    /// There is nothing to take a host from.
    #[error("pairwise subjects need it where no redirect URI has a host")]
    NoHost,
    /// It has no host itself.
    #[error("must be an https URL of at most 2048 characters without user information and fragment")]
    Unreadable,
}

/// The sector of a client (section 8.1): the host of `sector_identifier_uri`, or else the one host of its redirect URIs.
pub(crate) fn sector_identifier(metadata: &ClientMetadata) -> Result<String, NoSector> {
    if let Some(uri) = &metadata.sector_identifier_uri {
        return https_host(uri).ok_or(NoSector::Unreadable);
    }
    let host = |uri: &String| Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_owned));
    let mut hosts: Vec<Option<String>> = metadata.redirect_uris.iter().map(host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    match hosts.as_mut_slice() {
        [Some(host)] => Ok(std::mem::take(host)),
        [] | [None] => Err(NoSector::NoHost),
        _ => Err(NoSector::SeveralHosts),
    }
}

fn https_host(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok().filter(|_| uri.len() <= 2048)?;
    let is_plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    url.host_str().filter(|_| is_plain && url.fragment().is_none()).map(str::to_owned)
}

/// Whether both name users in the same way: type and, where it counts, sector.
pub(crate) fn names_users_alike(one: &ClientMetadata, other: &ClientMetadata) -> bool {
    match (one.subject_type(), other.subject_type()) {
        (SubjectType::Public, SubjectType::Public) => true,
        (SubjectType::Pairwise, SubjectType::Pairwise) => sector_identifier(one) == sector_identifier(other),
        _ => false,
    }
}

/// How a user is named to a client.
pub(crate) fn subject_for(realm: &RealmContext, client: &Client, user: &User) -> Result<String, Fault> {
    match client.metadata.subject_type() {
        SubjectType::Public => Ok(user.id.to_string()),
        SubjectType::Pairwise => {
            let sector = sector_identifier(&client.metadata)
                .map_err(|error| Fault::internal("a client with pairwise subjects has no sector", error))?;
            let subject = realm.pairwise_salts.subject(&sector, user);
            subject.ok_or(Fault::Internal("the realm has no salt for pairwise subjects", None))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(redirect_uris: &[&str], sector: Option<&str>) -> ClientMetadata {
        ClientMetadata {
            redirect_uris: redirect_uris.iter().map(ToString::to_string).collect(),
            sector_identifier_uri: sector.map(str::to_owned),
            subject_type: Some(SubjectType::Pairwise),
            ..ClientMetadata::default()
        }
    }

    #[test]
    fn oidc_core_8_1_the_sector_is_the_host_of_its_uri_or_the_one_of_the_redirect_uris() {
        let sector = |redirect_uris: &[&str], uri| sector_identifier(&metadata(redirect_uris, uri));
        let ok = |host: &str| Ok(host.to_owned());
        assert_eq!(sector(&["https://a.test/cb", "https://A.test:8443/other"], None), ok("a.test"));
        assert_eq!(sector(&["https://a.test/cb", "https://b.test/cb"], Some("https://c.test/list.json")), ok("c.test"));
        assert_eq!(sector(&["https://a.test/cb", "https://b.test/cb"], None), Err(NoSector::SeveralHosts));
        assert_eq!(sector(&["https://a.test/cb", "com.example.app:/cb"], None), Err(NoSector::SeveralHosts));
        assert_eq!(sector(&["com.example.app:/cb"], None), Err(NoSector::NoHost));
        assert_eq!(sector(&[], None), Err(NoSector::NoHost));
        for bad in ["http://c.test/", "https://u@c.test/", "https://c.test/#x", "c.test", "https://"] {
            assert_eq!(sector(&["https://a.test/cb"], Some(bad)), Err(NoSector::Unreadable), "{bad}");
        }
    }

    #[test]
    fn oidc_core_12_2_another_sector_or_type_names_users_in_another_way() {
        let pairwise = |uri: &str| metadata(&[uri], None);
        let public = |uri: &str| ClientMetadata { subject_type: None, ..metadata(&[uri], None) };
        assert!(names_users_alike(&pairwise("https://a.test/1"), &pairwise("https://a.test/2")));
        assert!(!names_users_alike(&pairwise("https://a.test/1"), &pairwise("https://b.test/1")));
        assert!(names_users_alike(&public("https://a.test/1"), &public("https://b.test/1")));
        assert!(!names_users_alike(&public("https://a.test/1"), &pairwise("https://a.test/1")));
    }
}

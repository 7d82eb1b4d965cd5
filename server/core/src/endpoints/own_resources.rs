//! The resources of this server itself, and what each says of itself (RFC 9728).

use signet_protocol::names::GrantType;
use signet_protocol::resource_metadata::ProtectedResourceMetadata;

use super::{Endpoint, GRANT_QUERY_SCOPE, GRANT_REVOKE_SCOPE, RealmUrls, USERINFO_SCOPE, signing_algorithms};
use crate::realm::RealmContext;
use crate::registry::{ADMIN_READ_SCOPE, ADMIN_REALM, ADMIN_SCOPE};
use crate::uma::{POLICY_SCOPE, PROTECTION_SCOPE};

/// Where the admin API is, below the public base.
pub const ADMINISTRATION_PATH: &str = "/admin/api/v1";

/// The scope value with which an application of the user's answers for the user.
pub const APPROVE_SCOPE: &str = "approve";

/// What the path of a resource is put behind for the address of its metadata (RFC 9728 section 3).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A resource of this server itself. Its tokens are those for the issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnResource {
    /// OpenID Connect Core 5.3.
    UserInfo,
    /// Grant Management 6.
    GrantManagement,
    /// Where applications of users answer for them (CIBA Core 8).
    Approvals,
    /// The admin API, of the admin realm.
    Administration,
    /// UMA Federated Authorization section 1.4.
    Protection,
}

impl OwnResource {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::UserInfo, Self::GrantManagement, Self::Approvals, Self::Administration, Self::Protection];

    /// Whether a realm has it.
    pub fn is_in(self, realm: &RealmContext) -> bool {
        match self {
            Self::UserInfo => true,
            Self::GrantManagement => realm.realm.settings.grant_management,
            Self::Approvals => realm.offers_grant(GrantType::Ciba),
            Self::Administration => realm.realm.name.as_str() == ADMIN_REALM,
            Self::Protection => realm.realm.settings.uma,
        }
    }

    /// The resource identifier: the address that it is at (RFC 9728 section 1.2).
    pub fn identifier(self, urls: &RealmUrls) -> String {
        match self {
            Self::UserInfo => urls.of(Endpoint::UserInfo),
            Self::GrantManagement => urls.of(Endpoint::GrantManagement),
            Self::Approvals => urls.of(Endpoint::Approvals),
            Self::Administration => format!("{}{ADMINISTRATION_PATH}", urls.public),
            Self::Protection => urls.of(Endpoint::Uma),
        }
    }

    /// The address of its metadata (section 3.1).
    pub fn metadata_url(self, urls: &RealmUrls) -> String {
        let identifier = self.identifier(urls);
        let path = identifier.strip_prefix(&urls.public).unwrap_or_default();
        format!("{}{WELL_KNOWN}{path}", urls.public)
    }

    /// What it says of itself (section 2); nothing where the realm has no such resource.
    pub fn metadata(self, realm: &RealmContext) -> Option<ProtectedResourceMetadata> {
        self.is_in(realm).then(|| ProtectedResourceMetadata {
            resource: self.identifier(&realm.urls),
            authorization_servers: vec![realm.issuer().to_owned()],
            scopes_supported: self.scopes(),
            bearer_methods_supported: self.bearer_methods(),
            tls_client_certificate_bound_access_tokens: realm.urls.mutual_tls.is_some(),
            dpop_signing_alg_values_supported: realm
                .realm
                .settings
                .profile
                .profile()
                .proof_algorithms
                .iter()
                .map(|algorithm| algorithm.as_str().to_owned())
                .collect(),
            ..self.signatures(realm)
        })
    }

    /// Only userinfo responses are signed, with the realm's keys.
    fn signatures(self, realm: &RealmContext) -> ProtectedResourceMetadata {
        if self != Self::UserInfo {
            return ProtectedResourceMetadata::default();
        }
        let algorithms = signing_algorithms(realm).into_iter().map(|algorithm| algorithm.as_str().to_owned());
        ProtectedResourceMetadata {
            jwks_uri: Some(realm.urls.of(Endpoint::Jwks)),
            resource_signing_alg_values_supported: algorithms.collect(),
            ..ProtectedResourceMetadata::default()
        }
    }

    fn scopes(self) -> Vec<String> {
        let scopes: &[&str] = match self {
            Self::UserInfo => &[USERINFO_SCOPE, "profile", "email", "address", "phone"],
            Self::GrantManagement => &[GRANT_QUERY_SCOPE, GRANT_REVOKE_SCOPE],
            Self::Approvals => &[APPROVE_SCOPE],
            Self::Administration => &[ADMIN_READ_SCOPE, ADMIN_SCOPE],
            Self::Protection => &[PROTECTION_SCOPE, POLICY_SCOPE],
        };
        scopes.iter().map(|&scope| scope.to_owned()).collect()
    }

    /// RFC 6750 section 2.
    fn bearer_methods(self) -> Vec<String> {
        let methods: &[&str] = if self == Self::UserInfo { &["header", "body"] } else { &["header"] };
        methods.iter().map(|&method| method.to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::Bases;

    #[test]
    fn rfc9728_3_1_the_well_known_part_stands_between_host_and_path() {
        let bases = Bases { public: "https://login.test".to_owned(), mutual_tls: None };
        let urls = RealmUrls::new(&bases, "main");
        let of = |resource: OwnResource| (resource.identifier(&urls), resource.metadata_url(&urls));
        let pair = |path: &str| {
            (
                format!("https://login.test{path}"),
                format!("https://login.test/.well-known/oauth-protected-resource{path}"),
            )
        };
        assert_eq!(of(OwnResource::UserInfo), pair("/realms/main/userinfo"));
        assert_eq!(of(OwnResource::GrantManagement), pair("/realms/main/grants"));
        assert_eq!(of(OwnResource::Approvals), pair("/realms/main/approvals"));
        assert_eq!(of(OwnResource::Administration), pair("/admin/api/v1"));
    }
}

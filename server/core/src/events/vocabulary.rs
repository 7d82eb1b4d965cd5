//! The words that facts are told in. Nothing here can hold a password, a secret, a code, a cookie or a token.

use serde::{Serialize, Serializer};
use signet_jose::{base64url, digest};
use signet_protocol::error::Refusal;
use signet_protocol::identifiers::Lineage;

use super::EventKind;
use crate::endpoints::Endpoint;

/// Longest text of a refusal's detail or a fault that is recorded, in characters.
const LONGEST_TEXT: usize = 500;

/// Tells what descends from one interaction apart from everything else, without being the lineage itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineageMark([u8; 9]);

impl From<Lineage> for LineageMark {
    fn from(lineage: Lineage) -> Self {
        let hash = digest::sha256(&[b"lineage".as_slice(), &lineage.0].concat());
        let mut mark = [0; 9];
        mark.copy_from_slice(&hash[..9]);
        Self(mark)
    }
}

impl Serialize for LineageMark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(self.0))
    }
}

/// Why something was refused: the rule and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The OAuth error code.
    error: &'static str,
    /// The rule, in the words that were shown; of a script's words, only how many there were.
    reason: String,
    /// Where the rule stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    specification: Option<String>,
    /// What only the operator learns.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        Self {
            error: refusal.code.as_str(),
            reason: recorded_reason(refusal),
            specification: refusal.spec.map(|spec| spec.to_string()),
            detail: refusal.detail.as_deref().map(shortened),
        }
    }
}

/// The text of a script may hold anything, also about persons, and nothing can be taken out of the chain again. A short
/// hash would not hide it: such texts can be guessed. The log line of the same request has the text.
fn recorded_reason(refusal: &Refusal) -> String {
    if refusal.is_of_script {
        return format!("a script said so, in {} characters of its own", refusal.reason.chars().count());
    }
    shortened(&refusal.reason)
}

/// As much of a text as is recorded.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

/// Why a login was refused. The page says less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginRefusal {
    /// Nobody has this name. The name itself is not recorded: it may be a password.
    UnknownUser,
    /// The password is wrong, or the user has none.
    WrongPassword,
    /// The password is right, but the account is disabled.
    UserDisabled,
    /// Too many attempts; the password was not looked at.
    TooManyAttempts,
    /// Too many passwords wait to be checked; this one was not.
    Busy,
    /// The person left the form.
    Cancelled,
    /// The form had been answered before.
    FormUsedBefore,
    /// The account was changed while the password was checked.
    UserChanged,
    /// A script did not want the login; the script decisions of the same request say which.
    RefusedByScript,
}

/// Why sessions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionsEndedBecause {
    /// The account was disabled.
    UserDisabled,
    /// A script decided so.
    ScriptDecided,
    /// The person signed out everywhere.
    SignedOutEverywhere,
    /// An administrator decided so.
    AdministratorDecided,
    /// An application began it without a browser, and its request led to no code.
    NoCodeIssued,
}

/// The kind of a revoked token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// One access token.
    AccessToken,
    /// A refresh token, and with it everything of the same lineage.
    RefreshToken,
    /// A persisted claims token, and with it those that it came from.
    PersistedClaimsToken,
    /// A device secret; the tokens that it came with stay.
    DeviceSecret,
}

/// What administration is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Object {
    /// A realm, by name.
    Realm,
    /// A client, by identifier.
    Client,
    /// A user, by identifier.
    User,
    /// A signing key, by `kid`.
    Key,
    /// An initial access token, by identifier.
    InitialAccessToken,
    /// A salt of pairwise subjects, by number.
    PairwiseSalt,
    /// What a user allowed a client, by identifier.
    Authorization,
    /// A type of authorization details, by identifier.
    AuthorizationDetailsType,
    /// A trusted issuer, by identifier.
    TrustedIssuer,
    /// A resource server, by identifier.
    ResourceServer,
    /// A script package, by name.
    Script,
    /// What scripts may use, by kind and name.
    ScriptValue,
    /// A browser session, by its public name.
    Session,
    /// The sessions of a user, by the user's identifier.
    Sessions,
    /// A back-channel logout that waits to be delivered, by number.
    LogoutDelivery,
    /// A resource that its owner protects here, by identifier.
    ProtectedResource,
    /// A request for access that waits for a resource owner (UMA Grant section 3.3.6).
    AccessRequest,
}

/// What was done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Made.
    Created,
    /// Changed.
    Updated,
    /// Deleted, with everything that hangs on it.
    Deleted,
    /// A client got a new secret.
    SecretRotated,
    /// A user got a new password.
    PasswordSet,
    /// A user got a new user code (CIBA Core 7.1.2).
    UserCodeSet,
    /// A user has no user code any more.
    UserCodeRemoved,
    /// A session ended.
    Ended,
    /// A delivery is tried again.
    Retried,
    /// A realm opens nothing any more that was sealed before.
    TimelineBegun,
    /// Everything ended that had been issued in a realm, to a client or for a user.
    EverythingRevoked,
}

/// A version of a script package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScriptVersion {
    /// The package.
    pub package: String,
    /// The hash of its content.
    pub version: String,
}

/// What was done to a script version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptChange {
    /// It is there.
    Deployed,
    /// It decides.
    Promoted,
    /// It decides again.
    RolledBack,
}

/// Where a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedAt {
    /// An endpoint of the realm.
    Endpoint(Endpoint),
    /// The admin API.
    Administration,
    /// The account pages.
    Account,
}

impl RefusedAt {
    /// The kind of a refusal there.
    pub(super) const fn kind(self) -> EventKind {
        match self {
            Self::Administration => EventKind::AdministrationRefused,
            Self::Account => EventKind::AccountRefused,
            Self::Endpoint(Endpoint::Token) => EventKind::TokenRefused,
            Self::Endpoint(Endpoint::Introspection) => EventKind::IntrospectionRefused,
            Self::Endpoint(Endpoint::Revocation) => EventKind::RevocationRefused,
            Self::Endpoint(Endpoint::UserInfo) => EventKind::UserinfoRefused,
            Self::Endpoint(Endpoint::GrantManagement) => EventKind::GrantManagementRefused,
            Self::Endpoint(Endpoint::Registration) => EventKind::RegistrationRefused,
            Self::Endpoint(Endpoint::EndSession | Endpoint::LogoutConfirmation | Endpoint::CheckSession) => {
                EventKind::LogoutRefused
            }
            Self::Endpoint(
                Endpoint::Uma
                | Endpoint::ResourceRegistration
                | Endpoint::Permission
                | Endpoint::ClaimsInteraction
                | Endpoint::ResourcePolicies
                | Endpoint::ScopeDescription,
            ) => EventKind::UmaRefused,
            // Login and consent forms belong to an authorization request, which may have been pushed, and keys are
            // refused to nobody.
            Self::Endpoint(
                Endpoint::Authorization
                | Endpoint::PushedAuthorizationRequest
                | Endpoint::AuthorizationChallenge
                | Endpoint::DeviceAuthorization
                | Endpoint::BackchannelAuthentication
                | Endpoint::Approvals
                | Endpoint::Device
                | Endpoint::Login
                | Endpoint::SignUp
                | Endpoint::Consent
                | Endpoint::Jwks,
            ) => EventKind::AuthorizationRefused,
        }
    }
}

#[cfg(test)]
mod tests {
    use signet_protocol::error::ErrorCode;

    use super::*;

    #[test]
    fn the_text_of_a_script_is_not_recorded() {
        let refusal = ErrorCode::AccessDenied.because("ana@example.test has not paid").of_script();
        let recorded = serde_json::to_string(&Refused::from(&refusal)).unwrap();
        assert_eq!(recorded, r#"{"error":"access_denied","reason":"a script said so, in 29 characters of its own"}"#);
        let own = ErrorCode::AccessDenied.because("the user refused");
        assert!(serde_json::to_string(&Refused::from(&own)).unwrap().contains("the user refused"));
    }
}

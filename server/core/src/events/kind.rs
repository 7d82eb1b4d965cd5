//! The closed list of what is recorded.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Text that names no kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such kind of event")]
pub struct UnknownKind;

macro_rules! kinds {
    ($(#[doc = $meaning:literal] $name:ident = $text:literal;)+) => {
        /// What kind of thing happened. The text is stored: a kind is never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind { $(#[doc = $meaning] $name,)+ }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stored text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }.trim()
            }
        }

        impl FromStr for EventKind {
            type Err = UnknownKind;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$name),)+ _ => Err(UnknownKind) }
            }
        }
    };
}

kinds! {
    /// A person logged in.
    Login = "login";
    /// A login was refused; the details say why.
    LoginRefused = "login_refused";
    /// A person signed out.
    Logout = "logout";
    /// A logout request was refused.
    LogoutRefused = "logout_refused";
    /// A client could not be told of a logout; given up.
    LogoutUndelivered = "logout_undelivered";
    /// Sessions ended without their person asking for it.
    SessionsEnded = "sessions_ended";
    /// A person allowed a client something.
    ConsentGiven = "consent_given";
    /// A person did not allow it.
    ConsentRefused = "consent_refused";
    /// A requesting party answered what a client sent it to answer (UMA).
    ClaimsGathered = "claims_gathered";
    /// A person took back what a client had been allowed.
    ConsentRevoked = "consent_revoked";
    /// An authorization code went to a client.
    CodeIssued = "code_issued";
    /// A device began to wait for a person who authorizes it elsewhere.
    DeviceRequested = "device_requested";
    /// A person authorized a device.
    DeviceApproved = "device_approved";
    /// A client began to wait for a person who is asked at another device.
    BackchannelRequested = "backchannel_requested";
    /// A person agreed at another device.
    BackchannelApproved = "backchannel_approved";
    /// A person refused at another device.
    BackchannelDenied = "backchannel_denied";
    /// Something of CIBA could not be told; given up.
    BackchannelUndelivered = "backchannel_undelivered";
    /// A client learned that a person allowed it something, and got nothing else: the response type `none`.
    AuthorizationConfirmed = "authorization_confirmed";
    /// An authorization request was refused.
    AuthorizationRefused = "authorization_refused";
    /// Tokens went to a client.
    TokenIssued = "token_issued";
    /// A token request was refused.
    TokenRefused = "token_refused";
    /// A client revoked a token.
    TokenRevoked = "token_revoked";
    /// A code came a second time; everything issued for it was revoked.
    CodeReuse = "code_reuse";
    /// A used refresh token came again; everything issued with it was revoked.
    RefreshReuse = "refresh_reuse";
    /// A client did not prove who it is.
    ClientAuthenticationFailed = "client_authentication_failed";
    /// A revocation request was refused.
    RevocationRefused = "revocation_refused";
    /// An introspection request was refused.
    IntrospectionRefused = "introspection_refused";
    /// A userinfo request was refused.
    UserinfoRefused = "userinfo_refused";
    /// A grant management request was refused.
    GrantManagementRefused = "grant_management_refused";
    /// A request of the admin API had no access token that permits it.
    AdministrationRefused = "administration_refused";
    /// A form of the account pages was refused.
    AccountRefused = "account_refused";
    /// A registration of a client, or a change of one by the client itself, was refused.
    RegistrationRefused = "registration_refused";
    /// Something was created, changed or deleted: through the admin API, the command line, the registration endpoint, the protection API, or the form for a new account.
    AdministrativeChange = "administrative_change";
    /// A signing key was replaced.
    KeyRotated = "key_rotated";
    /// A version of a script package was deployed.
    ScriptDeployed = "script_deployed";
    /// A version of a script package became the one that decides.
    ScriptPromoted = "script_promoted";
    /// An earlier version of a script package became the one that decides again.
    ScriptRolledBack = "script_rolled_back";
    /// A script was asked and decided, or failed.
    ScriptDecision = "script_decision";
    /// The server failed to serve a request.
    RequestFailed = "request_failed";
    /// Refusals that came too fast to be recorded one by one.
    RefusalsCounted = "refusals_counted";
    /// A request about protected resources, their permissions or policies was refused.
    UmaRefused = "uma_refused";
}

impl fmt::Display for EventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_text_that_fits_its_column_and_a_sentence() {
        for kind in EventKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert!(kind.as_str().len() <= 40, "{kind}");
            assert!(kind.meaning().ends_with('.'), "{kind}");
        }
        assert_eq!("Login".parse::<EventKind>(), Err(UnknownKind));
    }
}

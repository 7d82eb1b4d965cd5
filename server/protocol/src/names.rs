//! Closed sets of registered names: response modes, grant types, client authentication methods, prompts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use crate::response_type::ResponseType;

/// A name that this server does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown {0}")]
pub struct UnknownName(pub &'static str);

macro_rules! registered_names {
    ($($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every value this server knows.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The registered text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result { formatter.write_str(self.as_str()) }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(UnknownName($what)) }
            }
        }
    )+};
}

registered_names! {
    /// How the authorization response travels (OAuth 2.0 Multiple Response Type Encoding Practices 2.1).
    ResponseMode, "response mode" {
        /// In the query of the redirect URI.
        Query = "query",
        /// In the fragment of the redirect URI.
        Fragment = "fragment",
        /// As a form that the browser posts (OAuth 2.0 Form Post Response Mode).
        FormPost = "form_post",
        /// As one JWT in the query of the redirect URI (JARM 2.3.1).
        QueryJwt = "query.jwt",
        /// As one JWT in the fragment of the redirect URI (JARM 2.3.2).
        FragmentJwt = "fragment.jwt",
        /// As one JWT in a form that the browser posts (JARM 2.3.3).
        FormPostJwt = "form_post.jwt",
        /// As one JWT where the response type has its parameters by default (JARM 2.3.4).
        Jwt = "jwt",
    }

    /// What a client exchanges for tokens (RFC 6749 section 1.3).
    GrantType, "grant type" {
        /// RFC 6749 section 4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 section 4.2: tokens from the authorization endpoint. The token endpoint does not take it.
        Implicit = "implicit",
        /// RFC 6749 section 6.
        RefreshToken = "refresh_token",
        /// RFC 6749 section 4.4.
        ClientCredentials = "client_credentials",
        /// RFC 8628 section 3.4.
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// CIBA Core 4.
        Ciba = "urn:openid:params:grant-type:ciba",
        /// RFC 8693 section 2.1.
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
        /// RFC 7523 section 2.1.
        JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
        /// UMA 2.0 Grant section 3.3.1.
        UmaTicket = "urn:ietf:params:oauth:grant-type:uma-ticket",
    }

    /// How a client learns of the answer to a backchannel authentication request (CIBA Core 5).
    TokenDeliveryMode, "token delivery mode" {
        /// It asks.
        Poll = "poll",
        /// It is told when to ask.
        Ping = "ping",
        /// It is sent the tokens.
        Push = "push",
    }

    /// What a token is, where a request says so (RFC 8693 section 3).
    TokenType, "token type" {
        /// An access token of this server.
        AccessToken = "urn:ietf:params:oauth:token-type:access_token",
        /// A refresh token of this server.
        RefreshToken = "urn:ietf:params:oauth:token-type:refresh_token",
        /// An ID token.
        IdToken = "urn:ietf:params:oauth:token-type:id_token",
        /// A JWT of an issuer that the realm trusts.
        Jwt = "urn:ietf:params:oauth:token-type:jwt",
        /// A device secret of this server (Native SSO for Mobile Apps 4.1).
        DeviceSecret = "urn:openid:params:token-type:device-secret",
        /// A transaction token of this server (Transaction Tokens section 11.1).
        TxnToken = "urn:ietf:params:oauth:token-type:txn_token",
        /// An identity assertion grant for another authorization server; never brought as a subject token (Identity
        /// Assertion JWT Authorization Grant section 4.3).
        IdJag = "urn:ietf:params:oauth:token-type:id-jag",
    }

    /// How a client authenticates (RFC 7591 section 2, OpenID Connect Core 9, RFC 8705 section 2).
    ClientAuthenticationMethod, "client authentication method" {
        /// A public client.
        None = "none",
        /// HTTP Basic with the client secret.
        ClientSecretBasic = "client_secret_basic",
        /// The client secret in the body.
        ClientSecretPost = "client_secret_post",
        /// A JWT authenticated with the client secret.
        ClientSecretJwt = "client_secret_jwt",
        /// A JWT signed with the client's private key.
        PrivateKeyJwt = "private_key_jwt",
        /// A certificate issued by a trusted authority.
        TlsClientAuth = "tls_client_auth",
        /// A certificate whose key the client registered.
        SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
    }

    /// What the client asks of the interaction (OpenID Connect Core 3.1.2.1).
    Prompt, "prompt" {
        /// No interaction at all.
        None = "none",
        /// A fresh authentication.
        Login = "login",
        /// Consent, even if remembered.
        Consent = "consent",
        /// A choice of account.
        SelectAccount = "select_account",
        /// A new account (Initiating User Registration 1.0 section 4).
        Create = "create",
    }

    /// What an authorization request wants of a grant (Grant Management 5.2).
    GrantManagementAction, "grant management action" {
        /// A new one.
        Create = "create",
        /// More than it has.
        Merge = "merge",
        /// Something else.
        Replace = "replace",
    }

    /// How an application is deployed (OpenID Connect Registration 2).
    ApplicationType, "application type" {
        /// A web application.
        Web = "web",
        /// A native application.
        Native = "native",
    }

    /// How subjects are named to a client (OpenID Connect Core 8).
    SubjectType, "subject type" {
        /// The same for every client.
        Public = "public",
        /// Another one for each sector, so that clients cannot tell that a user is the same.
        Pairwise = "pairwise",
    }

    /// How a code challenge was made (RFC 7636 section 4.2).
    CodeChallengeMethod, "code challenge method" {
        /// The verifier itself.
        Plain = "plain",
        /// The SHA-256 of the verifier.
        S256 = "S256",
    }

    /// The display asked for (OpenID Connect Core 3.1.2.1).
    Display, "display" {
        /// A full page.
        Page = "page",
        /// A popup window.
        Popup = "popup",
        /// A touch device.
        Touch = "touch",
        /// A feature phone.
        Wap = "wap",
    }

    /// The form of access tokens.
    AccessTokenFormat, "access token format" {
        /// A signed JWT (RFC 9068).
        Jwt = "jwt",
        /// A sealed value that only this server opens.
        Opaque = "opaque",
    }
}

impl ResponseMode {
    /// The place of the response: the mode without its JWT. `default` is that of the response type.
    #[must_use]
    pub const fn place(self, default: Self) -> Self {
        match self {
            Self::Query | Self::QueryJwt => Self::Query,
            Self::Fragment | Self::FragmentJwt => Self::Fragment,
            Self::FormPost | Self::FormPostJwt => Self::FormPost,
            Self::Jwt => default,
        }
    }

    /// Whether the response is one JWT (JARM 2.3).
    pub const fn is_jwt(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt | Self::Jwt)
    }
}

impl ClientAuthenticationMethod {
    /// Whether the method needs a client secret.
    pub const fn needs_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jarm_2_3_each_mode_has_its_place() {
        for mode in ResponseMode::ALL {
            let place = mode.place(ResponseMode::Fragment);
            assert!(!place.is_jwt(), "{mode}");
            assert_eq!(mode.is_jwt(), mode.as_str().ends_with("jwt"), "{mode}");
            let named = mode.as_str().strip_suffix(".jwt").unwrap_or(mode.as_str());
            assert_eq!(place.as_str(), if named == "jwt" { "fragment" } else { named });
        }
    }

    #[test]
    fn every_name_reads_back() {
        for method in ClientAuthenticationMethod::ALL {
            assert_eq!(method.as_str().parse(), Ok(*method));
        }
        for grant_type in GrantType::ALL {
            assert_eq!(grant_type.as_str().parse(), Ok(*grant_type));
        }
    }
}

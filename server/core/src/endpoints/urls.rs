//! Where the endpoints of a realm are. Everything comes from configuration, nothing from a request (design section 5).

/// The bases under which this deployment is reached, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bases {
    /// The public base: `https://login.example.com`.
    pub public: String,
    /// The base on the host that asks for client certificates (RFC 8705 section 5).
    pub mutual_tls: Option<String>,
}

/// The issuer of a realm and the URLs of its endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealmUrls {
    /// The public base.
    pub public: String,
    /// The issuer identifier.
    pub issuer: String,
    /// The issuer's path on the mutual TLS base.
    pub mutual_tls: Option<String>,
}

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)+) => {
        /// An endpoint of a realm, below its issuer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Endpoint { $($(#[$doc])* $name,)+ }

        impl Endpoint {
            /// The path below the issuer.
            pub const fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)+ }
            }
        }
    };
}

endpoints! {
    /// RFC 6749 section 3.1.
    Authorization = "/authorize";
    /// RFC 6749 section 3.2.
    Token = "/token";
    /// RFC 9126 section 2.
    PushedAuthorizationRequest = "/par";
    /// OAuth 2.0 for First-Party Applications 4.1.
    AuthorizationChallenge = "/authorize-challenge";
    /// OpenID Connect Core 5.3.
    UserInfo = "/userinfo";
    /// RFC 7517 section 5.
    Jwks = "/jwks";
    /// RFC 7662.
    Introspection = "/introspect";
    /// RFC 7009.
    Revocation = "/revoke";
    /// Grant Management 6; below it, one address for each grant.
    GrantManagement = "/grants";
    /// RFC 7591 section 3; below it, one address for each client (RFC 7592 section 2).
    Registration = "/register";
    /// RFC 8628 section 3.1.
    DeviceAuthorization = "/device_authorization";
    /// RFC 8628 section 3.3: where people enter the code of a device.
    Device = "/device";
    /// CIBA Core 7.
    BackchannelAuthentication = "/bc-authorize";
    /// Where backchannel authentication requests are answered (CIBA Core 8); below it, one address for each.
    Approvals = "/approvals";
    /// Where the login form is sent.
    Login = "/login";
    /// Where the form is sent by which people make an account (Initiating User Registration 1.0 section 4.1).
    SignUp = "/sign-up";
    /// Where the consent form is sent.
    Consent = "/consent";
    /// RP-Initiated Logout 2.
    EndSession = "/logout";
    /// Where the form is sent that asks whether to sign out.
    LogoutConfirmation = "/logout/confirm";
    /// Session Management 3.3.
    CheckSession = "/session";
    /// The protection API (UMA Federated Authorization section 1.4), and where owners' policies are.
    Uma = "/uma";
    /// UMA Federated Authorization section 3; below it, one address for each resource.
    ResourceRegistration = "/uma/resources";
    /// UMA Federated Authorization section 4.
    Permission = "/uma/permissions";
    /// UMA Grant section 3.3.2: where requesting parties are asked for claims, and their answers are sent.
    ClaimsInteraction = "/uma/claims";
    /// Below it, one address for the policies of each resource.
    ResourcePolicies = "/uma/policies";
    /// Below it, one address for each scope that is described (UMA Federated Authorization section 3.1.1).
    ScopeDescription = "/uma/scopes";
}

impl RealmUrls {
    /// The URLs of the realm called `name`.
    pub fn new(bases: &Bases, name: &str) -> Self {
        let below = |base: &String| format!("{base}/realms/{name}");
        Self {
            public: bases.public.clone(),
            issuer: below(&bases.public),
            mutual_tls: bases.mutual_tls.as_ref().map(below),
        }
    }

    /// The public URL of an endpoint.
    pub fn of(&self, endpoint: Endpoint) -> String {
        format!("{}{}", self.issuer, endpoint.path())
    }

    /// Every URL that an endpoint is reached at.
    pub fn all_of(&self, endpoint: Endpoint) -> Vec<String> {
        std::iter::once(self.of(endpoint)).chain(self.mutual_tls_of(endpoint)).collect()
    }

    /// The URL of an endpoint on the mutual TLS base.
    pub fn mutual_tls_of(&self, endpoint: Endpoint) -> Option<String> {
        self.mutual_tls.as_ref().map(|base| format!("{base}{}", endpoint.path()))
    }
}

//! The provisions for authorization servers, one by one as the specifications number them, and what meets each.

use signet_protocol::spec::{
    SpecRef, fapi_ciba, fapi1_advanced, fapi1_baseline, fapi2_message_signing, fapi2_security,
};

/// A provision for authorization servers.
pub(super) struct Clause {
    pub(super) section: SpecRef,
    /// What it wants, in short.
    pub(super) wants: &'static str,
    pub(super) met: Met,
}

/// What meets a provision.
pub(super) enum Met {
    /// A demand of the profile.
    By(&'static str),
    /// The server, in every profile.
    Always(&'static str),
    /// Whoever runs it.
    Deployment(&'static str),
    /// Something that the server leaves to choice, or that is none of a server's.
    Open(&'static str),
}
use Met::{Always, By, Deployment, Open};

const fn clause(section: SpecRef, wants: &'static str, met: Met) -> Clause {
    Clause { section, wants, met }
}

/// FAPI 1.0 Part 1, section 5.2.2 and below: what Part 2 takes over.
pub(super) static FAPI1_BASELINE: &[Clause] = &[
    clause(
        fapi1_baseline("5.2.2-1"),
        "confidential clients",
        Always("they are registered with a way to prove who they are"),
    ),
    clause(
        fapi1_baseline("5.2.2-2"),
        "should support public clients",
        Open("Part 2 forbids them: `confidential_client`"),
    ),
    clause(
        fapi1_baseline("5.2.2-3"),
        "client secrets of OpenID Connect Core 16.19",
        Always("64 random bytes; Part 2 has no secrets"),
    ),
    clause(fapi1_baseline("5.2.2-4"), "client authentication", By("client_authentication")),
    clause(
        fapi1_baseline("5.2.2-5"),
        "RSA keys of 2048 bits or more",
        Always("shorter keys are not read, whoever sends them"),
    ),
    clause(fapi1_baseline("5.2.2-6"), "elliptic curve keys of 160 bits or more", Always("P-256 and larger are read")),
    clause(fapi1_baseline("5.2.2-7"), "PKCE", Open("Part 2 section 5.2.2 does without it")),
    clause(
        fapi1_baseline("5.2.2-8"),
        "redirect URIs are registered",
        Always("there is no client with a code and no redirect URI"),
    ),
    clause(fapi1_baseline("5.2.2-9"), "`redirect_uri` in each request", Always("one without is answered on a page")),
    clause(fapi1_baseline("5.2.2-10"), "`redirect_uri` equals a registered one", Always("byte by byte")),
    clause(
        fapi1_baseline("5.2.2-11"),
        "appropriate authentication of users",
        Deployment("`acr_values`, and the hook `on_auth_start`"),
    ),
    clause(fapi1_baseline("5.2.2-12"), "explicit consent", By("consent")),
    clause(fapi1_baseline("5.2.2-13"), "a code is used once", Always("a used code ends all that was issued with it")),
    clause(fapi1_baseline("5.2.2-14"), "token responses of RFC 6749", Always("one place makes them")),
    clause(fapi1_baseline("5.2.2-15"), "granted scopes are told", Always("each token response has `scope`")),
    clause(fapi1_baseline("5.2.2-16"), "tokens and codes nobody guesses", Always("128 random bits or more in each")),
    clause(fapi1_baseline("5.2.2-17"), "should show the details of the grant", Always("the consent page")),
    clause(
        fapi1_baseline("5.2.2-18"),
        "should let users revoke",
        Deployment("sessions and authorizations end through the admin API"),
    ),
    clause(
        fapi1_baseline("5.2.2-19"),
        "`invalid_client` for client identifiers that differ",
        Always("wherever a request has two"),
    ),
    clause(fapi1_baseline("5.2.2-20"), "redirect URIs are https", By("redirect_uri")),
    clause(
        fapi1_baseline("5.2.2-21"),
        "should have short access tokens",
        Always("600 s unless the realm says more, and bound"),
    ),
    clause(
        fapi1_baseline("5.2.2-22"),
        "discovery",
        Always("OpenID Connect Discovery and RFC 8414, made from what is there"),
    ),
    clause(fapi1_baseline("5.2.2.2-1"), "nonce with the scope openid", By("nonce")),
    clause(fapi1_baseline("5.2.2.3-1"), "state without the scope openid", By("state")),
];

/// FAPI 1.0 Part 2, sections 5.2.2, 8.5 and 8.6.
pub(super) static FAPI1_ADVANCED: &[Clause] = &[
    clause(fapi1_advanced("5.2.2-1"), "signed request objects", By("signed_request")),
    clause(fapi1_advanced("5.2.2-2"), "`code id_token`, or `code` with a signed response", By("response_mode")),
    clause(fapi1_advanced("5.2.2-5"), "bound access tokens", By("sender_constrained_tokens")),
    clause(fapi1_advanced("5.2.2-6"), "tokens can be bound to certificates", Always("RFC 8705 section 3")),
    clause(fapi1_advanced("5.2.2-10"), "only parameters of the object count", By("signed_request")),
    clause(fapi1_advanced("5.2.2-11"), "may support pushed requests", Open("a realm has them or not")),
    clause(fapi1_advanced("5.2.2-13"), "`exp` at most 60 minutes after `nbf`", By("request_object_times")),
    clause(fapi1_advanced("5.2.2-14"), "client authentication", By("client_authentication")),
    clause(fapi1_advanced("5.2.2-15"), "`aud` of the object names the issuer", Always("as a string or in a list")),
    clause(fapi1_advanced("5.2.2-16"), "no public clients", By("confidential_client")),
    clause(fapi1_advanced("5.2.2-17"), "`nbf` at most 60 minutes old", By("request_object_times")),
    clause(fapi1_advanced("5.2.2-18"), "PKCE with S256 for pushed requests", By("pkce")),
    clause(fapi1_advanced("5.2.2.1-1"), "OpenID Connect", Always("OpenID Connect Core")),
    clause(fapi1_advanced("5.2.2.1-2"), "signed ID tokens", By("signing_algorithm")),
    clause(fapi1_advanced("5.2.2.1-3"), "should encrypt ID tokens", Always("for clients that register it")),
    clause(
        fapi1_advanced("5.2.2.1-4"),
        "the ID token protects the response",
        Always("`c_hash` in each ID token beside a code"),
    ),
    clause(fapi1_advanced("5.2.2.1-5"), "`s_hash`", By("state_hash")),
    clause(fapi1_advanced("5.2.2.1-6"), "should have no personal data in it", Always("only claims asked for by name")),
    clause(fapi1_advanced("8.5-1"), "four TLS 1.2 suites", Always("two of them, in `listener/tls.rs`")),
    clause(fapi1_advanced("8.6-1"), "PS256 or ES256", By("signing_algorithm")),
    clause(fapi1_advanced("8.6-1"), "the same for client assertions", By("assertion_algorithm")),
    clause(fapi1_advanced("8.6-3"), "never `none`", By("request_object_algorithm")),
    clause(fapi1_advanced("8.6.1-1"), "no RSA1_5", By("encryption_algorithm")),
];

/// FAPI 2.0 Security Profile, sections 5.2, 5.3.2 and 5.4.
pub(super) static FAPI2_SECURITY: &[Clause] = &[
    clause(
        fapi2_security("5.2.1-1"),
        "TLS everywhere",
        Deployment("listeners speak TLS unless told otherwise behind a proxy"),
    ),
    clause(fapi2_security("5.2.1-2"), "TLS 1.2 or later", Always("`listener/tls.rs`")),
    clause(fapi2_security("5.2.1-3"), "BCP 195", Always("`listener/tls.rs`")),
    clause(fapi2_security("5.2.1-4"), "should use DNSSEC", Deployment("the zone of the issuer")),
    clause(fapi2_security("5.2.1-5"), "server certificates are checked", Always("the one HTTP client checks them")),
    clause(fapi2_security("5.2.2-1"), "recommended TLS 1.2 suites", Always("two of them, in `listener/tls.rs`")),
    clause(fapi2_security("5.2.3-1"), "nobody strips TLS", Always("Strict-Transport-Security")),
    clause(fapi2_security("5.2.3-2"), "permitted TLS 1.2 suites", Always("two of them, in `listener/tls.rs`")),
    clause(fapi2_security("5.2.3-3"), "no CORS at the authorization endpoint", Always("it has none")),
    clause(
        fapi2_security("5.3.2.1-1"),
        "discovery",
        Always("OpenID Connect Discovery and RFC 8414, made from what is there"),
    ),
    clause(fapi2_security("5.3.2.1-2"), "no password grant", Always("there is none")),
    clause(fapi2_security("5.3.2.1-3"), "only confidential clients", By("confidential_client")),
    clause(fapi2_security("5.3.2.1-4"), "only bound access tokens", By("sender_constrained_tokens")),
    clause(fapi2_security("5.3.2.1-5"), "bound to certificates or keys", By("sender_constrained_tokens")),
    clause(fapi2_security("5.3.2.1-6"), "client authentication", By("client_authentication")),
    clause(
        fapi2_security("5.3.2.1-7"),
        "no open redirectors",
        Always("nothing is redirected before the redirect URI is verified"),
    ),
    clause(fapi2_security("5.3.2.1-8"), "`aud` of assertions is the issuer", By("assertion_audience")),
    clause(fapi2_security("5.3.2.1-9"), "no rotation of refresh tokens", By("refresh_rotation")),
    clause(fapi2_security("5.3.2.1-10"), "may have nonces for proofs", Open("a choice")),
    clause(fapi2_security("5.3.2.1-11"), "codes live 60 seconds at most", Always("no realm can say more")),
    clause(fapi2_security("5.3.2.1-12"), "codes are bound to keys of proofs", By("sender_constrained_tokens")),
    clause(fapi2_security("5.3.2.1-13"), "10 seconds of clock tolerance, not more than 60", By("clock_skew")),
    clause(
        fapi2_security("5.3.2.1-14"),
        "should restrict privileges",
        Always("scopes and resources are registered and narrowed"),
    ),
    clause(fapi2_security("5.3.2.2-1"), "response type `code`", By("response_type")),
    clause(fapi2_security("5.3.2.2-2"), "pushed requests", By("pushed_request")),
    clause(fapi2_security("5.3.2.2-3"), "no request that was not pushed", By("pushed_request")),
    clause(fapi2_security("5.3.2.2-4"), "no pushed request without client authentication", By("client_authentication")),
    clause(fapi2_security("5.3.2.2-5"), "PKCE with S256", By("pkce")),
    clause(fapi2_security("5.3.2.2-6"), "`redirect_uri` in each request", Always("one without is refused")),
    clause(fapi2_security("5.3.2.2-7"), "`iss` in responses", Always("each response, errors too")),
    clause(fapi2_security("5.3.2.2-8"), "no http redirect URIs but loopback", By("redirect_uri")),
    clause(fapi2_security("5.3.2.2-9"), "a code is used once", Always("a used code ends all that was issued with it")),
    clause(fapi2_security("5.3.2.2-10"), "no redirect with status 307", Always("redirects have 303")),
    clause(fapi2_security("5.3.2.2-11"), "should redirect with status 303", Always("every one")),
    clause(fapi2_security("5.3.2.2-12"), "`request_uri` lives less than 600 seconds", By("pushed_request")),
    clause(fapi2_security("5.3.2.2-13"), "should inform users", Always("the consent page")),
    clause(fapi2_security("5.3.2.2-14"), "nonces of 64 characters", Always("1024 are taken")),
    clause(fapi2_security("5.4.1-1"), "PS256, ES256 or EdDSA, never `none`", By("signing_algorithm")),
    clause(fapi2_security("5.4.1-1"), "the same for client assertions", By("assertion_algorithm")),
    clause(fapi2_security("5.4.1-1"), "the same for proofs of possession", By("proof_algorithm")),
    clause(
        fapi2_security("5.4.1-2"),
        "RSA keys of 2048 bits or more",
        Always("shorter keys are not read, whoever sends them"),
    ),
    clause(fapi2_security("5.4.1-3"), "elliptic curve keys of 224 bits or more", Always("P-256 and larger are read")),
    clause(fapi2_security("5.4.1-4"), "credentials with 128 random bits", Always("128 random bits or more in each")),
    clause(fapi2_security("5.4.2"), "one key for each `kid`", Always("a key is named by its thumbprint")),
    clause(fapi2_security("5.4.3"), "keys of one `kid` are told apart", Always("by type and algorithm")),
];

/// FAPI 2.0 Message Signing, sections 5.3 to 5.6.
pub(super) static FAPI2_MESSAGE_SIGNING: &[Clause] = &[
    clause(fapi2_message_signing("5.3.1-1"), "signed request objects", By("signed_request")),
    clause(
        fapi2_message_signing("5.3.1-2"),
        "`aud` of the object names the issuer",
        Always("as a string or in a list"),
    ),
    clause(fapi2_message_signing("5.3.1-3"), "`nbf` at most 60 minutes old", By("request_object_times")),
    clause(fapi2_message_signing("5.3.1-4"), "`exp` at most 60 minutes after `nbf`", By("request_object_times")),
    clause(fapi2_message_signing("5.3.1-5"), "`typ` may be oauth-authz-req+jwt", Always("and absent, or JWT")),
    clause(fapi2_message_signing("5.4.1-1"), "signed responses", By("response_mode")),
    clause(
        fapi2_message_signing("5.5.1-1"),
        "introspection responses as JWT are signed",
        Always("whoever asks for a JWT gets it signed"),
    ),
    clause(fapi2_message_signing("5.6.1"), "no more of ID tokens", By("signing_algorithm")),
];

/// FAPI-CIBA, section 5.2.2.
pub(super) static FAPI_CIBA: &[Clause] = &[
    clause(fapi_ciba("5.2.2"), "all of FAPI 1.0 Parts 1 and 2", By("grant_type")),
    clause(fapi_ciba("5.2.2-1"), "confidential clients", By("confidential_client")),
    clause(
        fapi_ciba("5.2.2-2"),
        "a unique context or a binding message",
        Deployment(
            "authorization details say what is asked for; the hook `on_ciba_request` can want a binding message",
        ),
    ),
    clause(fapi_ciba("5.2.2-3"), "no push", By("backchannel")),
    clause(fapi_ciba("5.2.2-4"), "poll", By("backchannel")),
    clause(fapi_ciba("5.2.2-5"), "may have ping", By("backchannel")),
    clause(fapi_ciba("5.2.2-6"), "signed requests", By("backchannel")),
    clause(
        fapi_ciba("5.2.2-7"),
        "appropriate authentication of users",
        Deployment("the session of the account pages, or what the realm says of its device service"),
    ),
    clause(fapi_ciba("5.2.2-8"), "`acr` where it was asked for", Always("as far as the class is known")),
    clause(
        fapi_ciba("5.2.2-9"),
        "requests live 60 minutes at most",
        Always("`nbf` and `exp` of a signed request are looked at"),
    ),
    clause(fapi_ciba("5.2.2-10"), "may want `request_context`", Open("it is not read")),
    clause(
        fapi_ciba("5.2.2-11"),
        "no intents in hints",
        Always("hints name users: by login name, subject, or an ID token"),
    ),
];

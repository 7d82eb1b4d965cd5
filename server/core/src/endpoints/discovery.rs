//! The discovery document (OpenID Connect Discovery 3 and 4, RFC 8414 sections 2 and 3), made from what the realm
//! really has and the profile really takes.

use signet_jose::{ContentEncryptionAlgorithm, KeyManagementAlgorithm, SignatureAlgorithm};
use signet_protocol::names::{
    ClientAuthenticationMethod, CodeChallengeMethod, Display, GrantManagementAction, GrantType, Prompt, ResponseMode,
    ResponseType, SubjectType, TokenDeliveryMode, TokenType,
};
use signet_protocol::provider_metadata::{MtlsEndpointAliases, ProviderMetadata};
use signet_protocol::scope::Scope;
use signet_protocol::standard_claims::{self, DEVICE_SSO_SCOPE};

use super::{Endpoint, decision};
use crate::authn::ACR_VALUES;
use crate::events::Serving;
use crate::failure::Failure;
use crate::profile::SecurityProfile;
use crate::realm::RealmContext;

/// The profile of assertions that are identity assertion grants (Identity Assertion JWT Authorization Grant section 7.2).
const IDENTITY_ASSERTION_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";

/// The discovery document of a realm with what its scripts add. `ui_locales` are the languages that pages have.
///
/// # Errors
/// Too many events wait to be written.
pub async fn provider_metadata(
    serving: &Serving<'_>,
    realm: &RealmContext,
    ui_locales: &[&str],
) -> Result<ProviderMetadata, Failure> {
    let mut metadata = of_realm(realm, ui_locales);
    metadata.additional = decision::added(serving, realm, &metadata).await;
    serving.hand_over().await?;
    Ok(metadata)
}

/// The discovery document of UMA (UMA Grant section 2), the same with where scopes are described, if any are. Others have
/// `scope_endpoint`, too; no specification registers it.
///
/// # Errors
/// Faults only.
pub async fn uma_metadata(
    serving: &Serving<'_>,
    realm: &RealmContext,
    ui_locales: &[&str],
) -> Result<ProviderMetadata, Failure> {
    let mut metadata = provider_metadata(serving, realm, ui_locales).await?;
    if !realm.realm.settings.uma_scopes.is_empty() {
        metadata.additional.insert("scope_endpoint".to_owned(), realm.urls.of(Endpoint::ScopeDescription).into());
    }
    Ok(metadata)
}

/// A part of the document: it has members of its own, and those of the others.
type Part = fn(&RealmContext, ProviderMetadata) -> ProviderMetadata;

const PARTS: [Part; 9] = [
    of_openid_connect,
    of_secured_requests,
    of_logouts,
    of_authorization_extensions,
    of_resources,
    of_backchannel_authentication,
    of_protection,
    of_native_apps,
    of_chaining,
];

fn of_realm(realm: &RealmContext, ui_locales: &[&str]) -> ProviderMetadata {
    let metadata = PARTS.iter().fold(ProviderMetadata::default(), |others, part| part(realm, others));
    let ui_locales_supported = ui_locales.iter().map(|&locale| locale.to_owned()).collect();
    ProviderMetadata { ui_locales_supported, ..metadata }
}

/// What every realm says (OpenID Connect Discovery 3, RFC 8414 section 2).
fn of_openid_connect(realm: &RealmContext, others: ProviderMetadata) -> ProviderMetadata {
    let profile = realm.realm.settings.profile.profile();
    let url = |endpoint| realm.urls.of(endpoint);
    let signing = texts(signing_algorithms(realm), SignatureAlgorithm::as_str);
    let key_management = texts(profile.key_management_algorithms.iter().copied(), KeyManagementAlgorithm::as_str);
    let content_encryption = content_encryption(profile);
    let requests = texts(request_encryption_algorithms(realm), KeyManagementAlgorithm::as_str);
    let (methods, confidential) = authentication_method_names(realm);
    let signatures = |algorithms: &[SignatureAlgorithm]| texts(algorithms.iter().copied(), SignatureAlgorithm::as_str);
    let assertions = signatures(profile.assertion_algorithms);
    ProviderMetadata {
        issuer: realm.issuer().to_owned(),
        authorization_endpoint: url(Endpoint::Authorization),
        token_endpoint: url(Endpoint::Token),
        device_authorization_endpoint: realm
            .offers_grant(GrantType::DeviceCode)
            .then(|| url(Endpoint::DeviceAuthorization)),
        userinfo_endpoint: url(Endpoint::UserInfo),
        jwks_uri: url(Endpoint::Jwks),
        registration_endpoint: realm.realm.settings.registration.is_on().then(|| url(Endpoint::Registration)),
        introspection_endpoint: url(Endpoint::Introspection),
        revocation_endpoint: url(Endpoint::Revocation),
        scopes_supported: scopes(realm),
        response_types_supported: texts(realm.response_types(), ResponseType::as_str),
        response_modes_supported: texts(profile.response_modes.iter().copied(), ResponseMode::as_str),
        grant_types_supported: texts(grant_types(realm), GrantType::as_str),
        acr_values_supported: ACR_VALUES.iter().map(|&value| value.to_owned()).collect(),
        subject_types_supported: texts(SubjectType::ALL.iter().copied(), SubjectType::as_str),
        id_token_signing_alg_values_supported: signing.clone(),
        id_token_encryption_alg_values_supported: key_management.clone(),
        id_token_encryption_enc_values_supported: content_encryption.clone(),
        userinfo_signing_alg_values_supported: signing,
        userinfo_encryption_alg_values_supported: key_management,
        userinfo_encryption_enc_values_supported: content_encryption.clone(),
        display_values_supported: texts([Display::Page, Display::Popup], Display::as_str),
        claim_types_supported: vec!["normal".to_owned()],
        claims_supported: claims(realm),
        claims_parameter_supported: true,
        request_parameter_supported: profile.request_objects.by_value,
        request_uri_parameter_supported: profile.request_objects.by_reference,
        require_request_uri_registration: profile.request_objects.by_reference,
        request_object_signing_alg_values_supported: signatures(profile.request_objects.algorithms),
        request_object_encryption_alg_values_supported: requests,
        request_object_encryption_enc_values_supported: content_encryption,
        prompt_values_supported: texts(prompts(realm), Prompt::as_str),
        code_challenge_methods_supported: vec![CodeChallengeMethod::S256.as_str().to_owned()],
        token_endpoint_auth_methods_supported: methods.clone(),
        token_endpoint_auth_signing_alg_values_supported: assertions.clone(),
        introspection_endpoint_auth_methods_supported: confidential,
        introspection_endpoint_auth_signing_alg_values_supported: assertions.clone(),
        revocation_endpoint_auth_methods_supported: methods,
        revocation_endpoint_auth_signing_alg_values_supported: assertions,
        authorization_response_iss_parameter_supported: true,
        ..others
    }
}

/// How logouts are told (RP-Initiated Logout 2.1, Session Management 3.3, Front- and Back-Channel Logout 2.1).
fn of_logouts(realm: &RealmContext, others: ProviderMetadata) -> ProviderMetadata {
    let settings = &realm.realm.settings;
    ProviderMetadata {
        end_session_endpoint: realm.urls.of(Endpoint::EndSession),
        check_session_iframe: settings.session_management.then(|| realm.urls.of(Endpoint::CheckSession)),
        frontchannel_logout_supported: settings.frontchannel_logout,
        frontchannel_logout_session_supported: settings.frontchannel_logout,
        backchannel_logout_supported: settings.backchannel_logout,
        backchannel_logout_session_supported: settings.backchannel_logout,
        ..others
    }
}

/// Requests that are pushed or must be signed (RFC 9126 section 5, RFC 9101 section 10.5), responses that are JWTs
/// (JARM 4), and what tokens are bound to (RFC 9449 section 5.1, RFC 8705 sections 3.3 and 5).
fn of_secured_requests(realm: &RealmContext, others: ProviderMetadata) -> ProviderMetadata {
    let (settings, profile) = (&realm.realm.settings, realm.realm.settings.profile.profile());
    ProviderMetadata {
        pushed_authorization_request_endpoint: realm.urls.of(Endpoint::PushedAuthorizationRequest),
        require_pushed_authorization_requests: settings.require_pushed_authorization_requests
            || profile.require_pushed_authorization_requests,
        require_signed_request_object: settings.require_signed_request_object || profile.request_objects.are_required,
        authorization_signing_alg_values_supported: texts(signing_algorithms(realm), SignatureAlgorithm::as_str),
        authorization_encryption_alg_values_supported: texts(
            profile.key_management_algorithms.iter().copied(),
            KeyManagementAlgorithm::as_str,
        ),
        authorization_encryption_enc_values_supported: content_encryption(profile),
        dpop_signing_alg_values_supported: texts(profile.proof_algorithms.iter().copied(), SignatureAlgorithm::as_str),
        tls_client_certificate_bound_access_tokens: realm.urls.mutual_tls.is_some(),
        mtls_endpoint_aliases: mtls_endpoint_aliases(realm),
        ..others
    }
}

fn texts<T>(values: impl IntoIterator<Item = T>, text: impl Fn(T) -> &'static str) -> Vec<String> {
    values.into_iter().map(|value| text(value).to_owned()).collect()
}

fn content_encryption(profile: &SecurityProfile) -> Vec<String> {
    texts(profile.content_encryption_algorithms.iter().copied(), ContentEncryptionAlgorithm::as_str)
}

/// How request objects may be encrypted: to the realm's own keys, where it has some, and with the secrets of clients that
/// are registered for that.
pub(crate) fn request_encryption_algorithms(realm: &RealmContext) -> impl Iterator<Item = KeyManagementAlgorithm> {
    let has_key = move |algorithm: &KeyManagementAlgorithm| {
        algorithm.is_symmetric() || realm.encryption_keys.active(*algorithm).is_some()
    };
    let allowed = realm.realm.settings.profile.profile().key_management_algorithms;
    allowed.iter().copied().filter(has_key)
}

/// The methods of all clients, and those of clients that can keep a credential.
fn authentication_method_names(realm: &RealmContext) -> (Vec<String>, Vec<String>) {
    let methods = authentication_methods(realm);
    let proves = |method: &ClientAuthenticationMethod| *method != ClientAuthenticationMethod::None;
    let confidential = texts(methods.iter().copied().filter(proves), ClientAuthenticationMethod::as_str);
    (texts(methods, ClientAuthenticationMethod::as_str), confidential)
}

/// What the realm has keys for, and HMAC with the secrets of clients.
pub(crate) fn signing_algorithms(realm: &RealmContext) -> Vec<SignatureAlgorithm> {
    let profile = realm.realm.settings.profile.profile();
    let has_key =
        |algorithm: &SignatureAlgorithm| algorithm.is_symmetric() || realm.signing_keys.active(*algorithm).is_some();
    profile.signing_algorithms.iter().copied().filter(has_key).collect()
}

/// Mutual TLS methods only where the deployment asks for certificates, and issued ones only where somebody is trusted
/// to issue them.
pub(crate) fn authentication_methods(realm: &RealmContext) -> Vec<ClientAuthenticationMethod> {
    let is_possible = |method: &ClientAuthenticationMethod| match method {
        ClientAuthenticationMethod::TlsClientAuth => realm.urls.mutual_tls.is_some() && realm.trust_anchors().is_some(),
        ClientAuthenticationMethod::SelfSignedTlsClientAuth => realm.urls.mutual_tls.is_some(),
        _ => true,
    };
    realm.realm.settings.profile.profile().client_authentication_methods.iter().copied().filter(is_possible).collect()
}

/// Grants that begin at the authorization endpoint only where a response type has them (OpenID Connect Registration 2).
fn grant_types(realm: &RealmContext) -> Vec<GrantType> {
    let begins = |grant: GrantType| realm.response_types().any(|offered| offered.grant_types().contains(&grant));
    let is_possible = |grant: &GrantType| match grant {
        GrantType::Implicit | GrantType::AuthorizationCode => begins(*grant),
        GrantType::RefreshToken => {
            let elsewhere = [GrantType::DeviceCode, GrantType::Ciba];
            begins(GrantType::AuthorizationCode) || elsewhere.into_iter().any(|grant| realm.offers_grant(grant))
        }
        GrantType::ClientCredentials
        | GrantType::DeviceCode
        | GrantType::Ciba
        | GrantType::TokenExchange
        | GrantType::JwtBearer
        | GrantType::UmaTicket => true,
    };
    let is_offered = |grant: &GrantType| realm.offers_grant(*grant) && is_possible(grant);
    GrantType::ALL.iter().copied().filter(is_offered).collect()
}

fn mtls_endpoint_aliases(realm: &RealmContext) -> Option<MtlsEndpointAliases> {
    Some(MtlsEndpointAliases {
        token_endpoint: realm.urls.mutual_tls_of(Endpoint::Token)?,
        userinfo_endpoint: realm.urls.mutual_tls_of(Endpoint::UserInfo)?,
        introspection_endpoint: realm.urls.mutual_tls_of(Endpoint::Introspection)?,
        revocation_endpoint: realm.urls.mutual_tls_of(Endpoint::Revocation)?,
        pushed_authorization_request_endpoint: realm.urls.mutual_tls_of(Endpoint::PushedAuthorizationRequest)?,
        backchannel_authentication_endpoint: realm
            .urls
            .mutual_tls_of(Endpoint::BackchannelAuthentication)
            .filter(|_| realm.offers_grant(GrantType::Ciba)),
        device_authorization_endpoint: realm
            .urls
            .mutual_tls_of(Endpoint::DeviceAuthorization)
            .filter(|_| realm.offers_grant(GrantType::DeviceCode)),
        authorization_challenge_endpoint: realm
            .urls
            .mutual_tls_of(Endpoint::AuthorizationChallenge)
            .filter(|_| realm.realm.settings.authorization_challenge),
        grant_management_endpoint: realm
            .urls
            .mutual_tls_of(Endpoint::GrantManagement)
            .filter(|_| realm.realm.settings.grant_management),
    })
}

/// What clients may ask for beyond scope values (RFC 9396 section 10, Grant Management 7.1).
fn of_authorization_extensions(realm: &RealmContext, others: ProviderMetadata) -> ProviderMetadata {
    let settings = &realm.realm.settings;
    ProviderMetadata {
        authorization_details_types_supported: realm.details_types.names().map(str::to_owned).collect(),
        grant_management_endpoint: settings.grant_management.then(|| realm.urls.of(Endpoint::GrantManagement)),
        grant_management_actions_supported: grant_management_actions(realm),
        grant_management_action_required: settings.grant_management_action_required,
        ..others
    }
}

/// What resource servers may have signed and encrypted (RFC 9701 section 7), and the resources of this server itself (RFC
/// 9728 section 4).
fn of_resources(realm: &RealmContext, others: ProviderMetadata) -> ProviderMetadata {
    let profile = realm.realm.settings.profile.profile();
    ProviderMetadata {
        introspection_signing_alg_values_supported: texts(signing_algorithms(realm), SignatureAlgorithm::as_str),
        introspection_encryption_alg_values_supported: texts(
            profile.key_management_algorithms.iter().copied(),
            KeyManagementAlgorithm::as_str,
        ),
        introspection_encryption_enc_values_supported: content_encryption(profile),
        protected_resources: realm.own_resources().map(|resource| resource.identifier(&realm.urls)).collect(),
        ..others
    }
}

/// What clients may have users asked with (CIBA Core 4).
fn of_backchannel_authentication(realm: &RealmContext, others: ProviderMetadata) -> ProviderMetadata {
    if !realm.offers_grant(GrantType::Ciba) {
        return others;
    }
    let profile = realm.realm.settings.profile.profile();
    let asymmetric = profile.request_objects.algorithms.iter().copied().filter(|algorithm| !algorithm.is_symmetric());
    ProviderMetadata {
        backchannel_authentication_endpoint: Some(realm.urls.of(Endpoint::BackchannelAuthentication)),
        backchannel_token_delivery_modes_supported: texts(
            profile.backchannel.delivery_modes.iter().copied(),
            TokenDeliveryMode::as_str,
        ),
        backchannel_authentication_request_signing_alg_values_supported: texts(asymmetric, SignatureAlgorithm::as_str),
        backchannel_user_code_parameter_supported: Some(realm.realm.settings.backchannel_user_code),
        ..others
    }
}

/// Where resource servers protect what its owners have there (UMA Federated Authorization section 2).
fn of_protection(realm: &RealmContext, others: ProviderMetadata) -> ProviderMetadata {
    let url = |endpoint| realm.realm.settings.uma.then(|| realm.urls.of(endpoint));
    ProviderMetadata {
        claims_interaction_endpoint: url(Endpoint::ClaimsInteraction),
        permission_endpoint: url(Endpoint::Permission),
        resource_registration_endpoint: url(Endpoint::ResourceRegistration),
        ..others
    }
}

/// What apps may do without a browser (Native SSO for Mobile Apps 5, First-Party Apps 8).
fn of_native_apps(realm: &RealmContext, others: ProviderMetadata) -> ProviderMetadata {
    let settings = &realm.realm.settings;
    ProviderMetadata {
        native_sso_supported: shares_logins(realm),
        authorization_challenge_endpoint: settings
            .authorization_challenge
            .then(|| realm.urls.of(Endpoint::AuthorizationChallenge)),
        ..others
    }
}

/// What clients can take to other trust domains, and bring from there (Identity Assertion JWT Authorization Grant section
/// 7).
fn of_chaining(realm: &RealmContext, others: ProviderMetadata) -> ProviderMetadata {
    let one = |is_there: bool, value: &str| is_there.then(|| value.to_owned()).into_iter().collect();
    let issues = realm.realm.settings.identity_chaining && realm.offers_grant(GrantType::TokenExchange);
    let takes = realm.offers_grant(GrantType::JwtBearer);
    ProviderMetadata {
        identity_chaining_requested_token_types_supported: one(issues, TokenType::IdJag.as_str()),
        authorization_grant_profiles_supported: one(takes, IDENTITY_ASSERTION_PROFILE),
        ..others
    }
}

/// Whether apps can share logins here: it takes an exchange.
fn shares_logins(realm: &RealmContext) -> bool {
    realm.realm.settings.native_sso && realm.offers_grant(GrantType::TokenExchange)
}

fn grant_management_actions(realm: &RealmContext) -> Vec<String> {
    let requested = texts(GrantManagementAction::ALL.iter().copied(), GrantManagementAction::as_str);
    let all = ["query", "revoke"].map(str::to_owned).into_iter().chain(requested);
    all.filter(|_| realm.realm.settings.grant_management).collect()
}

fn scopes(realm: &RealmContext) -> Vec<String> {
    let standard: Scope = standard_claims::STANDARD_SCOPES.join(" ").parse().unwrap_or_default();
    let all = standard.union(&realm.realm.settings.default_scope);
    let is_open = |value: &&str| *value != DEVICE_SSO_SCOPE || shares_logins(realm);
    let sharing = shares_logins(realm) && !all.contains(DEVICE_SSO_SCOPE);
    all.iter().filter(is_open).chain(sharing.then_some(DEVICE_SSO_SCOPE)).map(str::to_owned).collect()
}

fn claims(realm: &RealmContext) -> Vec<String> {
    let of_tokens = ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash", "sid"];
    let sharing = shares_logins(realm).then_some("ds_hash");
    standard_claims::supported().chain(of_tokens).chain(sharing).map(str::to_owned).collect()
}

/// Initiating User Registration 4.2: `create` where people can register themselves.
fn prompts(realm: &RealmContext) -> impl Iterator<Item = Prompt> {
    let can_register = realm.realm.settings.self_registration;
    Prompt::ALL.iter().copied().filter(move |prompt| *prompt != Prompt::Create || can_register)
}

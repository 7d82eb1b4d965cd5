//! The matrix itself: what becomes of a grant that was begun before a change, and of the tokens that it gave before.

use super::changes::Change::{self, *};
use super::outcomes::{Afterwards, Outcome};

/// Redeemed as if nothing had happened.
const GOOD: Outcome = Outcome::Granted;
/// Redeemed, without `read`.
const LESS: Outcome = Outcome::Narrowed;
const GRANT: Outcome = Outcome::Refused("invalid_grant");
const REQUEST: Outcome = Outcome::Refused("invalid_request");
const CLIENT: Outcome = Outcome::Refused("invalid_client");
const UNAUTH: Outcome = Outcome::Refused("unauthorized_client");
const SCOPE: Outcome = Outcome::Refused("invalid_scope");
const TARGET: Outcome = Outcome::Refused("invalid_target");
const TYPE: Outcome = Outcome::Refused("unsupported_grant_type");
const PROOF: Outcome = Outcome::Refused("invalid_dpop_proof");
const NEED: Outcome = Outcome::Forbidden("need_info");
const DENIED: Outcome = Outcome::Forbidden("request_denied");
/// The client is told by the browser that it may not.
const TOLD: Outcome = Outcome::Told("unauthorized_client");
const BADLY: Outcome = Outcome::Told("invalid_request");
/// The client is sent this instead of tokens.
const FAILED: Outcome = Outcome::Notified("transaction_failed");
/// Nobody is sent anything.
const SILENT: Outcome = Outcome::Silence;
/// The user is asked, or told; the client hears nothing.
const PAGE: Outcome = Outcome::Page;
const GONE: Outcome = Outcome::Gone;
/// The grant does not rest on what has changed.
const NONE: Outcome = Outcome::NotApplicable;

const LIVE: Afterwards = Afterwards::Active;
const DEAD: Afterwards = Afterwards::Inactive;
/// Who could ask is not answered.
const MUTE: Afterwards = Afterwards::Unheard;
/// There is no token, or it does not rest on what has changed.
const ____: Afterwards = Afterwards::NotApplicable;

/// What a grant that was begun before the change comes to. The columns are those of [`super::grants::Driver::ALL`].
///
/// - An assertion of another issuer, or a token of it that is exchanged, rests on the user, and on nothing that the user did
///   here: it outlives a password, a session and a consent, like a client's own token.
/// - A user whose password others guess at cannot log in for a while. Whoever is logged in already stays so: otherwise
///   anybody could end the work of anybody.
/// - Whose ID token is not good is asked for another one (UMA Grant 3.3.6).
/// - A response through the browser rests on the agreement that is given at that moment, in a session that stands.
/// - Whatever was issued to a client ends with everything of it, also a request that it pushed. An ID token says of its
///   session who somebody is, and stands with the session.
/// - Nothing is sent to an address that is not the client's any more.
/// - A client that is sent its tokens is sent an error instead (CIBA Core 12), and nothing where it or its realm is disabled.
///   It shows no secret for that, and nobody can demand that its tokens are bound.
/// - There is no second factor yet that could be demanded meanwhile.
#[rustfmt::skip]
pub(super) const REDEMPTION: &[(Change, [Outcome; 14])] = &[
    //                       code    refresh  offline  client  device  poll    ping    push    exchange  foreign  jwt     uma     front  pushed
    (UserDisabled,          [GRANT,  GRANT,   GRANT,   GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  REQUEST, GRANT,  NEED,   PAGE,  PAGE]),
    (UserDeleted,           [GRANT,  GRANT,   GRANT,   GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  REQUEST, GRANT,  NEED,   PAGE,  PAGE]),
    (PasswordReset,         [GRANT,  GRANT,   GRANT,   GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  GOOD,    GOOD,   NEED,   PAGE,  PAGE]),
    (UserReturned,          [GRANT,  GRANT,   GRANT,   GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  GOOD,    GOOD,   NEED,   PAGE,  PAGE]),
    (UserRevoked,           [GRANT,  GRANT,   GRANT,   GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  GOOD,    GOOD,   NEED,   PAGE,  PAGE]),
    (UserGuessedAt,         [GOOD,   GOOD,    GOOD,    GOOD,   GOOD,   GOOD,   GOOD,   GOOD,   GOOD,     GOOD,    GOOD,   GOOD,   GOOD,  GOOD]),
    (SignedOut,             [GRANT,  GRANT,   GOOD,    GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  GOOD,    GOOD,   NEED,   PAGE,  PAGE]),
    (ConsentRevoked,        [GRANT,  GRANT,   GRANT,   GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  GOOD,    GOOD,   GOOD,   GOOD,  PAGE]),
    (ClientDisabled,        [CLIENT, CLIENT,  CLIENT,  CLIENT, CLIENT, CLIENT, CLIENT, SILENT, CLIENT,   CLIENT,  CLIENT, CLIENT, PAGE,  PAGE]),
    (ClientDeleted,         [CLIENT, CLIENT,  CLIENT,  CLIENT, CLIENT, CLIENT, CLIENT, SILENT, CLIENT,   CLIENT,  CLIENT, CLIENT, PAGE,  PAGE]),
    (ClientReturned,        [GRANT,  GRANT,   GRANT,   GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  GOOD,    GOOD,   GOOD,   GOOD,  PAGE]),
    (ClientRevoked,         [GRANT,  GRANT,   GRANT,   GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  GOOD,    GOOD,   GOOD,   GOOD,  PAGE]),
    (GrantRemoved,          [UNAUTH, UNAUTH,  UNAUTH,  UNAUTH, UNAUTH, UNAUTH, UNAUTH, FAILED, UNAUTH,   UNAUTH,  UNAUTH, UNAUTH, TOLD,  TOLD]),
    (SecretOfBefore,        [CLIENT, CLIENT,  CLIENT,  CLIENT, CLIENT, CLIENT, CLIENT, GOOD,   CLIENT,   CLIENT,  CLIENT, CLIENT, NONE,  NONE]),
    (SecretOfNow,           [GOOD,   GOOD,    GOOD,    GOOD,   GOOD,   GOOD,   GOOD,   GOOD,   GOOD,     GOOD,    GOOD,   GOOD,   GOOD,  GOOD]),
    (ScopeRemoved,          [LESS,   LESS,    LESS,    SCOPE,  LESS,   LESS,   LESS,   LESS,   SCOPE,    SCOPE,   SCOPE,  NONE,   LESS,  GOOD]),
    (ResourceServerRemoved, [NONE,   NONE,    NONE,    NONE,   NONE,   NONE,   NONE,   NONE,   TARGET,   TARGET,  NONE,   NONE,   NONE,  NONE]),
    (IssuerDisabled,        [NONE,   NONE,    NONE,    NONE,   NONE,   NONE,   NONE,   NONE,   NONE,     REQUEST, TYPE,   NONE,   NONE,  NONE]),
    (ExchangePolicyRemoved, [NONE,   NONE,    NONE,    NONE,   NONE,   NONE,   NONE,   NONE,   UNAUTH,   UNAUTH,  NONE,   NONE,   NONE,  NONE]),
    (SharingEnded,          [NONE,   NONE,    NONE,    NONE,   NONE,   NONE,   NONE,   NONE,   NONE,     NONE,    NONE,   DENIED, NONE,  NONE]),
    (HookRefuses,           [UNAUTH, UNAUTH,  UNAUTH,  UNAUTH, UNAUTH, UNAUTH, UNAUTH, FAILED, UNAUTH,   UNAUTH,  UNAUTH, UNAUTH, TOLD,  NONE]),
    (RealmDisabled,         [GONE,   GONE,    GONE,    GONE,   GONE,   GONE,   GONE,   SILENT, GONE,     GONE,    GONE,   GONE,   GONE,  GONE]),
    (RealmRevoked,          [GRANT,  GRANT,   GRANT,   GOOD,   GRANT,  GRANT,  GRANT,  FAILED, REQUEST,  GOOD,    GOOD,   GRANT,  PAGE,  PAGE]),
    (KeyRotated,            [GOOD,   GOOD,    GOOD,    GOOD,   GOOD,   GOOD,   GOOD,   GOOD,   GOOD,     GOOD,    GOOD,   GOOD,   GOOD,  GOOD]),
    (KeyDeleted,            [GOOD,   GOOD,    GOOD,    GOOD,   GOOD,   GOOD,   GOOD,   GOOD,   REQUEST,  GOOD,    GOOD,   NEED,   GOOD,  GOOD]),
    (BindingRequired,       [PROOF,  PROOF,   PROOF,   PROOF,  PROOF,  PROOF,  PROOF,  NONE,   PROOF,    PROOF,   PROOF,  PROOF,  TOLD,  GOOD]),
    (PushRequired,          [NONE,   NONE,    NONE,    NONE,   NONE,   NONE,   NONE,   NONE,   NONE,     NONE,    NONE,   NONE,   BADLY, GOOD]),
    (RedirectUriRemoved,    [NONE,   NONE,    NONE,    NONE,   NONE,   NONE,   NONE,   NONE,   NONE,     NONE,    NONE,   NONE,   PAGE,  PAGE]),
];

/// What introspection says of tokens that were issued before the change: the refresh token in the columns of that grant,
/// the access token in the others. Access tokens live out their time where only what may be issued has changed.
#[rustfmt::skip]
pub(super) const AFTERWARDS: &[(Change, [Afterwards; 14])] = &[
    //                       code  refresh  offline  client  device  poll  ping  push  exchange  foreign  jwt   uma   front  pushed
    (UserDisabled,          [DEAD, DEAD,    DEAD,    LIVE,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (UserDeleted,           [DEAD, DEAD,    DEAD,    LIVE,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (PasswordReset,         [DEAD, DEAD,    DEAD,    LIVE,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (UserReturned,          [DEAD, DEAD,    DEAD,    LIVE,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (UserRevoked,           [DEAD, DEAD,    DEAD,    LIVE,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (UserGuessedAt,         [LIVE, LIVE,    LIVE,    LIVE,   LIVE,   LIVE, LIVE, LIVE, LIVE,     LIVE,    LIVE, LIVE, LIVE,  ____]),
    (SignedOut,             [DEAD, DEAD,    LIVE,    LIVE,   DEAD,   DEAD, DEAD, DEAD, DEAD,     LIVE,    LIVE, DEAD, DEAD,  ____]),
    (ConsentRevoked,        [DEAD, DEAD,    DEAD,    LIVE,   DEAD,   DEAD, DEAD, DEAD, DEAD,     LIVE,    LIVE, LIVE, DEAD,  ____]),
    (ClientDisabled,        [DEAD, MUTE,    MUTE,    DEAD,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (ClientDeleted,         [DEAD, MUTE,    MUTE,    DEAD,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (ClientReturned,        [DEAD, DEAD,    DEAD,    DEAD,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (ClientRevoked,         [DEAD, DEAD,    DEAD,    DEAD,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (GrantRemoved,          [LIVE, DEAD,    DEAD,    LIVE,   LIVE,   LIVE, LIVE, LIVE, LIVE,     LIVE,    LIVE, LIVE, LIVE,  ____]),
    (SecretOfBefore,        [LIVE, MUTE,    MUTE,    LIVE,   LIVE,   LIVE, LIVE, LIVE, LIVE,     LIVE,    LIVE, LIVE, LIVE,  ____]),
    (SecretOfNow,           [LIVE, LIVE,    LIVE,    LIVE,   LIVE,   LIVE, LIVE, LIVE, LIVE,     LIVE,    LIVE, LIVE, LIVE,  ____]),
    (ScopeRemoved,          [LIVE, LIVE,    LIVE,    LIVE,   LIVE,   LIVE, LIVE, LIVE, LIVE,     LIVE,    LIVE, LIVE, LIVE,  ____]),
    (ResourceServerRemoved, [____, ____,    ____,    ____,   ____,   ____, ____, ____, LIVE,     LIVE,    ____, ____, ____,  ____]),
    (IssuerDisabled,        [____, ____,    ____,    ____,   ____,   ____, ____, ____, ____,     LIVE,    LIVE, ____, ____,  ____]),
    (ExchangePolicyRemoved, [____, ____,    ____,    ____,   ____,   ____, ____, ____, LIVE,     LIVE,    ____, ____, ____,  ____]),
    (SharingEnded,          [____, ____,    ____,    ____,   ____,   ____, ____, ____, ____,     ____,    ____, DEAD, ____,  ____]),
    (HookRefuses,           [LIVE, LIVE,    LIVE,    LIVE,   LIVE,   LIVE, LIVE, LIVE, LIVE,     LIVE,    LIVE, LIVE, LIVE,  ____]),
    (RealmDisabled,         [MUTE, MUTE,    MUTE,    MUTE,   MUTE,   MUTE, MUTE, MUTE, MUTE,     MUTE,    MUTE, MUTE, MUTE,  ____]),
    (RealmRevoked,          [DEAD, DEAD,    DEAD,    DEAD,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (KeyRotated,            [LIVE, LIVE,    LIVE,    LIVE,   LIVE,   LIVE, LIVE, LIVE, LIVE,     LIVE,    LIVE, LIVE, LIVE,  ____]),
    (KeyDeleted,            [DEAD, LIVE,    LIVE,    DEAD,   DEAD,   DEAD, DEAD, DEAD, DEAD,     DEAD,    DEAD, DEAD, DEAD,  ____]),
    (BindingRequired,       [LIVE, LIVE,    LIVE,    LIVE,   LIVE,   LIVE, LIVE, ____, LIVE,     LIVE,    LIVE, LIVE, LIVE,  ____]),
    (PushRequired,          [____, ____,    ____,    ____,   ____,   ____, ____, ____, ____,     ____,    ____, ____, LIVE,  ____]),
    (RedirectUriRemoved,    [____, ____,    ____,    ____,   ____,   ____, ____, ____, ____,     ____,    ____, ____, ____,  ____]),
];

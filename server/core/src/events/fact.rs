//! What happened, as types. Nothing here can hold a password, a secret, a code, a cookie or a token: there is no field
//! of a type that does, so that none can be recorded by mistake.

use serde::Serialize;
use signet_hooks::Hook;
use signet_protocol::error::Refusal;
use signet_protocol::identifiers::{AuthorizationId, KeyId};
use signet_protocol::names::GrantType;
use signet_protocol::scope::Scope;

use super::EventKind;
use super::actor::Actor;
use super::event::{Event, Parties};
use super::vocabulary::{
    Action, LineageMark, LoginRefusal, Object, Refused, RefusedAt, ScriptChange, ScriptVersion, SessionsEndedBecause,
    TokenKind, shortened,
};
use crate::failure::Fault;

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// See [`EventKind::Login`].
    Login {
        /// How the person proved it (RFC 8176).
        methods: String,
        /// Whether a session that this browser had before ended with it.
        replaced_session: bool,
    },
    /// See [`EventKind::LoginRefused`].
    LoginRefused {
        /// Why.
        reason: LoginRefusal,
    },
    /// See [`EventKind::Logout`].
    Logout {},
    /// See [`EventKind::LogoutUndelivered`].
    LogoutUndelivered {
        /// The number of the delivery.
        delivery: i64,
        /// How often it was tried.
        attempts: i64,
        /// Why the last attempt failed.
        problem: String,
    },
    /// See [`EventKind::SessionsEnded`].
    SessionsEnded {
        /// Why.
        reason: SessionsEndedBecause,
    },
    /// See [`EventKind::ConsentGiven`].
    ConsentGiven {
        /// What it was asked for.
        scope: Scope,
        /// Single claims beyond the scope.
        claims: Vec<String>,
        /// The APIs.
        resources: Vec<String>,
        /// The types of the authorization details; what they say is not recorded.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        details: Vec<String>,
    },
    /// See [`EventKind::ConsentRefused`].
    ConsentRefused {},
    /// See [`EventKind::ClaimsGathered`].
    ClaimsGathered {
        /// Whether the claims persist. What was answered is not recorded.
        persists: bool,
    },
    /// See [`EventKind::ConsentRevoked`].
    ConsentRevoked {
        /// Which; nothing where no consent was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        authorization: Option<AuthorizationId>,
    },
    /// See [`EventKind::CodeIssued`].
    CodeIssued {
        /// What descends from it.
        lineage: LineageMark,
        /// What it is good for.
        scope: Scope,
        /// Where.
        resources: Vec<String>,
        /// The consent it rests on; nothing where none was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        authorization: Option<AuthorizationId>,
    },
    /// See [`EventKind::DeviceRequested`].
    DeviceRequested {},
    /// See [`EventKind::DeviceApproved`].
    DeviceApproved {
        /// What descends from it.
        lineage: LineageMark,
        /// What it is good for.
        scope: Scope,
        /// Where.
        resources: Vec<String>,
        /// The consent it rests on; nothing where none was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        authorization: Option<AuthorizationId>,
    },
    /// See [`EventKind::BackchannelRequested`].
    BackchannelRequested {},
    /// See [`EventKind::BackchannelApproved`].
    BackchannelApproved {
        /// What descends from it.
        lineage: LineageMark,
        /// What it is good for.
        scope: Scope,
        /// Where.
        resources: Vec<String>,
        /// The consent it rests on; nothing where none was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        authorization: Option<AuthorizationId>,
    },
    /// See [`EventKind::BackchannelDenied`].
    BackchannelDenied {},
    /// See [`EventKind::BackchannelUndelivered`].
    BackchannelUndelivered {
        /// The number of the delivery.
        delivery: i64,
        /// How often it was tried.
        attempts: i64,
        /// Why the last attempt failed.
        problem: String,
    },
    /// See [`EventKind::AuthorizationConfirmed`].
    AuthorizationConfirmed {
        /// What was allowed.
        scope: Scope,
        /// Where.
        resources: Vec<String>,
        /// The consent it rests on; nothing where none was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        authorization: Option<AuthorizationId>,
    },
    /// See [`EventKind::TokenIssued`].
    TokenIssued {
        /// For what.
        grant: GrantType,
        /// What it descends from.
        lineage: LineageMark,
        /// What the access token is good for.
        scope: Scope,
        /// Where.
        resources: Vec<String>,
        /// Whether an ID token came along.
        id_token: bool,
        /// The generation of the refresh token that came along.
        #[serde(skip_serializing_if = "Option::is_none")]
        refresh_generation: Option<i64>,
    },
    /// See [`EventKind::TokenRevoked`].
    TokenRevoked {
        /// Which kind.
        token: TokenKind,
        /// What it descends from.
        lineage: LineageMark,
    },
    /// See [`EventKind::CodeReuse`].
    CodeReuse {
        /// What was revoked.
        lineage: LineageMark,
    },
    /// See [`EventKind::RefreshReuse`].
    RefreshReuse {
        /// What was revoked.
        lineage: LineageMark,
        /// The generation that came.
        presented: i64,
        /// The one that was current.
        current: i64,
    },
    /// See [`EventKind::ClientAuthenticationFailed`].
    ClientAuthenticationFailed {
        /// Where.
        endpoint: &'static str,
        /// Why.
        #[serde(flatten)]
        refused: Refused,
    },
    /// A refused request; the kind follows from the endpoint.
    RequestRefused {
        /// Where.
        #[serde(skip)]
        place: RefusedAt,
        /// For what, at the token endpoint.
        #[serde(skip_serializing_if = "Option::is_none")]
        grant: Option<GrantType>,
        /// Why.
        #[serde(flatten)]
        refused: Refused,
    },
    /// See [`EventKind::AdministrativeChange`].
    AdministrativeChange {
        /// Who.
        actor: Actor,
        /// To what.
        object: Object,
        /// To which.
        id: String,
        /// What.
        action: Action,
        /// The names of what changed; never the values.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        fields: Vec<String>,
    },
    /// See [`EventKind::KeyRotated`].
    KeyRotated {
        /// Who.
        actor: Actor,
        /// The JOSE algorithm.
        algorithm: String,
        /// The new key.
        key: KeyId,
        /// The one it took the place of.
        #[serde(skip_serializing_if = "Option::is_none")]
        replaced: Option<KeyId>,
    },
    /// See [`EventKind::ScriptDeployed`], [`EventKind::ScriptPromoted`] and [`EventKind::ScriptRolledBack`].
    ScriptChange {
        /// Who.
        actor: Actor,
        /// What was done.
        #[serde(skip)]
        change: ScriptChange,
        /// To which version.
        #[serde(flatten)]
        script: ScriptVersion,
    },
    /// See [`EventKind::ScriptDecision`].
    ScriptDecision {
        /// Where it was asked.
        hook: Hook,
        /// Which version was asked.
        #[serde(flatten)]
        script: ScriptVersion,
        /// What it said, in the words of its hook.
        decision: String,
        /// Operations used.
        operations: u64,
        /// Time used.
        microseconds: u64,
        /// What became of it: merged, refused by the contract, out of budget, failed.
        outcome: String,
    },
    /// See [`EventKind::RequestFailed`].
    RequestFailed {
        /// What failed, without its causes, which may name values.
        fault: String,
    },
    /// See [`EventKind::RefusalsCounted`].
    RefusalsCounted {
        /// Of which kind.
        of: EventKind,
        /// How many.
        number: u64,
    },
}

impl Fact {
    /// To whom it happened.
    pub const fn concerning(self, parties: Parties) -> Event {
        Event { fact: self, parties }
    }

    /// A refused request.
    pub fn refused(place: RefusedAt, grant: Option<GrantType>, refusal: &Refusal) -> Self {
        Self::RequestRefused { place, grant, refused: refusal.into() }
    }

    /// A fault of ours.
    pub fn failed(fault: &Fault) -> Self {
        Self::RequestFailed { fault: shortened(&fault.to_string()) }
    }

    /// Whether it says that something was not done, which costs whoever caused it nothing.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::RequestRefused { .. }
                | Self::ClientAuthenticationFailed { .. }
                | Self::LoginRefused { .. }
                | Self::RequestFailed { .. }
        )
    }

    /// Its kind.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Login { .. } => EventKind::Login,
            Self::LoginRefused { .. } => EventKind::LoginRefused,
            Self::Logout {} => EventKind::Logout,
            Self::LogoutUndelivered { .. } => EventKind::LogoutUndelivered,
            Self::SessionsEnded { .. } => EventKind::SessionsEnded,
            Self::ConsentGiven { .. } => EventKind::ConsentGiven,
            Self::ConsentRefused {} => EventKind::ConsentRefused,
            Self::ClaimsGathered { .. } => EventKind::ClaimsGathered,
            Self::ConsentRevoked { .. } => EventKind::ConsentRevoked,
            Self::CodeIssued { .. } => EventKind::CodeIssued,
            Self::DeviceRequested {} => EventKind::DeviceRequested,
            Self::DeviceApproved { .. } => EventKind::DeviceApproved,
            Self::BackchannelRequested {} => EventKind::BackchannelRequested,
            Self::BackchannelApproved { .. } => EventKind::BackchannelApproved,
            Self::BackchannelDenied {} => EventKind::BackchannelDenied,
            Self::BackchannelUndelivered { .. } => EventKind::BackchannelUndelivered,
            Self::AuthorizationConfirmed { .. } => EventKind::AuthorizationConfirmed,
            Self::TokenIssued { .. } => EventKind::TokenIssued,
            Self::TokenRevoked { .. } => EventKind::TokenRevoked,
            Self::CodeReuse { .. } => EventKind::CodeReuse,
            Self::RefreshReuse { .. } => EventKind::RefreshReuse,
            Self::ClientAuthenticationFailed { .. } => EventKind::ClientAuthenticationFailed,
            Self::RequestRefused { place, .. } => place.kind(),
            Self::AdministrativeChange { .. } => EventKind::AdministrativeChange,
            Self::KeyRotated { .. } => EventKind::KeyRotated,
            Self::ScriptChange { change: ScriptChange::Deployed, .. } => EventKind::ScriptDeployed,
            Self::ScriptChange { change: ScriptChange::Promoted, .. } => EventKind::ScriptPromoted,
            Self::ScriptChange { change: ScriptChange::RolledBack, .. } => EventKind::ScriptRolledBack,
            Self::ScriptDecision { .. } => EventKind::ScriptDecision,
            Self::RequestFailed { .. } => EventKind::RequestFailed,
            Self::RefusalsCounted { .. } => EventKind::RefusalsCounted,
        }
    }
}

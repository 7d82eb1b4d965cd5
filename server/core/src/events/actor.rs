//! Where an event comes from: the request, and who acts in it.

use std::net::IpAddr;

use serde::Serialize;
use signet_protocol::identifiers::{ClientId, InitialAccessTokenId, RequestId, UserId};

/// Who administers. The client and subject belong to the admin realm, whatever realm is administered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Actor {
    /// The bearer of an access token of the admin realm.
    Administrator {
        /// The client it was issued to.
        client_id: ClientId,
        /// Who it speaks of.
        subject: String,
    },
    /// Somebody at the command line.
    CommandLine {
        /// The user's name in the operating system.
        system_user: String,
    },
    /// Somebody at the registration endpoint.
    Registrant {
        /// The initial access token that was presented.
        #[serde(skip_serializing_if = "Option::is_none")]
        initial_access_token: Option<InitialAccessTokenId>,
    },
    /// A client that changes its own registration, or what it protects here.
    Client {
        /// Which.
        client_id: ClientId,
    },
    /// A person who changes who may get at what is theirs.
    Owner {
        /// Who.
        user_id: UserId,
    },
    /// The server by itself, or somebody who asked it for something else.
    Server,
}

/// Where an event comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The request: the support code of error pages, the `X-Request-Id` of answers, the `request_id` of log lines.
    pub request_id: RequestId,
    /// The network address it came from.
    pub address: Option<IpAddr>,
    /// Who acts.
    pub actor: Actor,
}

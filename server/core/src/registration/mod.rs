//! The registration endpoint and the client configuration endpoint (RFC 7591, RFC 7592, OpenID Connect Registration).
//!
//! What a stranger sends is read ([`document`]), overlaid with a trusted software statement ([`statement`]), cut to what
//! the realm permits ([`policy`]), shown to its scripts ([`decision`]), and then checked exactly as an administrator's
//! client is.

mod answer;
mod create;
mod credentials;
mod decision;
mod document;
mod manage;
mod policy;
mod statement;

use std::net::IpAddr;

pub use answer::ClientInformation;
pub use create::register;
pub use manage::{delete_registration, read_registration, update_registration};
use serde_json::{Map, Value};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::error::ErrorCode;
use signet_protocol::spec::rfc7591;

use crate::events::Serving;
use crate::failure::{Failure, Fault};
use crate::model::UsedRecord;
use crate::realm::RealmContext;
use crate::registry::RegistryError;
use decision::Operation;

/// A request to register a client or to change one.
#[derive(Clone, Copy)]
pub struct RegistrationRequest<'a> {
    /// The bearer token that came with it.
    pub token: Option<&'a str>,
    /// The body: a JSON object.
    pub document: &'a [u8],
    /// The network address it came from.
    pub address: IpAddr,
}

/// What a request asks for, after everything that may change it had its say.
struct Wish {
    metadata: ClientMetadata,
    limits: decision::Limits,
    software_statement: Option<String>,
    statement_record: Option<UsedRecord>,
}

/// Reads what a request asks for.
///
/// # Errors
/// Those of RFC 7591 section 3.2.2, and what a script refuses with.
async fn wish(
    serving: &Serving<'_>,
    realm: &RealmContext,
    mut members: Map<String, Value>,
    operation: Operation<'_>,
) -> Result<Wish, Failure> {
    let statement = statement::take(serving, realm, &mut members).await?;
    let claims = statement.as_ref().map(|statement| &statement.claims);
    if let Some(claims) = claims {
        document::overlay(&mut members, claims);
    }
    let mut metadata = document::metadata(members)?;
    policy::apply(realm, &mut metadata)?;
    let limits = decision::decide(serving, realm, &mut metadata, (operation, claims)).await?;
    let (software_statement, statement_record) =
        statement.map_or((None, None), |statement| (Some(statement.text), statement.record));
    Ok(Wish { metadata, limits, software_statement, statement_record })
}

/// The answer to a client that does not pass the checks of the registry (RFC 7591 section 3.2.2).
fn refused(error: RegistryError) -> Failure {
    match error {
        RegistryError::Invalid { field, problem } => {
            let code =
                if field == "redirect_uris" { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata };
            code.because(format!("{field}: {problem}")).per(rfc7591("3.2.2")).into()
        }
        RegistryError::Fault(fault) => fault.into(),
        RegistryError::Forbidden(why) => ErrorCode::AccessDenied.because(why).into(),
        other => Fault::internal("a registration could not be stored", other).into(),
    }
}

fn statement_used() -> Failure {
    let reason = "software_statement: the statement was used before";
    ErrorCode::InvalidSoftwareStatement.because(reason).per(rfc7591("3.2.2")).into()
}

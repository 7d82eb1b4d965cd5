//! What a client may do as a resource server of User-Managed Access 2.0 beyond the specifications.

use super::RegistryError;
use crate::model::Client;
use crate::uma::is_text;

/// Most claims that a resource server may learn of.
const MOST_CLAIMS: usize = 20;
/// Longest name of one in characters.
const LONGEST_CLAIM: usize = 100;

/// Whether the client may be what its settings say.
pub(super) fn check(client: &Client) -> Result<(), RegistryError> {
    if client.settings.uma_spontaneous_scopes {
        check_vouched(client, "settings.uma_spontaneous_scopes")?;
    }
    let claims = &client.settings.pct_claims;
    if claims.is_empty() {
        return Ok(());
    }
    check_vouched(client, "settings.pct_claims")?;
    let is_name = |name: &String| !name.is_empty() && is_text(name, LONGEST_CLAIM);
    let is_again = |(place, name): (usize, &String)| claims.iter().take(place).any(|known| known == name);
    if claims.len() > MOST_CLAIMS || !claims.iter().all(is_name) || claims.iter().enumerate().any(is_again) {
        let problem = "must have at most 20 names of 1 to 100 printable characters, each once";
        return Err(RegistryError::invalid("settings.pct_claims", problem));
    }
    Ok(())
}

/// What concerns others is for resource servers that the operator knows, and that nobody else can say to be.
fn check_vouched(client: &Client, field: &'static str) -> Result<(), RegistryError> {
    if client.settings.dynamically_registered {
        return Err(RegistryError::invalid(field, "is not for a client that registered itself"));
    }
    if !client.metadata.is_confidential() {
        return Err(RegistryError::invalid(field, "needs a client that authenticates itself"));
    }
    Ok(())
}

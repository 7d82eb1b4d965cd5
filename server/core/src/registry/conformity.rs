//! What a client would have to change to meet a security profile.

use super::RegistryError;
use crate::model::Client;
use crate::profile::ProfileName;
use crate::profile::conformity::{Gap, gaps};
use crate::realm::RealmContext;

/// A client held against a profile.
pub struct Conformity {
    /// The profile: the one that was asked about together with what counts for the client already.
    pub profile: ProfileName,
    /// What it lacks, and what it has to do in requests.
    pub gaps: Vec<Gap>,
}

impl Conformity {
    /// Whether the registration could stay as it is.
    pub fn is_registered_so(&self) -> bool {
        self.gaps.iter().all(|gap| gap.shortfall.is_none())
    }
}

/// Holds a client against a profile; without one, against the one that counts for it.
///
/// # Errors
/// `Invalid` for a profile that excludes the one that counts.
pub fn check_conformity(
    realm: &RealmContext,
    client: &Client,
    asked: Option<ProfileName>,
) -> Result<Conformity, RegistryError> {
    let counts = realm.profile_name_of(client).ok_or_else(|| {
        let problem = "the client's and the realm's exclude each other, so that nothing is permitted; change one";
        RegistryError::invalid("settings.profile", problem)
    })?;
    let profile = asked.map_or(Some(counts), |asked| asked.and(counts)).ok_or_else(|| {
        RegistryError::invalid(
            "profile",
            format!("and {}, which counts for the client, exclude each other", counts.as_str()),
        )
    })?;
    Ok(Conformity { profile, gaps: gaps(profile, &realm.realm.settings, client) })
}

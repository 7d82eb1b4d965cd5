//! The versions of a package.

use std::str::FromStr;

use signet_protocol::identifiers::{InvalidIdentifier, ScriptName};

use super::bound;
use super::difference::{ScriptDifference, between};
use crate::model::{ScriptPackage, ScriptSummary, ScriptTarget, ScriptVersion};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::registry::RegistryError;

/// The first digits of a version: 12 to 64 of them, as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionPrefix(String);

impl VersionPrefix {
    fn fits(&self, version: ScriptVersion) -> bool {
        version.to_string().starts_with(&self.0)
    }
}

impl From<ScriptVersion> for VersionPrefix {
    fn from(version: ScriptVersion) -> Self {
        Self(version.to_string())
    }
}

impl FromStr for VersionPrefix {
    type Err = InvalidIdentifier;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if (12..=64).contains(&text.len()) && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidIdentifier("a version is written with at least its first 12 hexadecimal digits"))
        }
    }
}

/// The versions of a package, newest first.
///
/// # Errors
/// `NotFound` if the realm has none.
pub async fn list_script_versions(
    provider: &Provider,
    realm: &RealmContext,
    package: &ScriptName,
) -> Result<Vec<ScriptSummary>, RegistryError> {
    let versions = provider.store.script_versions(realm.id(), package).await?;
    if versions.is_empty() { Err(RegistryError::NotFound("script")) } else { Ok(versions) }
}

/// A version of a package with its files.
///
/// # Errors
/// `NotFound`; also where the digits fit more than one version.
pub async fn find_script_version(
    provider: &Provider,
    realm: &RealmContext,
    package: &ScriptName,
    version: &VersionPrefix,
) -> Result<ScriptPackage, RegistryError> {
    let versions = list_script_versions(provider, realm, package).await?;
    let mut fitting = versions.iter().map(|summary| summary.version).filter(|known| version.fits(*known));
    let (Some(found), None) = (fitting.next(), fitting.next()) else {
        return Err(RegistryError::NotFound("script version"));
    };
    let stored = provider.store.script_package(realm.id(), found).await?;
    stored.ok_or(RegistryError::NotFound("script version"))
}

/// What is different between two versions of a package: where none is named, from the one that decides in the realm, to
/// the newest.
///
/// # Errors
/// `NotFound`.
pub async fn compare_script_versions(
    provider: &Provider,
    realm: &RealmContext,
    package: &ScriptName,
    (from, to): (Option<&VersionPrefix>, Option<&VersionPrefix>),
) -> Result<ScriptDifference, RegistryError> {
    let versions = list_script_versions(provider, realm, package).await?;
    let from = if let Some(from) = from {
        from.clone()
    } else {
        let target = ScriptTarget { client_id: None, package: package.clone() };
        bound(provider, realm, &target).await?.ok_or(RegistryError::NotFound("script"))?.active.into()
    };
    let to = to.cloned().or_else(|| versions.first().map(|newest| newest.version.into()));
    let to = to.ok_or(RegistryError::NotFound("script version"))?;
    let from = find_script_version(provider, realm, package, &from).await?;
    Ok(between(&from, &find_script_version(provider, realm, package, &to).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_named_by_at_least_twelve_digits() {
        let version = ScriptVersion([0xab; 32]);
        for text in [version.short(), version.to_string()] {
            assert!(text.parse::<VersionPrefix>().unwrap().fits(version));
            assert!(!text.parse::<VersionPrefix>().unwrap().fits(ScriptVersion([0xac; 32])));
        }
        for text in ["", "abababababa", "ABABABABABAB", "ababababababg", &"a".repeat(65)] {
            assert!(text.parse::<VersionPrefix>().is_err(), "{text}");
        }
    }
}

//! The private certificate authority of `signet dev`, and the certificates that it issues for this machine.

use signet_jose::Random;
use signet_jose::certificate_authority::{
    CertificateAuthority, IssueError, LeafKey, LeafPurpose, LeafRequest, local_names,
};
use signet_protocol::time::UnixTime;

use super::folder::Folder;
use crate::command::{CommandError, CommandResult};

/// The authority's certificate: what browsers and clients may be told to trust.
pub(super) const AUTHORITY: &str = "ca.pem";
const AUTHORITY_KEY: &str = "ca.key";
/// When the certificates were made, in seconds since 1970.
const MADE_AT: &str = "certificates-made-at";
/// Age at which they are made anew. They are valid for a little longer than a year.
const RENEW_AFTER: i64 = 330 * 86_400;

/// Sees to it that there are certificates that will not end soon: one for each kind of key.
pub(super) fn prepare(folder: &Folder, now: UnixTime, random: &dyn Random) -> CommandResult {
    if let Some(made_at) = folder.read(MADE_AT)?.and_then(|text| text.trim().parse().ok().map(UnixTime))
        && (0..RENEW_AFTER).contains(&now.since(made_at))
    {
        return Ok(());
    }
    let authority = authority(folder, now, random)?;
    for (name, key) in [("ecdsa", LeafKey::Ecdsa), ("rsa", LeafKey::Rsa)] {
        let request = LeafRequest {
            common_name: "localhost",
            alternative_names: &local_names(),
            key,
            purpose: LeafPurpose::Server,
        };
        let issued = authority.issue(&request, now, random).map_err(not_made)?;
        folder.write_private(&format!("{name}.key"), issued.private_key.as_bytes())?;
        folder.write_private(&format!("{name}.pem"), issued.chain.as_bytes())?;
    }
    folder.write_private(MADE_AT, now.0.to_string().as_bytes())
}

/// The authority that is there already, which browsers may trust by now, else a new one.
fn authority(folder: &Folder, now: UnixTime, random: &dyn Random) -> CommandResult<CertificateAuthority> {
    if let (Some(certificate), Some(key)) = (folder.read(AUTHORITY)?, folder.read(AUTHORITY_KEY)?) {
        return CertificateAuthority::from_pem(certificate.as_bytes(), key.as_bytes()).map_err(not_made);
    }
    let authority = CertificateAuthority::generate("Signet development", now, random).map_err(not_made)?;
    folder.write_private(AUTHORITY_KEY, authority.private_key_pem().map_err(not_made)?.as_bytes())?;
    folder.write_private(AUTHORITY, authority.certificate_pem().map_err(not_made)?.as_bytes())?;
    Ok(authority)
}

fn not_made(IssueError: IssueError) -> CommandError {
    CommandError::failed(format!("{IssueError}; delete ca.pem and ca.key in the data folder to have new ones made"))
}

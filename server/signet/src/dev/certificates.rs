//! The private certificate authority of `signet dev`, and the certificates that it issues for this machine.

use signet_jose::certificate_authority::{
    CertificateAuthority, IssueError, LeafKey, LeafPurpose, LeafRequest, local_names,
};
use signet_jose::{ClientCertificate, Random};
use signet_protocol::time::UnixTime;

use super::folder::Folder;
use crate::command::{CommandError, CommandResult};

/// The authority's certificate: what browsers and clients may be told to trust.
pub(super) const AUTHORITY: &str = "ca.pem";
const AUTHORITY_KEY: &str = "ca.key";
/// The certificates' names, and their kinds of key.
const SERVERS: [(&str, LeafKey); 2] = [("ecdsa", LeafKey::Ecdsa), ("rsa", LeafKey::Rsa)];
/// Seconds before their end at which they are made anew. They are valid for a little longer than a year.
const RENEW_BEFORE: i64 = 30 * 86_400;

/// Sees to it that there are certificates that will not end soon: one for each kind of key.
pub(super) fn prepare(folder: &Folder, now: UnixTime, random: &dyn Random) -> CommandResult {
    if SERVERS.iter().all(|(name, _)| is_fresh(folder, name, now)) {
        return Ok(());
    }
    let authority = authority(folder, now, random)?;
    for (name, key) in SERVERS {
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
    Ok(())
}

/// Whether a certificate is there and will not end soon. Its key was written before it.
fn is_fresh(folder: &Folder, name: &str, now: UnixTime) -> bool {
    let chain = folder.read(&format!("{name}.pem")).ok().flatten();
    let certificate = chain.and_then(|chain| ClientCertificate::from_pem(chain.as_bytes()).ok());
    let validity = certificate.and_then(|certificate| certificate.validity().ok());
    validity.is_some_and(|(begin, end)| begin <= now && end.since(now) > RENEW_BEFORE)
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

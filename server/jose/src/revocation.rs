//! Certificate revocation lists (RFC 5280 section 5): whether an authority has taken a client's certificate back, or that
//! of an authority on the way to it. Lists come from files; nothing is fetched.

use std::fmt;

use openssl::x509::{CrlStatus, X509Crl, X509Ref};
use signet_protocol::time::UnixTime;

use crate::certificate::unix_time;
use crate::der;
use crate::elliptic_curve::forget_library_errors;

const SEQUENCE: u8 = 0x30;
const BOOLEAN: u8 = 0x01;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `crlExtensions [0] EXPLICIT`.
const LIST_EXTENSIONS: u8 = 0xa0;

const BEGIN_OF_PEM: &str = "-----BEGIN X509 CRL-----";
const END_OF_PEM: &str = "-----END X509 CRL-----";

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevocationListError {
    /// Neither one list in DER nor some in PEM.
    #[error("does not hold revocation lists in PEM, or one in DER")]
    Malformed,
    /// RFC 5280 section 5.1.2.5: without it nobody could tell whether it is still good.
    #[error("holds a revocation list that does not say when the next one comes (nextUpdate)")]
    NoNextUpdate,
    /// RFC 5280 section 5.2: such a list must not be used.
    #[error(
        "holds a revocation list with a critical extension; only complete lists of the authority itself are taken, no \
         partitioned, indirect or delta lists"
    )]
    CriticalExtension,
}

/// Why a certificate is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevocationProblem {
    /// Its authority has taken it back.
    #[error("the certificate is revoked")]
    Revoked,
    /// There is no list of its authority.
    #[error("there is no revocation list of the certificate's authority")]
    NoList,
    /// There is, and none is valid now.
    #[error("no revocation list of the certificate's authority is genuine and valid now")]
    NoneCurrent,
}

/// What becomes of certificates whose authority has no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnlistedAuthorities {
    /// They are refused.
    #[default]
    Refused,
    /// They are not checked.
    Unchecked,
}

/// The revocation lists of a deployment. With none at all nothing is checked.
#[derive(Default)]
pub struct RevocationLists {
    lists: Vec<RevocationList>,
    unlisted: UnlistedAuthorities,
}

/// One list, as its authority signed it.
struct RevocationList {
    list: X509Crl,
    issuer: Vec<u8>,
    /// When it was issued, and when the next one is due.
    validity: (UnixTime, UnixTime),
}

impl RevocationLists {
    /// No lists yet.
    pub fn new(unlisted: UnlistedAuthorities) -> Self {
        Self { lists: Vec::new(), unlisted }
    }

    /// Adds the lists of a file, and answers when the first of them is out of date.
    pub fn add(&mut self, content: &[u8]) -> Result<UnixTime, RevocationListError> {
        let read = match std::str::from_utf8(content).ok().filter(|text| text.contains(BEGIN_OF_PEM)) {
            Some(text) => pem_blocks(text)
                .map(|block| X509Crl::from_pem(block.as_bytes()).map_err(|_| RevocationListError::Malformed))
                .collect::<Result<Vec<_>, _>>(),
            None => X509Crl::from_der(content).map(|list| vec![list]).map_err(|_| RevocationListError::Malformed),
        };
        forget_library_errors();
        let lists = read?.into_iter().map(RevocationList::new).collect::<Result<Vec<_>, _>>()?;
        let ends = lists.iter().map(|list| list.validity.1).min().ok_or(RevocationListError::Malformed)?;
        self.lists.extend(lists);
        Ok(ends)
    }

    /// Whether `certificate`, which `issuer` has signed, was not taken back. More than one list may be of the authority,
    /// such as the last and the next one: what any of them takes back is taken back.
    pub(crate) fn check(
        &self,
        certificate: &X509Ref,
        issuer: &X509Ref,
        now: UnixTime,
    ) -> Result<(), RevocationProblem> {
        if self.lists.is_empty() {
            return Ok(());
        }
        let name = issuer.subject_name().to_der().map_err(|_| RevocationProblem::NoneCurrent)?;
        let mut named = self.lists.iter().filter(|list| list.issuer == name).peekable();
        if named.peek().is_none() {
            return match self.unlisted {
                UnlistedAuthorities::Refused => Err(RevocationProblem::NoList),
                UnlistedAuthorities::Unchecked => Ok(()),
            };
        }
        let mut current = named.filter(|list| list.is_valid(issuer, now)).peekable();
        if current.peek().is_none() {
            return Err(RevocationProblem::NoneCurrent);
        }
        if current.all(|list| list.spares(certificate)) { Ok(()) } else { Err(RevocationProblem::Revoked) }
    }
}

impl fmt::Debug for RevocationLists {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.lists.len();
        formatter.debug_struct("RevocationLists").field("count", &count).field("unlisted", &self.unlisted).finish()
    }
}

impl RevocationList {
    fn new(list: X509Crl) -> Result<Self, RevocationListError> {
        let malformed = RevocationListError::Malformed;
        let der = list.to_der().map_err(|_| malformed)?;
        if has_critical_extension(&der).ok_or(malformed)? {
            return Err(RevocationListError::CriticalExtension);
        }
        let issuer = list.issuer_name().to_der().map_err(|_| malformed)?;
        let begins = unix_time(list.last_update()).map_err(|_| malformed)?;
        let ends = list.next_update().ok_or(RevocationListError::NoNextUpdate)?;
        let ends = unix_time(ends).map_err(|_| malformed)?;
        Ok(Self { list, issuer, validity: (begins, ends) })
    }

    /// RFC 5280 section 6.3.3: signed by the authority, and the next one is not due yet.
    fn is_valid(&self, issuer: &X509Ref, now: UnixTime) -> bool {
        let (begins, ends) = self.validity;
        let is_signed = || issuer.public_key().is_ok_and(|key| self.list.verify(&key).unwrap_or(false));
        let is_valid = begins <= now && now < ends && is_signed();
        forget_library_errors();
        is_valid
    }

    fn spares(&self, certificate: &X509Ref) -> bool {
        matches!(self.list.get_by_serial(certificate.serial_number()), CrlStatus::NotRevoked)
    }
}

fn pem_blocks(text: &str) -> impl Iterator<Item = String> {
    text.split(BEGIN_OF_PEM).skip(1).map(|block| {
        let body = block.split_once(END_OF_PEM).map_or(block, |(body, _)| body);
        format!("{BEGIN_OF_PEM}{body}{END_OF_PEM}\n")
    })
}

/// Whether a `CertificateList` (RFC 5280 section 5.1), or an entry of it, has a critical extension. None is understood
/// here, and those that narrow what a list is good for are critical (sections 5.2.4, 5.2.5 and 5.3.3).
fn has_critical_extension(der: &[u8]) -> Option<bool> {
    let (SEQUENCE, mut rest, _) = der::split_element(der::only_element(SEQUENCE, der)?)? else { return None };
    let mut is_after_times = false;
    while !rest.is_empty() {
        let (tag, content, after) = der::split_element(rest)?;
        let critical = match tag {
            SEQUENCE if is_after_times => entries_have_critical(content)?,
            LIST_EXTENSIONS => extensions_have_critical(der::only_element(SEQUENCE, content)?)?,
            _ => false,
        };
        if critical {
            return Some(true);
        }
        is_after_times |= matches!(tag, UTC_TIME | GENERALIZED_TIME);
        rest = after;
    }
    Some(false)
}

/// `revokedCertificates`: serial number, time, and extensions or none.
fn entries_have_critical(mut entries: &[u8]) -> Option<bool> {
    while !entries.is_empty() {
        let (SEQUENCE, entry, after) = der::split_element(entries)? else { return None };
        let (_, _, time) = der::split_element(entry)?;
        let (_, _, extensions) = der::split_element(time)?;
        if !extensions.is_empty() && extensions_have_critical(der::only_element(SEQUENCE, extensions)?)? {
            return Some(true);
        }
        entries = after;
    }
    Some(false)
}

/// `Extensions`: identifier, whether it is critical (absent: no), value.
fn extensions_have_critical(mut extensions: &[u8]) -> Option<bool> {
    while !extensions.is_empty() {
        let (SEQUENCE, extension, after) = der::split_element(extensions)? else { return None };
        let (_, _, rest) = der::split_element(extension)?;
        let (tag, content, _) = der::split_element(rest)?;
        if tag == BOOLEAN && content != [0] {
            return Some(true);
        }
        extensions = after;
    }
    Some(false)
}

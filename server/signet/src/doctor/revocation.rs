//! The revocation lists of client certificates: whether they read, and how long they last.

use std::path::Path;

use signet_jose::{RevocationLists, UnlistedAuthorities};
use signet_protocol::time::UnixTime;

use super::Finding;
use crate::command::reason;
use crate::config::Settings;

const SUBJECT: &str = "revocation lists";
const HOUR: i64 = 3_600;

/// Looks at every list.
pub(super) fn check(settings: &Settings, now: UnixTime) -> Vec<Finding> {
    let files = &settings.client_certificates.revocation_lists;
    if files.is_empty() {
        return vec![Finding::good(SUBJECT, "there are none; no client certificate is looked for in one")];
    }
    files.iter().map(|file| look_at(&file.0, now)).collect()
}

fn look_at(file: &Path, now: UnixTime) -> Finding {
    let shown = file.display();
    let content = match std::fs::read(file) {
        Ok(content) => content,
        Err(error) => return Finding::bad(SUBJECT, format!("{shown} cannot be read: {}", reason(&error))),
    };
    match RevocationLists::new(UnlistedAuthorities::Refused).add(&content) {
        Err(error) => Finding::bad(SUBJECT, format!("{shown} {error}")),
        Ok(ends) if ends <= now => Finding::bad(
            SUBJECT,
            format!("{shown} is out of date; get a newer one, or nobody of its authority gets in"),
        ),
        Ok(ends) => Finding::good(SUBJECT, format!("{shown} is good for {} hours", ends.since(now) / HOUR)),
    }
}

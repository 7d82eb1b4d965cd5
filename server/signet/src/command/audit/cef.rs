//! Events in the Common Event Format, version 0: one line each, for systems that collect security events.
//!
//! A header of seven fields apart by `|`, in which `|` and `\` are escaped, then an extension of `key=value` pairs in
//! which `=` and `\` are escaped and line ends are written as `\n` and `\r`.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde_json::Value;
use signet_core::events::{EventKind, ListedRecord};

/// Longest value of a custom text field, in characters; the whole is in the JSON export.
const LONGEST: usize = 4000;

/// An event as one line without its end.
pub(super) fn line(realm: &str, listed: &ListedRecord) -> String {
    let record = &listed.record;
    let kind: Option<EventKind> = record.kind.parse().ok();
    let name = kind.map_or(record.kind.as_str(), |kind| kind.meaning()).trim_end_matches('.');
    let (version, severity) = (env!("CARGO_PKG_VERSION"), kind.map_or(5, severity));
    let mut line = format!("CEF:0|Signet|signet|{version}|{}|{}|{severity}|", header(&record.kind), header(name));
    let mut fields = Fields { line: &mut line, is_begun: false };
    fields.add("rt", &record.recorded_at.0.to_string());
    fields.add("externalId", &record.id.to_string());
    fields.add("outcome", if kind.is_none_or(is_success) { "success" } else { "failure" });
    match record.address.as_deref().map(str::parse) {
        Some(Ok(IpAddr::V4(address))) => fields.add("src", &address.to_string()),
        Some(Ok(IpAddr::V6(address))) => fields.labelled("c6a2", "Source IPv6 Address", &address.to_string()),
        _ => {}
    }
    if let Some(user) = &record.user_id {
        fields.add("suid", &user.to_string());
    }
    let details: Value = serde_json::from_str(&record.details).unwrap_or_default();
    if let Some(reason) = details["reason"].as_str() {
        fields.add("reason", reason);
    }
    fields.labelled("cs1", "request", &record.request_id);
    fields.labelled("cs2", "realm", realm);
    if let Some(client) = &record.client_id {
        fields.labelled("cs3", "client", client);
    }
    if let Some(session) = &record.session_id {
        fields.labelled("cs4", "session", &session.to_string());
    }
    fields.labelled("cs5", "details", &record.details);
    if let Some(sequence) = listed.sequence {
        fields.labelled("cn1", "sequence", &sequence.to_string());
    }
    line
}

/// The extension of a line.
struct Fields<'a> {
    line: &'a mut String,
    is_begun: bool,
}

impl Fields<'_> {
    fn add(&mut self, key: &str, value: &str) {
        let gap = if self.is_begun { " " } else { "" };
        self.is_begun = true;
        // Writing to a text cannot fail.
        let _ = write!(self.line, "{gap}{key}={}", extension(value));
    }

    fn labelled(&mut self, key: &str, label: &str, value: &str) {
        self.add(&format!("{key}Label"), label);
        self.add(key, value);
    }
}

/// A field of the header: one line, in which `|` and `\` are escaped.
fn header(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' | '\\' => escaped.extend(['\\', character]),
            control if control.is_control() => escaped.push(' '),
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// A value of the extension: `=` and `\` are escaped, line ends written out. `|` is not: it ends nothing there.
fn extension(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars().take(LONGEST) {
        match character {
            '=' | '\\' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            control if control.is_control() => escaped.push(' '),
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// From 0, of no concern, to 10.
const fn severity(kind: EventKind) -> u8 {
    match kind {
        EventKind::CodeReuse | EventKind::RefreshReuse => 9,
        EventKind::RefusalsCounted => 7,
        EventKind::LoginRefused | EventKind::ClientAuthenticationFailed | EventKind::AdministrationRefused => 6,
        EventKind::AdministrativeChange
        | EventKind::KeyRotated
        | EventKind::ScriptDeployed
        | EventKind::ScriptPromoted
        | EventKind::ScriptRolledBack
        | EventKind::LogoutUndelivered
        | EventKind::BackchannelUndelivered
        | EventKind::RequestFailed => 5,
        EventKind::AuthorizationRefused
        | EventKind::TokenRefused
        | EventKind::RevocationRefused
        | EventKind::RegistrationRefused
        | EventKind::IntrospectionRefused
        | EventKind::UserinfoRefused
        | EventKind::GrantManagementRefused
        | EventKind::AccountRefused
        | EventKind::LogoutRefused
        | EventKind::ConsentRefused
        | EventKind::BackchannelDenied
        | EventKind::UmaRefused => 4,
        EventKind::Login
        | EventKind::Logout
        | EventKind::SessionsEnded
        | EventKind::ConsentGiven
        | EventKind::ClaimsGathered
        | EventKind::ConsentRevoked
        | EventKind::CodeIssued
        | EventKind::DeviceRequested
        | EventKind::DeviceApproved
        | EventKind::BackchannelRequested
        | EventKind::BackchannelApproved
        | EventKind::AuthorizationConfirmed
        | EventKind::TokenIssued
        | EventKind::TokenRevoked
        | EventKind::ScriptDecision => 2,
    }
}

/// Whether somebody got what they asked for.
const fn is_success(kind: EventKind) -> bool {
    severity(kind) < 4
        || matches!(
            kind,
            EventKind::AdministrativeChange
                | EventKind::KeyRotated
                | EventKind::ScriptDeployed
                | EventKind::ScriptPromoted
                | EventKind::ScriptRolledBack
        )
}

#[cfg(test)]
mod tests {
    use signet_core::events::EventRecord;
    use signet_core::protocol::identifiers::{EventId, RealmId, UserId};
    use signet_core::protocol::time::UnixMilliseconds;

    use super::*;

    fn listed(kind: &str, client: &str, details: &str) -> ListedRecord {
        let record = EventRecord {
            realm_id: RealmId([1; 16]),
            id: EventId([0; 16]),
            recorded_at: UnixMilliseconds(1_709_210_096_789),
            request_id: "4f2a".to_owned(),
            kind: kind.to_owned(),
            user_id: Some(UserId([0; 16])),
            client_id: Some(client.to_owned()),
            session_id: None,
            address: Some("192.0.2.7".to_owned()),
            details: details.to_owned(),
            mac: [0; 32],
        };
        ListedRecord { sequence: Some(7), record }
    }

    #[test]
    fn an_event_is_one_line_with_its_fields() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            line("demo", &listed("login_refused", "app", "{\"reason\":\"wrong_password\"}")),
            format!(
                "CEF:0|Signet|signet|{version}|login_refused|A login was refused; the details say why|6|\
                 rt=1709210096789 externalId=AAAAAAAAAAAAAAAAAAAAAA outcome=failure src=192.0.2.7 \
                 suid=AAAAAAAAAAAAAAAAAAAAAA reason=wrong_password cs1Label=request cs1=4f2a cs2Label=realm cs2=demo \
                 cs3Label=client cs3=app cs5Label=details cs5={{\"reason\":\"wrong_password\"}} cn1Label=sequence cn1=7"
            )
        );
    }

    #[test]
    fn nothing_in_a_value_begins_another_field_line_or_header() {
        let line = line("demo", &listed("a|b\\c\nd", "x=1 act=forged\\|y\r\nCEF:0|", "{}"));
        assert!(line.contains("|a\\|b\\\\c d|a\\|b\\\\c d|5|rt="), "{line}");
        assert!(line.contains(" cs3=x\\=1 act\\=forged\\\\|y\\r\\nCEF:0| cs5Label="), "{line}");
        assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn long_values_are_cut_and_addresses_have_the_field_of_their_kind() {
        let mut event = listed("login", "app", &"=".repeat(9000));
        event.record.address = Some("2001:db8::1".to_owned());
        let line = line("demo", &event);
        assert!(line.contains(" c6a2Label=Source IPv6 Address c6a2=2001:db8::1 "), "{line}");
        assert!(line.contains(&format!(" cs5={} cn1Label", "\\=".repeat(4000))));
    }

    #[test]
    fn whoever_got_what_they_asked_for_succeeded() {
        for (kind, expected) in [
            (EventKind::Login, true),
            (EventKind::KeyRotated, true),
            (EventKind::ConsentRefused, false),
            (EventKind::RequestFailed, false),
            (EventKind::CodeReuse, false),
        ] {
            assert_eq!(is_success(kind), expected, "{kind}");
        }
    }
}

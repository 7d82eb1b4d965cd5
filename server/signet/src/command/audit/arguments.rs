//! What can be said to `signet audit` and `signet explain`.

use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use signet_core::events::EventKind;
use signet_core::ports::EventQuery;
use signet_core::protocol::identifiers::{ClientId, RealmId, RealmName, RequestId, UserId};
use signet_core::protocol::rfc3339::{self, InvalidTime};
use signet_core::protocol::time::UnixMilliseconds;
use signet_jose::base64url;

/// What can be asked about what happened.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List events, the newest last
    List {
        #[command(flatten)]
        place: EventRealm,
        #[command(flatten)]
        filter: Filter,
        /// Most events; the newest of those that fit
        #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        limit: u64,
    },
    /// Print every event, one a line, the oldest first
    Export {
        #[command(flatten)]
        place: EventRealm,
        #[command(flatten)]
        filter: Filter,
        /// The form of the lines
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Format,
    },
    /// Check that no event was changed, removed, inserted or moved
    Verify {
        /// The realm; every realm that ever had an event where none is given
        #[arg(long, value_name = "REALM")]
        realm: Option<NamedRealm>,
        /// Number and hash of an event as an earlier check or the log said them: what was cut off since is found
        #[arg(long, value_name = "NUMBER:HASH", requires = "realm")]
        checkpoint: Option<Checkpoint>,
    },
}

/// The form of exported lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON
    Jsonl,
    /// Common Event Format
    Cef,
}

/// What can be asked about one request.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The support code of an error page, which is the X-Request-Id of the answer
    #[arg(value_name = "SUPPORT_CODE", allow_hyphen_values = true)]
    pub(crate) request: RequestId,
    /// The realm; all are searched where none is given
    #[arg(long, value_name = "REALM")]
    pub(crate) realm: Option<NamedRealm>,
}

/// A realm by name; one that was deleted by its identifier.
#[derive(Debug, Clone)]
pub(crate) struct NamedRealm(pub(super) String);

impl FromStr for NamedRealm {
    type Err = signet_core::protocol::identifiers::InvalidIdentifier;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_id = text.parse::<RealmId>().is_ok();
        if !is_id {
            text.parse::<RealmName>()?;
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whose events.
#[derive(Debug, Args)]
pub(crate) struct EventRealm {
    /// The realm, by name; one that was deleted by its identifier
    #[arg(long, value_name = "REALM")]
    pub(super) realm: NamedRealm,
}

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Not before this time, such as 2027-01-15T08:00:00Z, or so long ago, such as 90s, 15m, 24h or 7d
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Of this kind
    #[arg(long, value_name = "KIND")]
    kind: Option<EventKind>,
    /// About this user, by identifier
    #[arg(long, value_name = "USER_ID", allow_hyphen_values = true)]
    user: Option<UserId>,
    /// About this client
    #[arg(long, value_name = "CLIENT_ID", allow_hyphen_values = true)]
    client: Option<ClientId>,
    /// Of the request with this support code
    #[arg(long, value_name = "SUPPORT_CODE", allow_hyphen_values = true)]
    request: Option<RequestId>,
}

/// A point in time, or how long ago it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    At(UnixMilliseconds),
    SecondsAgo(i64),
}

impl FromStr for Moment {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = text.chars().last().and_then(|unit| match unit {
            's' => Some(1),
            'm' => Some(60),
            'h' => Some(3600),
            'd' => Some(86_400),
            _ => None,
        });
        let number = text.get(..text.len().saturating_sub(1)).and_then(|number| number.parse::<u32>().ok());
        match unit.zip(number) {
            Some((unit, number)) => Ok(Self::SecondsAgo(i64::from(number) * unit)),
            None => rfc3339::read(text).map(Self::At),
        }
    }
}

/// What an earlier check said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(super) sequence: i64,
    pub(super) hash: Vec<u8>,
}

impl FromStr for Checkpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a checkpoint is written NUMBER:HASH, as signet audit verify says it";
        let (sequence, hash) = text.split_once(':').ok_or(wrong)?;
        let sequence = sequence.parse().map_err(|_| wrong)?;
        Ok(Self { sequence, hash: base64url::decode(hash).map_err(|_| wrong)? })
    }
}

impl Filter {
    /// The query that finds them, asked at this time.
    pub(super) fn query(&self, now: UnixMilliseconds) -> EventQuery {
        let moment = |moment: Moment| match moment {
            Moment::At(at) => at,
            Moment::SecondsAgo(seconds) => UnixMilliseconds(now.0.saturating_sub(seconds.saturating_mul(1000))),
        };
        EventQuery {
            since: self.since.map(moment),
            until: self.until.map(moment),
            kind: self.kind,
            user: self.user,
            client: self.client.clone(),
            request: self.request.clone(),
            ..EventQuery::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_times_or_how_long_ago() {
        for (text, moment) in [
            ("90s", Moment::SecondsAgo(90)),
            ("15m", Moment::SecondsAgo(900)),
            ("24h", Moment::SecondsAgo(86_400)),
            ("7d", Moment::SecondsAgo(604_800)),
            ("1970-01-01T00:00:01Z", Moment::At(UnixMilliseconds(1000))),
        ] {
            assert_eq!(text.parse(), Ok(moment), "{text}");
        }
        for text in ["", "d", "-1d", "1w", "yesterday", "1.5h"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_checkpoint_is_what_a_check_said() {
        assert_eq!("12:AQID".parse(), Ok(Checkpoint { sequence: 12, hash: vec![1, 2, 3] }));
        for text in ["", "12", "x:AQID", "12:A!"] {
            assert!(text.parse::<Checkpoint>().is_err(), "{text}");
        }
    }
}

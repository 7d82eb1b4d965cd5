//! The checks, in the order in which a start would meet what they look at.

use std::net::{SocketAddr, TcpListener};

use signet_core::ports::Changes as _;
use signet_core::ports::Realms as _;
use signet_jose::RootKey;
use signet_protocol::time::Clock as _;
use signet_store::{Database, Options};
use zeroize::Zeroizing;

use super::{Finding, certificates, revocation};
use crate::command::reason;
use crate::composition::{DEVELOPMENT_PREFIX, SystemClock, is_private};
use crate::config::{Protocol, Settings};
use crate::serve;

/// Seconds that the clocks of node and database may be apart.
const CLOCK_TOLERANCE: i64 = 2;

/// Looks at everything.
pub(super) async fn all(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![Finding::good("configuration", "every setting reads")];
    findings.push(migrations(settings).await);
    let connected = Database::connect(&settings.database.url.0, Options { connections: 1, ..Options::default() }).await;
    let database = connected.ok();
    if let Some(database) = &database {
        findings.push(clock(database).await);
        if settings.database.url.is_sqlite() {
            findings.push(serving(database));
        }
    }
    findings.extend(root_key(settings, database.as_ref()).await);
    if let Some(database) = database {
        database.close().await;
    }
    findings.extend(certificates::check(settings, SystemClock.now()));
    findings.extend(revocation::check(settings, SystemClock.now()));
    findings.extend(ports(settings));
    findings.push(templates(settings));
    findings.push(proxy(settings));
    findings.push(outbound(settings));
    findings
}

/// Whether the database answers and has this version's schema.
async fn migrations(settings: &Settings) -> Finding {
    let subject = "database";
    let states = match signet_migrations::status(&settings.database.url.0).await {
        Ok(states) => states,
        Err(error) => return Finding::bad(subject, format!("{error}; check database.url and the database server")),
    };
    let pending = states.iter().filter(|state| !state.applied).count();
    let migrates = settings.database.migrate_at_start.unwrap_or_else(|| settings.database.url.is_sqlite());
    match pending {
        0 => Finding::good(subject, format!("answers and has all {} migrations", states.len())),
        _ if pending == states.len() => {
            Finding::doubtful(subject, "is new; it is set up by: signet migrate up, or by the first start on SQLite")
        }
        _ if migrates => Finding::doubtful(subject, format!("lacks {pending} migrations; the next start applies them")),
        _ => Finding::bad(subject, format!("lacks {pending} migrations; run: signet migrate up")),
    }
}

async fn clock(database: &Database) -> Finding {
    let subject = "clock";
    match database.clock_offset(SystemClock.now()).await {
        Ok(offset) if offset.abs() <= CLOCK_TOLERANCE => Finding::good(subject, "agrees with the database's"),
        Ok(offset) => Finding::bad(
            subject,
            format!("the database's clock is {offset} seconds ahead of this machine's; set both by a time service"),
        ),
        Err(error) => Finding::bad(subject, format!("the database does not tell the time: {error}")),
    }
}

fn serving(database: &Database) -> Finding {
    match database.hold_serving_lock() {
        Ok(_) => Finding::good("server", "none serves from this SQLite database"),
        Err(error) => Finding::doubtful("server", error.to_string()),
    }
}

async fn root_key(settings: &Settings, database: Option<&Database>) -> Vec<Finding> {
    let subject = "root key";
    let file = &settings.keys.root_key_file.0;
    let shown = file.display();
    let canary = match database {
        Some(database) => database.canary().await.ok().flatten(),
        None => None,
    };
    let Ok(content) = std::fs::read_to_string(file).map(Zeroizing::new) else {
        return vec![match canary {
            Some(_) => Finding::bad(
                subject,
                format!("{shown} cannot be read, and the database needs it; restore it, or make it readable"),
            ),
            None => Finding::doubtful(subject, format!("{shown} cannot be read; a new database gets a new one")),
        }];
    };
    let key = match RootKey::parse(&content) {
        Ok(key) => key,
        Err(error) => return vec![Finding::bad(subject, format!("{shown} does not read: {error}"))],
    };
    let mut findings = vec![match canary.map(|canary| key.check_canary(&canary)) {
        None => Finding::good(subject, "reads; there is no database yet to compare it with"),
        Some(Ok(())) => Finding::good(subject, "is the one of this database"),
        Some(Err(error)) => Finding::bad(subject, format!("{shown} is not the key of this database: {error}")),
    }];
    if !is_private(file).unwrap_or(false) {
        findings.push(Finding::bad(subject, format!("others can read {shown}; run: chmod 600 {shown}")));
    }
    if key.id().starts_with(DEVELOPMENT_PREFIX) && !settings.server.public_url.is_local() {
        let said = "was made by signet dev, which is never served to others; use a new database and root key";
        findings.push(Finding::bad(subject, said));
    }
    findings
}

/// A port that is taken may be taken by the very server that is looked at.
fn ports(settings: &Settings) -> Vec<Finding> {
    let subject = "ports";
    let named = [
        ("listener.address", Some(settings.listener.address)),
        ("listener.mtls_address", settings.listener.mtls_address),
        ("management.address", Some(settings.management.address)),
    ];
    let check = |(key, address): (&str, Option<SocketAddr>)| {
        let address = address?;
        Some(match TcpListener::bind(address) {
            Ok(_) => Finding::good(subject, format!("{key} {address} is free")),
            Err(error) => Finding::doubtful(
                subject,
                format!(
                    "{key} {address} cannot be used: {}; fine if that is this server, else change it",
                    reason(&error)
                ),
            ),
        })
    };
    named.into_iter().filter_map(check).collect()
}

fn templates(settings: &Settings) -> Finding {
    match serve::pages(settings) {
        Ok(_) if settings.pages.templates.is_some() => Finding::good("pages", "every replaced template renders"),
        Ok(_) => Finding::good("pages", "the built-in templates are used"),
        Err(error) => Finding::bad("pages", error.said),
    }
}

fn proxy(settings: &Settings) -> Finding {
    if settings.listener.protocol == Protocol::Plain && settings.proxy.trusted.is_empty() {
        return Finding::doubtful(
            "proxy",
            "listener.protocol is plain and proxy.trusted is empty: every request seems to come from the proxy, so that \
             one guesser of passwords slows everybody down; name the proxy's network",
        );
    }
    Finding::good("proxy", "the settings fit the listener")
}

fn outbound(settings: &Settings) -> Finding {
    let subject = "outbound";
    if settings.outbound.allow_private_addresses && !settings.server.public_url.is_local() {
        let said = "outbound.allow_private_addresses lets whoever registers clients reach what is behind the firewall; \
                    name single networks in outbound.allowed_networks";
        return Finding::doubtful(subject, said);
    }
    Finding::good(subject, "private addresses are refused, or this is a deployment for one machine")
}

//! What a security profile would have refused of what clients did lately, and would refuse of their registrations.

use signet_protocol::identifiers::ClientId;
use signet_protocol::spec::SpecRef;

use super::conformity::check_conformity;
use super::{RegistryError, list_clients};
use crate::model::{Client, TrafficCount};
use crate::ports::{Page, PageRequest};
use crate::profile::ProfileName;
use crate::profile::conformity::{REQUIREMENTS, RequestKind, Requirement, Shortfall};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Days that counts are kept, and most that can be asked for.
const MOST_DAYS: u32 = 8;
/// Days where nothing is asked for: the last week, today included.
const DEFAULT_DAYS: u32 = 7;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// What is asked of a forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastQuestion {
    /// The profile that clients would be given; the one that counts for each where there is none.
    pub profile: Option<ProfileName>,
    /// Days to look back, today included, in UTC: 1 to 8; 7 where there is none.
    pub days: Option<u32>,
}

/// What a profile would have refused of a client.
pub struct Forecast {
    /// The client.
    pub client_id: ClientId,
    /// The profile: the one that was asked about together with what counts for the client already.
    pub profile: ProfileName,
    /// Days that were looked at.
    pub days: u32,
    /// What the client did, one a kind.
    pub traffic: [ObservedTraffic; 3],
    /// The demands that it did not meet.
    pub gaps: Vec<ForecastGap>,
}

/// What a client did of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservedTraffic {
    /// The kind.
    pub kind: RequestKind,
    /// Requests that were served.
    pub requests: u64,
    /// How many of them fail at least one demand of the profile.
    pub failing: u64,
}

/// A demand that a client did not meet.
pub struct ForecastGap {
    /// The demand.
    pub requirement: &'static Requirement,
    /// The section that wants it.
    pub section: Option<SpecRef>,
    /// Requests that fail it.
    pub failing: u64,
    /// What its registration lacks, because of which everything would be refused.
    pub shortfall: Option<Shortfall>,
    /// What to do in requests.
    pub in_requests: Option<&'static str>,
}

impl Forecast {
    /// Whether the profile would have refused nothing: the registration could stay, and no request failed.
    pub fn is_clear(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// Tells what a profile would have refused of a client.
///
/// # Errors
/// `Invalid` for a profile that excludes the one that counts, and for days that are not kept.
pub async fn forecast(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    question: ForecastQuestion,
) -> Result<Forecast, RegistryError> {
    let days = days_of(question)?;
    let conformity = check_conformity(realm, client, question.profile)?;
    let today = provider.now().0.div_euclid(DAY);
    let since = today - i64::from(days) + 1;
    let counts = provider.store.traffic_of(realm.id(), &client.client_id, since).await?;
    let profile = conformity.profile;
    // What counts already refuses nothing of what it let pass: counts of before are those of another profile.
    let judged = if realm.profile_name_of(client) == Some(profile) { None } else { Some(profile) };
    let failing = |subject: &str| judged.map_or(0, |profile| total(&counts, Some(profile), subject));
    let traffic = RequestKind::ALL.map(|kind| ObservedTraffic {
        kind,
        requests: total(&counts, None, kind.as_str()),
        failing: failing(kind.as_str()),
    });
    let gaps = REQUIREMENTS.iter().filter_map(|requirement| {
        let known = conformity.gaps.iter().find(|gap| gap.requirement.name == requirement.name);
        let shortfall = known.and_then(|gap| gap.shortfall.clone());
        let failing = failing(requirement.name);
        let in_requests = known.and_then(|gap| gap.in_requests).filter(|_| failing > 0);
        let section = requirement.section(profile);
        let is_one = shortfall.is_some() || failing > 0;
        is_one.then_some(ForecastGap { requirement, section, failing, shortfall, in_requests })
    });
    let gaps = gaps.collect();
    Ok(Forecast { client_id: client.client_id.clone(), profile, days, traffic, gaps })
}

/// Tells it of the clients of a realm, those left out that are held to a profile which excludes the one asked about.
///
/// # Errors
/// `Invalid` for days that are not kept.
pub async fn list_forecasts(
    provider: &Provider,
    realm: &RealmContext,
    question: ForecastQuestion,
    page: &PageRequest,
) -> Result<Page<Forecast>, RegistryError> {
    days_of(question)?;
    let Page { items: clients, next } = list_clients(provider, realm, page).await?;
    let mut items = Vec::with_capacity(clients.len());
    for client in &clients {
        if check_conformity(realm, client, question.profile).is_ok() {
            items.push(forecast(provider, realm, client, question).await?);
        }
    }
    Ok(Page { items, next })
}

fn days_of(question: ForecastQuestion) -> Result<u32, RegistryError> {
    let days = question.days.unwrap_or(DEFAULT_DAYS);
    if (1..=MOST_DAYS).contains(&days) {
        return Ok(days);
    }
    Err(RegistryError::invalid("days", format!("is from 1 to {MOST_DAYS}: older counts are not kept")))
}

fn total(counts: &[TrafficCount], profile: Option<ProfileName>, subject: &str) -> u64 {
    let fitting = counts.iter().filter(|count| count.profile == profile && count.subject == subject);
    fitting.map(|count| u64::try_from(count.requests).unwrap_or(0)).sum()
}

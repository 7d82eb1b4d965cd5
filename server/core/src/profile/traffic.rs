//! Counting what clients do against the profiles above theirs: in memory on the way of a request, in the database in
//! batches, a row a day. A node that is killed loses the counts of some seconds; nothing is decided by them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signet_protocol::identifiers::{ClientId, RealmId};
use signet_protocol::time::UnixTime;

use super::ProfileName;
use super::conformity::Observed;
use crate::events::Serving;
use crate::model::{Client, RegistrationMode, TrafficCount};
use crate::ports::StoreResult;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Most clients whose counts wait to be written. What any more do is not counted before the next batch is written.
const MOST_WAITING: usize = 10_000;
/// Most rows of a transaction.
const BATCH: usize = 1_000;
/// Clients that the metric tells apart; the requests of any more count as those of [`OTHERS`].
const MOST_NAMED: usize = 200;
/// Stands for the clients beyond those, and for those that anybody may register. No client and no realm has such a name.
const OTHERS: &str = "(others)";

/// What is counted: a kind of request or a demand by its name, under a profile, or whatever the profile.
type Counted = (Option<ProfileName>, &'static str);
/// A realm and a client by their names.
type Named = (Arc<str>, Arc<str>);

/// Requests of a client that a demand of a profile would have refused, since the start of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileGapCounts {
    /// The realm.
    pub realm: Arc<str>,
    /// The client.
    pub client: Arc<str>,
    /// The profile.
    pub profile: ProfileName,
    /// The name of the demand.
    pub requirement: &'static str,
    /// How many requests.
    pub requests: u64,
}

/// Counts of what clients did.
#[derive(Debug, Default)]
pub struct TrafficCounts(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// What is not written yet.
    waiting: HashMap<RealmId, HashMap<ClientId, BTreeMap<Counted, i64>>>,
    /// How many clients that is.
    clients: usize,
    /// What the metric shows.
    gaps: BTreeMap<Named, BTreeMap<(ProfileName, &'static str), u64>>,
}

impl Counts {
    fn waiting(&mut self, realm_id: RealmId, client_id: &ClientId) -> Option<&mut BTreeMap<Counted, i64>> {
        let clients = self.waiting.entry(realm_id).or_default();
        if !clients.contains_key(client_id) {
            if self.clients >= MOST_WAITING {
                return None;
            }
            self.clients += 1;
            clients.insert(client_id.clone(), BTreeMap::new());
        }
        clients.get_mut(client_id)
    }

    fn shown(&mut self, (realm, client): (&str, &str)) -> &mut BTreeMap<(ProfileName, &'static str), u64> {
        let name: Named = (realm.into(), client.into());
        let is_known = self.gaps.contains_key(&name) || self.gaps.len() < MOST_NAMED;
        self.gaps.entry(if is_known { name } else { (OTHERS.into(), OTHERS.into()) }).or_default()
    }
}

impl TrafficCounts {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts requests of a client, which the profiles above its own are held against.
    fn count(&self, realm: &RealmContext, client: &Client, requests: &[Observed<'_>]) {
        let Some(own) = realm.profile_name_of(client) else { return };
        let mut failed = Vec::new();
        let mut counts = self.counts();
        let Some(waiting) = counts.waiting(realm.id(), &client.client_id) else { return };
        for request in requests {
            let kind = request.kind().as_str();
            *waiting.entry((None, kind)).or_default() += 1;
            for profile in ProfileName::ALL.into_iter().filter(|name| *name != own && name.includes(own)) {
                let before = failed.len();
                for requirement in request.failed(profile.profile()) {
                    *waiting.entry((Some(profile), requirement.name)).or_default() += 1;
                    failed.push((profile, requirement.name));
                }
                if failed.len() > before {
                    *waiting.entry((Some(profile), kind)).or_default() += 1;
                }
            }
        }
        if !failed.is_empty() {
            let shown = counts.shown(named(realm, client));
            for gap in failed {
                *shown.entry(gap).or_default() += 1;
            }
        }
    }

    /// Takes what waits, as of a moment.
    fn take(&self, now: UnixTime) -> Vec<TrafficCount> {
        let mut counts = self.counts();
        counts.clients = 0;
        let waiting = std::mem::take(&mut counts.waiting);
        drop(counts);
        let day = now.0.div_euclid(DAY);
        let clients = waiting.into_iter().flat_map(|(realm_id, clients)| {
            clients.into_iter().map(move |(client_id, counted)| (realm_id, client_id, counted))
        });
        let rows = clients.flat_map(|(realm_id, client_id, counted)| {
            let row = move |((profile, subject), requests): (Counted, i64)| TrafficCount {
                realm_id,
                client_id: client_id.clone(),
                day,
                profile,
                subject: subject.to_owned(),
                requests,
            };
            counted.into_iter().map(row)
        });
        rows.collect()
    }

    /// What the metric shows.
    pub fn gaps(&self) -> Vec<ProfileGapCounts> {
        let counts = self.counts();
        let each = counts.gaps.iter().flat_map(|((realm, client), gaps)| {
            gaps.iter().map(move |((profile, requirement), requests)| ProfileGapCounts {
                realm: Arc::clone(realm),
                client: Arc::clone(client),
                profile: *profile,
                requirement,
                requests: *requests,
            })
        });
        each.collect()
    }
}

/// What the metric calls a client. Where everybody may register clients, their names are of strangers' making.
fn named<'a>(realm: &'a RealmContext, client: &'a Client) -> (&'a str, &'a str) {
    let is_anybodys =
        client.settings.dynamically_registered && realm.realm.settings.registration.mode == RegistrationMode::Open;
    let name = if is_anybodys { OTHERS } else { client.client_id.as_str() };
    (realm.realm.name.as_str(), name)
}

impl Serving<'_> {
    /// A client did something and was served.
    pub(crate) fn observe(&self, realm: &RealmContext, client: &Client, requests: &[Observed<'_>]) {
        self.traffic.count(realm, client, requests);
    }
}

impl Provider {
    /// Counts of what clients did.
    pub const fn traffic_counts(&self) -> &Arc<TrafficCounts> {
        &self.traffic
    }

    /// Writes what was counted since the last time. What cannot be written is lost.
    ///
    /// # Errors
    /// The database is away.
    pub async fn flush_traffic(&self) -> StoreResult<()> {
        for batch in self.traffic.take(self.now()).chunks(BATCH) {
            self.store.add_traffic(batch).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> (RealmId, ClientId) {
        (RealmId([1; 16]), format!("client-{number}").parse().unwrap())
    }

    #[test]
    fn no_number_of_clients_makes_more_than_so_many_labels() {
        let mut counts = Counts::default();
        for number in 0..3 * MOST_NAMED {
            let gap = (ProfileName::Fapi2Security, "pkce");
            *counts.shown(("bank", &format!("client-{number}"))).entry(gap).or_default() += 1;
        }
        assert_eq!(counts.gaps.len(), MOST_NAMED + 1);
        let gaps = TrafficCounts(Mutex::new(counts)).gaps();
        let others = gaps.iter().find(|gap| &*gap.client == OTHERS).unwrap();
        assert_eq!((&*others.realm, others.requests), (OTHERS, 2 * MOST_NAMED as u64));
    }

    #[test]
    fn no_number_of_clients_waits_without_bound_and_what_was_taken_is_gone() {
        let traffic = TrafficCounts::default();
        for number in 0..=MOST_WAITING {
            let (realm_id, client_id) = key(number);
            let mut counts = traffic.counts();
            if let Some(waiting) = counts.waiting(realm_id, &client_id) {
                *waiting.entry((None, "token")).or_default() += 2;
            }
        }
        let taken = traffic.take(UnixTime(2 * DAY + 5));
        assert_eq!(taken.len(), MOST_WAITING);
        assert!(taken.iter().all(|row| (row.day, row.requests, row.subject.as_str()) == (2, 2, "token")));
        assert!(traffic.take(UnixTime(0)).is_empty());
        let (realm_id, client_id) = key(MOST_WAITING);
        assert!(traffic.counts().waiting(realm_id, &client_id).is_some());
    }
}

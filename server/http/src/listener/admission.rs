//! Who may hold how many connections.
//!
//! Counts are taken before the TLS handshake, because the handshake is what an attacker would make the server pay for.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::limits::Limits;

/// Counts open connections, in total and by address. Its memory is bounded by the connections it admits.
#[derive(Debug)]
pub(super) struct Admission {
    connections: usize,
    connections_per_address: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_network: HashMap<IpAddr, usize>,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            connections: limits.connections,
            connections_per_address: limits.connections_per_address,
            open: Mutex::default(),
        })
    }

    /// Admits one more connection from `peer`, until the guard is dropped. A listed proxy speaks for many people and
    /// is bound by the total alone.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr, is_listed_proxy: bool) -> Option<Admitted> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.connections {
            return None;
        }
        let network = (!is_listed_proxy).then(|| network_of(peer));
        if let Some(network) = network {
            let here = open.by_network.entry(network).or_default();
            if *here >= self.connections_per_address {
                return None;
            }
            *here += 1;
        }
        open.total += 1;
        Some(Admitted { admission: Arc::clone(self), network })
    }
}

/// One admitted connection.
#[derive(Debug)]
pub(super) struct Admitted {
    admission: Arc<Admission>,
    network: Option<IpAddr>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        let Some(network) = self.network else { return };
        if let Some(here) = open.by_network.get_mut(&network) {
            *here -= 1;
            if *here == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

/// The address itself, or the /64 of an IPv6 address, all of which one customer may use.
fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        ipv4 @ IpAddr::V4(_) => ipv4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn admission(connections: usize, connections_per_address: usize) -> Arc<Admission> {
        Admission::new(&Limits { connections, connections_per_address, ..Limits::default() })
    }

    #[test]
    fn an_address_has_its_own_share_and_gets_it_back() {
        let admission = admission(10, 2);
        let first = admission.admit(address("192.0.2.1"), false);
        let second = admission.admit(address("::ffff:192.0.2.1"), false);
        assert!(first.is_some() && second.is_some());
        assert!(admission.admit(address("192.0.2.1"), false).is_none(), "the mapped form is the same address");
        assert!(admission.admit(address("192.0.2.2"), false).is_some());
        drop(first);
        assert!(admission.admit(address("192.0.2.1"), false).is_some());
    }

    #[test]
    fn an_ipv6_customer_does_not_multiply_by_changing_address() {
        let admission = admission(10, 1);
        let _first = admission.admit(address("2001:db8:1:2::1"), false).unwrap();
        assert!(admission.admit(address("2001:db8:1:2:ffff::9"), false).is_none());
        assert!(admission.admit(address("2001:db8:1:3::1"), false).is_some());
    }

    #[test]
    fn a_listed_proxy_is_bound_by_the_total_alone() {
        let admission = admission(3, 1);
        let held: Vec<_> = (0..3).filter_map(|_| admission.admit(address("10.0.0.1"), true)).collect();
        assert_eq!(held.len(), 3);
        assert!(admission.admit(address("192.0.2.1"), false).is_none(), "the total is reached");
        drop(held);
        let open = admission.open.lock().unwrap();
        assert_eq!((open.total, open.by_network.len()), (0, 0));
    }
}

//! Decides which addresses a stranger's URL may lead to.
//!
//! The ranges are those of the IANA special-purpose address registries (RFC 6890), plus addresses at which clouds
//! serve credentials, plus every IPv6 form that carries an IPv4 address inside, because a gateway would unwrap it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::settings::OutboundSettings;

/// Judges addresses before a connection is made.
#[derive(Debug, Clone)]
pub struct AddressGuard {
    allow_private_addresses: bool,
    allowed_networks: Vec<IpNet>,
}

/// Where no server of anybody is, and where secrets of the machine are.
const NEVER: &[(IpNet, &str)] = &[
    (v4([0, 0, 0, 0], 8), "this machine itself"),
    (v4([100, 100, 100, 200], 32), "a metadata service"),
    (v4([168, 63, 129, 16], 32), "a metadata service"),
    (v4([169, 254, 0, 0], 16), "link-local"),
    (v4([192, 0, 0, 0], 24), "reserved"),
    (v4([192, 0, 2, 0], 24), "for documentation"),
    (v4([192, 88, 99, 0], 24), "an IPv6 relay"),
    (v4([198, 18, 0, 0], 15), "for benchmarks"),
    (v4([198, 51, 100, 0], 24), "for documentation"),
    (v4([203, 0, 113, 0], 24), "for documentation"),
    (v4([224, 0, 0, 0], 4), "multicast"),
    (v4([240, 0, 0, 0], 4), "reserved"),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "this machine itself"),
    (v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), "an IPv4 address in disguise"),
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), "an IPv4 address in disguise"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "an IPv4 address in disguise"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "reserved"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "for documentation"),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "an IPv4 address in disguise"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "for documentation"),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), "a metadata service"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link-local"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
];

/// Where the deployment's own machines are.
const PRIVATE: &[(IpNet, &str)] = &[
    (v4([10, 0, 0, 0], 8), "private"),
    (v4([100, 64, 0, 0], 10), "shared by a carrier"),
    (v4([127, 0, 0, 0], 8), "loopback"),
    (v4([172, 16, 0, 0], 12), "private"),
    (v4([192, 168, 0, 0], 16), "private"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "private"),
];

/// All global unicast addresses there are so far (RFC 4291 section 2.4).
const GLOBAL_V6: IpNet = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

const fn v4(b: [u8; 4], length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(b[0], b[1], b[2], b[3]), length))
}

const fn v6(s: [u16; 8], length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]), length))
}

impl AddressGuard {
    /// The guard that a deployment wants.
    pub fn new(settings: &OutboundSettings) -> Self {
        Self {
            allow_private_addresses: settings.allow_private_addresses,
            allowed_networks: settings.allowed_networks.clone(),
        }
    }

    /// Why `address` is refused, as the end of a sentence "which is ...". None: it is permitted.
    pub fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        if self.allowed_networks.iter().any(|network| network.contains(&address)) {
            return None;
        }
        if let Some(reason) = find(NEVER, address) {
            return Some(reason);
        }
        if let Some(reason) = find(PRIVATE, address) {
            return (!self.allow_private_addresses).then_some(reason);
        }
        (address.is_ipv6() && !GLOBAL_V6.contains(&address)).then_some("not a global address")
    }
}

fn find(ranges: &[(IpNet, &'static str)], address: IpAddr) -> Option<&'static str> {
    ranges.iter().find(|(network, _)| network.contains(&address)).map(|(_, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(settings: &OutboundSettings, address: &str) -> Option<&'static str> {
        AddressGuard::new(settings).refusal(address.parse().unwrap())
    }

    const PRIVATE_ADDRESSES: &[&str] = &[
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "::1",
        "fc00::1",
        "fdff::1",
    ];

    const NEVER_ADDRESSES: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "169.254.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];

    const PUBLIC_ADDRESSES: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2a00::1",
    ];

    #[test]
    fn rfc6890_only_public_addresses_are_permitted() {
        for address in [PRIVATE_ADDRESSES, NEVER_ADDRESSES].concat() {
            assert!(refusal(&OutboundSettings::default(), address).is_some(), "{address}");
        }
        for address in PUBLIC_ADDRESSES {
            assert_eq!(refusal(&OutboundSettings::default(), address), None, "{address}");
        }
    }

    #[test]
    fn allowing_private_addresses_does_not_open_metadata_services() {
        let settings = OutboundSettings { allow_private_addresses: true, ..OutboundSettings::default() };
        for address in PRIVATE_ADDRESSES {
            assert_eq!(refusal(&settings, address), None, "{address}");
        }
        for address in NEVER_ADDRESSES {
            assert!(refusal(&settings, address).is_some(), "{address}");
        }
    }

    #[test]
    fn a_listed_network_is_permitted_and_its_neighbours_are_not() {
        let allowed_networks = vec!["10.1.0.0/16".parse().unwrap(), "64:ff9b::/96".parse().unwrap()];
        let settings = OutboundSettings { allowed_networks, ..OutboundSettings::default() };
        for (address, permitted) in [("10.1.2.3", true), ("64:ff9b::1.1.1.1", true), ("10.2.0.1", false)] {
            assert_eq!(refusal(&settings, address).is_none(), permitted, "{address}");
        }
    }
}

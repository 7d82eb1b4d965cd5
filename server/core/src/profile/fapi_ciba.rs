//! FAPI-CIBA: the Client Initiated Backchannel Authentication Profile, which takes over FAPI 1.0 Parts 1 and 2.

use signet_protocol::names::TokenDeliveryMode;

use super::fapi1_advanced::FAPI1_ADVANCED;
use super::{BackchannelRules, SecurityProfile};

pub(super) const FAPI_CIBA: SecurityProfile = SecurityProfile {
    backchannel: BackchannelRules {
        // Section 5.2.2-3 to -5.
        delivery_modes: &[TokenDeliveryMode::Poll, TokenDeliveryMode::Ping],
        signed_requests: true,
    },
    ..FAPI1_ADVANCED
};

//! The device code grant (RFC 8628 section 3.4): the device asks until somebody has answered elsewhere.

use signet_protocol::names::GrantType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::spec::{rfc6749, rfc8628};

use super::GrantRequest;
use super::deferred::{Polled, redeem};
use crate::failure::Failure;
use crate::model::DeferredKind;

const POLLED: Polled = Polled {
    grant_type: GrantType::DeviceCode,
    kind: DeferredKind::Device,
    parameter: "device_code",
    missing: "device_code is missing",
    invalid: "the device code is not valid for this client",
    spec: rfc8628("3.5"),
    missing_spec: rfc8628("3.4"),
    invalid_spec: rfc6749("5.2"),
};

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    redeem(request, &POLLED).await
}

//! Signed authentication requests (CIBA Core 7.1.1).

use std::sync::Arc;

use signet_protocol::error::ErrorCode;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::{ciba, fapi_ciba};

use crate::authorize::pushed::asked_beside_the_client;
use crate::authorize::request_object::backchannel_parameters;
use crate::events::Serving;
use crate::failure::Failure;
use crate::model::Client;
use crate::realm::RealmContext;

/// What the client asks: the parameters of the form, or those of the object in it, beside which none stands.
pub(super) async fn parameters(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    form: &Parameters,
) -> Result<Parameters, Failure> {
    let plain = asked_beside_the_client(form);
    let Some(object) = plain.get("request") else {
        let must_be_signed = realm.profile_of(client).backchannel.signed_requests
            || client.metadata.backchannel_authentication_request_signing_alg.is_some();
        if must_be_signed {
            let reason = "the application must send its request as a signed request object";
            return Err(ErrorCode::InvalidRequest.because(reason).per(fapi_ciba("5.2.2-6")).into());
        }
        return Ok(plain);
    };
    if plain.count() > 1 {
        let reason = "parameters of the request must stand in the request object alone";
        return Err(ErrorCode::InvalidRequest.because(reason).per(ciba("7.1.1")).into());
    }
    backchannel_parameters(serving, realm, client, object).await
}

//! `on_resource_indicators` at the authorization endpoint: the resources that are taken from a request. What was taken
//! once stays taken.

use super::Narrowing;
use crate::authorize::{Accepted, AuthorizeError};
use crate::events::Serving;
use crate::grants::{Authorized, left};
use crate::realm::RealmContext;

/// Asks about the resources of a request, if it names some.
pub(super) async fn aimed(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    narrowing: &mut Narrowing,
) -> Result<(), AuthorizeError> {
    let authorized = Authorized {
        client: &accepted.client,
        user: None,
        grant_type: None,
        scope: accepted.request.scope(),
        resources: accepted.request.resources().to_vec(),
        details: Vec::new(),
        names_details: false,
    };
    let kept = left(serving, realm, &authorized).await.map_err(|refusal| accepted.refuse(refusal))?;
    narrowing.keep_resources(&kept.resources, &authorized.resources);
    Ok(())
}

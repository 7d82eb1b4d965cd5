//! `on_client_policy` at the authorization endpoint. It is asked about a request that the profile of realm and client
//! permits; where a script demands more, the whole request is checked again under that.

use std::sync::Arc;

use signet_hooks::points::on_client_policy::PolicyEndpoint;

use crate::authorize::{Accepted, AuthorizeError};
use crate::events::Serving;
use crate::model::Client;
use crate::profile;
use crate::realm::RealmContext;

/// The client as scripts want it to be for this request; nothing where they do not.
pub(in crate::authorize) async fn tightened(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
) -> Result<Option<Arc<Client>>, AuthorizeError> {
    let about = (PolicyEndpoint::Authorization, || Some(accepted.facts()));
    let tightened = profile::tightened(serving, realm, &accepted.client, about).await;
    tightened.map_err(|refusal| accepted.refuse(refusal))
}

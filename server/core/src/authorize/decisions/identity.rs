//! `on_identify`: another spelling of a user name. It is the first script that knows one whose spelling counts.

use signet_hooks::NoFacts;
use signet_hooks::points::OnIdentify;
use signet_hooks::points::on_identify::{HintSource, IdentifyDecision, IdentityHint};
use signet_protocol::error::Refusal;

use crate::authorize::Accepted;
use crate::events::Serving;
use crate::hooks::Subject;
use crate::realm::RealmContext;

/// Longest spelling that is taken, in bytes; nobody's name is longer.
const LONGEST: usize = 320;

/// A name as a script spells it, or as it was given. The scripts are not told whether anybody has it.
///
/// # Errors
/// A script failed whose manifest demands that the request fails with it.
pub(in crate::authorize) async fn identified(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    (source, text): (HintSource, &str),
) -> Result<String, Refusal> {
    let domain = || text.rsplit_once('@').map(|(_, domain)| domain.trim().to_lowercase());
    let hint = || (NoFacts {}, IdentityHint { source, text: text.to_owned(), domain: domain() });
    let answers = serving.ask::<OnIdentify>(realm, Subject::client(&accepted.client), hint).await?;
    let spelling = answers.into_iter().find_map(|answer| match answer.decision {
        IdentifyDecision::None {} => None,
        IdentifyDecision::Identify(identity) => Some(identity.username),
    });
    Ok(spelling.filter(|name| (1..=LONGEST).contains(&name.len())).unwrap_or_else(|| text.to_owned()))
}

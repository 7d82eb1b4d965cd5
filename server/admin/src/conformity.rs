//! Clients held against security profiles.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use signet_core::profile;
use signet_core::profile::conformity::Gap;
use signet_core::protocol::identifiers::{ClientId, RealmName};
use signet_core::registry::{self, Conformity};

use crate::administrator::Administrator;
use crate::answer::Answered;
use crate::enumerations::ProfileName;
use crate::openapi::Tag;
use crate::path::Path;
use crate::problem::Problem;
use crate::query::Choice;

/// What a client would have to change to meet a security profile.
#[derive(Object)]
pub(crate) struct ClientConformity {
    /// The client identifier.
    client_id: String,
    /// The profile it is held against: the one that was asked about together with what counts for the client already.
    profile: ProfileName,
    /// Whether the registration could stay as it is.
    conforms: bool,
    /// The demands that it does not meet, or not by its registration alone.
    gaps: Vec<ProfileGap>,
}

/// A demand of a profile.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ProfileGap {
    /// The name of the demand.
    requirement: String,
    /// The section that wants it.
    section: Option<String>,
    /// The member of the registration that would have to change.
    field: Option<String>,
    /// What would have to change there.
    change: Option<String>,
    /// What the client has to do in its requests. A registration does not show whether it does.
    in_requests: Option<String>,
}

impl ClientConformity {
    fn of(client_id: &ClientId, found: Conformity) -> Self {
        Self {
            client_id: client_id.to_string(),
            profile: found.profile.into(),
            conforms: found.is_registered_so(),
            gaps: found.gaps.into_iter().map(ProfileGap::of).collect(),
        }
    }
}

impl ProfileGap {
    fn of(gap: Gap) -> Self {
        let (field, change) = gap.shortfall.map(|lacks| (lacks.field.to_owned(), lacks.change)).unzip();
        Self {
            requirement: gap.requirement.name.to_owned(),
            section: gap.section.map(|section| section.to_string()),
            field,
            change,
            in_requests: gap.in_requests.map(str::to_owned),
        }
    }
}

/// The operations on conformity.
pub(crate) struct Conformities;

#[OpenApi(tag = "Tag::Clients")]
impl Conformities {
    /// Tells what a client would have to change to meet a security profile.
    #[oai(path = "/realms/:realm/clients/:client_id/conformity", method = "get", operation_id = "checkClient")]
    async fn check(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        client_id: Path<ClientId>,
        /// The profile; the one that counts for the client when absent.
        profile: Choice<profile::ProfileName>,
    ) -> Result<Answered<ClientConformity>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let client = registry::find_client(administrator.provider(), &realm, &client_id.0).await?;
        let found = registry::check_conformity(&realm, &client, profile.0)?;
        Ok(Answered::Answer(Json(ClientConformity::of(&client_id.0, found))))
    }
}

//! Script packages.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::payload::Json;
use signet_core::model::ScriptTarget;
use signet_core::ports;
use signet_core::protocol::identifiers::{ClientId, InvalidIdentifier, RealmName, ScriptName};
use signet_core::realm::RealmContext;
use signet_core::registry::{self, ScriptState, VersionPrefix};

use crate::administrator::Administrator;
use crate::answer::{Answered, Created, Done, Shown};
use crate::body::New;
use crate::entity_tag::Changing;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::Choice;
use crate::script_documents::{
    DeployedScript, Script, ScriptDeployment, ScriptDifference, ScriptPackage, ScriptPromotion, ScriptRollback,
    ScriptTrial, ScriptVersion, client_of,
};

/// A binding in a list: the name of the package, a colon, and the client if there is one.
struct Key(ScriptTarget);

impl FromStr for Key {
    type Err = InvalidIdentifier;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (package, client_id) = text.split_once(':').ok_or(InvalidIdentifier("a script is named name:client"))?;
        let client_id = Some(client_id).filter(|client_id| !client_id.is_empty()).map(str::parse).transpose()?;
        Ok(Self(ScriptTarget { client_id, package: package.parse()? }))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let client_id = self.0.client_id.as_ref().map(ClientId::as_str).unwrap_or_default();
        write!(formatter, "{}:{client_id}", self.0.package)
    }
}

/// A script that an operation is about, as it is in the database at this moment.
struct Found {
    realm: Arc<RealmContext>,
    state: ScriptState,
}

async fn found(administrator: &Administrator, realm: &RealmName, target: ScriptTarget) -> Result<Found, Problem> {
    let realm = administrator.realm(realm).await?;
    let state = registry::find_script(administrator.provider(), &realm, &target).await?;
    Ok(Found { realm, state })
}

async fn shown(
    administrator: &Administrator,
    realm: &RealmContext,
    target: &ScriptTarget,
) -> Result<Shown<Script>, Problem> {
    Ok(Shown::of(Script::of(&registry::find_script(administrator.provider(), realm, target).await?)))
}

/// The operations on script packages.
pub(crate) struct Scripts;

#[OpenApi(tag = "Tag::Scripts")]
impl Scripts {
    /// Lists the scripts that decide in a realm, by name and client.
    #[oai(path = "/realms/:realm/scripts", method = "get", operation_id = "listScripts")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<Key>,
    ) -> Result<Answered<Page<Script>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let states = registry::list_scripts(administrator.provider(), &realm).await?;
        let key = |state: &ScriptState| Key(state.binding.target.clone()).to_string();
        let page = paging::cut(states, &paging::wanted(&limit, &cursor), key);
        Ok(Answered::Answer(Json(Page::of(page, |state| Ok(Script::of(&state)))?)))
    }

    /// Deploys a package. One that does not compile, names what the realm lacks, or asks for more than was accepted is
    /// refused, and whatever decided goes on deciding. The same files again are the same version.
    #[oai(path = "/realms/:realm/scripts", method = "post", operation_id = "deployScript")]
    async fn deploy(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        deployment: New<ScriptDeployment>,
    ) -> Result<Created<DeployedScript>, Problem> {
        let request = deployment.read()?.into_request()?;
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let deployed = registry::deploy_script(&administrator.serving(), &realm, request).await?;
        let state = registry::find_script(provider, &realm, &deployed.binding.target).await?;
        let (name, version) = (deployed.summary.name.as_str(), deployed.summary.version.to_string());
        let segments = ["realms", realm.realm.name.as_str(), "scripts", name, "versions", &version];
        Ok(Created::at(administrator.location(&segments), DeployedScript::of(&deployed, &state)))
    }

    /// Shows a script.
    #[oai(path = "/realms/:realm/scripts/:name", method = "get", operation_id = "showScript")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        /// The client it decides for; all of the realm where absent.
        client_id: Choice<ClientId>,
    ) -> Result<Shown<Script>, Problem> {
        let target = ScriptTarget { client_id: client_id.0, package: name.0 };
        Ok(Shown::of(Script::of(&found(&administrator, &realm.0, target).await?.state)))
    }

    /// Deletes a script: it does not decide any more. The versions of a package go with its last script.
    #[oai(path = "/realms/:realm/scripts/:name", method = "delete", operation_id = "deleteScript")]
    async fn delete(
        &self,
        by: Changing,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        /// The client it decides for; all of the realm where absent.
        client_id: Choice<ClientId>,
    ) -> Result<Done, Problem> {
        let target = ScriptTarget { client_id: client_id.0, package: name.0 };
        let Found { realm, state } = found(&by.administrator, &realm.0, target).await?;
        by.seen.check(&Script::of(&state))?;
        registry::delete_script(&by.administrator.serving(), &realm, &state.binding).await?;
        Ok(Done::Done)
    }

    /// Lists the versions of a package that are kept, newest first.
    #[oai(path = "/realms/:realm/scripts/:name/versions", method = "get", operation_id = "listScriptVersions")]
    async fn versions(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
    ) -> Result<Answered<Page<ScriptVersion>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let items = registry::list_script_versions(administrator.provider(), &realm, &name.0).await?;
        let page = ports::Page { items, next: None };
        Ok(Answered::Answer(Json(Page::of(page, |summary| Ok(ScriptVersion::of(summary)))?)))
    }

    /// Shows a version of a package with its files.
    #[oai(path = "/realms/:realm/scripts/:name/versions/:version", method = "get", operation_id = "showScriptVersion")]
    async fn version(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        version: Path<VersionPrefix>,
    ) -> Result<Shown<ScriptPackage>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let package = registry::find_script_version(provider, &realm, &name.0, &version.0).await?;
        Ok(Shown::of(ScriptPackage::of(package)))
    }

    /// Shows what is different between two versions of a package: files, and what they may do.
    #[oai(path = "/realms/:realm/scripts/:name/diff", method = "get", operation_id = "compareScriptVersions")]
    #[expect(clippy::too_many_arguments, reason = "one for each part of path and query")]
    async fn diff(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        /// The earlier version, or at least its first 12 digits; the one that decides in the realm where absent.
        from: Choice<VersionPrefix>,
        /// The later version, or at least its first 12 digits; the newest where absent.
        to: Choice<VersionPrefix>,
    ) -> Result<Answered<ScriptDifference>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let compared = (from.0.as_ref(), to.0.as_ref());
        let difference = registry::compare_script_versions(provider, &realm, &name.0, compared).await?;
        Ok(Answered::Answer(Json(ScriptDifference::of(difference))))
    }

    /// Lets a stored version decide.
    #[oai(path = "/realms/:realm/scripts/:name/promote", method = "post", operation_id = "promoteScript")]
    async fn promote(
        &self,
        by: Changing,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        promotion: New<ScriptPromotion>,
    ) -> Result<Shown<Script>, Problem> {
        let promotion = promotion.read()?;
        let version = promotion.version()?;
        let target = ScriptTarget { client_id: client_of(promotion.client_id)?, package: name.0 };
        let Found { realm, state } = found(&by.administrator, &realm.0, target).await?;
        by.seen.check(&Script::of(&state))?;
        let chosen = (&version, promotion.accept.as_slice());
        let after = registry::promote_script(&by.administrator.serving(), &realm, state.binding, chosen).await?;
        shown(&by.administrator, &realm, &after.target).await
    }

    /// Lets the version decide that decided before. A second time takes that back.
    #[oai(path = "/realms/:realm/scripts/:name/rollback", method = "post", operation_id = "rollBackScript")]
    async fn roll_back(
        &self,
        by: Changing,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        rollback: New<ScriptRollback>,
    ) -> Result<Shown<Script>, Problem> {
        let target = ScriptTarget { client_id: client_of(rollback.read()?.client_id)?, package: name.0 };
        let Found { realm, state } = found(&by.administrator, &realm.0, target).await?;
        by.seen.check(&Script::of(&state))?;
        let after = registry::roll_back_script(&by.administrator.serving(), &realm, state.binding).await?;
        shown(&by.administrator, &realm, &after.target).await
    }

    /// Tries a stored version beside the one that decides, or ends that: its decisions are compared and dropped.
    #[oai(path = "/realms/:realm/scripts/:name/shadow", method = "post", operation_id = "shadowScript")]
    async fn shadow(
        &self,
        by: Changing,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        trial: New<ScriptTrial>,
    ) -> Result<Shown<Script>, Problem> {
        let trial = trial.read()?;
        let (version, percent) = (trial.version()?, trial.percent());
        let target = ScriptTarget { client_id: client_of(trial.client_id)?, package: name.0 };
        let Found { realm, state } = found(&by.administrator, &realm.0, target).await?;
        by.seen.check(&Script::of(&state))?;
        let tried = version.as_ref().map(|version| (version, percent, trial.accept.as_slice()));
        let after = registry::shadow_script(&by.administrator.serving(), &realm, state.binding, tried).await?;
        shown(&by.administrator, &realm, &after.target).await
    }
}

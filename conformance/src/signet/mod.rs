//! The Signet under test: one that is started here, or a deployer's own, administered as anyone would.

mod admin;
mod process;
mod script_runs;
mod target;

pub(crate) use process::{SignetOptions, executable};
pub(crate) use script_runs::ScriptRuns;

use crate::certificate::{ClientAuthority, ClientCertificate, common_name};
use crate::credentials::{ClientKey, certificate_key};
use crate::error::HarnessError;
use crate::plan::configuration::RegisteredClient;
use crate::plan::template::{Names, fill};
use crate::plan::{ClientFile, Plan};
use crate::random::hexadecimal;
use crate::resource::{Introspection, Resource};
use crate::scripts::ScriptSet;
use admin::Admin;
use process::Process;
use serde_json::{Value, json};
use std::mem;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use target::Target;

/// Most clients that the suite registers in one plan.
const MOST_REGISTRATIONS: u32 = 1000;

/// As much of a plan's name as the name of its realm has room for.
const LONGEST_PLAN_NAME: usize = 45;

/// The method of clients whose own certificate is registered (RFC 8705 section 2.2).
const SELF_SIGNED: &str = "self_signed_tls_client_auth";

/// A Signet that can be prepared for plans.
pub(crate) struct Signet {
    admin: Admin,
    /// The base URL for clients with certificates, where it has one.
    mtls_base: Option<String>,
    /// Who signs the certificates of clients.
    client_authority: ClientAuthority,
    /// Where access tokens are used that are for no endpoint of Signet.
    resource: Resource,
    /// A realm that is there already, to be tested as it is.
    realm: Option<String>,
    /// What is deployed to the realm of each plan.
    scripts: Option<ScriptSet>,
    process: Option<Process>,
    /// What was created, as paths of the admin interface: a deployer's Signet is left as it was found.
    created: Mutex<Vec<String>>,
}

/// What a plan needs to know of what was made for it.
pub(crate) struct Prepared {
    pub(crate) names: Names,
    pub(crate) clients: Vec<RegisteredClient>,
}

impl Signet {
    /// Starts a Signet with an empty database. It trusts `suite_certificate` when it calls the suite.
    pub(crate) async fn start(
        options: &SignetOptions,
        scripts: Option<ScriptSet>,
        suite_certificate: &[u8],
    ) -> Result<Self, HarnessError> {
        let resource = Resource::start(&options.host).await?;
        // It calls the suite, and the service that reaches users.
        let trusted = [suite_certificate, resource.authority()].concat();
        let (process, admin) = Process::start(options, &trusted).await?;
        resource.answer_to(admin.authority());
        Ok(Self {
            admin,
            mtls_base: Some(process.mtls_base().to_owned()),
            client_authority: ClientAuthority::new()?,
            resource,
            realm: None,
            scripts,
            process: Some(process),
            created: Mutex::default(),
        })
    }

    /// Connects to the Signet that the file `target` describes.
    pub(crate) async fn connect(target: &Path, scripts: Option<ScriptSet>) -> Result<Self, HarnessError> {
        let Target { base_url, mtls_base_url, client_id, client_secret, authority, realm } = Target::read(target)?;
        if let (Some(realm), Some(_)) = (&realm, &scripts) {
            let why = "it is tested as it is; leave `realm` out of the target file, so that each plan gets its own";
            return Err(HarnessError::Input(format!("scripts are not deployed to the realm {realm}: {why}")));
        }
        let admin = Admin::new(&base_url, client_id, client_secret, authority.as_deref())?;
        admin.check().await?;
        let resource = Resource::start("localhost").await?;
        resource.answer_to(admin.authority());
        Ok(Self {
            admin,
            mtls_base: mtls_base_url,
            client_authority: ClientAuthority::new()?,
            resource,
            realm,
            scripts,
            process: None,
            created: Mutex::default(),
        })
    }

    /// The base URL.
    pub(crate) fn base(&self) -> &str {
        self.admin.base()
    }

    /// The set of scripts that is deployed to the realm of each plan.
    pub(crate) fn scripts(&self) -> Option<&'static str> {
        self.scripts.as_ref().map(|set| set.name)
    }

    /// What the scripts did; nothing without scripts, and of a deployer's own Signet, whose metrics are not for everybody.
    pub(crate) async fn script_runs(&self) -> Result<Option<ScriptRuns>, HarnessError> {
        match (&self.scripts, &self.process) {
            (Some(_), Some(process)) => Ok(Some(ScriptRuns::read(&process.metrics().await?))),
            _ => Ok(None),
        }
    }

    /// The log of a Signet that was started here.
    pub(crate) fn log(&self) -> Option<&Path> {
        self.process.as_ref().map(Process::log)
    }

    /// Creates the realm, user and clients of a plan and deploys the scripts; `suite` is the suite's base URL.
    pub(crate) async fn prepare(&self, plan: &Plan, suite: &str) -> Result<Prepared, HarnessError> {
        let realm = match &self.realm {
            Some(realm) => realm.clone(),
            None => self.create_realm(plan).await?,
        };
        let mut names = Names::from([
            ("suite", suite.to_owned()),
            ("alias", plan.alias()),
            ("issuer", format!("{}/realms/{realm}", self.base())),
            ("realm", realm.clone()),
            ("approvals", self.resource.approvals()),
            // What the suite fills in itself.
            ("auth_req_id", "{auth_req_id}".to_owned()),
            ("action", "{action}".to_owned()),
        ]);
        for server in &plan.file.resource_servers {
            self.create_resource_server(&realm, server).await?;
        }
        for kind in &plan.file.authorization_details_types {
            self.create_details_type(&realm, kind).await?;
        }
        if let Some(claims) = &plan.claims {
            let (username, password) = self.create_user(&realm, claims).await?;
            names.insert("username", username);
            names.insert("password", password);
        }
        if plan.file.initial_access_token {
            names.insert("initial_access_token", self.create_initial_access_token(&realm).await?);
        }
        if plan.file.resource {
            names.insert("resource", self.open_resource(plan, &realm).await?);
        }
        let mut clients = Vec::new();
        for client in &plan.file.clients {
            clients.push(self.create_client(plan, client, &names).await?);
        }
        self.deploy_scripts(&realm).await?;
        Ok(Prepared { names, clients })
    }

    /// Removes what was created on a deployer's Signet, newest first; one that was started here ends with this value.
    pub(crate) async fn clean_up(&self) -> Result<(), HarnessError> {
        if self.process.is_some() {
            return Ok(());
        }
        let created = mem::take(&mut *self.created.lock().unwrap_or_else(PoisonError::into_inner));
        for path in created.iter().rev() {
            self.admin.delete(path).await?;
        }
        Ok(())
    }

    async fn create_realm(&self, plan: &Plan) -> Result<String, HarnessError> {
        let plan_name: String = plan.name.chars().take(LONGEST_PLAN_NAME).collect();
        let name = format!("conformance-{plan_name}-{}", hexadecimal(3)?);
        let names =
            Names::from([("client_authority", self.client_authority.pem()?), ("approvals", self.resource.approvals())]);
        let mut body = fill(&Value::Object(plan.file.realm.clone()), &names)?;
        body["name"] = name.clone().into();
        body["display_name"] = format!("Conformance plan {}", plan.name).into();
        self.admin.post("realms", &body).await?;
        self.note(format!("realms/{name}"));
        Ok(name)
    }

    async fn create_user(&self, realm: &str, claims: &Value) -> Result<(String, String), HarnessError> {
        let (username, password) = (format!("conformance-{}", hexadecimal(3)?), hexadecimal(16)?);
        let body = json!({ "username": username, "password": password, "claims": claims });
        let user = self.admin.post(&format!("realms/{realm}/users"), &body).await?;
        self.note(format!("realms/{realm}/users/{}", member(&user, "id")?));
        Ok((username, password))
    }

    /// Has the resource ask about tokens of the realm, as a client of the realm, and returns its URL.
    async fn open_resource(&self, plan: &Plan, realm: &str) -> Result<String, HarnessError> {
        let why = "a plan with a protected resource needs the address where clients show certificates (mtls_base_url)";
        let base = self.mtls_base.as_ref().ok_or_else(|| HarnessError::Input(why.to_owned()))?;
        let name = format!("{}-resource", plan.alias());
        let registration = json!({
            "client_name": "Resource of the conformance plan",
            "grant_types": ["client_credentials"],
            "response_types": [],
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_subject_dn": format!("CN={}", common_name(&name)),
            "settings": { "may_introspect": true },
        });
        let made = self.admin.post(&format!("realms/{realm}/clients"), &registration).await?;
        let client_id = member(&made, "client_id")?;
        self.note(format!("realms/{realm}/clients/{client_id}"));
        let (url, certificate) = (format!("{base}/realms/{realm}/introspect"), self.client_authority.issue(&name)?);
        let introspection = Introspection::new(url, client_id, &certificate, self.admin.authority())?;
        Ok(self.resource.serve(realm, introspection))
    }

    /// It goes with the realm.
    async fn create_resource_server(&self, realm: &str, server: &Value) -> Result<(), HarnessError> {
        self.admin.post(&format!("realms/{realm}/resource-servers"), server).await.map(drop)
    }

    /// It goes with the realm.
    async fn create_details_type(&self, realm: &str, kind: &Value) -> Result<(), HarnessError> {
        self.admin.post(&format!("realms/{realm}/authorization-details-types"), kind).await.map(drop)
    }

    async fn create_client(
        &self,
        plan: &Plan,
        client: &ClientFile,
        names: &Names,
    ) -> Result<RegisteredClient, HarnessError> {
        let role = client.role.clone();
        let mut names = names.clone();
        names.insert("role", role.clone());
        let realm = names["realm"].clone();
        let mut registration = fill(&Value::Object(plan.registration(client)), &names)?;
        let key = client.key.map(|algorithm| ClientKey::generate(algorithm, &role)).transpose()?;
        let certificate = client.certificate.as_ref().map(|name| {
            let certificate = self.client_authority.issue(&format!("{}-{role}", plan.alias()))?;
            Ok::<_, HarnessError>((name.clone(), certificate))
        });
        let certificate = certificate.transpose()?;
        let keys = registered_keys(&registration, key.as_ref(), certificate.as_ref().map(|(_, own)| own))?;
        if !keys.is_empty() {
            registration["jwks"] = json!({ "keys": keys });
        }
        let made = self.admin.post(&format!("realms/{realm}/clients"), &registration).await?;
        let client_id = member(&made, "client_id")?;
        self.note(format!("realms/{realm}/clients/{client_id}"));
        let client_secret = made.get("client_secret").and_then(Value::as_str).map(str::to_owned);
        Ok(RegisteredClient { role, client_id, client_secret, private_key: key.map(|key| key.private), certificate })
    }

    /// What lets the suite register clients for as long as a run may take.
    async fn create_initial_access_token(&self, realm: &str) -> Result<String, HarnessError> {
        let (path, day) = (format!("realms/{realm}/initial-access-tokens"), 86_400);
        let body = json!({ "description": "conformance suite", "uses": MOST_REGISTRATIONS, "seconds": day });
        let made = self.admin.post(&path, &body).await?;
        self.note(format!("{path}/{}", member(&made, "id")?));
        member(&made, "token")
    }

    /// Replaces the key that signs ID tokens, at once.
    pub(crate) async fn rotate_key(&self, realm: &str) -> Result<(), HarnessError> {
        let body = json!({ "algorithm": "RS256", "immediately": true });
        self.admin.post(&format!("realms/{realm}/keys/rotate"), &body).await.map(drop)
    }

    /// They go with the realm.
    async fn deploy_scripts(&self, realm: &str) -> Result<(), HarnessError> {
        for files in self.scripts.iter().flat_map(|set| &set.packages) {
            self.admin.post(&format!("realms/{realm}/scripts"), &json!({ "files": files })).await?;
        }
        Ok(())
    }

    fn note(&self, path: String) {
        self.created.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    }
}

/// The keys that a client is registered with.
fn registered_keys(
    registration: &Value,
    key: Option<&ClientKey>,
    certificate: Option<&ClientCertificate>,
) -> Result<Vec<Value>, HarnessError> {
    let mut keys: Vec<Value> = key.map(|key| key.public.clone()).into_iter().collect();
    if let (Some(certificate), true) = (certificate, registration["token_endpoint_auth_method"] == SELF_SIGNED) {
        keys.push(certificate_key(certificate, "certificate")?);
    }
    Ok(keys)
}

fn member(answer: &Value, name: &str) -> Result<String, HarnessError> {
    let text = answer.get(name).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| HarnessError::Signet(format!("the admin interface answered without {name}")))
}

#[cfg(test)]
#[path = "prepare_tests.rs"]
mod tests;

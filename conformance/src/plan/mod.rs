//! Test plans as data: which plan of the suite runs in which variant, what the realm, the user and the clients are,
//! and what the suite's browser does on the pages.
//!
//! A TOML file has one plan or, where they differ in few things, many; [`matrix`] says how. Browser steps and users are
//! JSON files that several plans share. The built-in files are embedded; `--plans DIR` adds files and replaces built-in
//! ones of the same path. Texts may contain placeholders such as `{issuer}`; [`template`] lists them.

pub(crate) mod configuration;
mod library;
mod matrix;
pub(crate) mod template;

pub(crate) use library::Library;

use crate::credentials::KeyAlgorithm;
use crate::suite::model::Variant;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The group that has every plan.
const EVERY_PLAN: &str = "all";
/// The group that has one plan of each file: what is run where time is short.
const ONE_OF_EACH_FILE: &str = "quick";

/// One plan, as a file says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanFile {
    /// What `--group` selects.
    pub(crate) group: String,
    /// The plan's name in the suite.
    pub(crate) plan: String,
    /// The selected variant parameters.
    #[serde(default)]
    pub(crate) variant: Variant,
    /// Settings of the realm that is created for the plan, as the admin interface takes them.
    #[serde(default)]
    pub(crate) realm: Map<String, Value>,
    /// The file in `users/` whose claims the user has; no user where it is absent.
    pub(crate) user: Option<String>,
    /// Whether the suite registers its clients itself: then it gets an initial access token.
    #[serde(default)]
    pub(crate) initial_access_token: bool,
    /// Whether the plan's access tokens are used at the harness's own resource.
    #[serde(default)]
    pub(crate) resource: bool,
    /// The resource servers that the realm has, as the admin interface takes them.
    #[serde(default)]
    pub(crate) resource_servers: Vec<Value>,
    /// The types of authorization details that the realm has, as the admin interface takes them.
    #[serde(default)]
    pub(crate) authorization_details_types: Vec<Value>,
    /// What every client is registered with, unless its own registration says otherwise.
    #[serde(default)]
    pub(crate) registration: Map<String, Value>,
    /// The clients that are registered.
    #[serde(default)]
    pub(crate) clients: Vec<ClientFile>,
    /// The file in `browser/` with the steps of most modules; no page is expected where it is absent.
    pub(crate) browser: Option<String>,
    /// The file in `browser/` for modules with other steps.
    #[serde(default)]
    pub(crate) overrides: BTreeMap<String, String>,
    /// What else stands in the suite's configuration.
    #[serde(default)]
    pub(crate) configuration: Map<String, Value>,
}

/// A client of a plan.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ClientFile {
    /// The key under which the suite's configuration has the client.
    pub(crate) role: String,
    /// The algorithm of a key that is made for the client: its public part is registered, the suite gets all of it.
    pub(crate) key: Option<KeyAlgorithm>,
    /// The key under which the suite's configuration has a certificate that is made for the client, named
    /// `CN={alias}-{role}`. Where the client is registered to authenticate with a certificate of its own, this is it.
    pub(crate) certificate: Option<String>,
    /// The registration, in the names of RFC 7591.
    #[serde(flatten)]
    pub(crate) registration: Map<String, Value>,
}

/// A plan with the files it names.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// What `--plan` selects.
    pub(crate) name: String,
    /// Whether it stands for the others of its file, by name the first of them.
    pub(crate) stands_for_its_file: bool,
    pub(crate) file: PlanFile,
    /// The user's claims.
    pub(crate) claims: Option<Value>,
    /// The suite's `browser` array for most modules.
    pub(crate) browser: Option<Value>,
    /// The suite's `browser` array for some modules.
    pub(crate) overrides: BTreeMap<String, Value>,
}

impl Plan {
    /// Whether `--group` selects the plan by this name.
    pub(crate) fn is_in_group(&self, name: &str) -> bool {
        match name {
            EVERY_PLAN => true,
            ONE_OF_EACH_FILE => self.stands_for_its_file,
            own => self.file.group == own,
        }
    }

    /// The namespace of redirect URIs that the plan has at the suite.
    pub(crate) fn alias(&self) -> String {
        format!("signet-{}", self.name)
    }

    /// The name by which expectations mean this plan, in the form that the suite's runner has it.
    pub(crate) fn file_name(&self) -> String {
        format!("{}.toml", self.name)
    }

    /// What a client is registered with, before placeholders are filled.
    pub(crate) fn registration(&self, client: &ClientFile) -> Map<String, Value> {
        let mut registration = self.file.registration.clone();
        registration.extend(client.registration.clone());
        registration
    }
}

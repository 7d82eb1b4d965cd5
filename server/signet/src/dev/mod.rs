//! `signet dev`: a provider to try out on this machine, made from nothing in one command.
//!
//! Everything it makes stays in the data folder. Its root key is marked, so that no other command serves what is in
//! there under a name that others can reach.

mod album;
mod certificates;
mod demo;
mod flow;
mod folder;
mod qr_code;
mod routes;
mod services;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use signet_jose::SystemRandom;
use signet_protocol::time::Clock as _;

use crate::command::{CommandError, CommandResult, DevArguments, reason};
use crate::composition::{self, DEVELOPMENT_PREFIX, Opened, RootKeyKind, SystemClock};
use crate::config::{self, Configuration};
use crate::output;
use crate::serve::{self, Server};
pub(crate) use demo::{
    ALBUM_CLIENT, BANK_CLIENT, DEVICE_CLIENT, Demo, MAIL_CLIENT, MAPS_CLIENT, PRINTS_CLIENT, REALM, USERNAME,
};
use flow::TestClient;
pub(crate) use folder::Folder;
pub(crate) use qr_code::qr_code;
use routes::Dev;
pub(crate) use services::{API, GATEWAY_CLIENT, PARTNER, SCOPE, TRUST_DOMAIN, partner_key};

/// `signet dev`.
pub(crate) async fn run(arguments: DevArguments) -> CommandResult {
    for port in [arguments.port, arguments.port + 1] {
        see_that_it_is_free(port)?;
    }
    let folder = Folder::open(&arguments.data)?;
    folder.write_configuration(arguments.port)?;
    let certificates = {
        let folder = folder.clone();
        let make = move || certificates::prepare(&folder, SystemClock.now(), &SystemRandom::new());
        tokio::task::spawn_blocking(make)
    };
    certificates.await.map_err(|error| CommandError::failed(error.to_string()))??;
    let settings = Configuration::load(Some(&folder.configuration()), config::environment())?.settings;
    serve::begin_log(&settings.log);
    let opened = composition::open(&settings, RootKeyKind::Development).await?;
    refuse_other_data(&opened, &folder)?;
    let demo = demo::prepare(&folder, &opened.provider).await?;
    let pages = serve::pages(&settings)?;
    let base = settings.server.public_url.as_str();
    let dev = Arc::new(Dev {
        provider: Arc::clone(&opened.provider),
        pages: Arc::clone(&pages),
        test_client: TestClient::new(base, demo.client_secret.clone()),
        password: demo.password.clone(),
        command: example(&folder),
    });
    let server = Server::start(&settings, opened, pages, Some(&|| routes::routes(&dev))).await?;
    output::print(&greeting(base, &folder, &demo, server.management_address()))?;
    server.until_stopped().await
}

fn see_that_it_is_free(port: u16) -> CommandResult {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(CommandError::failed(format!(
            "port {port} of this machine cannot be used: {}; stop the process that has it, or choose another port with \
             --port",
            reason(&error)
        ))),
    }
}

/// A folder that something else made holds something else's users.
fn refuse_other_data(opened: &Opened, folder: &Folder) -> CommandResult {
    if opened.provider.root_key.id().starts_with(DEVELOPMENT_PREFIX) {
        return Ok(());
    }
    Err(CommandError::failed(format!(
        "the data in {} was not made by signet dev; choose another folder with --data",
        folder.path().display()
    )))
}

fn example(folder: &Folder) -> String {
    format!("signet user list --realm {} --config {}", demo::REALM, quoted(&folder.configuration()))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn greeting(base: &str, folder: &Folder, demo: &Demo, management: SocketAddr) -> String {
    let Demo { password, .. } = demo;
    let (realm, username) = (demo::REALM, demo::USERNAME);
    let (web, native) = (demo::WEB_CLIENT, demo::NATIVE_CLIENT);
    let (data, configuration) = (folder.path().display(), quoted(&folder.configuration()));
    let authority = folder.file(certificates::AUTHORITY);
    format!(
        "\
Signet is running, for development only.

  Try it        {base}/dev
  Issuer        {base}/realms/{realm}
  User          {username}
  Password      {password}
  Clients       {web}   confidential; the test client behind the link, its secret is in {data}/demo.json
                {native}   public, native; answers go to http://127.0.0.1 with any port and the path /callback
  Certificates  signed by {authority}; trust it, or accept the browser's warning
  Health        http://{management}/health/ready
  Data          {data}; delete the folder to begin anew

Administer it from another terminal, for example:

  {example}
  signet client create --realm {realm} --name \"My app\" --redirect-uri https://localhost:3000/callback --config \
         {configuration}

or through the API at {base}/admin/api/v1, with a client of the realm admin:

  signet client create --realm admin --grant-type client_credentials --scope signet.admin --config {configuration}

Play a device without a browser, a client that has its user asked at another device, or a service that exchanges tokens:

  signet try device --data {data}
  signet try ciba --data {data}
  signet try exchange --data {data}

Ctrl-C stops it.",
        authority = authority.display(),
        example = example(folder),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted(Path::new(".signet/dev.toml")), ".signet/dev.toml");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}

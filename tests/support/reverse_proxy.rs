//! nginx and HAProxy in front of a server, with the configurations that are handed out in `deploy/`.

use std::net::TcpStream;
use std::path::{Path, PathBuf};

use super::certificates::{Identity, MUTUAL_TLS_HOST};
use super::process::{Process, new_folder};
use super::wait::until_true;

/// A proxy that runs until it is dropped.
pub(crate) struct ReverseProxy {
    _process: Process,
}

impl ReverseProxy {
    /// nginx on a port, before the server at `backend` (host and port).
    pub(crate) async fn nginx(port: u16, backend: &str) -> Self {
        let folder = new_folder("nginx");
        let (chain, key) = Identity::localhost().write(&folder, "server");
        let handed_out = include_str!("../../deploy/nginx/signet.conf");
        let adapted = adapted(
            handed_out,
            &[
                ("listen 443 ", &format!("listen 127.0.0.1:{port} ")),
                ("server 127.0.0.1:8080;", &format!("server {backend};")),
                ("server_name mtls.login.example.com;", &format!("server_name {MUTUAL_TLS_HOST};")),
                ("server_name login.example.com;", "server_name localhost;"),
                ("/etc/nginx/signet/server.pem", chain.to_str().unwrap()),
                ("/etc/nginx/signet/server.key", key.to_str().unwrap()),
            ],
        );
        std::fs::write(folder.join("site.conf"), adapted).unwrap();
        let place = folder.display();
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let paths = paths.map(|name| format!("{name}_temp_path {place}/{name};\n")).concat();
        let main = format!(
            "daemon off;\nworker_processes 1;\npid {place}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{paths}include {place}/site.conf;\n}}\n"
        );
        // Its workers would otherwise become a user who cannot enter the folder.
        let main = if is_root() { format!("user root;\n{main}") } else { main };
        let file = folder.join("nginx.conf");
        std::fs::write(&file, main).unwrap();
        Self::start(&folder, "nginx", &["-e", "stderr", "-c", file.to_str().unwrap()], port).await
    }

    /// HAProxy on a port, before the server at `backend` (host and port).
    pub(crate) async fn haproxy(port: u16, backend: &str) -> Self {
        let folder = new_folder("haproxy");
        let identity = Identity::localhost();
        std::fs::write(folder.join("signet.pem"), [identity.certificate_pem(), identity.key_pem()].concat()).unwrap();
        let place = folder.to_str().unwrap();
        let names = [("mtls.login.example.com", MUTUAL_TLS_HOST), ("login.example.com", "localhost")];
        let listed = adapted(
            include_str!("../../deploy/haproxy/signet.crt-list"),
            &[&[("/etc/haproxy", place)], names.as_slice()].concat(),
        );
        std::fs::write(folder.join("signet.crt-list"), listed).unwrap();
        let [bind, server] = [format!("bind 127.0.0.1:{port} "), format!("server signet {backend}\n")];
        let configuration = adapted(
            include_str!("../../deploy/haproxy/signet.cfg"),
            &[
                ("bind :443 ", bind.as_str()),
                ("server signet 127.0.0.1:8080\n", server.as_str()),
                ("/etc/haproxy", place),
                names[0],
            ],
        );
        let file = folder.join("haproxy.cfg");
        std::fs::write(&file, configuration).unwrap();
        Self::start(&folder, "haproxy", &["-db", "-f", file.to_str().unwrap()], port).await
    }

    async fn start(folder: &Path, name: &str, arguments: &[&str], port: u16) -> Self {
        let mut process = Process::start(folder, &program(name), arguments);
        until_true("the proxy listens", async || {
            process.assert_running();
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
        .await;
        Self { _process: process }
    }
}

/// A text with parts replaced, each of which must be there.
fn adapted(text: &str, replaced: &[(&str, &str)]) -> String {
    replaced.iter().fold(text.to_owned(), |text, (part, with)| {
        assert!(text.contains(part), "{part} is not in the configuration that is handed out");
        text.replace(part, with)
    })
}

/// Debian keeps servers out of the PATH of ordinary users.
fn program(name: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&folders).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|file| file.exists());
    found.unwrap_or_else(|| panic!("{name} is missing: run tests/run, or install it"))
}

fn is_root() -> bool {
    let id = std::process::Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

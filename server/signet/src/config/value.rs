//! The kinds of value that a setting can have: how each is written, read and checked.
//!
//! A problem is said as a predicate that fits behind the key's name, with what to write instead, and without the value
//! where that may be a secret.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use http::HeaderName;
use ipnet::IpNet;
use serde::Deserialize;
use signet_http::listener::CertificateFiles;
use toml::Value;
use url::Url;

/// A kind of value.
pub(crate) trait SettingValue: Sized {
    /// How the value is written in an environment variable.
    const SHAPE: Shape;

    /// What may be written, for the reference.
    fn form() -> String;

    /// Reads and checks a value. Relative paths are relative to `folder`.
    fn read(value: &Value, folder: &Path) -> Result<Self, String>;

    /// The value where nothing is set; none for settings that always need one.
    fn absent() -> Option<Self> {
        None
    }

    /// The value as it may be shown: secrets masked.
    fn show(value: &Value) -> String {
        value.to_string()
    }
}

/// How a value is written in an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As it is, without quotes.
    Text,
    /// A number or a truth value, as in the file.
    Plain,
    /// Texts apart by commas.
    List,
    /// As in the file, brackets included.
    Tables,
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "is not a text; put it in quotes".to_owned())
}

/// What `T` would be if each text in a list were one.
fn list<T>(value: &Value, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let items = value.as_array().ok_or("is not a list; put it in brackets: [\"...\"]")?;
    items.iter().map(|item| read(text(item)?)).collect()
}

impl<T: SettingValue> SettingValue for Option<T> {
    const SHAPE: Shape = T::SHAPE;

    fn form() -> String {
        T::form()
    }

    fn read(value: &Value, folder: &Path) -> Result<Self, String> {
        T::read(value, folder).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn show(value: &Value) -> String {
        T::show(value)
    }
}

impl SettingValue for bool {
    const SHAPE: Shape = Shape::Plain;

    fn form() -> String {
        "`true` or `false`".to_owned()
    }

    fn read(value: &Value, _: &Path) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "is neither true nor false; write one of them without quotes".to_owned())
    }
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number<T, const MINIMUM: i64, const MAXIMUM: i64>(pub(crate) T);

impl<T: TryFrom<i64>, const MINIMUM: i64, const MAXIMUM: i64> SettingValue for Number<T, MINIMUM, MAXIMUM> {
    const SHAPE: Shape = Shape::Plain;

    fn form() -> String {
        format!("a whole number from {MINIMUM} to {MAXIMUM}")
    }

    fn read(value: &Value, _: &Path) -> Result<Self, String> {
        let number = value.as_integer().filter(|number| (MINIMUM..=MAXIMUM).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.map(Self).ok_or_else(|| format!("is not {}; write one", Self::form()))
    }
}

impl SettingValue for SocketAddr {
    const SHAPE: Shape = Shape::Text;

    fn form() -> String {
        "an IP address with a port, such as `0.0.0.0:8443` or `[::]:8443`".to_owned()
    }

    fn read(value: &Value, _: &Path) -> Result<Self, String> {
        text(value)?.parse().map_err(|_| format!("is not an address; write {}", Self::form()))
    }
}

/// A path, relative to the folder of the configuration file where it is not absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePath(pub(crate) PathBuf);

impl SettingValue for FilePath {
    const SHAPE: Shape = Shape::Text;

    fn form() -> String {
        "a path; a relative one begins at the folder of the configuration file".to_owned()
    }

    fn read(value: &Value, folder: &Path) -> Result<Self, String> {
        match text(value)? {
            "" => Err("is empty; write a path or remove the key".to_owned()),
            path => Ok(Self(folder.join(path))),
        }
    }
}

impl SettingValue for Vec<FilePath> {
    const SHAPE: Shape = Shape::List;

    fn form() -> String {
        "a list of paths, such as `[\"clients.crl\"]`; a relative one begins at the folder of the configuration file"
            .to_owned()
    }

    fn read(value: &Value, folder: &Path) -> Result<Self, String> {
        list(value, |item| match item {
            "" => Err("holds an empty path; write a path or remove it".to_owned()),
            path => Ok(FilePath(folder.join(path))),
        })
    }
}

/// A base of URLs: https and a host, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    /// The base as the issuers are built from it.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The host name or address.
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether only this machine can reach it (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3).
    pub(crate) fn is_local(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl SettingValue for BaseUrl {
    const SHAPE: Shape = Shape::Text;

    fn form() -> String {
        "an https URL without path, such as `https://login.example.com`".to_owned()
    }

    fn read(value: &Value, _: &Path) -> Result<Self, String> {
        let url = Url::parse(text(value)?).ok();
        let is_base = |url: &Url| {
            url.scheme() == "https"
                && url.has_host()
                && url.path() == "/"
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        url.filter(is_base).map(Self).ok_or_else(|| format!("is not a base of issuers; write {}", Self::form()))
    }
}

/// Where the database is. May hold a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl(pub(crate) String);

impl DatabaseUrl {
    /// Whether it is a file here rather than a server.
    pub(crate) fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }
}

impl SettingValue for DatabaseUrl {
    const SHAPE: Shape = Shape::Text;

    fn form() -> String {
        "`sqlite:FILE`, `postgres://USER:PASSWORD@HOST/DATABASE` or `mysql://USER:PASSWORD@HOST/DATABASE`; a relative \
         file begins at the folder of the configuration file"
            .to_owned()
    }

    fn read(value: &Value, folder: &Path) -> Result<Self, String> {
        let url = text(value)?;
        // The library's text begins with the key's name; here the key stands before it already.
        let said = |error: signet_migrations::AddressError| {
            let said = error.to_string();
            said.strip_prefix("database.url ").unwrap_or(&said).to_owned()
        };
        let Some(file) = signet_migrations::sqlite_file(url).map_err(said)? else {
            let complete = Url::parse(url).is_ok_and(|url| url.has_host());
            let incomplete = || format!("names no host; write {}", Self::form());
            return complete.then(|| Self(url.to_owned())).ok_or_else(incomplete);
        };
        let file = folder.join(file);
        let file = file.to_str().ok_or("leads to a path that is not UTF-8; move the database to another folder")?;
        let options = url.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
        // The two characters that mean something in such an address.
        let file = file.replace('%', "%25").replace('?', "%3F");
        Ok(Self(format!("sqlite:{file}{options}")))
    }

    fn show(value: &Value) -> String {
        let Some(text) = value.as_str() else { return "\"***\"".to_owned() };
        if text.starts_with("sqlite:") {
            return value.to_string();
        }
        masked(text).map_or_else(|| "\"***\"".to_owned(), |text| Value::from(text).to_string())
    }
}

/// An address of a database without what may be secret in it.
fn masked(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    if url.password().is_some() {
        url.set_password(Some("***")).ok()?;
    }
    // Drivers take passwords from the query as well.
    if url.query().is_some() {
        url.set_query(Some("***"));
    }
    Some(url.into())
}

impl SettingValue for Vec<IpNet> {
    const SHAPE: Shape = Shape::List;

    fn form() -> String {
        "a list of networks, such as `[\"10.0.0.0/8\", \"192.0.2.7/32\"]`".to_owned()
    }

    fn read(value: &Value, _: &Path) -> Result<Self, String> {
        list(value, |item| {
            let address = || item.parse::<IpAddr>().map(IpNet::from);
            item.parse().or_else(|_| address()).map_err(|_| format!("holds {item:?}; write {}", Self::form()))
        })
    }
}

impl SettingValue for Vec<HeaderName> {
    const SHAPE: Shape = Shape::List;

    fn form() -> String {
        "a list of header names, such as `[\"client-cert\"]`".to_owned()
    }

    fn read(value: &Value, _: &Path) -> Result<Self, String> {
        list(value, |item| item.parse().map_err(|_| format!("holds {item:?}; write {}", Self::form())))
    }
}

impl SettingValue for Vec<CertificateFiles> {
    const SHAPE: Shape = Shape::Tables;

    fn form() -> String {
        "a list of PEM files, such as `[{ chain = \"server.pem\", key = \"server.key\" }]`".to_owned()
    }

    fn read(value: &Value, folder: &Path) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Files {
            chain: PathBuf,
            key: PathBuf,
        }
        let items = Vec::<Files>::deserialize(value.clone())
            .map_err(|_| format!("is not a list of certificates; write {}", Self::form()))?;
        let files = |item: Files| CertificateFiles { chain: folder.join(item.chain), key: folder.join(item.key) };
        Ok(items.into_iter().map(files).collect())
    }
}

/// Makes an enumeration whose members are written as texts.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl SettingValue for $name {
            const SHAPE: Shape = Shape::Text;

            fn form() -> String {
                [$(concat!("`", $text, "`")),+].join(" or ")
            }

            fn read(value: &Value, _: &Path) -> Result<Self, String> {
                match text(value)? {
                    $($text => Ok(Self::$variant),)+
                    other => Err(format!("is {other:?}; write {}", Self::form())),
                }
            }
        }
    )+};
}

choices! {
    /// What is spoken below HTTP.
    Protocol {
        /// TLS here.
        Tls = "tls",
        /// No TLS: a proxy in front has it.
        Plain = "plain",
    }

    /// What becomes of certificates of an authority without a revocation list.
    Unlisted {
        /// They are refused.
        Refused = "refused",
        /// They are taken unchecked.
        Unchecked = "unchecked",
    }

    /// The header in which proxies write addresses.
    ForwardingHeader {
        /// What nearly every proxy writes.
        XForwardedFor = "x-forwarded-for",
        /// RFC 7239.
        Forwarded = "forwarded",
    }

    /// What a transaction sees of others.
    TransactionIsolation {
        /// What every statement is written for.
        ReadCommitted = "read_committed",
        /// For distributed engines that know nothing else.
        Serializable = "serializable",
    }

    /// How much is logged.
    LogLevel {
        /// Faults.
        Error = "error",
        /// And what may become one.
        Warn = "warn",
        /// And each request.
        Info = "info",
        /// And why things were decided.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }

    /// The form of log lines.
    LogFormat {
        /// For machines.
        Json = "json",
        /// For people.
        Text = "text",
    }
}

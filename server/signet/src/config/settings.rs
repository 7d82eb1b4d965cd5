//! Every setting: name, kind, default and description, declared once. Reading, checking, showing and the reference all
//! come from here.
//!
//! A setting whose wrong value makes the deployment insecure has a name that begins with `danger_`.

use std::net::SocketAddr;

use http::HeaderName;
use ipnet::IpNet;
use signet_http::listener::CertificateFiles;

use super::key::{Key, Section, Values};
use super::value::{
    BaseUrl, DatabaseUrl, FilePath, ForwardingHeader, LogFormat, LogLevel, Number, Protocol, SettingValue,
    TransactionIsolation, Unlisted,
};

macro_rules! settings {
    ($(
        $(#[doc = $section_doc:literal])+
        $section:ident: $type_name:ident {
            $($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:tt;)+
        }
    )+) => {
        /// Every setting, read and checked.
        #[derive(Clone)]
        pub(crate) struct Settings {
            $($(#[doc = $section_doc])+ pub(crate) $section: $type_name,)+
        }

        $(
            $(#[doc = $section_doc])+
            #[derive(Clone)]
            pub(crate) struct $type_name {
                $($(#[doc = $doc])+ pub(crate) $name: $type,)+
            }
        )+

        /// Every section, in the order of the reference.
        pub(crate) const SECTIONS: &[Section] = &[$(Section {
            name: stringify!($section),
            doc: &[$($section_doc),+],
            keys: &[$(Key {
                section: stringify!($section),
                name: stringify!($name),
                doc: &[$($doc),+],
                default: stringify!($default),
                shape: <$type as SettingValue>::SHAPE,
                form: <$type as SettingValue>::form,
                show: <$type as SettingValue>::show,
            }),+],
        }),+];

        impl Settings {
            /// Reads every setting, or notes in `values` every problem.
            pub(super) fn read(values: &mut Values<'_>) -> Option<Self> {
                $(let $section = {
                    $(let $name = values.read::<$type>(stringify!($section), stringify!($name));)+
                    move || Some($type_name { $($name: $name?,)+ })
                };)+
                Some(Self { $($section: $section()?,)+ })
            }
        }
    };
}

settings! {
    /// Where the deployment is reached.
    server: Server {
        /// The base of everything that clients and browsers are told. The issuer of realm `r` is this base followed by
        /// `/realms/r`; a change makes every issuer another one.
        public_url: BaseUrl = "https://localhost:8443";
        /// The base for clients that authenticate with a certificate (RFC 8705 section 5), on a host name or port of
        /// its own: browsers that were asked for a certificate would show a dialog. Absent, there is none.
        mtls_public_url: Option<BaseUrl> = none;
        /// For how long browsers shall use nothing but TLS with this host (RFC 6797), in seconds; 0 does not say so.
        /// Never said where the public URL is this machine's alone.
        hsts_seconds: Number<u64, 0, 63_072_000> = 31536000;
        /// How long requests may still run after the process was told to stop, in seconds.
        drain_seconds: Number<u64, 0, 3600> = 20;
    }

    /// Where requests arrive.
    listener: ListenerSection {
        /// The address that is listened on.
        address: SocketAddr = "0.0.0.0:8443";
        /// `plain` is for use behind a proxy that has the certificates; nothing but that proxy may reach the address
        /// then.
        protocol: Protocol = "tls";
        /// The certificates to offer, each a chain, the server's own certificate first, and its unencrypted key. An RSA
        /// and an ECDSA certificate together serve every client. Changed files are noticed while the server runs.
        certificates: Vec<CertificateFiles> = [];
        /// The address where clients are asked for a certificate. Absent, there is none.
        mtls_address: Option<SocketAddr> = none;
    }

    /// Certificates of clients that authenticate by mutual TLS. Which authorities count is a setting of the realm.
    client_certificates: ClientCertificatesSection {
        /// Files with revocation lists of those authorities (RFC 5280 section 5), PEM or DER. Empty, no certificate is
        /// looked for in one. Changed files are noticed while the server runs; a list that is out of date is good for
        /// nothing, and its authority's certificates are refused until a newer one is there.
        revocation_lists: Vec<FilePath> = [];
        /// What becomes of certificates of an authority without any list, where there are lists of others.
        unlisted_authorities: Unlisted = "refused";
    }

    /// Proxies in front.
    proxy: Proxy {
        /// Networks of the proxies. What anybody else says about where a request came from is ignored.
        trusted: Vec<IpNet> = [];
        /// Headers in which they hand on the client's certificate: `client-cert` as in RFC 9440, any other name as PEM,
        /// URL-encoded PEM or base64 of DER. The proxy must remove these headers from what it receives.
        client_certificate_headers: Vec<HeaderName> = [];
        /// The one header in which they write the client's address.
        address_header: ForwardingHeader = "x-forwarded-for";
    }

    /// Health and metrics, over plain HTTP and without authentication.
    management: Management {
        /// The address that is listened on: `/health/live`, `/health/ready`, `/metrics`. Keep it to machines that
        /// operate the server.
        address: SocketAddr = "127.0.0.1:9090";
    }

    /// The database.
    database: DatabaseSection {
        /// Where it is.
        url: DatabaseUrl = "sqlite:signet.db";
        /// Most connections to a database server. SQLite has a few of its own number.
        connections: Number<u32, 1, 1000> = 16;
        /// What a transaction sees of others, on database servers. `serializable` is for distributed engines that know
        /// nothing else.
        isolation: TransactionIsolation = "read_committed";
        /// Whether commands and the server bring the schema up to date before they begin. Absent: they do on SQLite,
        /// and refuse to begin on database servers until `signet migrate up` has been run.
        migrate_at_start: Option<bool> = none;
    }

    /// The key above all others.
    keys: Keys {
        /// The file with the root key, which wraps every key in the database. Made with a new database, readable by its
        /// owner alone. Keep a copy apart from the backups of the database: without it they are worthless, and with it
        /// they are open.
        root_key_file: FilePath = "root.key";
    }

    /// Requests of the server to others, such as for key sets of clients.
    outbound: Outbound {
        /// Whether addresses of private networks and of this machine may be asked. Whoever may register clients can
        /// then make the server call what is behind the firewall.
        allow_private_addresses: bool = false;
        /// Networks that may be asked whatever they are: narrower than `allow_private_addresses`.
        allowed_networks: Vec<IpNet> = [];
        /// Certificate authorities in PEM that are trusted beside the system's.
        ca_file: Option<FilePath> = none;
    }

    /// The cost of checking passwords (Argon2id). Hashes that exist keep the cost they were made with.
    passwords: Passwords {
        /// Memory of one hash in KiB.
        memory_kib: Number<u32, 8192, 4_194_304> = 19456;
        /// Passes over it.
        iterations: Number<u32, 1, 100> = 2;
        /// Hashes at a time. Each keeps one core busy.
        parallel_hashes: Number<usize, 1, 256> = 2;
        /// Hashes that may wait; one more is refused as overload.
        queue: Number<usize, 0, 100_000> = 64;
    }

    /// The record of what happened.
    audit: AuditSection {
        /// How many days events are kept, in days; 0 keeps all of them. What is older is removed from the beginning of the
        /// chain, and what remains still verifies.
        retention_days: Number<u32, 0, 36_500> = 400;
        /// Time between two times that new events are linked into their chain, in seconds.
        seal_seconds: Number<u64, 1, 60> = 1;
    }

    /// What a stranger may cost.
    limits: LimitsSection {
        /// Request line and header fields together, in bytes.
        header_bytes: Number<usize, 2048, 1_048_576> = 16384;
        /// Number of header fields.
        header_count: Number<usize, 16, 1000> = 100;
        /// Path and query, in bytes.
        uri_bytes: Number<usize, 1024, 65_536> = 8000;
        /// Request body in bytes.
        body_bytes: Number<usize, 4096, 16_777_216> = 65536;
        /// Bytes of all request bodies in memory at one time.
        body_bytes_at_once: Number<usize, 1_048_576, 17_179_869_184> = 67108864;
        /// Requests that run at one time.
        requests_at_once: Number<usize, 1, 1_000_000> = 1024;
        /// Open connections.
        connections: Number<usize, 1, 1_000_000> = 4096;
        /// Open connections from one address; an IPv6 address counts with its /64, listed proxies do not count.
        connections_per_address: Number<usize, 1, 1_000_000> = 256;
        /// Time for the TLS handshake, in seconds.
        handshake_seconds: Number<u64, 1, 300> = 10;
        /// Time for the header fields of a request, in seconds.
        header_seconds: Number<u64, 1, 300> = 10;
        /// Time for the body of a request, in seconds.
        body_seconds: Number<u64, 1, 3600> = 20;
        /// Time in which, while answers are outstanding, one must begin or end, in seconds.
        answer_seconds: Number<u64, 1, 3600> = 60;
        /// How long a connection may wait for its next request, in seconds.
        idle_seconds: Number<u64, 1, 3600> = 60;
        /// Age at which a connection is closed in order, in seconds.
        connection_seconds: Number<u64, 10, 86_400> = 3600;
        /// HTTP/2 streams open at one time on a connection.
        streams: Number<u32, 1, 10_000> = 100;
        /// HTTP/2 streams that a client may open and reset before they are served.
        resets: Number<usize, 1, 10_000> = 20;
    }

    /// The pages that people see.
    pages: PagesSection {
        /// A folder with files that replace the built-in templates and assets of the same name. Absent, none are
        /// replaced.
        templates: Option<FilePath> = none;
    }

    /// The log, on standard error.
    log: LogSection {
        /// How much is logged.
        level: LogLevel = "info";
        /// The form of its lines.
        format: LogFormat = "json";
    }
}

//! `[server]` and `[telemetry]`: the process itself.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use http::Uri;
use tracing::Level;
use tracing_subscriber::filter::Targets;

use super::{secret::Sources, section::Section};
use crate::{
    telemetry::Telemetry,
    tls::{H2, HTTP_1_1, TlsFiles},
};

/// Where the sidecar listens, and how it stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Address of the gRPC services.
    pub grpc_listen: SocketAddr,
    /// Address of webhooks, the webhook number, probes and metrics.
    pub http_listen: SocketAddr,
    /// A socket file on which the gRPC services are offered besides.
    pub grpc_unix_socket: Option<PathBuf>,
    /// The address under which others reach `http_listen`, without a slash at its end.
    pub public_url: Option<String>,
    /// Longest time for requests under way to end when the sidecar stops.
    pub drain: Duration,
    /// TLS of gRPC over TCP; plain text without it.
    pub tls: Option<TlsFiles>,
    /// TLS of HTTP; plain text without it.
    pub http_tls: Option<TlsFiles>,
    /// Ports beyond this machine may speak plain text and ask nobody who they are: something else sees to it.
    pub allow_plain: bool,
    /// Whether the system may write the process's memory to disk when it crashes.
    pub core_dumps: bool,
    /// Bounds on who connects.
    pub limits: Limits,
}

/// Bounds on who connects, for each door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections_max: usize,
    /// Longest time for a handshake, for a request's head or body to arrive, and for the other end to take bytes.
    pub slow: Duration,
}

/// Only this machine reaches the ports until access is configured.
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const GRPC: SocketAddr = SocketAddr::new(HOME, 7071);
const HTTP: SocketAddr = SocketAddr::new(HOME, 7072);

/// Container managers kill a process 30 seconds after asking it to stop (the default of Kubernetes' grace period).
const DRAIN_SECONDS: u32 = 20;

/// An exchange keeps a connection or a few; half of the descriptors a process usually has are left for the store and
/// the CRMs (1024 is the usual soft limit).
const CONNECTIONS_MAX: usize = 512;
/// Whoever speaks to the sidecar is a server near by; a request's bytes follow one another within milliseconds.
const SLOW_SECONDS: u32 = 10;

pub(super) fn server(mut section: Section<'_>, sources: &dyn Sources) -> Option<Server> {
    let grpc_listen = address(&mut section, "grpc_listen", GRPC);
    let http_listen = address(&mut section, "http_listen", HTTP);
    if grpc_listen.zip(http_listen).is_some_and(|(grpc, http)| collide(grpc, http)) {
        section.fault("http_listen", "is the address of grpc_listen; give it another port");
    }
    let server = Server {
        grpc_listen: grpc_listen.unwrap_or(GRPC),
        http_listen: http_listen.unwrap_or(HTTP),
        public_url: public_url(&mut section),
        grpc_unix_socket: section.text("grpc_unix_socket").map(PathBuf::from),
        drain: Duration::from_secs(section.number("drain_seconds", DRAIN_SECONDS, 1..=600).into()),
        tls: tls(&mut section, "tls", H2, sources),
        http_tls: tls(&mut section, "http_tls", HTTP_1_1, sources),
        allow_plain: section.flag("allow_plain", false),
        core_dumps: section.flag("core_dumps", false),
        limits: Limits {
            connections_max: section.number("connections_max", CONNECTIONS_MAX, 1..=65_536),
            slow: Duration::from_secs(section.number("slow_seconds", SLOW_SECONDS, 1..=300).into()),
        },
    };
    plain_text(&section, &server);
    section.close();
    Some(server)
}

/// `[server.tls]` and `[server.http_tls]`: the files are read here, so that what is wrong with them is told at once.
fn tls(server: &mut Section<'_>, key: &'static str, protocol: &[u8], sources: &dyn Sources) -> Option<TlsFiles> {
    let mut section = server.section(key);
    server.peek(key)?;
    let cert = section.needed("cert", "name the PEM file of the certificate");
    let private = section.needed("key", "name the PEM file of its private key");
    let client_ca = section.text("client_ca").map(PathBuf::from);
    section.close();
    if section.is_broken() || cert.is_empty() || private.is_empty() {
        return None;
    }
    let files = TlsFiles { cert: PathBuf::from(cert), key: PathBuf::from(private), client_ca };
    if let Err(fault) = files.read(sources, protocol) {
        section.fault(fault.key, format!("the file named here {}", fault.text));
    }
    Some(files)
}

/// What others can read on the way: recordings, names and numbers, and every token.
fn plain_text(section: &Section<'_>, server: &Server) {
    let is_private = server.allow_plain;
    let doors = [
        ("grpc_listen", server.grpc_listen, "tls", section.peek("tls").is_some()),
        ("http_listen", server.http_listen, "http_tls", section.peek("http_tls").is_some()),
    ];
    for (key, address, table, is_sealed) in doors {
        if !is_private && !is_sealed && !address.ip().is_loopback() {
            let text = format!(
                "is an address beyond this machine, in plain text; give it [server.{table}], or write allow_plain = \
                 true when the network or a proxy seals it"
            );
            section.fault(key, text);
        }
    }
}

pub(super) fn telemetry(mut section: Section<'_>) -> Option<Telemetry> {
    let telemetry = Telemetry {
        format: section.read("format").unwrap_or_default(),
        level: level(&mut section),
        otlp_endpoint: otlp_endpoint(&mut section),
    };
    section.close();
    Some(telemetry)
}

fn address(section: &mut Section<'_>, key: &'static str, default: SocketAddr) -> Option<SocketAddr> {
    let Some(text) = section.text(key) else { return Some(default) };
    let address = text.parse().ok();
    if address.is_none() {
        section.fault(key, format!("is no IP address with a port; write one such as {default}"));
    }
    address
}

fn public_url(section: &mut Section<'_>) -> Option<String> {
    let text = section.text("public_url")?;
    let url = web_address(&text);
    if url.is_none() {
        section.fault("public_url", "is no web address; write one such as https://tieline.example.com");
    }
    url
}

/// A web address others can be sent to, without a slash at its end; it has no query, no user and no password.
pub(super) fn web_address(text: &str) -> Option<String> {
    let uri = text.parse::<Uri>().ok()?;
    let scheme = uri.scheme_str().is_some_and(|scheme| matches!(scheme, "http" | "https"));
    let authority = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    let plain = scheme && authority && uri.query().is_none() && !text.contains('#');
    plain.then(|| text.trim_end_matches('/').to_owned())
}

/// Port 0 lets the system choose, so two of them differ.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let same_ip = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && same_ip
}

/// A filter. A part without `=` is taken for a module's name by its reader, so a misspelt level would silence the rest.
fn level(section: &mut Section<'_>) -> String {
    let Some(text) = section.text("level") else { return "info".to_owned() };
    let is_level = |part: &str| part.eq_ignore_ascii_case("off") || part.parse::<Level>().is_ok();
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let filter = parts.join(",");
    // Its reader takes spans and fields, too, by which nothing is filtered.
    let is_by_module = |part: &str| part.contains('=') && !part.contains('[');
    if !parts.iter().all(|part| is_level(part) || is_by_module(part)) || filter.parse::<Targets>().is_err() {
        section.fault("level", "is no filter; write error, warn, info, debug or trace, or such as info,tieline=debug");
    }
    filter
}

fn otlp_endpoint(section: &mut Section<'_>) -> Option<String> {
    let text = section.text("otlp_endpoint")?;
    let uri = text.parse::<Uri>().ok().filter(|uri| {
        let scheme = uri.scheme_str().is_some_and(|scheme| matches!(scheme, "http" | "https"));
        scheme && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    });
    if uri.is_none() {
        section.fault("otlp_endpoint", "is no address of a collector; write one such as http://127.0.0.1:4317");
    }
    uri.map(|_| text)
}

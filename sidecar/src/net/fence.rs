//! The hosts a connection may reach: those its settings name and those its CRM's own pages list. What a CRM answers
//! cannot lead anywhere else: a request to another host ends before a socket is opened.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use tieline_crm::transport::{BoxFuture, Request, Response, SendError, Transport};

/// A transport to certain hosts only.
pub struct Fenced {
    inner: Arc<dyn Transport>,
    origins: Vec<String>,
}

impl Fenced {
    /// Requests to these addresses (`https://host`, `http://host:port`; what stands behind is not looked at) go
    /// through `inner`; others are refused.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>, addresses: &[String]) -> Self {
        let urls = addresses.iter().filter_map(|address| Url::parse(address).ok());
        Self { inner, origins: urls.filter_map(|url| origin(&url)).collect() }
    }

    /// The same reader of addresses as the one that sends, so that both mean the same host. A name or a password in
    /// an address is never ours.
    fn lets_through(&self, address: &str) -> bool {
        let Ok(url) = Url::parse(address) else { return false };
        let plain = url.username().is_empty() && url.password().is_none();
        plain && origin(&url).is_some_and(|origin| self.origins.contains(&origin))
    }
}

/// Scheme, host and port; none for addresses without a host.
fn origin(url: &Url) -> Option<String> {
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

impl Transport for Fenced {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        if self.lets_through(&request.url) {
            return self.inner.send(request);
        }
        tracing::error!(request = request.name, "a request to a host that is not configured was refused");
        let text = "the address is none of the connection's configured hosts; nothing was sent".to_owned();
        Box::pin(async { Err(SendError::NotSent(text)) })
    }
}

/// Finds hosts as the system does, less the addresses where clouds answer machines about themselves: no host name
/// leads there, whoever answers for the name. An address written as numbers is the administrator's own word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let fit: Vec<SocketAddr> = found.filter(|address| !is_metadata(address.ip())).collect();
            if fit.is_empty() {
                return Err(
                    io::Error::new(io::ErrorKind::PermissionDenied, "the name leads to no host of a CRM").into()
                );
            }
            Ok(Box::new(fit.into_iter()) as Addrs)
        })
    }
}

/// Link-local addresses hold the metadata services of the large clouds; the others are those of single ones, as their
/// manuals give them: AWS over IPv6, Alibaba Cloud, Oracle Cloud.
fn is_metadata(address: IpAddr) -> bool {
    const AWS_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    const ALIBABA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
    const ORACLE: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 192);
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4 == ALIBABA || v4 == ORACLE,
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6 == AWS_V6,
    }
}

#[cfg(test)]
mod tests {
    use tieline_crm::transport::Method;

    use super::*;

    struct Answers;

    impl Transport for Answers {
        fn send<'a>(&'a self, _request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
            Box::pin(async { Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() }) })
        }
    }

    async fn goes(fence: &Fenced, url: &str) -> bool {
        let sent = fence.send(Request::new(Method::Get, "test", url.to_owned())).await;
        assert!(sent.is_ok() || matches!(&sent, Err(SendError::NotSent(text)) if !text.contains("host.")), "{sent:?}");
        sent.is_ok()
    }

    #[tokio::test]
    async fn only_the_configured_hosts_are_reached() {
        let fence = Fenced::new(
            Arc::new(Answers),
            &["https://crm.example/base".to_owned(), "http://127.0.0.1:8080".to_owned()],
        );
        for url in [
            "https://crm.example/any?a=b",
            "https://CRM.example:443/",
            "http://127.0.0.1:8080/x",
            "http://0x7f.1:8080/",
        ] {
            assert!(goes(&fence, url).await, "{url}");
        }
        for url in [
            "http://169.254.169.254/latest/meta-data",
            "https://crm.example.evil.example/",
            "https://crm.example@evil.example/",
            "https://evil.example/https://crm.example/",
            "https://evil.example\\@crm.example/",
            "https://user:word@crm.example/",
            "http://crm.example/",
            "https://crm.example:8443/",
            "http://127.0.0.1:8081/",
            "file:///etc/passwd",
            "//crm.example/",
            "",
        ] {
            assert!(!goes(&fence, url).await, "{url}");
        }
    }

    #[test]
    fn addresses_of_cloud_metadata_are_known_in_each_spelling() {
        for address in ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200"] {
            assert!(is_metadata(address.parse().unwrap()), "{address}");
        }
        for address in ["127.0.0.1", "10.0.0.1", "203.0.113.7", "::1", "2001:db8::1"] {
            assert!(!is_metadata(address.parse().unwrap()), "{address}");
        }
    }
}

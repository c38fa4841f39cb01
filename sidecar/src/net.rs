//! The way to the CRMs: one HTTP client with bounds on time and size, and the caller's trace passed on.
//!
//! Each connection reaches the hosts of its CRM only, through a fence of its own (`net/fence.rs`).

mod fence;

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
pub use fence::Fenced;
use reqwest::{
    Client,
    header::{HeaderMap, HeaderValue},
    redirect,
};
use secrecy::ExposeSecret as _;
use tieline_crm::transport::{BoxFuture, Method, Request, Response, SendError, Transport};

use crate::telemetry;

/// Time for connecting to a CRM.
const CONNECT_BOUND: Duration = Duration::from_secs(5);
/// Time for one request as a whole. CRMs answer within seconds; half a minute is past hope.
const REQUEST_BOUND: Duration = Duration::from_secs(30);
/// Largest answer read. A page of 200 records is below one megabyte in every CRM known here.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Sends requests over HTTP.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: Client,
}

impl HttpTransport {
    /// A client that keeps connections open and follows no redirects: a token must not travel to another host.
    ///
    /// # Errors
    /// The machine's root certificates cannot be read.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(CONNECT_BOUND)
            .timeout(REQUEST_BOUND)
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(fence::Resolver))
            .user_agent(concat!("tieline/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client })
    }

    async fn exchange(&self, request: Request) -> Result<Response, SendError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, &request.url).body(request.body);
        for (name, value) in request.headers.iter().map(|(name, value)| (*name, value.as_str())) {
            builder = builder.header(name, value);
        }
        if let Some((name, value)) = &request.authorization {
            builder = builder.header(*name, secret(value.expose_secret())?);
        }
        if let Some(parent) = telemetry::traceparent() {
            builder = builder.header("traceparent", parent);
        }
        let answer = builder.send().await.map_err(|error| lost(&error))?;
        let status = answer.status().as_u16();
        let headers = plain(answer.headers());
        Ok(Response { status, headers, body: read_bounded(answer).await? })
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        Box::pin(self.exchange(request))
    }
}

/// A header that is kept out of debug texts and compression tables.
fn secret(value: &str) -> Result<HeaderValue, SendError> {
    let unfit = |_| SendError::NotSent("the credentials hold letters no header can have".to_owned());
    let mut value = HeaderValue::from_str(value).map_err(unfit)?;
    value.set_sensitive(true);
    Ok(value)
}

async fn read_bounded(mut answer: reqwest::Response) -> Result<Vec<u8>, SendError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(SendError::NoAnswer(format!("the answer is larger than {BODY_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

fn plain(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect()
}

/// The URL is left out: its query may hold a phone number.
fn lost(error: &reqwest::Error) -> SendError {
    if error.is_connect() || error.is_builder() {
        SendError::NotSent("no connection to the CRM".to_owned())
    } else if error.is_timeout() {
        SendError::NoAnswer(format!("no answer within {} s", REQUEST_BOUND.as_secs()))
    } else {
        SendError::NoAnswer("the connection was cut".to_owned())
    }
}

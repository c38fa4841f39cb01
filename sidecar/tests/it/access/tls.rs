//! TLS, certificates of clients, and names in them.

use std::{fs, path::Path};

use tieline_proto::v1::{CallState, GetCallRequest, sync_service_client::SyncServiceClient};
use tonic::{
    Code, Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Error, Identity},
};

use super::with;
use crate::{
    authority::Authority,
    house::{House, ended, reason, report},
};

/// Writes a door's certificate of an authority.
pub(crate) fn write(dir: &Path, authority: &Authority, clients: &Authority) {
    let (cert, key) = authority.signs("localhost");
    fs::write(dir.join("cert.pem"), cert).unwrap();
    fs::write(dir.join("key.pem"), key).unwrap();
    fs::write(dir.join("clients.pem"), clients.pem()).unwrap();
}

fn table(name: &str, dir: &Path, mutual: bool) -> String {
    let file = |name: &str| dir.join(name).display().to_string();
    let ca = if mutual { format!("client_ca = \"{}\"", file("clients.pem")) } else { String::new() };
    format!("[server.{name}]\ncert = \"{}\"\nkey = \"{}\"\n{ca}\n", file("cert.pem"), file("key.pem"))
}

/// A connection to a sidecar whose authority is believed, with a certificate where there is one.
pub(crate) async fn connect(
    address: &str,
    authority: &Authority,
    own: Option<(String, String)>,
) -> Result<Channel, Error> {
    let mut tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem())).domain_name("localhost");
    if let Some((cert, key)) = own {
        tls = tls.identity(Identity::from_pem(cert, key));
    }
    Endpoint::from_shared(format!("https://{address}")).unwrap().tls_config(tls).unwrap().connect().await
}

async fn sync(channel: Channel) -> Result<CallState, Status> {
    let answer = SyncServiceClient::new(channel).sync_call(report(ended("1", "0671234567"))).await?;
    Ok(answer.into_inner().state())
}

#[tokio::test]
async fn both_doors_speak_tls_and_nothing_else() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    write(dir.path(), &authority, &authority);
    let tables = table("tls", dir.path(), false) + &table("http_tls", dir.path(), false);
    let house = House::guarded("", &tables, "").await;
    let address = house.running.grpc_addr.to_string();
    let sealed = connect(&address, &authority, None).await.unwrap();
    assert_eq!(sync(sealed).await.unwrap(), CallState::Held);
    assert!(connect(&address, &Authority::new(), None).await.is_err(), "another authority's certificate is none");
    assert!(sync(house.channel()).await.is_err(), "plain text is not understood");

    let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    let port = house.running.http_addr.port();
    let answer = client.get(format!("https://localhost:{port}/healthz")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert!(reqwest::get(house.http("/healthz")).await.is_err());
}

#[tokio::test]
async fn with_mutual_tls_only_clients_of_the_authority_come_in() {
    let (dir, authority, clients) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
    write(dir.path(), &authority, &clients);
    let house = House::guarded("", &table("tls", dir.path(), true), "").await;
    let address = house.running.grpc_addr.to_string();
    let known = connect(&address, &authority, Some(clients.signs("pbx"))).await.unwrap();
    assert_eq!(sync(known).await.unwrap(), CallState::Held);
    for own in [None, Some(Authority::new().signs("pbx")), Some(authority.signs("pbx"))] {
        // In TLS 1.3 a client learns that it was refused with its first request.
        let refused = match connect(&address, &authority, own).await {
            Ok(channel) => sync(channel).await.is_err(),
            Err(_) => true,
        };
        assert!(refused);
    }
}

#[tokio::test]
async fn a_name_in_the_certificate_is_an_identity_or_half_of_one() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    write(dir.path(), &authority, &authority);
    let tokens = r#"
        [[access.tokens]]
        name = "by certificate"
        role = "exchange"
        cert_name = "pbx-a"
        [[access.tokens]]
        name = "by subject"
        role = "exchange"
        cert_name = "pbx-b by its subject"
        [[access.tokens]]
        name = "by both"
        role = "admin"
        cert_name = "desk"
        secret = { env = "TOKEN_desk" }
    "#;
    let house = House::guarded("", &(tokens.to_owned() + &table("tls", dir.path(), true)), "").await;
    let address = house.running.grpc_addr.to_string();
    let channel = async |name: &str| connect(&address, &authority, Some(authority.signs(name))).await.unwrap();
    for name in ["pbx-a", "pbx-b"] {
        assert_eq!(sync(channel(name).await).await.unwrap(), CallState::Held, "{name}");
    }
    assert_eq!(reason(&sync(channel("pbx-c").await).await.unwrap_err()), "TOKEN_MISSING");
    let get = || GetCallRequest { project: "shop".to_owned(), call_id: "1".to_owned() };
    assert!(SyncServiceClient::new(channel("desk").await).get_call(with("desk", get())).await.is_ok());
    let stolen = SyncServiceClient::new(channel("pbx-a").await).get_call(with("desk", get())).await.unwrap_err();
    assert_eq!((stolen.code(), reason(&stolen)), (Code::Unauthenticated, "TOKEN_UNKNOWN".to_owned()));
}

//! Slow, oversized, malformed and greedy clients: each is refused within bounds, and others are served meanwhile.

mod frames;

use std::time::{Duration, Instant};

use futures::stream;
use tieline_proto::v1::{SyncCallRequest, SyncCallResponse};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tonic::{Code, Request, client::Grpc};
use tonic_prost::ProstCodec;

use self::frames::{GOAWAY, REFUSED_STREAM, RST_STREAM, Raw};
use crate::house::{House, ended, report};

/// Seconds a test's sidecar is patient for.
const PATIENT: u64 = 1;
/// Everything ends within this, on a busy machine too.
const BOUND: Duration = Duration::from_secs(20);

async fn impatient() -> House {
    drop(rustls::crypto::ring::default_provider().install_default());
    House::guarded(&format!("slow_seconds = {PATIENT}"), "", "").await
}

/// What is answered until the other end hangs up; fails when it does not.
async fn rest(stream: &mut TcpStream) -> String {
    let mut told = Vec::new();
    // A reset is an end too.
    drop(timeout(BOUND, stream.read_to_end(&mut told)).await.expect("the connection is not ended"));
    String::from_utf8_lossy(&told).into_owned()
}

async fn http(house: &House, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(house.running.http_addr).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn grpc(house: &House, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(house.running.grpc_addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// The sidecar still does its work.
async fn serves(house: &House) {
    drop(rustls::crypto::ring::default_provider().install_default());
    house.sync().sync_call(report(ended("after", "0671234567"))).await.unwrap();
    assert_eq!(reqwest::get(house.http("/readyz")).await.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn who_says_nothing_or_says_it_by_drops_is_hung_up_on() {
    let house = impatient().await;
    let begun = Instant::now();
    let mut silent = [http(&house, "").await, http(&house, "GET /healthz HTTP/1.1\r\nhost: a\r\nx-").await];
    let mut halting = [grpc(&house, b"").await, grpc(&house, b"PRI * HTTP/2.0").await];
    for stream in silent.iter_mut().chain(&mut halting) {
        rest(stream).await;
    }
    assert!(begun.elapsed() >= Duration::from_secs(PATIENT), "nobody is hurried more than configured");
    serves(&house).await;
}

#[tokio::test]
async fn a_header_that_is_sent_by_drops_does_not_buy_time() {
    let house = impatient().await;
    let mut slow = http(&house, "GET /healthz HTTP/1.1\r\n").await;
    let (mut read, mut write) = slow.split();
    let drops = async {
        let mut pause = tokio::time::interval(Duration::from_millis(50));
        while write.write_all(b"x: y\r\n").await.is_ok() {
            pause.tick().await;
        }
    };
    let hung_up = async {
        let mut told = Vec::new();
        drop(read.read_to_end(&mut told).await);
    };
    timeout(BOUND, async {
        tokio::select! { () = drops => {}, () = hung_up => {} }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_in_time() {
    let house = impatient().await;
    for path in ["/hooks/shop/after_call", "/route/shop/plain"] {
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{{");
        let told = rest(&mut http(&house, &head).await).await;
        assert!(told.starts_with("HTTP/1.1 408 "), "{path}: {told}");
    }
    serves(&house).await;
}

#[tokio::test]
async fn a_message_that_does_not_come_is_answered_in_time() {
    let house = impatient().await;
    let mut client = Grpc::new(house.channel());
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/tieline.v1.SyncService/SyncCall");
    let codec = ProstCodec::<SyncCallRequest, SyncCallResponse>::default();
    let answer = timeout(BOUND, client.client_streaming(Request::new(stream::pending()), path, codec)).await.unwrap();
    assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    serves(&house).await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_not_kept() {
    let house = impatient().await;
    let post = |path: &str| reqwest::Client::new().post(house.http(path)).body("x".repeat(3 * 1024 * 1024));
    for path in ["/hooks/shop/after_call", "/route/shop/plain"] {
        let answer = post(path).send().await;
        assert!(answer.is_err() || answer.unwrap().status().as_u16() == 413, "{path}");
    }
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1_000));
    for head in [long, many] {
        let told = rest(&mut http(&house, &head).await).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{told}");
    }
    let mut metadata = Request::new(report(ended("1", "0671234567")));
    metadata.metadata_mut().insert("x-long", "a".repeat(100_000).parse().unwrap());
    house.sync().sync_call(metadata).await.unwrap_err();
    serves(&house).await;
}

#[tokio::test]
async fn what_is_no_request_is_hung_up_on() {
    let house = impatient().await;
    let garbage: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"GET\r\n\r\n\r\n",
        b"POST /hooks/shop/after_call HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ];
    for bytes in garbage {
        rest(&mut http(&house, "").await).await;
        let mut stream = TcpStream::connect(house.running.http_addr).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        rest(&mut stream).await;
        rest(&mut grpc(&house, bytes).await).await;
    }
    serves(&house).await;
}

#[tokio::test]
async fn connections_beyond_the_most_are_closed_until_one_is_free() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let house = House::guarded("connections_max = 2\nslow_seconds = 60", "", "").await;
    let mut kept = [http(&house, "").await, http(&house, "").await];
    for stream in &mut kept {
        // Answered, so it has its place.
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        timeout(BOUND, stream.read_exact(&mut first)).await.unwrap().unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
    }
    let beyond = rest(&mut http(&house, "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await).await;
    assert_eq!(beyond, "");
    drop(kept);
    let served = async {
        loop {
            let request = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
            if rest(&mut http(&house, request).await).await.starts_with("HTTP/1.1 200") {
                break;
            }
        }
    };
    timeout(BOUND, served).await.unwrap();
    house.sync().sync_call(report(ended("1", "0671234567"))).await.expect("each door has its own places");
}

#[tokio::test]
async fn streams_beyond_the_most_are_refused_one_by_one() {
    let house = House::guarded("slow_seconds = 60", "", "").await;
    let mut raw = Raw::connect(house.running.grpc_addr).await;
    for number in 0..300 {
        raw.open(number, "/tieline.v1.SyncService/SyncCall").await;
    }
    let mut refused = 0;
    while refused < 300 - 256 {
        let (kind, payload) = timeout(BOUND, raw.frame()).await.unwrap().expect("the connection goes on");
        if kind == RST_STREAM {
            assert_eq!(payload, REFUSED_STREAM.to_be_bytes());
            refused += 1;
        }
    }
    serves(&house).await;
}

#[tokio::test]
async fn who_opens_and_resets_streams_without_end_is_hung_up_on() {
    let house = House::guarded("slow_seconds = 60", "", "").await;
    let mut raw = Raw::connect(house.running.grpc_addr).await;
    let flood = raw.flood(20_000, "/tieline.v1.SyncService/SyncCall");
    let ended = async {
        let mut told = false;
        while let Some((kind, _)) = raw.frame().await {
            told |= kind == GOAWAY;
        }
        told
    };
    let _goes_away_or_cuts = timeout(BOUND, ended).await.expect("the flood is borne");
    flood.abort();
    serves(&house).await;
}

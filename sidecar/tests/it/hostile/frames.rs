//! HTTP/2 by hand (RFC 9113): what no well-behaved client sends.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Mutex,
    task::JoinHandle,
};

/// Frame types (RFC 9113 section 6).
const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
pub(super) const GOAWAY: u8 = 7;
/// Flags.
const END_HEADERS: u8 = 4;
/// Error codes (RFC 9113 section 7).
pub(super) const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;

/// A connection.
pub(super) struct Raw {
    read: OwnedReadHalf,
    write: Arc<Mutex<OwnedWriteHalf>>,
}

impl Raw {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let (read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
        write.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        write.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        Self { read, write: Arc::new(Mutex::new(write)) }
    }

    /// Opens the stream of this number, counted from 0, and sends no message on it.
    pub(super) async fn open(&self, number: u32, path: &str) {
        let opened = frame(HEADERS, END_HEADERS, 2 * number + 1, &headers(path));
        self.write.lock().await.write_all(&opened).await.unwrap();
    }

    /// Opens and resets streams as fast as they are taken.
    pub(super) fn flood(&self, count: u32, path: &'static str) -> JoinHandle<()> {
        let write = Arc::clone(&self.write);
        tokio::spawn(async move {
            let mut write = write.lock().await;
            for number in 0..count {
                let id = 2 * number + 1;
                let mut both = frame(HEADERS, END_HEADERS, id, &headers(path));
                both.extend(frame(RST_STREAM, 0, id, &CANCEL.to_be_bytes()));
                if write.write_all(&both).await.is_err() {
                    return;
                }
            }
        })
    }

    /// The next frame's type and payload; `None` when the connection is over.
    pub(super) async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 9];
        self.read.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.read.read_exact(&mut payload).await.ok()?;
        Some((head[3], payload))
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header block (RFC 7541): indexed fields of the static table, and literals that are not indexed.
fn headers(path: &str) -> Vec<u8> {
    const POST: u8 = 0x83;
    const HTTP: u8 = 0x86;
    let mut block = vec![POST, HTTP];
    // Names 1, 4 and 31 of the static table; the last does not fit into the four bits of its byte.
    for (name, value) in [(&[1][..], "a"), (&[4], path), (&[15, 31 - 15], "application/grpc")] {
        block.extend(name);
        block.push(u8::try_from(value.len()).unwrap());
        block.extend(value.as_bytes());
    }
    block
}

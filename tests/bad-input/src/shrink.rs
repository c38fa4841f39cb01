//! The smallest input that still shows a fault, within a bound of tries.

use std::time::{Duration, Instant};

/// Longest time spent on making an input smaller.
const BOUND: Duration = Duration::from_secs(20);

/// Leaves out ever smaller parts while the fault stays, then makes what is left plain.
pub(crate) fn smallest(mut input: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let end = Instant::now() + BOUND;
    let mut part = input.len() / 2;
    while part > 0 && Instant::now() < end {
        let mut at = 0;
        let mut left_out = false;
        while at < input.len() && Instant::now() < end {
            let mut shorter = input.clone();
            shorter.drain(at..(at + part).min(input.len()));
            if fails(&shorter) {
                (input, left_out) = (shorter, true);
            } else {
                at += part;
            }
        }
        if !left_out || part > input.len() {
            part = part.min(input.len()) / 2;
        }
    }
    plain(input, fails, end)
}

/// Letters instead of odd bytes, where that makes no difference.
fn plain(mut input: Vec<u8>, fails: impl Fn(&[u8]) -> bool, end: Instant) -> Vec<u8> {
    for at in 0..input.len() {
        let Some(byte) = input.get(at).copied() else { break };
        if Instant::now() > end || byte.is_ascii_alphanumeric() {
            continue;
        }
        let mut plainer = input.clone();
        if let Some(byte) = plainer.get_mut(at) {
            *byte = b'a';
        }
        if fails(&plainer) {
            input = plainer;
        }
    }
    input
}

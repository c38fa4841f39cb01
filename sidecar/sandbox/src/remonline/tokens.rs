//! The tokens of generation A (remonline.md 2.2).

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::answers::failure;
use crate::{rng::Rng, wire::SimAnswer};

/// How long a token lives.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Live tokens per key; one more kills the oldest [I].
const MOST_LIVE: usize = 100;
/// Hexadecimal digits of a token.
const LENGTH: usize = 40;

/// The tokens given out.
#[derive(Debug)]
pub(super) struct Tokens {
    live: VecDeque<(String, Timestamp)>,
    rng: Rng,
}

impl Tokens {
    pub(super) fn new(seed: u64) -> Self {
        Self { live: VecDeque::new(), rng: Rng::new(seed ^ 0x70CE) }
    }

    /// `POST /token/new` for a key that is right.
    pub(super) fn issue(&mut self, now: Timestamp) -> SimAnswer {
        let digits = format!("{}{}", self.rng.hex32(), self.rng.hex32());
        let token: String = digits.chars().take(LENGTH).collect();
        self.live.push_back((token.clone(), now));
        if self.live.len() > MOST_LIVE {
            self.live.pop_front();
        }
        SimAnswer::json(200, &json!({"token": token, "success": true}))
    }

    pub(super) fn accepts(&self, now: Timestamp, token: &str) -> bool {
        self.live.iter().any(|(live, since)| live == token && now.duration_since(*since) < TOKEN_LIFE)
    }

    /// Kills every token; the key stays.
    pub(super) fn expire_all(&mut self) {
        self.live.clear();
    }
}

/// The refusal of a key: 110 without one, 111 for a wrong one.
pub(super) fn refuse_key(missing: bool) -> SimAnswer {
    if missing {
        return failure(401, 110, "api_key is missing.");
    }
    failure(401, 111, "Unable to log you in. Check your api_key and try again.")
}

//! What a call that goes behind live ones is worth: which of a million waiting calls a client would miss most. Live
//! calls are not judged, they go first in any case.

use serde::{Deserialize, Serialize};

use crate::{
    call::{Call, Direction, Phase, Source},
    facts::Facts,
    scenario::ClientIs,
};

/// Worth of a call after a break, the most valuable first. A client's calls stay in the order in which they were
/// accepted, so a client is served as early as the most valuable of their waiting calls deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Worth {
    /// Nobody answered a client whom the CRM does not know, and nobody has talked with them since: a customer who is
    /// lost if nobody calls back.
    NewMissed,
    /// Nobody answered a known client and nobody has talked with them since, or somebody wrote in a messenger.
    Asked,
    /// Two people talked, and the CRM does not know the client yet.
    NewTalked,
    /// What changes nothing for the client: talks with known ones, calls answered later, attempts of agents.
    Rest,
}

impl Worth {
    /// Every worth, the most valuable first.
    pub const ALL: [Self; 4] = [Self::NewMissed, Self::Asked, Self::NewTalked, Self::Rest];

    /// What a call is worth. `client`: whether the CRM knew the client, as far as is known without asking it; `None`
    /// where there is nobody to write about. `talked_since`: somebody has talked with the client after this call.
    #[must_use]
    pub fn of(call: &Call, client: Option<ClientIs>, talked_since: bool) -> Self {
        let Some(client) = client else { return Self::Rest };
        let waits = is_missed(call) && !talked_since;
        match client {
            ClientIs::New if waits => Self::NewMissed,
            ClientIs::Known if waits => Self::Asked,
            ClientIs::New | ClientIs::Known if call.source == Source::Messenger => Self::Asked,
            ClientIs::New if call.is_answered() => Self::NewTalked,
            ClientIs::New | ClientIs::Known => Self::Rest,
        }
    }

    /// Its place among [`Worth::ALL`], from 1: a number to be sorted by.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::NewMissed => 1,
            Self::Asked => 2,
            Self::NewTalked => 3,
            Self::Rest => 4,
        }
    }
}

/// Whether a client called and nobody talked with them. A call that is not over is not missed yet.
#[must_use]
pub fn is_missed(call: &Call) -> bool {
    let is_over = call.phase == Phase::Ended || call.outcome.is_some();
    is_over && call.seen_as() == Direction::Incoming && !call.is_answered()
}

/// Whether a call's client was known to the CRM before it: as the CRM told, else by whether records were made for
/// the client.
#[must_use]
pub fn client_is(facts: &Facts, has_records: bool) -> ClientIs {
    let told = facts.first_seen.as_ref().map(|seen| seen.client);
    told.unwrap_or(if has_records { ClientIs::Known } else { ClientIs::New })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        call::Outcome,
        facts::FirstSeen,
        ids::{CallId, ProjectId},
    };

    fn call(direction: Direction, outcome: Option<Outcome>) -> Call {
        Call { outcome, ..Call::new(ProjectId::new("shop"), CallId::new("a"), direction) }
    }

    #[test]
    fn a_new_client_nobody_answered_is_worth_most_and_what_changes_nothing_least() {
        let missed = call(Direction::Incoming, Some(Outcome::NoAnswer));
        let talk = call(Direction::Incoming, Some(Outcome::Answered));
        let attempt = call(Direction::Outgoing, Some(Outcome::Busy));
        let wish = Call { source: Source::Messenger, ..call(Direction::Incoming, None) };
        let (new, known) = (Some(ClientIs::New), Some(ClientIs::Known));
        for (call, client, talked_since, worth) in [
            (&missed, new, false, Worth::NewMissed),
            (&missed, known, false, Worth::Asked),
            (&wish, new, false, Worth::Asked),
            (&wish, known, true, Worth::Asked),
            (&talk, new, false, Worth::NewTalked),
            (&missed, new, true, Worth::Rest),
            (&missed, known, true, Worth::Rest),
            (&talk, known, false, Worth::Rest),
            (&attempt, new, false, Worth::Rest),
            (&missed, None, false, Worth::Rest),
        ] {
            assert_eq!(Worth::of(call, client, talked_since), worth, "{call:?} {client:?} {talked_since}");
        }
        assert!(Worth::ALL.is_sorted() && Worth::ALL.map(Worth::rank) == [1, 2, 3, 4]);
    }

    #[test]
    fn a_call_that_is_not_over_is_not_missed_and_voicemail_is() {
        assert!(!is_missed(&call(Direction::Incoming, None)));
        assert!(is_missed(&call(Direction::Incoming, Some(Outcome::Voicemail))));
        assert!(is_missed(&Call { phase: Phase::Ended, ..call(Direction::Incoming, None) }));
        let callback = Call { source: Source::Callback, ..call(Direction::Outgoing, Some(Outcome::NoAnswer)) };
        assert!(is_missed(&callback), "a call-back was asked for by the client (G-07)");
    }

    #[test]
    fn what_the_crm_told_counts_more_than_what_was_made() {
        let mut facts = Facts::default();
        assert_eq!(client_is(&facts, false), ClientIs::New);
        assert_eq!(client_is(&facts, true), ClientIs::Known);
        facts.first_seen = Some(FirstSeen { client: ClientIs::New, open_deal: false, owner: None });
        assert_eq!(client_is(&facts, true), ClientIs::New, "what this very call has made does not make it known");
    }
}

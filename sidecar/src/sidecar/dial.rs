//! Click to call: somebody in the CRM wants to call a client (SP-06 … SP-09).
//!
//! Where the platform's callback API is configured, it makes the call, and watchers are told that it does; else the
//! exchange that watches is told to make it. Exactly one of them rings.

use tieline_engine::{
    agents::{Agent, Agents},
    dialing::{self, Wish},
    ids::{ProjectId, UserId},
    jiff::{SignedDuration, Timestamp},
    phone::{self, Phone, Verdict},
    policy::Policy,
};

use super::Sidecar;
use crate::{
    dialing::{
        Dialled, Fate, Mark, NotDialled,
        platform::{CallbackFailed, Sides},
    },
    driver::connection::Connection,
    project::ClickToCall,
    watch::{Dial, Event},
};

/// Two clicks of one person on one number within this are one wish: people click twice.
const CLICK_LIFE: SignedDuration = SignedDuration::from_secs(10);

/// A wish to call.
#[derive(Clone, Debug)]
pub struct DialAsk {
    /// The project.
    pub project: ProjectId,
    /// Who is to talk.
    pub who: DialWho,
    /// Whom to call, as the CRM writes it.
    pub phone: Phone,
    /// The line to call from, where the wish names one.
    pub line: Option<Phone>,
    /// Until when the same wish rings nobody again; `None`: some seconds, for a click.
    pub once_until: Option<Timestamp>,
}

/// Who is to talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialWho {
    /// Whom the project's settings choose.
    Anybody,
    /// An agent by the project's own id, SIP login or extension.
    Agent(String),
    /// The person of the CRM who clicked, by the CRM's id or their extension.
    CrmUser {
        /// The CRM's id.
        user: Option<UserId>,
        /// The extension.
        extension: Option<String>,
    },
}

impl Sidecar {
    /// Carries out a wish to call, once.
    ///
    /// # Errors
    /// Nobody was rung, and why; or it is not known whether somebody was.
    pub async fn dial(&self, ask: DialAsk) -> Result<Dialled, NotDialled> {
        let connection = self.connection(&ask.project).map_err(|_| NotDialled::Off)?;
        let settings = connection.project.click_to_call.as_ref().ok_or(NotDialled::Off)?;
        let done = self.dial_over(&connection, settings, &ask).await;
        let outcome = match &done {
            Ok(Dialled { repeated: true, .. }) => "repeated",
            Ok(_) => "dialled",
            Err(not) => not.as_str(),
        };
        self.driver.wishes.count(&ask.project, outcome);
        match &done {
            Ok(dialled) => {
                tracing::info!(project.id = %ask.project, dial.id = dialled.id, agent.id = %dialled.agent, outcome, "a wish to call");
            }
            // The platform's own words may name the client.
            Err(_) => tracing::warn!(project.id = %ask.project, outcome, "a wish to call was not carried out"),
        }
        done
    }

    async fn dial_over(
        &self,
        connection: &Connection,
        settings: &ClickToCall,
        ask: &DialAsk,
    ) -> Result<Dialled, NotDialled> {
        let policy = connection.policy();
        let client = client(&ask.phone, &policy).ok_or(NotDialled::NoNumber)?;
        let wish = wish(&ask.who, &policy.agents)?;
        let now = self.driver.clock.now();
        let (key, salt) = (key(wish, &client, ask), ask.once_until.map_or_else(|| now.to_string(), |_| String::new()));
        let until = ask.once_until.unwrap_or(now + CLICK_LIFE);
        let mark = Mark { key: &key, salt: &salt, until };
        let kept = self.driver.wishes.keep(&ask.project, mark, now).ok_or(NotDialled::TooMany)?;
        let mut fate = kept.fate.lock().await;
        if let Some(before) = &*fate {
            return before.clone().map(|dialled| Dialled { repeated: true, ..dialled });
        }
        let presences = self.driver.presences.of(&ask.project, now);
        let random = self.driver.clock.random();
        let chosen = dialing::choose(wish, &settings.policy, &policy.agents, &presences, random)?;
        let dial = Dial {
            id: kept.id.clone(),
            agent: chosen.agent,
            agent_place: chosen.place,
            client,
            client_first: chosen.client_first,
            line: ask.line.clone(),
            carried_out: settings.callback.is_some(),
        };
        self.carry_out(connection, settings, dial, &mut fate).await
    }

    /// The wish's fate is written before anything can ring: whoever goes away meanwhile leaves it unclear, and no
    /// repeat rings again.
    async fn carry_out(
        &self,
        connection: &Connection,
        settings: &ClickToCall,
        dial: Dial,
        fate: &mut Fate,
    ) -> Result<Dialled, NotDialled> {
        let (hub, project) = (&self.driver.hub, &connection.project.id);
        if let Some(api) = &settings.callback {
            *fate = Some(Err(NotDialled::Unclear));
            let number = dial.client.raw().trim_start_matches('+').to_owned();
            let sides = Sides { client: &number, agent: &dial.agent_place, client_first: dial.client_first };
            if let Err(failed) = api.call(connection.transport().as_ref(), sides).await {
                return Err(not_rung(failed, fate));
            }
        } else if hub.watchers(project) == 0 {
            return Err(NotDialled::NoExchange);
        }
        let (id, agent) = (dial.id.clone(), dial.agent.clone());
        let dialled = Dialled { id, agent, client_first: dial.client_first, repeated: false };
        hub.tell(project, self.driver.clock.now(), Event::Dial(Box::new(dial)));
        *fate = Some(Ok(dialled.clone()));
        Ok(dialled)
    }
}

/// Where it is certain that nobody was rung, a repeat may try again.
fn not_rung(failed: CallbackFailed, fate: &mut Fate) -> NotDialled {
    let not = match failed {
        CallbackFailed::NotSent => NotDialled::Unreachable,
        CallbackFailed::Refused(words) => NotDialled::Refused(words),
        CallbackFailed::Unclear => return NotDialled::Unclear,
    };
    *fate = None;
    not
}

/// The number to be dialled: canonical where the CRM's spelling is certain, else as written.
fn client(phone: &Phone, policy: &Policy) -> Option<Phone> {
    match phone::read(phone.raw(), &policy.crm_plan).verdict {
        Verdict::Key(key) => Some(Phone::new(key.as_str())),
        Verdict::Ambiguous(_) | Verdict::Text(_) => Some(Phone::new(phone.raw().trim())),
        // A colleague's extension is no client, and of several numbers none is chosen by guessing.
        Verdict::Internal(_) | Verdict::Several(_) | Verdict::Withheld | Verdict::NotANumber => None,
    }
}

fn wish<'a>(who: &DialWho, agents: &'a Agents) -> Result<Wish<'a>, NotDialled> {
    let list = agents.list();
    let with_extension = |text: &str| list.iter().find(|agent| agent.extensions.iter().any(|own| own == text));
    let found = match who {
        DialWho::Anybody => return Ok(Wish::Anybody),
        DialWho::Agent(name) => list
            .iter()
            .find(|agent| agent.id == *name)
            .or_else(|| list.iter().find(|agent| agent.sips.iter().any(|sip| sip.eq_ignore_ascii_case(name))))
            .or_else(|| with_extension(name)),
        DialWho::CrmUser { user, extension } => user
            .as_ref()
            .and_then(|user| agents.by_user(user))
            .or_else(|| extension.as_deref().and_then(with_extension)),
    };
    found.map(Wish::Agent).ok_or(NotDialled::UnknownAgent)
}

/// What makes a wish this one: who, whom, from which line, and for a link until when.
fn key(wish: Wish<'_>, client: &Phone, ask: &DialAsk) -> String {
    let agent = match wish {
        Wish::Anybody => "",
        Wish::Agent(Agent { id, .. }) => id,
    };
    let until = ask.once_until.map_or_else(String::new, |until| until.as_second().to_string());
    [agent, client.raw(), ask.line.as_ref().map_or("", Phone::raw), &until].join("\n")
}

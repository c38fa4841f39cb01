//! One simulated CRM with its faults and counts, usable without sockets.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    audit::Audit,
    changes::{Change, Hand, Journal},
    counts::Counts,
    dataverse::Dataverse,
    faults::{BadFault, FaultName, FaultSpec, Faults, OutageMode},
    kind::CrmKind,
    remonline::RemOnline,
    retailcrm::RetailCrm,
    sendpulse::SendPulse,
    simulator::{BadInput, Class, Handled, Route, Simulator, Strikes},
    text,
    wire::{SimAnswer, SimReply, SimRequest},
    zoho::Zoho,
};

/// A simulated CRM. Two of the same kind and seed, given the same requests at the same
/// times, give the same replies.
pub struct Sim {
    kind: CrmKind,
    seed: u64,
    base_url: Option<String>,
    crm: Box<dyn Simulator>,
    faults: Faults,
    counts: Counts,
    latency_ms: u64,
    journal: Option<Journal>,
}

impl Sim {
    /// A CRM with its default world.
    #[must_use]
    pub fn new(kind: CrmKind, seed: u64) -> Self {
        Self {
            kind,
            seed,
            base_url: None,
            crm: build(kind, seed),
            faults: Faults::new(seed),
            counts: Counts::default(),
            latency_ms: 0,
            journal: None,
        }
    }

    /// Which CRM this is.
    #[must_use]
    pub fn kind(&self) -> CrmKind {
        self.kind
    }

    /// Names the URL under which the CRM is reached, for replies that hold it.
    pub fn set_base_url(&mut self, url: &str) {
        self.base_url = Some(url.to_owned());
        self.crm.set_base_url(url);
    }

    /// How long each request takes before faults; it is what fills Zoho's concurrency.
    pub fn set_latency_ms(&mut self, ms: u64) {
        self.latency_ms = ms;
    }

    /// Carries out one request that arrives at `now`. `now` never goes back.
    pub fn handle(&mut self, now: Timestamp, request: &SimRequest) -> SimReply {
        let route = self.crm.classify(request);
        let target = format!("{} {}", request.method, request.path);
        let strikes = self.faults.strike(now, &route, &target);
        let reply = self.reply(now, request, &strikes);
        self.count(&route, &strikes, &reply);
        if route.class == Class::Write {
            self.note(now, Hand::Program);
        }
        reply
    }

    fn reply(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes) -> SimReply {
        let delay_ms = self.latency_ms + strikes.ms(FaultName::Slow);
        let cut = strikes.get(FaultName::Outage).map(|spec| spec.mode == Some(OutageMode::Cut));
        if cut == Some(true) || strikes.has(FaultName::LostRequest) {
            return SimReply::Dropped { committed: false, delay_ms };
        }
        let mut answer = if cut.is_some() {
            self.crm.outage_page()
        } else if strikes.has(FaultName::HtmlErrorPage) {
            SimAnswer::html(502, "502 Bad Gateway")
        } else {
            let Handled { answer, credits } = self.crm.handle(now, request, strikes, delay_ms);
            for (kind, spent) in credits {
                Counts::add(&mut self.counts.by_credit, kind, spent);
            }
            answer
        };
        if strikes.has(FaultName::LostReply) {
            return SimReply::Dropped { committed: answer.status < 300, delay_ms };
        }
        answer.delay_ms = delay_ms;
        SimReply::Answer(answer)
    }

    fn count(&mut self, route: &Route, strikes: &Strikes, reply: &SimReply) {
        self.counts.requests += 1;
        Counts::add(&mut self.counts.by_route, route.pattern.as_str(), 1);
        let status = match reply {
            SimReply::Answer(answer) => answer.status.to_string(),
            SimReply::Dropped { .. } => "dropped".to_owned(),
        };
        Counts::add(&mut self.counts.by_status, status, 1);
        for name in strikes.names.keys() {
            Counts::add(&mut self.counts.by_fault, name.as_str(), 1);
        }
    }

    /// Switches one more fault on, from `now`.
    ///
    /// # Errors
    /// When this CRM has no such fault or its figures make no sense.
    pub fn set_fault(&mut self, now: Timestamp, fault: FaultSpec) -> Result<(), BadFault> {
        self.faults.add(self.kind, now, fault)
    }

    /// Replaces all faults; when one is refused, everything stays as it was.
    ///
    /// # Errors
    /// As [`Sim::set_fault`].
    pub fn set_faults(&mut self, now: Timestamp, faults: Vec<FaultSpec>) -> Result<(), BadFault> {
        let mut next = self.faults.clone();
        next.clear();
        faults.into_iter().try_for_each(|fault| next.add(self.kind, now, fault))?;
        self.faults = next;
        Ok(())
    }

    /// Switches all faults off.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Switches the faults of one name off.
    pub fn clear_fault(&mut self, name: FaultName) {
        self.faults.remove(name);
    }

    /// The faults as switched on.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultSpec> {
        self.faults.specs()
    }

    /// What was asked so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Everything held, by entity, in the order of creation.
    #[must_use]
    pub fn listing(&self) -> Value {
        self.crm.listing()
    }

    /// [`Sim::listing`] as text for a person.
    #[must_use]
    pub fn listing_text(&self) -> String {
        text::render(self.kind.name(), &self.crm.listing())
    }

    /// Doubled clients, calls and tasks.
    #[must_use]
    pub fn audit(&self) -> Audit {
        self.crm.audit()
    }

    /// Puts records in directly, as a person working in the CRM would have.
    ///
    /// # Errors
    /// When the shape is not one this CRM knows.
    pub fn seed(&mut self, now: Timestamp, records: &Value) -> Result<Value, BadInput> {
        let seeded = self.crm.seed(now, records)?;
        self.note(now, Hand::Person);
        Ok(seeded)
    }

    /// Takes a record out, as a person who deletes it would.
    ///
    /// # Errors
    /// When there is no such record, or records of the entity cannot be deleted here.
    pub fn remove(&mut self, now: Timestamp, entity: &str, id: &str) -> Result<(), BadInput> {
        self.crm.remove(entity, id)?;
        self.note(now, Hand::Person);
        Ok(())
    }

    /// What a request does, whether or not it would be accepted.
    #[must_use]
    pub fn class_of(&self, request: &SimRequest) -> Class {
        self.crm.classify(request).class
    }

    /// From now on notes who changes which field of which record; see [`Sim::changes`]. Each write then costs a listing.
    pub fn watch(&mut self) {
        self.journal = Some(Journal::new(self.crm.listing()));
    }

    /// What changed since this was last asked; nothing unless [`Sim::watch`] was.
    pub fn changes(&mut self) -> Vec<Change> {
        self.journal.as_mut().map(Journal::take).unwrap_or_default()
    }

    fn note(&mut self, now: Timestamp, by: Hand) {
        if let Some(journal) = &mut self.journal {
            journal.note(now, by, self.crm.listing());
        }
    }

    /// The settings with their present values.
    #[must_use]
    pub fn settings(&self) -> Value {
        self.crm.settings()
    }

    /// Changes the settings named in an object.
    ///
    /// # Errors
    /// When a name or value is unknown.
    pub fn configure(&mut self, settings: &Value) -> Result<(), BadInput> {
        self.crm.configure(settings)
    }

    /// Back to the default world: no records but the first, no faults, no counts, and
    /// the settings as at the start.
    pub fn reset(&mut self) {
        let (latency_ms, base_url) = (self.latency_ms, self.base_url.take());
        *self = Self::new(self.kind, self.seed);
        self.latency_ms = latency_ms;
        if let Some(url) = base_url {
            self.set_base_url(&url);
        }
    }
}

fn build(kind: CrmKind, seed: u64) -> Box<dyn Simulator> {
    match kind {
        CrmKind::Zoho => Box::new(Zoho::new(seed)),
        CrmKind::RetailCrm => Box::new(RetailCrm::new(seed)),
        CrmKind::SendPulse => Box::new(SendPulse::new(seed)),
        CrmKind::RemOnline => Box::new(RemOnline::new(seed)),
        CrmKind::Dataverse => Box::new(Dataverse::new(seed)),
    }
}

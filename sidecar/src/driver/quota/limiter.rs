//! How many requests may go now. Pure: time is an argument, and whoever asks does the waiting.
//!
//! What the CRM's page allows, less what is left to others, is the ceiling. Below it the pace and the number at once
//! follow what answers tell: a refusal cuts by a third, closes for a pause, lets one request find out, and is grown
//! back slowly; a CRM that gets slow is asked less at once; what headers say is left of longer budgets decides what
//! rests.

use std::time::Duration;

use tieline_crm::{
    dialect::{Limit, Meter, Quota, Share},
    transport::Class,
};

use super::{
    Priority,
    budget::{Parts, Purse},
    latency::Latency,
    level::{At, Level},
    pace::{Held, Pace},
};

/// A slow CRM is not eased below this part of the ceiling.
const EASED_KEEPS: f64 = 0.25;

/// What a request wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) class: Class,
    pub(super) priority: Priority,
    pub(super) weight: u32,
    pub(super) cost: u32,
    /// The request's name.
    pub(super) kind: &'static str,
}

/// What came of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heard<'a> {
    /// An answer, which tells this of the quota.
    Answer(&'a Meter),
    /// No answer: the CRM may have taken the request, and counts it then.
    Nothing,
    /// It never reached the CRM.
    NotSent,
}

/// A request under way; it must be given back to [`Limiter::end`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission {
    wish: Wish,
    units: u32,
    sent_at: At,
    /// Units in use when it went, its own included.
    beside: u32,
    proves: bool,
}

/// Quota and state of one connection.
#[derive(Debug)]
pub(super) struct Limiter {
    general: Pace,
    /// `None` where there is one budget only.
    telephony: Option<Pace>,
    at_once: Level,
    in_use: u32,
    latency: Latency,
    purses: Vec<Purse>,
    sharers: u32,
    refusals: u64,
}

impl Limiter {
    /// A limiter that lets through a share of a quota; the backlog rests when so many parts of the share are spent.
    pub(super) fn new(quota: &Quota, share: Share, backlog_until: Share) -> Self {
        let pace = |documented: u32| Pace::new(f64::from(documented.max(1)) * share.part(), documented.max(1));
        let parts = Parts { share: share.part(), backlog: share.part() * backlog_until.part() };
        let one_budget = quota.telephony_per_second == quota.per_second;
        Self {
            general: pace(quota.per_second),
            telephony: (!one_budget).then(|| pace(quota.telephony_per_second)),
            at_once: Level::new(f64::from(share.of(quota.concurrency))),
            in_use: 0,
            latency: Latency::default(),
            purses: quota.budgets.iter().map(|budget| Purse::new(budget.clone(), parts)).collect(),
            sharers: 1,
            refusals: 0,
        }
    }

    /// Takes an equal part among so many sidecars; says whether that is a change.
    pub(super) fn share_among(&mut self, sidecars: u32) -> bool {
        std::mem::replace(&mut self.sharers, sidecars.max(1)) != sidecars.max(1)
    }

    /// Lets a request go, or says when it is worth trying again. `kept_free`: units that requests ahead of it wait for.
    pub(super) fn admit(&mut self, now: At, wish: Wish, kept_free: u32) -> Result<Admission, Held> {
        let rings = wish.priority == Priority::Ringing;
        let most = self.units(now);
        // One place is kept for a ringing phone where there are two.
        let most = if rings || most < 2 { most } else { most - 1 };
        let units = wish.weight.clamp(1, most);
        if self.in_use > 0 && self.in_use.saturating_add(units).saturating_add(kept_free) > most {
            return Err(Held::UntilAnswer);
        }
        let sharers = self.sharers;
        let pace = self.pace(wish.class);
        if let Some(held) = pace.held(now, rings, sharers) {
            return Err(held);
        }
        let proves = pace.take(now, sharers);
        self.in_use += units;
        Ok(Admission { wish, units, sent_at: now, beside: self.in_use, proves })
    }

    /// A request is over.
    pub(super) fn end(&mut self, now: At, admission: &Admission, heard: Heard<'_>) {
        self.in_use = self.in_use.saturating_sub(admission.units);
        let (class, took) = (admission.wish.class, now.saturating_sub(admission.sent_at));
        let meter = match heard {
            Heard::Answer(meter) => meter,
            Heard::Nothing => {
                self.purses.iter_mut().for_each(|purse| purse.spend(now, admission.wish.cost, took));
                return self.pace(class).unanswered(admission.proves);
            }
            Heard::NotSent => return self.pace(class).unanswered(admission.proves),
        };
        for purse in &mut self.purses {
            purse.spend(now, if meter.refused.is_none() { admission.wish.cost } else { 0 }, took);
            if let Some(left) = meter.left.iter().find(|left| left.budget == purse.budget().name) {
                purse.hear(now, left);
            }
        }
        match meter.refused {
            Some(limit) => self.refused(now, admission, limit, meter.wait),
            None => {
                self.pace(class).accepted(admission.sent_at, admission.proves);
                if self.latency.answered(now, admission.wish.kind, took) {
                    self.at_once.ease(now, EASED_KEEPS);
                }
            }
        }
    }

    /// A refusal that stood inside an answer that was none as a whole.
    pub(super) fn refused_inside(&mut self, now: At, asked: Option<Duration>) {
        let wish = Wish { class: Class::General, priority: Priority::Live, weight: 0, cost: 0, kind: "" };
        let admission = Admission { wish, units: 0, sent_at: now, beside: self.in_use, proves: false };
        self.refused(now, &admission, Limit::Unknown, asked);
    }

    /// How long requests of a priority are held back as a whole.
    pub(super) fn rests(&mut self, now: At, priority: Priority) -> Duration {
        let pause = self.general.rests(now);
        let sharers = self.sharers;
        let purses = self.purses.iter_mut().map(|purse| match priority {
            Priority::Ringing => Duration::ZERO,
            Priority::Live => purse.rests(now, sharers),
            Priority::Backlog => purse.rests(now, sharers).max(purse.backlog_rests(now, sharers)),
        });
        purses.fold(pause, Duration::max)
    }

    /// How long the pause after a refusal lasts.
    pub(super) fn pauses(&self, now: At) -> Duration {
        self.general.rests(now)
    }

    /// Ends pauses; one request of each class shows how things stand.
    pub(super) fn reopen(&mut self, now: At) {
        self.general.reopen(now);
        if let Some(telephony) = &mut self.telephony {
            telephony.reopen(now);
        }
    }

    /// Refusals so far.
    pub(super) fn refusals(&self) -> u64 {
        self.refusals
    }

    /// What there is to show.
    pub(super) fn figures(&mut self, now: At) -> Figures {
        let sharers = self.sharers;
        let rests = |purse: &mut Purse| purse.rests(now, sharers).max(purse.backlog_rests(now, sharers));
        let backlog_rests = self.purses.iter_mut().any(|purse| !rests(purse).is_zero());
        let per_sidecar = |figure: f64| figure / f64::from(sharers);
        let budget = |purse: &mut Purse| BudgetFigures {
            name: purse.budget().name,
            left: purse.left(now, sharers),
            units: purse.units(),
        };
        Figures {
            at_once: self.units(now),
            at_once_most: per_sidecar(self.at_once.ceiling()),
            in_use: self.in_use,
            per_second: per_sidecar(self.general.per_second(now)),
            per_second_most: per_sidecar(self.general.ceiling()),
            telephony_per_second: self.telephony.as_ref().map(|pace| per_sidecar(pace.per_second(now))),
            telephony_per_second_most: self.telephony.as_ref().map(|pace| per_sidecar(pace.ceiling())),
            refusals: self.refusals,
            backlog_rests,
            budgets: self.purses.iter_mut().map(budget).collect(),
        }
    }

    /// Cuts what the limit is about. A refusal that is no news only closes for as long as it asks.
    fn refused(&mut self, now: At, admission: &Admission, limit: Limit, asked: Option<Duration>) {
        self.refusals = self.refusals.saturating_add(1);
        let sharers = self.sharers;
        let rate = self.general.per_second(now);
        let pace = self.pace(admission.wish.class);
        let Some(from) = pace.refused(now, admission.sent_at, admission.proves, asked) else { return };
        if matches!(limit, Limit::Rate | Limit::Unknown) {
            pace.slow_down(now, from, sharers);
        }
        if matches!(limit, Limit::Concurrency | Limit::Unknown) {
            let used = f64::from(admission.beside) * f64::from(sharers);
            self.at_once.refuse(now, from, used, rate);
        }
    }

    /// Units of concurrency for this sidecar; each may always send one request.
    fn units(&self, now: At) -> u32 {
        let units = self.at_once.value(now) / f64::from(self.sharers);
        // Grown back to a whole unit is a whole unit, whatever rounding says.
        (units + 1e-6).floor().clamp(1.0, f64::from(u32::MAX)) as u32
    }

    fn pace(&mut self, class: Class) -> &mut Pace {
        match (class, &mut self.telephony) {
            (Class::Telephony, Some(telephony)) => telephony,
            _ => &mut self.general,
        }
    }
}

/// Names of limits.
const AT_ONCE: &str = "at_once";
const PER_SECOND: &str = "per_second";
const TELEPHONY: &str = "telephony_per_second";

/// What there is to show of a limiter; rates and units are this sidecar's part.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Units of concurrency at present, and at most.
    pub at_once: u32,
    /// The most of them.
    pub at_once_most: f64,
    /// Units in use.
    pub in_use: u32,
    /// Requests a second at present.
    pub per_second: f64,
    /// The most of them.
    pub per_second_most: f64,
    /// The telephony budget's, where the CRM has one.
    pub telephony_per_second: Option<f64>,
    /// The most of them.
    pub telephony_per_second_most: Option<f64>,
    /// Requests refused for a limit since the start.
    pub refusals: u64,
    /// Whether the backlog rests so that something is left of a budget.
    pub backlog_rests: bool,
    /// Budgets of longer windows.
    pub budgets: Vec<BudgetFigures>,
}

impl Figures {
    /// Limits at present, by name.
    pub fn now(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let telephony = self.telephony_per_second.map(|figure| (TELEPHONY, figure));
        [(AT_ONCE, f64::from(self.at_once)), (PER_SECOND, self.per_second)].into_iter().chain(telephony)
    }

    /// Limits at most, by name.
    pub fn most(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let telephony = self.telephony_per_second_most.map(|figure| (TELEPHONY, figure));
        [(AT_ONCE, self.at_once_most), (PER_SECOND, self.per_second_most)].into_iter().chain(telephony)
    }
}

/// What there is to show of a budget.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetFigures {
    /// Its name.
    pub name: &'static str,
    /// What is left of it for all who use the account, as far as is known.
    pub left: f64,
    /// The whole of it.
    pub units: f64,
}

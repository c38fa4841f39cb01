//! The network between a sidecar and the CRM. A request that was sent arrives also when its sender dies meanwhile.

use std::{sync::Arc, time::Duration};

use tieline_crm::transport::{BoxFuture, Request, Response, SendError, Transport};
use tieline_sandbox::{Class, SimReply, SimRequest};
use tokio::{
    sync::oneshot,
    time::{self, Instant},
};

use super::{
    life::{Life, Place},
    outside::Outside,
};
use crate::wired::translated;

/// How long the sidecar waits for an answer, as its HTTP client does.
const BOUND: Duration = Duration::from_secs(30);

/// A process's way to the CRM.
pub(super) struct Wire {
    pub(super) outside: Arc<Outside>,
    pub(super) life: Arc<Life>,
}

/// How long a request takes there, and its answer back.
#[derive(Clone, Copy)]
struct Travel {
    there: Duration,
    back: Duration,
}

impl Transport for Wire {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        Box::pin(self.exchange(translated(request)))
    }
}

impl Wire {
    async fn exchange(&self, request: SimRequest) -> Result<Response, SendError> {
        let (outside, life) = (&self.outside, &self.life);
        outside.pass(life, Place::BeforeSending).await;
        let _under_way = self.under_way(&request);
        let (tell, told) = oneshot::channel();
        let travel = outside.travel();
        tokio::spawn(carry(Arc::clone(outside), Arc::clone(life), request, travel, tell));
        let reply = time::timeout(BOUND, told).await;
        outside.pass(life, Place::Answered).await;
        match reply {
            Ok(Ok(SimReply::Answer(answer))) => {
                Ok(Response { status: answer.status, headers: answer.headers, body: answer.body.to_vec() })
            }
            Ok(_) => Err(SendError::NoAnswer("the connection was cut".to_owned())),
            Err(_) => Err(SendError::NoAnswer("no answer within 30 s".to_owned())),
        }
    }

    /// While this lives, the sender waits for what came of a write.
    fn under_way(&self, request: &SimRequest) -> Option<UnderWay> {
        let writes = self.outside.sim().class_of(request) == Class::Write;
        let nr = if writes { self.outside.watch().sends(&request.body) } else { None }?;
        Some(UnderWay { outside: Arc::clone(&self.outside), nr })
    }
}

struct UnderWay {
    outside: Arc<Outside>,
    nr: u64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.outside.watch().sent(self.nr);
    }
}

async fn carry(
    outside: Arc<Outside>,
    life: Arc<Life>,
    request: SimRequest,
    travel: Travel,
    tell: oneshot::Sender<SimReply>,
) {
    time::sleep(travel.there).await;
    outside.dies(&life, Place::OnTheWay);
    let reply = outside.carry_out(&request);
    outside.dies(&life, Place::CarriedOut);
    time::sleep(Duration::from_millis(reply.delay_ms()) + travel.back).await;
    // Nobody may wait any more.
    drop(tell.send(reply));
}

impl Outside {
    fn travel(&self) -> Travel {
        let (mut weather, now) = (self.weather(), Instant::now());
        let late = weather.requests_late > now && weather.dice.percent(50);
        // The engine counts upon five seconds at most (IN_FLIGHT_SECONDS).
        let there = if late { weather.dice.between(500, 4_500) } else { weather.dice.between(5, 40) };
        let late_back = weather.replies_late > now && weather.dice.percent(30);
        let back = if late_back { weather.dice.between(31_000, 50_000) } else { weather.dice.between(5, 40) };
        drop(weather);
        let mut tally = self.tally();
        tally.count_if(late, "late_request");
        tally.count_if(late_back, "late_reply");
        Travel { there: Duration::from_millis(there), back: Duration::from_millis(back) }
    }
}

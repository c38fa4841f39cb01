mod budgets;
mod hidden;

use tieline_crm::transport::{BoxFuture, Method, Request, Response, SendError, Transport};

use super::*;
use crate::store::lease::Lease;

/// Answers after a second.
struct Slow;

impl Transport for Slow {
    fn send<'a>(&'a self, _request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() })
        })
    }
}

fn quota(concurrency: u32, per_second: u32) -> Quota {
    Quota { concurrency, per_second, telephony_per_second: per_second, budgets: Vec::new() }
}

fn gate(concurrency: u32, per_second: u32) -> Arc<Gate> {
    Gate::new(&quota(concurrency, per_second), Courtesy { share: Share::percent(100), backlog_until: Share::default() })
}

fn metered(gate: &Arc<Gate>, priority: Priority) -> Metered {
    Metered::new(Arc::new(Slow), Arc::clone(gate), priority, Arc::new(Meter::by_status))
}

async fn send(gate: &Arc<Gate>, lease: Option<Lease>) -> Result<Response, SendError> {
    let net = metered(gate, Priority::Live).under(lease);
    net.send(Request::new(Method::Get, "test", "http://crm".to_owned())).await
}

fn wish(priority: Priority, weight: u32) -> Wish {
    Wish { class: Class::General, priority, weight, cost: 1, kind: "test" }
}

#[tokio::test(start_paused = true)]
async fn sidecars_share_the_rate_and_the_concurrency_and_each_has_one_request_at_least() {
    // One place of five is kept for a ringing phone.
    for (sidecars, seconds) in [(1, 3), (2, 12), (9, 12)] {
        let gate = gate(5, 100);
        gate.share_among(sidecars);
        let begun = Instant::now();
        let sent = (0..12).map(|_| send(&gate, None));
        assert!(futures::future::join_all(sent).await.iter().all(Result::is_ok));
        assert_eq!(begun.elapsed().as_secs(), seconds, "{sidecars} sidecars");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_the_lease_and_no_answer_awaited_beyond_it() {
    let (gate, now) = (gate(9, 100), Instant::now());
    let lease = |millis| Some(Lease::until(now + Duration::from_millis(millis)));
    assert!(send(&gate, lease(5_000)).await.is_ok());
    assert!(matches!(send(&gate, lease(1_500)).await, Err(SendError::NoAnswer(_))));
    assert_eq!(now.elapsed().as_millis() / 100, 15);
    assert!(matches!(send(&gate, lease(1_500)).await, Err(SendError::NotSent(_))));
}

#[tokio::test(start_paused = true)]
async fn a_ringing_look_up_never_waits_behind_the_backlog_longer_than_one_request() {
    // Places, units a request of the backlog takes, units the look-up takes, and the longest wait in seconds.
    for (concurrency, weight, rings, most) in [(2, 1, 1, 0.2), (8, 1, 1, 0.2), (8, 5, 5, 1.1), (1, 1, 1, 1.1)] {
        let gate = gate(concurrency, 10);
        let send = |priority, weight| {
            let net = metered(&gate, priority);
            async move {
                let request = Request::new(Method::Get, "test", String::new()).weighing(weight);
                net.send(request).await.unwrap();
            }
        };
        let mut backlog: tokio::task::JoinSet<()> = (0..200).map(|_| send(Priority::Backlog, weight)).collect();
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(1_370)).await;
            let rung = Instant::now();
            send(Priority::Ringing, rings).await;
            let waited = rung.elapsed().as_secs_f64() - 1.0;
            assert!(waited <= most, "{concurrency} places, weights {weight} and {rings}: {waited} s");
        }
        backlog.abort_all();
        while backlog.join_next().await.is_some() {}
        assert_eq!(gate.figures().in_use, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_needs_much_room_is_not_starved_by_what_needs_little() {
    let gate = gate(6, 1_000);
    let many = (0..100).map(|_| send(&gate, None));
    let large = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let begun = Instant::now();
        drop(gate.enter(wish(Priority::Live, 5)).await);
        begun.elapsed()
    };
    let rest = async {
        tokio::time::sleep(Duration::from_millis(2)).await;
        futures::future::join_all((0..100).map(|_| send(&gate, None))).await;
        Instant::now()
    };
    let begun = Instant::now();
    let (_, waited, rested) = tokio::join!(futures::future::join_all(many), large, rest);
    assert!(waited < Duration::from_secs(22), "{waited:?}");
    assert!(rested - begun > waited);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_given_up_gives_its_place_back() {
    let gate = gate(1, 100);
    for _ in 0..3 {
        assert!(tokio::time::timeout(Duration::from_millis(500), send(&gate, None)).await.is_err());
    }
    assert_eq!((gate.figures().in_use, gate.waiting(Priority::Live)), (0, 0));
    assert!(send(&gate, None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_closed_gate_lets_nothing_through_and_counts_as_no_refusal() {
    let gate = gate(4, 100);
    gate.close_for(Duration::from_secs(10));
    let begun = Instant::now();
    assert!(send(&gate, None).await.is_ok());
    assert_eq!(begun.elapsed().as_secs(), 11);
    assert_eq!(gate.refusals(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_hidden_in_an_answer_is_counted_once() {
    let gate = gate(4, 100);
    let before = gate.refusals();
    gate.refused_inside(before, Some(Duration::from_secs(7)));
    gate.refused_inside(before, Some(Duration::from_secs(9)));
    assert_eq!((gate.refusals(), gate.closed_for().as_secs()), (1, 7));
    assert!(gate.figures().per_second < 100.0 && gate.figures().at_once < 4);
    gate.reopen();
    assert!(gate.closed_for().is_zero());
}

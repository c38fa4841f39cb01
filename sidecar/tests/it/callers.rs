//! What is kept of callers for a ringing phone.

use std::{sync::Arc, time::Duration};

use tieline::{
    callers::Judged,
    sidecar::{Basis, RouteAsk},
};
use tieline_engine::phone::Phone;
use tieline_sandbox::CrmKind;
use tokio::time;

use crate::wired::{Core, in_virtual_time};

const CLIENT: &str = "0671234567";
const LANE: &str = "+380671234567";

async fn ring(core: &Core) -> (Basis, Arc<Judged>) {
    let ask = RouteAsk { project: core.project.clone(), call: "1".into(), client: Phone::new(CLIENT), line: None };
    let routed = core.sidecar().route(&ask, None).await.unwrap();
    (routed.basis, routed.judged)
}

#[test]
fn a_caller_who_rings_again_is_judged_anew_when_the_crm_was_learned_or_something_was_done_for_them() {
    in_virtual_time(async {
        let core = Core::new(CrmKind::RetailCrm, 1).await;
        let (basis, first) = ring(&core).await;
        assert_eq!(basis, Basis::Fresh);
        let (basis, again) = ring(&core).await;
        assert_eq!(basis, Basis::Cached);
        assert!(Arc::ptr_eq(&first, &again));

        let connection = core.sidecar().connection(&core.project).unwrap();
        connection.learn().await.unwrap();
        let (basis, by_what_was_learned) = ring(&core).await;
        assert_eq!(basis, Basis::Cached, "the look-up itself still counts");
        assert!(!Arc::ptr_eq(&again, &by_what_was_learned));

        core.sidecar().driver().callers.own.forget(&core.project, LANE).await;
        let (basis, by_our_work) = ring(&core).await;
        assert_eq!(basis, Basis::Cached);
        assert!(!Arc::ptr_eq(&by_what_was_learned, &by_our_work));
        assert!(Arc::ptr_eq(&by_our_work, &ring(&core).await.1));
    });
}

#[test]
fn a_caller_who_is_forgotten_while_the_crm_is_asked_for_them_is_not_kept() {
    in_virtual_time(async {
        let core = Core::new(CrmKind::RetailCrm, 1).await;
        core.sidecar().connection(&core.project).unwrap().learn().await.unwrap();
        let callers = &core.sidecar().driver().callers;
        let forget = async {
            time::sleep(Duration::from_millis(1)).await;
            callers.forget_all(&core.project, LANE).await;
        };
        let ((basis, _), ()) = tokio::join!(ring(&core), forget);
        assert_eq!(basis, Basis::Fresh);
        let connection = core.sidecar().connection(&core.project).unwrap();
        assert!(callers.last_known(&connection, LANE).await.is_none());
        assert_eq!(ring(&core).await.0, Basis::Fresh);
        assert!(callers.last_known(&connection, LANE).await.is_some());
    });
}

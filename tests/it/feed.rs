//! Reporting calls to a program that may be killed meanwhile: what is not answered stays to be reported.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet, time};

use crate::exchange::{LOOK_EVERY, Report, Wire};

/// Reports under way at once.
const AT_ONCE: usize = 4;

/// Reports that are still to be taken.
#[derive(Clone, Default)]
pub(crate) struct Feed {
    waiting: Arc<Mutex<VecDeque<Report>>>,
}

/// Reporting under way.
pub(crate) struct Feeding {
    workers: JoinSet<()>,
    taken: watch::Receiver<usize>,
    over: watch::Sender<bool>,
}

impl Feed {
    pub(crate) fn add(&self, reports: Vec<Report>) {
        self.waiting.lock().unwrap().extend(reports);
    }

    /// How many reports are not taken yet.
    pub(crate) fn len(&self) -> usize {
        self.waiting.lock().unwrap().len()
    }

    /// Begins to report to a program.
    pub(crate) fn begin(&self, wire: &Wire) -> Feeding {
        let (count, taken) = watch::channel(0);
        let (over, ended) = watch::channel(false);
        let mut workers = JoinSet::new();
        for _ in 0..AT_ONCE {
            workers.spawn(self.clone().work(wire.clone(), count.clone(), ended.clone()));
        }
        Feeding { workers, taken, over }
    }

    async fn work(self, wire: Wire, count: watch::Sender<usize>, over: watch::Receiver<bool>) {
        while !*over.borrow() {
            let Some(report) = self.next() else { return };
            if wire.send(&report).await {
                count.send_modify(|count| *count += 1);
            } else {
                self.waiting.lock().unwrap().push_back(report);
                time::sleep(LOOK_EVERY).await;
            }
        }
    }

    fn next(&self) -> Option<Report> {
        self.waiting.lock().unwrap().pop_front()
    }
}

impl Feeding {
    /// Returns after so many were taken.
    pub(crate) async fn taken(&mut self, count: usize, bound: Duration) {
        let taken = time::timeout(bound, self.taken.wait_for(|taken| *taken >= count)).await;
        taken.expect("reports are taken in time").expect("there are so many");
    }

    /// The program is gone: what is under way fails and is put back.
    pub(crate) async fn give_up(self) {
        self.over.send_replace(true);
        self.all_taken().await;
    }

    /// Returns when there is nothing left to report.
    pub(crate) async fn all_taken(mut self) {
        while let Some(worker) = self.workers.join_next().await {
            worker.expect("every refusal can be repeated");
        }
    }
}

//! The simulated CRM and the sidecar, each a process of its own, so that the memory of one is its own.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tieline_sandbox::retailcrm;

/// A program of this build, stopped when it is no longer used.
struct Program {
    child: Child,
    told: Vec<String>,
}

impl Program {
    /// Starts it and reads the lines it begins with.
    fn start(command: &mut Command, lines: usize) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("a program");
        let told = BufReader::new(child.stdout.take().expect("its output")).lines();
        let told = told.map_while(Result::ok).take(lines).collect();
        Self { child, told }
    }

    fn ends(&mut self) {
        let told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(told.is_ok_and(|told| told.success()), "the program has ended before");
        self.child.wait().expect("its end");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already where it was told to.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn tieline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    command.env("API_KEY", retailcrm::SANDBOX_API_KEY);
    command
}

/// A simulated RetailCRM that holds us to its limits.
pub(crate) struct Crm {
    /// Where it is.
    pub(crate) url: String,
    control: String,
    client: reqwest::Client,
    _program: Program,
}

/// What it was asked.
pub(crate) struct Asked {
    pub(crate) requests: u64,
    /// Refused because the quota was used up.
    pub(crate) refused: u64,
}

impl Crm {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let mut command = tieline();
        command.args(["sandbox", "--crm", "retailcrm", "--listen", "127.0.0.1:0", "--latency-ms", "20"]);
        let program = Program::start(&mut command, 3);
        let after = |word: &str| {
            let line = program.told.iter().find_map(|line| line.split_once(word)).expect("it says where it is");
            line.1.trim().trim_end_matches('/').to_owned()
        };
        let (url, control) = (after("retailcrm at "), after("control at "));
        Self { url, control, client: reqwest::Client::new(), _program: program }
    }

    /// What it was asked so far.
    pub(crate) async fn counts(&self) -> Asked {
        let counts = self.read().await;
        let status = |word: &str| counts.pointer(&format!("/by_status/{word}")).and_then(Value::as_u64).unwrap_or(0);
        let requests = counts.get("requests").and_then(Value::as_u64).expect("a count");
        Asked { requests, refused: status("429") + status("503") }
    }

    /// How many uploads of calls it took.
    pub(crate) async fn calls_told(&self) -> u64 {
        let counts = self.read().await;
        let routes = counts.get("by_route").and_then(Value::as_object).expect("routes");
        let told = routes.iter().filter(|(route, _)| route.contains("calls/upload"));
        told.filter_map(|(_, count)| count.as_u64()).sum()
    }

    /// A page of anybody's, over a connection that is kept.
    pub(crate) async fn page(&self, url: &str) -> String {
        let answer = self.client.get(url).send().await.expect("an answer");
        answer.text().await.expect("a page")
    }

    async fn read(&self) -> Value {
        serde_json::from_str(&self.page(&format!("{}/retailcrm/counts", self.control)).await).expect("JSON")
    }
}

/// The sidecar over a store that is there.
pub(crate) struct Sidecar {
    pub(crate) grpc: String,
    pub(crate) http: String,
    program: Program,
}

impl Sidecar {
    /// Starts it in a directory with the store.
    pub(crate) fn start(dir: &Path, crm: &str) -> Self {
        let config = dir.join("tieline.toml");
        fs::write(&config, configuration(&dir.join("calls.db"), crm)).expect("a configuration");
        let mut command = tieline();
        command.arg("serve").arg("--config").arg(config).stderr(Stdio::null());
        let program = Program::start(&mut command, 2);
        let address = |word: &str| {
            let line = program.told.iter().find_map(|line| line.strip_prefix(word));
            line.expect("it says where it listens").to_owned()
        };
        let (grpc, http) = (address("grpc "), address("http "));
        Self { grpc, http, program }
    }

    /// The most memory it had so far, in MiB.
    pub(crate) fn peak_mib(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.map_or(f64::NAN, |kib| kib / 1_024.0)
    }

    /// Lets it end by itself.
    pub(crate) fn stop(mut self) {
        self.program.ends();
    }
}

/// A window in which all of the month is sent.
fn configuration(store: &Path, crm: &str) -> String {
    format!(
        r#"[server]
        grpc_listen = "127.0.0.1:0"
        http_listen = "127.0.0.1:0"
        [store]
        path = "{}"
        [[projects]]
        id = "shop"
        zone = "Europe/Kyiv"
        region = "UA"
        senior = "two"
        [projects.backlog]
        days_before = 31
        [projects.connection]
        crm = "retailcrm"
        active = false
        [projects.connection.settings]
        url = "{crm}"
        site = "main"
        [projects.connection.secrets]
        api_key = {{ env = "API_KEY" }}
        [[projects.agents]]
        id = "one"
        sips = ["shop_one"]
        crm_user = "1"
        [[projects.agents]]
        id = "two"
        sips = ["shop_two"]
        crm_user = "2"
        "#,
        store.display()
    )
}

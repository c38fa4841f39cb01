//! The real program, as a service manager has it: started, told to stop, killed.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{OnceLock, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use crate::{accounts::SECRETS, sources::top};

/// Longest time for the program to say where it listens, on a busy machine.
const START_BOUND: Duration = Duration::from_secs(30);
/// How often the end of a process is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A running `tieline serve`. Killed when a test ends early.
pub(crate) struct Program {
    child: Child,
    log: Option<JoinHandle<String>>,
    /// Where gRPC is answered.
    pub(crate) grpc: String,
    /// Where HTTP is answered.
    pub(crate) http: String,
}

/// How a program ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// From the word to the end.
    pub(crate) took: Duration,
    /// What it wrote to standard error.
    pub(crate) log: String,
}

impl Program {
    /// Starts it and waits until it listens.
    pub(crate) fn start(config: &Path) -> Self {
        Self::listening(serve(config))
    }

    /// Starts it on a disk that is full as soon as a file has so many bytes.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_short_of_disk(config: &Path, bytes: u64) -> Self {
        let mut short = Command::new("prlimit");
        // A process is killed for files that grow too long, unless it looks away.
        short.arg(format!("--fsize={bytes}:unlimited")).args(["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        let serve = serve(config);
        short.arg(serve.get_program()).args(serve.get_args());
        short.envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
        short.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::listening(short)
    }

    /// Gives the disk room again.
    #[cfg(target_os = "linux")]
    pub(crate) fn give_disk(&self) {
        let pid = self.child.id().to_string();
        let given = Command::new("prlimit").args(["--fsize=unlimited:unlimited", "--pid", &pid]).status().unwrap();
        assert!(given.success());
    }

    fn listening(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let log = Some(read_all(child.stderr.take().unwrap()));
        let told = lines(child.stdout.take().unwrap());
        let mut program = Self { child, log, grpc: String::new(), http: String::new() };
        for (name, address) in [("grpc ", &mut program.grpc), ("http ", &mut program.http)] {
            let Ok(line) = told.recv_timeout(START_BOUND) else { break };
            *address = line.strip_prefix(name).expect("the addresses come in order").to_owned();
        }
        if program.http.is_empty() {
            panic!("the program does not listen:\n{}", program.kill());
        }
        program
    }

    /// SIGKILL: nothing can be finished. Returns the log.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log()
    }

    /// SIGTERM, then its own end, within a time.
    pub(crate) fn terminate(mut self, bound: Duration) -> Ended {
        let told = Instant::now();
        let done = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(done.success(), "the program has ended before: {}", self.log());
        let status = end_of(&mut self.child, bound);
        Ended { status, took: told.elapsed(), log: self.log() }
    }

    /// SIGTERM, and SIGKILL so long after. Whether it had not ended by itself before.
    pub(crate) fn killed_in_stop(mut self, after: Duration) -> bool {
        let done = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(done.success(), "the program has ended before: {}", self.log());
        thread::sleep(after);
        let ended = self.child.try_wait().unwrap().is_some();
        self.kill();
        !ended
    }

    fn log(&mut self) -> String {
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts a program and kills it so long after, whether it listens by then or not.
pub(crate) fn killed_after(config: &Path, after: Duration) {
    let mut child = serve(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(after);
    assert_eq!(child.try_wait().unwrap(), None, "the program has ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Starts a program that is expected to refuse, and waits for its end.
pub(crate) fn refuses(config: &Path) -> Ended {
    let begun = Instant::now();
    let mut child = serve(config).spawn().unwrap();
    let log = read_all(child.stderr.take().unwrap());
    let status = end_of(&mut child, START_BOUND);
    Ended { status, took: begun.elapsed(), log: log.join().unwrap() }
}

fn serve(config: &Path) -> Command {
    let mut command = Command::new(binary());
    command.arg("serve").arg("--config").arg(config);
    command.envs(SECRETS);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Reads all along: a full pipe would stop the program.
fn read_all(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn lines(from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

/// The end of a child; one that does not end in time is killed.
fn end_of(child: &mut Child, bound: Duration) -> ExitStatus {
    let deadline = Instant::now() + bound;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the program did not end within {bound:?}");
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// The program of this build, built when it is not there or older than its sources: whoever runs these tests alone has
/// built the library only.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = env::current_exe().unwrap();
        let folder = test.parent().and_then(Path::parent).expect("tests stand in deps, below the programs");
        let binary = folder.join(format!("tieline{}", env::consts::EXE_SUFFIX));
        let built = fs::metadata(&binary).and_then(|file| file.modified());
        if !built.is_ok_and(|built| newest_source() < built) {
            build(folder);
        }
        binary
    })
}

fn build(folder: &Path) {
    let profile = folder.file_name().and_then(|name| name.to_str()).expect("a profile's folder");
    let profile = if profile == "debug" { "dev" } else { profile };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "tieline", "--bin", "tieline", "--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap())
        .current_dir(top())
        .status();
    assert!(built.unwrap().success(), "the program does not build");
}

fn newest_source() -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    let sources = ["proto", "engine/src", "sidecar/src", "sidecar/crm/src", "sidecar/sandbox/src"];
    let mut paths: Vec<PathBuf> = sources.iter().map(|folder| top().join(folder)).collect();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_none_or(|extension| extension != "md") {
            newest = newest.max(fs::metadata(&path).and_then(|file| file.modified()).unwrap());
        }
    }
    newest
}

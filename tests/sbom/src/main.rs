//! `cargo run -p sbom > tieline.cdx.json`

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

fn main() -> ExitCode {
    match written() {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            let _nobody_reads = writeln!(std::io::stderr(), "sbom: {text}");
            ExitCode::FAILURE
        }
    }
}

fn written() -> Result<(), String> {
    let top = top();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let asked = Command::new(cargo).args(["metadata", "--format-version", "1", "--locked"]).current_dir(&top).output();
    let asked = asked.map_err(|error| format!("cargo: {error}"))?;
    if !asked.status.success() {
        return Err(String::from_utf8_lossy(&asked.stderr).into_owned());
    }
    let metadata = String::from_utf8(asked.stdout).map_err(|error| error.to_string())?;
    let lock = fs::read_to_string(top.join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    let document = sbom::document(&metadata, &lock)?;
    let text = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())?;
    writeln!(std::io::stdout(), "{text}").map_err(|error| error.to_string())
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

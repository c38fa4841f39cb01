//! Figures, for people and for programs.

use std::{fs::File, io::Write as _, path::Path};

/// Where figures go.
pub(crate) struct Figures {
    json: Option<File>,
}

impl Figures {
    /// To standard output, and as JSON lines into a file.
    pub(crate) fn new(json: Option<&Path>) -> Self {
        Self { json: json.map(|path| File::create(path).expect("a file")) }
    }

    /// Tells one at once: a run takes minutes.
    pub(crate) fn tell(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name} {value:.3} {unit}");
        if let Some(file) = &mut self.json {
            let line = serde_json::json!({"name": name, "value": value, "unit": unit});
            writeln!(file, "{line}").expect("the file is written");
        }
    }
}

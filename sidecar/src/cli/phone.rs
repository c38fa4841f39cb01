//! `tieline phone`: numbers from arguments or standard input, one result a line, in the order they came.

use std::io::{self, BufRead, BufReader, Read as _, Stdin, StdinLock};

use clap::ValueEnum;
use serde::Serialize;
use tieline_engine::phone::{self, NumberForm, NumberPlan, Reading, Region};

use super::{Failure, Out};

/// Longest line looked at, in bytes. It holds more characters than a number may have, so that a longer line is told
/// to be too long by the reader of numbers itself.
const LINE_BYTES_MAX: usize = phone::MAX_CHARS * 4 + 4;

/// What to read, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Numbers in any spelling; without any, one per line from standard input.
    numbers: Vec<String>,
    /// Country whose national numbers are meant (two letters).
    #[arg(long, value_name = "COUNTRY", value_parser = Region::parse)]
    region: Region,
    /// Other countries whose national numbers occur.
    #[arg(long, value_name = "COUNTRY", value_delimiter = ',', value_parser = Region::parse)]
    also: Vec<Region>,
    /// What digits without a plus mean.
    #[arg(long, value_enum, default_value_t = Form::Mixed)]
    form: Form,
    /// One JSON object a line: input, key (or null) and reason.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Form {
    /// National and international side by side.
    Mixed,
    /// Always international, the plus left out.
    #[value(name = "e164_no_plus")]
    E164NoPlus,
    /// Always national.
    National,
}

/// One result as JSON.
#[derive(Serialize)]
struct Line<'a> {
    input: &'a str,
    key: Option<&'a str>,
    reason: &'a str,
}

/// Reads the numbers.
///
/// # Errors
/// Standard input cannot be read, or the output not written.
pub fn run(args: &Args) -> Result<(), Failure> {
    let form = match args.form {
        Form::Mixed => NumberForm::Mixed,
        Form::E164NoPlus => NumberForm::E164NoPlus,
        Form::National => NumberForm::National,
    };
    let plan = NumberPlan::new(args.region).with_form(form).with_also(args.also.clone());
    let mut out = Out::new();
    for number in &args.numbers {
        tell(&mut out, number, &plan, args.json)?;
    }
    if args.numbers.is_empty() {
        let mut lines = Lines::new(io::stdin());
        while let Some(number) = lines.next()? {
            tell(&mut out, &number, &plan, args.json)?;
            if lines.must_wait() {
                out.flush()?;
            }
        }
    }
    out.flush()
}

fn tell(out: &mut Out, input: &str, plan: &NumberPlan, json: bool) -> Result<(), Failure> {
    let reading: Reading = phone::read(input, plan);
    let (key, reason) = (reading.key().map(phone::PhoneKey::as_str), reading.reason().as_str());
    if json {
        let line = serde_json::to_string(&Line { input, key, reason }).map_err(Failure::of)?;
        out.line(line)
    } else {
        out.line(format_args!("{}\t{reason}", key.unwrap_or("-")))
    }
}

/// Lines of bounded length; what is not UTF-8 is replaced, and what is too long is cut and the rest thrown away.
struct Lines {
    input: BufReader<StdinLock<'static>>,
    line: Vec<u8>,
}

impl Lines {
    fn new(stdin: Stdin) -> Self {
        Self { input: BufReader::new(stdin.lock()), line: Vec::new() }
    }

    fn next(&mut self) -> Result<Option<String>, Failure> {
        self.line.clear();
        let bound = LINE_BYTES_MAX as u64;
        let read = self.input.by_ref().take(bound).read_until(b'\n', &mut self.line).map_err(unreadable)?;
        if read == 0 {
            return Ok(None);
        }
        if self.line.last() != Some(&b'\n') {
            self.input.skip_until(b'\n').map_err(unreadable)?;
        }
        let text = String::from_utf8_lossy(&self.line);
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// The writer at the other end may be waiting for answers before it writes more.
    fn must_wait(&self) -> bool {
        self.input.buffer().is_empty()
    }
}

fn unreadable(error: io::Error) -> Failure {
    Failure::Failed(format!("cannot read standard input: {error}"))
}

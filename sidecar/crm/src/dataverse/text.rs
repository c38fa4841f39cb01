//! The text of a call: one fact a line, the mark last. There is no stock column for the recording or for seconds
//! (dataverse.md 1, 2).

use tieline_engine::{
    jiff::tz::TimeZone,
    note::{self, NotePart},
    redact::Private,
    step::CallEntry,
};

/// Longest description (dataverse.md 2).
pub(super) const DESCRIPTION_MAX: usize = 2000;
/// Beginnings of lines of which a call has one each: a newer one takes the place of the older.
const SINGLE: &[&str] = &["Type: ", "Status: ", "Talk: ", RINGING];
const RINGING: &str = "Ringing: ";

/// The lines that tell a call.
pub(super) fn lines(entry: &CallEntry, zone: &TimeZone) -> Vec<String> {
    let mut lines: Vec<String> =
        entry.parts.iter().flat_map(|part| own_lines(&note::render(std::slice::from_ref(part), zone))).collect();
    let link = entry.recording.as_ref().filter(|link| !link.is_blank());
    if let Some(link) = link.filter(|link| !lines.iter().any(|line| line.ends_with(link.expose()))) {
        lines.extend(own_lines(&note::render(&[NotePart::Recording(Private::new(link.expose()))], zone)));
    }
    if entry.ring_seconds > 0 {
        lines.push(format!("{RINGING}{} s", entry.ring_seconds));
    }
    lines
}

fn own_lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The description of a new call. What does not fit is left out by whole lines: half a link is none.
pub(super) fn description(lines: &[String], mark: &str) -> String {
    let mut text = Vec::new();
    for line in lines {
        let longer = || length(&text.join("\n")) + length(line) + length(mark) + 2;
        if longer() <= DESCRIPTION_MAX {
            text.push(line.as_str());
        }
    }
    text.push(mark);
    text.join("\n")
}

/// A description somebody may have written into meanwhile, with what is new; `None` when nothing is. Nothing but our
/// own older lines is taken away.
pub(super) fn with_news(current: &str, lines: &[String]) -> Option<String> {
    let mut all: Vec<&str> = current.lines().map(str::trim_end).collect();
    let before = all.clone();
    for line in lines.iter().map(String::as_str).filter(|line| !before.contains(line)) {
        let label = SINGLE.iter().find(|label| line.starts_with(**label));
        let older = label.and_then(|label| all.iter().position(|own| own.starts_with(label)));
        let mut changed = all.clone();
        match older {
            Some(at) => changed.splice(at..=at, [line]).for_each(drop),
            None => changed.insert(mark_at(&changed).unwrap_or(changed.len()), line),
        }
        if length(&changed.join("\n")) <= DESCRIPTION_MAX {
            all = changed;
        }
    }
    (all != before).then(|| all.join("\n"))
}

/// Where the mark stands: `tl-` and 16 letters and digits on a line of its own. It is the mark of the step that made
/// the call, which later steps do not know.
fn mark_at(lines: &[&str]) -> Option<usize> {
    let is_mark = |line: &&str| {
        let rest = line.strip_prefix("tl-");
        rest.is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    lines.iter().rposition(is_mark)
}

/// As much of a text as a column takes.
pub(super) fn fit(text: &str, max: usize) -> String {
    let mut left = max;
    let fits = |c: &char| {
        let room = left.checked_sub(c.len_utf16());
        left = room.unwrap_or(0);
        room.is_some()
    };
    text.chars().take_while(fits).collect()
}

/// The CRM counts as databases do: in units of UTF-16.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

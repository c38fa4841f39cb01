//! How many numbers a field holds, and the digits of each.

use super::digits::Digits;
use super::words::is_label;

/// Fewer digits than this are not a subscriber's number, but a part of one or an aside.
const WHOLE: usize = 7;

/// A number without any separator between it and the next has at least this many digits.
const WHOLE_IN_A_ROW: usize = 9;

/// More digits in a row than any spelling of one number has.
const TOO_MANY: usize = 18;

/// More numbers than anyone writes into one field; the rest is not looked at.
const MAX_PIECES: usize = 8;

/// One number as written.
#[derive(Clone)]
pub(super) struct Piece {
    pub(super) digits: Digits,
    pub(super) plus: bool,
}

/// What a piece of text turned out to be.
pub(super) enum Found {
    /// Digits, with no more than punctuation or a name around them.
    Piece(Piece),
    /// No digits.
    Nothing,
    /// Letters among the digits, or more digits than a number has.
    Unreadable,
}

/// The fast path: a field of ASCII digits and common punctuation. `None` sends the field the
/// long way, which reads it the same or better.
pub(super) fn plain(raw: &str) -> Option<Piece> {
    let mut digits = Digits::EMPTY;
    let mut plus = false;
    for byte in raw.bytes() {
        match byte {
            b'0'..=b'9' => digits.push(byte).then_some(())?,
            b' ' | b'-' | b'(' | b')' | b'.' => {}
            b'+' if digits.len() == 0 && !plus => plus = true,
            _ => return None,
        }
    }
    (1..TOO_MANY).contains(&digits.len()).then_some(Piece { digits, plus })
}

/// Splits opened text into numbers. The second value is an extension written behind a comma.
pub(super) fn pieces(text: &str) -> (Vec<Found>, Option<String>) {
    let parts: Vec<&str> =
        text.split([',', ';', '\n', '|']).flat_map(slashed).flat_map(second_plus).take(2 * MAX_PIECES).collect();
    let whole: Vec<&str> = parts.iter().copied().filter(|part| digits_in(part) >= WHOLE).collect();
    let [only] = whole.as_slice() else {
        return match whole.is_empty() {
            true => (vec![find(text)], None),
            false => (whole.into_iter().take(MAX_PIECES).flat_map(in_a_row).collect(), None),
        };
    };
    let behind = parts.iter().skip_while(|part| *part != only).nth(1);
    let extension = behind
        .map(|part| part.trim())
        .filter(|part| !part.is_empty() && part.len() < WHOLE && part.bytes().all(|byte| byte.is_ascii_digit()));
    (in_a_row(only), extension.map(str::to_owned))
}

/// A slash parts two numbers, or a number and its other ending (`…67/68`), or an area code.
fn slashed(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split(['/', '\\']).collect();
    let sizes: Vec<usize> = parts.iter().map(|part| digits_in(part)).collect();
    match sizes.as_slice() {
        [first, rest @ ..] if *first >= WHOLE && rest.iter().all(|size| *size <= 4) => {
            parts.into_iter().take(1).collect()
        }
        sizes if sizes.iter().all(|size| *size >= WHOLE || *size == 0) => parts,
        _ => vec![text],
    }
}

/// A plus behind a whole number begins another one.
fn second_plus(text: &str) -> Vec<&str> {
    let Some(at) = text.rfind('+') else {
        return vec![text];
    };
    match text.split_at_checked(at) {
        Some((before, after)) if digits_in(before) >= WHOLE => vec![before, after],
        _ => vec![text],
    }
}

/// Two numbers with nothing but a blank between them.
fn in_a_row(text: &str) -> Vec<Found> {
    if digits_in(text) < TOO_MANY {
        return vec![find(text)];
    }
    let words: Vec<&str> = text.split(' ').filter(|word| digits_in(word) > 0).collect();
    match words.iter().all(|word| digits_in(word) >= WHOLE_IN_A_ROW) {
        true => words.into_iter().take(MAX_PIECES).map(find).collect(),
        false => vec![find(text)],
    }
}

/// The number in a text that holds at most one.
fn find(text: &str) -> Found {
    if digits_in(text) == 0 {
        return Found::Nothing;
    }
    let text = text.trim_matches(['#', ' ']);
    let has_letters = text.chars().any(is_letter);
    let mut runs = text.split(is_letter).filter(|run| digits_in(run) > 0);
    let (Some(run), None) = (runs.next(), runs.next()) else {
        return Found::Unreadable;
    };
    if has_letters && (digits_in(run) < WHOLE || is_glued(text, run)) {
        return Found::Unreadable;
    }
    let mut piece = Piece { digits: Digits::EMPTY, plus: false };
    for byte in run.bytes() {
        match byte {
            b'+' if piece.digits.len() == 0 => piece.plus = true,
            b'0'..=b'9' if !piece.digits.push(byte) => return Found::Unreadable,
            _ => {}
        }
    }
    Found::Piece(piece)
}

/// Whether letters touch the digits (`1-800-FLOWERS`): then they may be part of the number. A
/// label in front (`tel0671234567`) may touch them.
fn is_glued(text: &str, run: &str) -> bool {
    let Some((before, after)) = text.split_once(run) else {
        return true;
    };
    let dial = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')');
    let word: String = before.chars().rev().take_while(|c| is_letter(*c)).collect();
    let word: String = word.chars().rev().collect();
    let in_front = run.starts_with(dial) && !word.is_empty() && !is_label(&word);
    let behind = run.ends_with(dial) && after.starts_with(is_letter);
    in_front || behind
}

/// Star and hash are dialled like digits but belong to feature codes, not to numbers.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '*' | '#')
}

fn digits_in(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

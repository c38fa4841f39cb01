//! Good input made bad.

use crate::{json, random::Random};

/// Mutations of one input, at most.
const STACKED: usize = 5;

/// What has broken readers before: numbers at the edges of types, nesting, escapes, encodings, controls.
const NASTY: &[&[u8]] = &[
    b"0",
    b"-1",
    b"-0",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"4294967296",
    b"2147483648",
    b"65536",
    b"1e999",
    b"1e-999",
    b"NaN",
    b"null",
    b"true",
    b"\"\"",
    b"{}",
    b"[]",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b"\\u0000",
    b"\\ud800",
    b"\\uD83D\\uDE00",
    b"%00",
    b"%",
    b"%zz",
    b"%ff%fe",
    b"%2B",
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\t",
    b"'",
    b"''",
    b"\"",
    b"\\",
    b"--",
    b";",
    b"&",
    b"&amp;",
    b"=",
    b"\xff",
    b"\xc3\x28",
    b"\xe2\x82",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    "\u{0660}\u{0661}\u{0662}".as_bytes(),
    "\u{ff10}\u{ff11}".as_bytes(),
    "İ".as_bytes(),
    "ß".as_bytes(),
    b"9999-12-31T23:59:59Z",
    b"0000-00-00 00:00:00",
    b"-9999-01-01T00:00:00Z",
    b"2024-02-30",
    b"+99:99",
];

/// Makes inputs from others.
pub(crate) struct Mutator<'a> {
    pub(crate) words: &'a [Vec<u8>],
    pub(crate) bytes_max: usize,
}

impl Mutator<'_> {
    /// A mutation of one of the corpus, the newest more often.
    pub(crate) fn mutated(&self, corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
        let newest = corpus.len().saturating_sub(16);
        let from = if random.once_in(3) { corpus.get(newest..).unwrap_or(corpus) } else { corpus };
        let mut input = random.one(from).cloned().unwrap_or_default();
        for _ in 0..=random.below(STACKED) {
            self.mutate(&mut input, corpus, random);
        }
        input.truncate(self.bytes_max);
        input
    }

    fn mutate(&self, input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
        match random.below(14) {
            0 => flip(input, random),
            1 => set(input, random),
            2 => delete(input, random),
            3 => repeat(input, random, self.bytes_max),
            4 => truncate(input, random),
            5 => noise(input, random),
            6 => splice(input, corpus, random),
            7 => number(input, random),
            8 | 9 => self.word(input, random),
            10 => nest(input, random),
            _ => {
                if !json::mutate(input, self.words, random) {
                    self.word(input, random);
                }
            }
        }
    }

    /// Puts a word in, or in the place of something.
    fn word(&self, input: &mut Vec<u8>, random: &mut Random) {
        let own = random.one(self.words).filter(|_| random.once_in(2)).map(Vec::as_slice);
        let word = own.or_else(|| random.one(NASTY).copied()).unwrap_or_default();
        let (start, end) = range(input, random);
        let end = if random.once_in(2) { start } else { end };
        input.splice(start..end, word.iter().copied());
    }
}

/// A range of an input.
fn range(input: &[u8], random: &mut Random) -> (usize, usize) {
    let start = random.below(input.len() + 1);
    (start, start + random.length(input.len() - start))
}

fn flip(input: &mut [u8], random: &mut Random) {
    let at = random.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

fn set(input: &mut [u8], random: &mut Random) {
    let at = random.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte = random.number().to_le_bytes()[0];
    }
}

fn delete(input: &mut Vec<u8>, random: &mut Random) {
    let (start, end) = range(input, random);
    input.drain(start..end);
}

/// A range once more, or so often that the input becomes as long as it may be.
fn repeat(input: &mut Vec<u8>, random: &mut Random, bytes_max: usize) {
    let (start, end) = range(input, random);
    let part: Vec<u8> = input.get(start..end).unwrap_or_default().to_vec();
    if part.is_empty() {
        return;
    }
    let most = bytes_max.saturating_sub(input.len()) / part.len();
    let times = if random.once_in(40) { most } else { (1 + random.below(8)).min(most) };
    input.splice(end..end, part.repeat(times));
}

fn truncate(input: &mut Vec<u8>, random: &mut Random) {
    input.truncate(random.below(input.len() + 1));
}

fn noise(input: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(input.len() + 1);
    let noise: Vec<u8> = (0..=random.below(16)).map(|_| random.number().to_le_bytes()[0]).collect();
    input.splice(at..at, noise);
}

/// The beginning of one and the end of another.
fn splice(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    let Some(other) = random.one(corpus) else { return };
    let from = random.below(other.len() + 1);
    input.truncate(random.below(input.len() + 1));
    input.extend(other.get(from..).unwrap_or_default());
}

/// A number in the place of one.
fn number(input: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(input.len());
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = input.iter().skip(at).position(is_digit).map(|skipped| at + skipped) else { return };
    let len = input.iter().skip(start).take_while(|byte| is_digit(byte)).count();
    let word = random.one(NASTY.get(..15).unwrap_or_default()).copied().unwrap_or_default();
    input.splice(start..start + len, word.iter().copied());
}

/// Brackets within brackets, deeper than any stack would bear.
fn nest(input: &mut Vec<u8>, random: &mut Random) {
    let opening = random.one(&[&b"["[..], b"{\"a\":", b"(", b"--b\r\n"]).copied().unwrap_or_default();
    let at = random.below(input.len() + 1);
    let depth = if random.once_in(4) { 20_000 } else { 1 + random.below(200) };
    input.splice(at..at, opening.repeat(depth));
}

//! Mutations that leave JSON readable: other types, keys missing, keys twice, one value in another's place.

use serde_json::{Deserializer, Value};

use crate::random::Random;

/// Mutates one JSON object or list somewhere in the input; false when there is none.
pub(crate) fn mutate(input: &mut Vec<u8>, words: &[Vec<u8>], random: &mut Random) -> bool {
    let Some((start, end, mut value)) = part(input, random) else { return false };
    let whole = value.clone();
    let nodes = count(&value);
    let at = random.below(nodes);
    if let Some(node) = nth(&mut value, &mut { at }) {
        change(node, &whole, words, random);
    }
    let text = written(&value, random);
    input.splice(start..end, text.into_bytes());
    true
}

/// An object or list in the input, and where it stands.
fn part(input: &[u8], random: &mut Random) -> Option<(usize, usize, Value)> {
    let opens = |(at, byte): (usize, &u8)| {
        let begins = at == 0 || input.get(at - 1).is_some_and(|before| b"\n\x1e= ".contains(before));
        (begins && matches!(byte, b'{' | b'[')).then_some(at)
    };
    let starts: Vec<usize> = input.iter().enumerate().filter_map(opens).take(64).collect();
    let start = *random.one(&starts)?;
    let mut values = Deserializer::from_slice(input.get(start..)?).into_iter::<Value>();
    let value = values.next()?.ok()?;
    Some((start, start + values.byte_offset(), value))
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(object) => object.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// A node by its place in depth-first order.
fn nth<'v>(value: &'v mut Value, left: &mut usize) -> Option<&'v mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|inner| nth(inner, left)),
        Value::Object(object) => object.values_mut().find_map(|inner| nth(inner, left)),
        _ => None,
    }
}

fn change(node: &mut Value, whole: &Value, words: &[Vec<u8>], random: &mut Random) {
    match random.below(9) {
        0 => *node = Value::Null,
        1 => *node = Value::from(random.number() as i64),
        2 => *node = Value::Bool(random.once_in(2)),
        3 => *node = Value::from(text(words, random)),
        4 => *node = as_other_type(node),
        5 => *node = Value::Array(vec![node.clone(); random.below(4)]),
        6 => {
            let mut other = whole.clone();
            let at = random.below(count(whole));
            if let Some(other) = nth(&mut other, &mut { at }) {
                *node = other.take();
            }
        }
        7 => *node = Value::Object([("value".to_owned(), node.take())].into_iter().collect()),
        _ => remove_or_rename(node, words, random),
    }
}

fn remove_or_rename(node: &mut Value, words: &[Vec<u8>], random: &mut Random) {
    match node {
        Value::Object(object) => {
            let keys: Vec<String> = object.keys().cloned().collect();
            let removed = random.one(&keys).and_then(|key| object.remove(key));
            if let Some(value) = removed.filter(|_| random.once_in(2)) {
                object.insert(text(words, random), value);
            }
        }
        Value::Array(list) if !list.is_empty() => drop(list.remove(random.below(list.len()))),
        _ => *node = Value::from(0.5),
    }
}

/// A number as text, a text as number where it is one.
fn as_other_type(node: &Value) -> Value {
    match node {
        Value::String(text) => text.parse::<f64>().map_or(Value::Bool(false), Value::from),
        Value::Number(number) => Value::from(number.to_string()),
        other => Value::from(other.to_string()),
    }
}

fn text(words: &[Vec<u8>], random: &mut Random) -> String {
    let word = random.one(words).map(|word| String::from_utf8_lossy(word).into_owned()).unwrap_or_default();
    match random.below(4) {
        0 => String::new(),
        1 => word.repeat(1 + random.below(200)),
        _ => word,
    }
}

/// As text, now and then with a member of the outermost object twice.
fn written(value: &Value, random: &mut Random) -> String {
    let text = value.to_string();
    let first = value.as_object().and_then(|object| object.keys().next());
    match first {
        Some(key) if random.once_in(6) => {
            let rest: String = text.chars().skip(1).collect();
            format!("{{{}:{},{rest}", Value::from(key.as_str()), random.below(100))
        }
        _ => text,
    }
}

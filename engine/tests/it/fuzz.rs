//! Phone fields as bad as they come: read without a panic, in bounded time, and to keys that read as themselves.

use std::time::Duration;

use bad_input::Fuzz;
use tieline_engine::phone::{
    MAX_SPELLINGS, NumberForm, NumberPlan, Phone, PhoneKey, Region, Verdict, read, same_client, spellings,
};

/// Homes whose numbers are hard in different ways: an old trunk digit, a shared calling code, no trunk prefix, a
/// leading zero that stays, numbers of any length.
const HOMES: [&str; 8] = ["UA", "PL", "DE", "IT", "KZ", "US", "GB", "LT"];

const SEEDS: &[&str] = &[
    "+380671234567",
    "067 123 45 67 (Olga)",
    "sip:+380671234567@10.0.0.1:5060;user=phone",
    "tel:671234567;phone-context=+380",
    "\"0501111111\" <380671234567>",
    "&quot;Olga&quot; &lt;380671234567&gt;",
    "%2B380671234567",
    "+380671234567 доб. 12; 0441112233, +48 512 345 678",
    "٠٦٧١٢٣٤٥٦٧",
    "８１０３８０６７１２３４５６７",
    "4915123458244",
    "+39 06 698 12345",
    "8 (495) 123-45-67 ext. 99",
    "anonymous",
    "101",
];

const WORDS: &[&str] = &[
    "+",
    "00",
    "810",
    "8",
    "0",
    "380",
    "ext",
    "доб.",
    ";ext=",
    "@",
    "sip:",
    "<",
    ">",
    "/",
    ",",
    "#",
    "x",
    "\u{202a}",
    "&#43;",
    "&amp;#43;",
    "(",
    ")",
    "٠",
    "＋",
    "\u{ad}",
];

/// The plan by the first byte: home, another region, form.
fn plan(choice: u8) -> NumberPlan {
    let region = |index: usize| Region::parse(HOMES[index % HOMES.len()]).expect("a region");
    let choice = usize::from(choice);
    let form = [NumberForm::Mixed, NumberForm::E164NoPlus, NumberForm::National][choice / 64 % 3];
    NumberPlan::new(region(choice)).with_also(vec![region(choice / 8 + 1)]).with_form(form)
}

fn seeds() -> impl Iterator<Item = Vec<u8>> {
    let with_plan = |(index, seed): (usize, &&str)| {
        let mut input = vec![b'0' + index as u8];
        input.extend(seed.as_bytes());
        input
    };
    SEEDS.iter().enumerate().map(with_plan)
}

#[test]
fn any_phone_text_is_read_in_bounded_time_to_keys_that_read_as_themselves() {
    let fuzz = Fuzz::new("phone").seeds(seeds()).words(WORDS).cases(12_000).bytes_max(16 << 10);
    fuzz.within(Duration::from_millis(500)).run(|input| {
        let (choice, raw) = input.split_first().map_or((0, input), |(choice, raw)| (*choice, raw));
        let (plan, raw) = (plan(choice), String::from_utf8_lossy(raw));
        let reading = read(&raw, &plan);
        assert_eq!(read(&raw, &plan), reading, "the same text, another reading");
        let kind = match &reading.verdict {
            Verdict::Key(key) => {
                assert!(same_client(&raw, key.as_str(), &plan), "a text and its own key are two clients");
                holds(key, &plan);
                "key".to_owned()
            }
            Verdict::Ambiguous(keys) | Verdict::Several(keys) => {
                assert!(keys.len() > 1, "one key is not several");
                keys.iter().for_each(|key| holds(key, &plan));
                format!("{} keys", keys.len())
            }
            other => format!("{:?}", std::mem::discriminant(other)),
        };
        assert!(!format!("{:?}", Phone::new(&*raw)).contains("67123456"), "a number is not shown");
        format!("{kind} {} {}", reading.reason().as_str(), reading.extension.is_some())
    });
}

/// A key reads as itself under its plan, and so does every spelling it is searched by.
fn holds(key: &PhoneKey, plan: &NumberPlan) {
    assert_eq!(PhoneKey::parse(key.as_str()).as_ref(), Some(key), "a key is a key");
    assert_eq!(read(key.as_str(), plan).key(), Some(key), "a key reads as itself");
    let spellings = spellings(key, plan);
    assert!((1..=MAX_SPELLINGS).contains(&spellings.len()), "{} spellings", spellings.len());
    for spelling in spellings {
        assert_eq!(read(&spelling, plan).key(), Some(key), "a spelling reads as its key");
    }
}

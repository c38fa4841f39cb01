//! What must hold for every number and every text.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rlibphonenumber::PhoneNumberFormat::{E164, International, National, RFC3966};
use tieline_engine::phone::{MAX_SPELLINGS, NumberForm, NumberPlan, PhoneKey, Verdict, read, spellings, warm};

use super::numbers::{REGIONS, Random, examples, valid, varied, written};
use super::{form, line, plan, plan_also};

/// Valid numbers of each region: the examples and variations of them.
fn numbers(seed: u64, variations: usize) -> impl Iterator<Item = (&'static str, String)> {
    let mut random = Random::seeded(seed);
    REGIONS.into_iter().flat_map(move |region| {
        let examples = examples(region);
        let more: Vec<String> = examples
            .iter()
            .flat_map(|digits| (0..variations).map(|_| varied(digits, &mut random)).collect::<Vec<_>>())
            .collect();
        examples
            .into_iter()
            .chain(more)
            .filter(|digits| valid(digits).is_some())
            .map(move |digits| (region, digits))
            .collect::<Vec<_>>()
    })
}

#[test]
fn every_format_of_a_number_reads_back_to_its_key() {
    let mut checked = 0;
    for (region, digits) in numbers(1, 8) {
        let number = valid(&digits).expect("valid");
        let key = written(&number, E164);
        for format in [E164, International, RFC3966] {
            let spelling = written(&number, format);
            assert_eq!(line(&read(&spelling, &plan(region))), format!("key {key}"), "{spelling}");
        }
        let national = written(&number, National);
        let reading = read(&national, &form(region, NumberForm::National));
        assert_eq!(line(&reading), format!("key {key}"), "{region} {national}");
        let bare = form(region, NumberForm::E164NoPlus);
        assert_eq!(line(&read(&digits, &bare)), format!("key {key}"), "{region} {digits}");
        checked += 5;
    }
    assert!(checked > 3_000, "{checked} spellings of {} regions", REGIONS.len());
}

#[test]
fn every_spelling_given_for_a_search_reads_back_to_the_key() {
    for (region, digits) in numbers(2, 3) {
        let key = PhoneKey::parse(&format!("+{digits}")).expect("a key");
        for plan in [plan(region), form(region, NumberForm::National), plan_also("UA", &[region])] {
            let asked = spellings(&key, &plan);
            assert!(asked.len() <= MAX_SPELLINGS, "{asked:?}");
            assert_eq!(asked.first().map(String::as_str), Some(key.as_str()));
            for (index, spelling) in asked.iter().enumerate() {
                assert_eq!(read(spelling, &plan).key(), Some(&key), "{region} {spelling}");
                assert!(!asked[..index].contains(spelling), "{spelling} twice");
            }
        }
    }
}

#[test]
fn the_spellings_of_the_market_are_among_those_given() {
    let asked = |region: &str, key: &str| spellings(&PhoneKey::parse(key).expect("a key"), &plan(region)).join(" | ");
    assert_eq!(
        asked("UA", "+380671234567"),
        "+380671234567 | 380671234567 | 0671234567 | 671234567 | 067 123 4567 | \
         +380 67 123 4567 | +38-067-123-4567 | +380-67-123-4567 | 80671234567 | \
         +38 (067) 123-45-67 | 067 123 45 67 | (067) 123-45-67 | 067-123-45-67 | \
         +38 067 123 45 67 | +380 67 123 45 67 | 38 067 123 45 67 | 8 (067) 123-45-67 | \
         067-123-4567"
    );
    assert_eq!(
        asked("PL", "+48512345678"),
        "+48512345678 | 48512345678 | 512345678 | 512 345 678 | +48 512 345 678 | \
         +48-512-345-678 | 512-345-678"
    );
    assert_eq!(
        asked("RU", "+74951234567"),
        "+74951234567 | 74951234567 | 84951234567 | 4951234567 | 8 (495) 123-45-67 | \
         +7 495 123-45-67 | +7-495-123-45-67 | 8-495-123-45-67"
    );
    // A foreign client: no national spellings, which would read as somebody at home.
    assert_eq!(asked("UA", "+48512345678"), "+48512345678 | 48512345678 | +48 512 345 678 | +48-512-345-678");
}

#[test]
fn two_different_numbers_never_share_a_key() {
    for region in REGIONS {
        let plan = plan(region);
        let mut owners: BTreeMap<PhoneKey, String> = BTreeMap::new();
        for (_, digits) in numbers(3, 6).filter(|(of, _)| *of == region || *of == "UA") {
            let national = written(&valid(&digits).expect("valid"), National);
            for spelling in [format!("+{digits}"), digits.clone()] {
                if let Verdict::Key(key) = read(&spelling, &plan).verdict {
                    let owner = owners.entry(key).or_insert_with(|| digits.clone());
                    assert_eq!(*owner, digits, "{region}: {spelling} ({national})");
                }
            }
        }
    }
}

#[test]
fn warming_a_plan_twice_or_from_many_threads_changes_nothing() {
    let plan = plan_also("UA", &["PL", "DE"]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                warm(&plan);
                assert_eq!(line(&read("380671234567", &plan)), "key +380671234567");
            });
        }
    });
}

fn plans() -> impl Strategy<Value = NumberPlan> {
    let forms = [NumberForm::Mixed, NumberForm::E164NoPlus, NumberForm::National];
    (0..REGIONS.len(), 0..REGIONS.len(), 0..forms.len())
        .prop_map(move |(home, also, index)| plan_also(REGIONS[home], &[REGIONS[also]]).with_form(forms[index]))
}

/// What phone fields are made of, and some of what they are not.
fn fields() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[+0-9() .,;/#x-]{0,40}",
        "(sip:|tel:|\"O\" <|&lt;|%2B|8|00|\\+)?[0-9٠-٩０-９ -]{0,24}(@h|;ext=[0-9]{0,9}|>| доб\\.? ?[0-9]{1,4}|\\(Olga\\))?",
        "[0-9]{1,30}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_panic_and_its_key_reads_as_itself(raw in fields(), plan in plans()) {
        let reading = read(&raw, &plan);
        let keys = match &reading.verdict {
            Verdict::Key(key) => std::slice::from_ref(key),
            Verdict::Ambiguous(keys) | Verdict::Several(keys) => {
                prop_assert!(keys.len() > 1, "{raw:?}");
                keys.as_slice()
            }
            _ => &[],
        };
        for key in keys {
            let again = read(key.as_str(), &plan);
            prop_assert_eq!(again.key(), Some(key), "{:?}", raw);
            let stored = PhoneKey::parse(key.as_str());
            prop_assert_eq!(stored.as_ref(), Some(key));
        }
        prop_assert!(spellings_fit(&reading.verdict, &plan));
    }
}

fn spellings_fit(verdict: &Verdict, plan: &NumberPlan) -> bool {
    match verdict {
        Verdict::Key(key) => (1..=MAX_SPELLINGS).contains(&spellings(key, plan).len()),
        _ => true,
    }
}

//! One row per trap: what stands around the digits, and fields that hold no single number.

use tieline_engine::phone::{MAX_CHARS, NumberPlan, Phone, PhoneKey, Region, Verdict, read, same_client};

use super::{check, line, plan};

#[test]
fn whatever_wraps_the_number_is_taken_off() {
    let rows = [
        ("٠٦٧١٢٣٤٥٦٧", "valid_national"),
        ("０６７１２３４５６７", "valid_national"),
        ("۰۶۷ ۱۲۳ ۴۵ ۶۷", "valid_national"),
        ("＋３８０６７１２３４５６７", "valid_international"),
        ("067\u{00A0}123\u{2011}45\u{2013}67", "valid_national"),
        ("\u{202A}+380 67 123 45 67\u{202C}", "valid_international"),
        ("%2B380671234567", "valid_international"),
        ("&#43;380671234567", "valid_international"),
        ("tel:+380-67-123-45-67", "valid_international"),
        ("tel:671234567;phone-context=+380", "valid_international"),
        ("callto:+380671234567", "valid_international"),
        ("sip:380671234567@pbx.example.org", "missing_plus"),
        ("sip:+380671234567@10.0.0.1:5060;user=phone", "valid_international"),
        ("sip:380671234567;npdi;rn=380440000000@host", "missing_plus"),
        ("380671234567@sip", "missing_plus"),
        ("380671234567;npdi", "missing_plus"),
        ("\"Olga\" <380671234567>", "missing_plus"),
        ("&quot;Olga&quot; &lt;380671234567&gt;", "missing_plus"),
        ("\"0501111111\" <380671234567>", "missing_plus"),
        ("067 123 45 67 (Olga)", "valid_national"),
        ("067 123 45 67 (Ольга, кв. 5)", "valid_national"),
        ("067 123 45 67 Olga", "valid_national"),
        ("моб. 067 123 45 67", "valid_national"),
        ("тел:0671234567", "valid_national"),
        ("tel0671234567", "valid_national"),
        ("☎ 067 123 45 67", "valid_national"),
        ("067.123.45.67", "valid_national"),
        ("067_123_45_67", "valid_national"),
        ("++380671234567", "valid_international"),
        ("067--123..45--67", "valid_national"),
        ("[067] 123 45 67", "valid_national"),
        ("067 123 45 67,", "valid_national"),
    ];
    check(&plan("UA"), &rows.map(|(raw, why)| (raw, "key +380671234567", why)));
}

#[test]
fn extensions_in_latin_and_cyrillic_are_kept_beside_the_key() {
    for raw in [
        "+380671234567 ext 12",
        "+380671234567 ext. 12",
        "+380671234567 Extension: 12",
        "+380671234567x12",
        "+380671234567 х12",
        "+380671234567#12",
        "+380671234567 доб. 12",
        "+380671234567 (доб. 12)",
        "+380 67 123-45-67 вн. 12",
        "+380 67 123-45-67 ВНУТР 12",
        "+380671234567 дод. 12",
        "+380671234567 wew. 12",
        "tel:+380671234567;ext=12",
        "+380671234567;ext=12",
        "+380671234567, 12",
        "+380671234567,12 (Olga)",
    ] {
        let reading = read(raw, &plan("UA"));
        assert_eq!(line(&reading), "key +380671234567 ext 12", "{raw}");
    }
}

#[test]
fn letters_are_never_turned_into_digits() {
    check(
        &plan("US"),
        &[
            ("1-800-FLOWERS", "none", "letters_among_digits"),
            ("1-800-356-9377 FLOWERS", "key +18003569377", "valid_national"),
            ("650253OOOO", "none", "letters_among_digits"),
            ("abc6502530000def", "none", "letters_among_digits"),
            ("apt 12", "none", "letters_among_digits"),
            ("*101#", "none", "letters_among_digits"),
            ("40#3", "none", "letters_among_digits"),
            ("650 253 0000#", "key +16502530000", "valid_national"),
            ("Olga 2b 6502530000", "none", "letters_among_digits"),
        ],
    );
}

#[test]
fn hidden_and_empty_callers_are_withheld_not_numbers() {
    let raws = [
        "",
        "   ",
        "-",
        "+",
        "anonymous",
        "Anonymous",
        "ANONYMOUS",
        "unknown",
        "<unknown>",
        "Restricted",
        "private",
        "Private Number",
        "unavailable",
        "withheld",
        "No Caller ID",
        "null",
        "N/A",
        "undefined",
        "sip:anonymous@anonymous.invalid",
        "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
        "&lt;unknown&gt;",
        "невідомий",
        "Неизвестный номер",
        "Номер скрыт",
        "прихований",
        "numer zastrzeżony",
        "266696687",
        "0000000000",
        "+00000000",
    ];
    for raw in raws {
        let reading = read(raw, &plan("UA"));
        assert_eq!(reading.verdict, Verdict::Withheld, "{raw:?}");
        assert_eq!(reading.reason().as_str(), "withheld", "{raw:?}");
    }
    check(
        &plan("UA"),
        &[
            ("Olga", "none", "no_digits"),
            ("\"sip\" <sip>", "none", "no_digits"),
            ("sip:alice@10.0.0.1", "none", "no_digits"),
        ],
    );
}

#[test]
fn two_numbers_in_one_field_are_several_and_one_number_twice_is_one() {
    let two = "several +380671234567 +380501234567";
    for raw in [
        "067 123 45 67, 050 123 45 67",
        "0671234567;0501234567",
        "067-123-45-67 / 050-123-45-67",
        "+380671234567\n+380501234567",
        "+380671234567+380501234567",
        "0671234567 0501234567",
        "0671234567 (Olga), 0501234567 (Ivan)",
        "0671234567 | 0501234567 | 101",
    ] {
        assert_eq!(line(&read(raw, &plan("UA"))), two, "{raw}");
    }
    let one = "key +380671234567";
    for raw in [
        "0671234567, +380671234567",
        "0671234567; 38 067 123 45 67",
        "0671234567, 000 000 00 00",
        "101, 0671234567",
        "067/123-45-67",
        "067-123-45-67/68",
    ] {
        assert_eq!(line(&read(raw, &plan("UA"))), one, "{raw}");
    }
}

#[test]
fn internal_numbers_are_as_long_as_the_plan_says() {
    let short = NumberPlan { extension_digits_max: 3, ..plan("UA") };
    check(
        &short,
        &[
            ("101", "extension 101", "internal"),
            ("sip:101@pbx", "extension 101", "internal"),
            ("\"Ivan\" <101>", "extension 101", "internal"),
            ("1011", "text 1011", "not_valid_kept_as_text"),
        ],
    );
}

#[test]
fn a_field_longer_than_any_phone_is_not_looked_at() {
    let long = "0671234567 ".repeat(30);
    check(&plan("UA"), &[(&long, "none", "too_long")]);
    let fits = format!("{}0671234567", " ".repeat(MAX_CHARS - 10));
    assert_eq!(line(&read(&fits, &plan("UA"))), "key +380671234567");
}

#[test]
fn text_keys_match_whole_or_not_at_all() {
    let text = |raw: &str| match read(raw, &plan("UA")).verdict {
        Verdict::Text(text) => text,
        other => panic!("{raw}: {other:?}"),
    };
    assert_eq!(text("067-123-4"), text("0671234"));
    assert_ne!(text("0671234"), text("671234"));
    assert_ne!(text("+0671234"), text("0671234"));
    assert!(!same_client("0671234", "0671234", &plan("UA")), "no key, no certainty");
}

#[test]
fn numbers_redact_themselves() {
    let phone = Phone::new("+380671234589");
    assert_eq!(format!("{phone:?} {phone}"), "Phone(••••89) ••••89");
    assert_eq!(format!("{}", Phone::new("101")), "••••");
    assert_eq!(phone.raw(), "+380671234589");
    let key = PhoneKey::parse("+380671234589").expect("a key");
    assert_eq!(format!("{key:?} {key}"), "PhoneKey(••••89) ••••89");
    assert_eq!((key.as_str(), key.digits()), ("+380671234589", "380671234589"));
    for raw in ["0671234589", "067123", "0671234589, 0501234589", "101", "4915123458244 ext 4589"] {
        for region in ["UA", "DE"] {
            let shown = format!("{:?}", read(raw, &plan(region)));
            assert!(!shown.contains("12") && !shown.contains("45"), "{shown}");
        }
    }
}

#[test]
fn stored_keys_and_plans_are_checked_when_read_back() {
    for bad in ["", "+", "+123", "380671234567", "+38067123456a", "+1234567890123456", "+0671234567"] {
        assert_eq!(PhoneKey::parse(bad), None, "{bad}");
        assert!(serde_json::from_value::<PhoneKey>(bad.into()).is_err(), "{bad}");
    }
    let json = r#"{"region":"ua","also":["PL"],"form":"e164_no_plus"}"#;
    let plan: NumberPlan = serde_json::from_str(json).expect("a plan");
    assert_eq!((plan.region.as_str(), plan.extension_digits_max), ("UA", 5));
    assert_eq!(serde_json::to_value(&plan.also).expect("json"), serde_json::json!(["PL"]));
    for bad in ["", "U", "ZZ", "UKR", "У", "001", "AQ"] {
        let error = Region::parse(bad).expect_err("no such region");
        assert!(error.to_string().contains("two-letter region"), "{error}");
    }
}

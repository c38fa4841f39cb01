//! One row per trap: what the digits of a country may look like.

use std::collections::BTreeSet;

use tieline_engine::phone::{Reading, read};

use super::{check, plan};

#[test]
fn ukrainian_numbers_are_found_in_every_spelling() {
    let rows = [
        ("+380671234567", "valid_international"),
        ("+380 67 123 45 67", "valid_international"),
        ("+38-067-123-4567", "valid_international"),
        ("+38(067)123-45-67", "valid_international"),
        ("+38.067.123.45.67", "valid_international"),
        ("+38 (067) 123-45-67", "valid_international"),
        ("+380 (0) 67 123 45 67", "trunk_zero_dropped"),
        ("+3800671234567", "trunk_zero_dropped"),
        ("380671234567", "missing_plus"),
        ("38 067 123 45 67", "missing_plus"),
        ("3800671234567", "trunk_zero_dropped"),
        ("0671234567", "valid_national"),
        ("067 123-45-67", "valid_national"),
        ("(067) 123 45 67", "valid_national"),
        ("671234567", "valid_national"),
        ("00380671234567", "idd_prefix"),
        ("00 380 (67) 123-45-67", "idd_prefix"),
        ("+00380671234567", "idd_prefix"),
        ("+0671234567", "valid_national"),
        ("80671234567", "legacy_trunk_8"),
        ("8 (067) 123-45-67", "legacy_trunk_8"),
        ("8-067-123-45-67", "legacy_trunk_8"),
        ("+80671234567", "legacy_trunk_8"),
        ("810380671234567", "legacy_810"),
        ("8~10 380 67 123 45 67", "legacy_810"),
    ];
    let rows = rows.map(|(raw, reason)| (raw, "key +380671234567", reason));
    check(&plan("UA"), &rows);
}

#[test]
fn ukrainian_landlines_lines_and_strangers_are_told_apart() {
    check(
        &plan("UA"),
        &[
            ("8-044-234-56-78", "key +380442345678", "legacy_trunk_8"),
            ("0800 501 234", "key +380800501234", "valid_national"),
            ("48512345678", "key +48512345678", "missing_plus"),
            ("00 48 512 345 678", "key +48512345678", "idd_prefix"),
            ("+48 0 512 345 678", "key +48512345678", "trunk_zero_dropped"),
            ("4915123458244", "key +4915123458244", "missing_plus"),
            ("+1 (650) 253-0000", "key +16502530000", "valid_international"),
            ("+800 1234 5678", "key +80012345678", "valid_international"),
            ("431-23-56", "text 4312356", "not_valid_kept_as_text"),
            ("48 0 512 345 678", "text 480512345678", "not_valid_kept_as_text"),
            ("067123456", "text 067123456", "not_valid_kept_as_text"),
            ("06712345678", "text 06712345678", "not_valid_kept_as_text"),
            ("+38067123456", "text +38067123456", "not_valid_kept_as_text"),
            ("+999123456789", "text +999123456789", "not_valid_kept_as_text"),
            ("+671234567", "text +671234567", "not_valid_kept_as_text"),
            ("101", "extension 101", "internal"),
            ("104", "extension 104", "internal"),
            ("00", "extension 00", "internal"),
            ("+101", "text +101", "not_valid_kept_as_text"),
        ],
    );
}

#[test]
fn polish_numbers_keep_their_area_48_and_lose_their_old_zero() {
    check(
        &plan("PL"),
        &[
            ("488123456", "key +48488123456", "valid_national"),
            ("481234567", "key +48481234567", "valid_national"),
            ("512 345 678", "key +48512345678", "valid_national"),
            ("0512345678", "key +48512345678", "trunk_zero_dropped"),
            ("022 123 45 67", "key +48221234567", "trunk_zero_dropped"),
            ("+48 (0) 512 345 678", "key +48512345678", "trunk_zero_dropped"),
            ("48512345678", "key +48512345678", "missing_plus"),
            ("48488123456", "key +48488123456", "missing_plus"),
            ("0048512345678", "key +48512345678", "idd_prefix"),
            ("380671234567", "key +380671234567", "missing_plus"),
        ],
    );
}

#[test]
fn the_italian_zero_and_the_italian_39_belong_to_the_number() {
    check(
        &plan("IT"),
        &[
            ("3912312312", "key +393912312312", "valid_national"),
            ("391 231 2312", "key +393912312312", "valid_national"),
            ("+39 391 231 2312", "key +393912312312", "valid_international"),
            ("0612345678", "key +390612345678", "valid_national"),
            ("390612345678", "key +390612345678", "missing_plus"),
            ("+390612345678", "key +390612345678", "valid_international"),
            ("+39 06 1234 5678", "key +390612345678", "valid_international"),
            ("+39612345678", "text +39612345678", "not_valid_kept_as_text"),
        ],
    );
}

#[test]
fn the_soviet_prefixes_are_read_where_they_are_dialled() {
    check(
        &plan("RU"),
        &[
            ("8 (495) 123-45-67", "key +74951234567", "valid_national"),
            ("84951234567", "key +74951234567", "valid_national"),
            ("+8 495 123 45 67", "key +84951234567", "valid_international"),
            ("78001234583", "key +78001234583", "missing_plus"),
            ("8 800 123 45 83", "key +78001234583", "valid_national"),
            ("8 10 380 67 123 45 67", "key +380671234567", "legacy_810"),
            ("9161234567", "key +79161234567", "valid_national"),
        ],
    );
    check(
        &plan("BY"),
        &[
            ("8 029 123 45 67", "key +375291234567", "valid_national"),
            ("80291234567", "key +375291234567", "valid_national"),
            ("375291234567", "key +375291234567", "missing_plus"),
            ("+375 8 029 123 45 67", "key +375291234567", "trunk_zero_dropped"),
        ],
    );
    check(
        &plan("KZ"),
        &[
            ("8 701 123 45 67", "key +77011234567", "valid_national"),
            ("77011234567", "key +77011234567", "missing_plus"),
            ("8 10 7 701 123 45 67", "key +77011234567", "legacy_810"),
        ],
    );
}

#[test]
fn carrier_codes_area_codes_and_foreign_prefixes_follow_the_metadata() {
    let key = |region: &str, raw: &str, key: &str, reason: &str| {
        check(&plan(region), &[(raw, &format!("key {key}"), reason)]);
    };
    key("BR", "0 15 11 2345-6789", "+551123456789", "valid_national");
    key("BR", "(11) 2345-6789", "+551123456789", "valid_national");
    key("AR", "011 15 2345-6789", "+5491123456789", "valid_national");
    key("AR", "+54 9 11 2345-6789", "+5491123456789", "valid_international");
    key("US", "1 (650) 253-0000", "+16502530000", "valid_national");
    key("US", "011 380 67 123 4567", "+380671234567", "idd_prefix");
    key("US", "00380671234567", "+380671234567", "idd_prefix");
    key("AG", "464 1234", "+12684641234", "valid_national");
    key("AU", "0011 380 67 123 4567", "+380671234567", "idd_prefix");
    key("JP", "03-1234-5678", "+81312345678", "valid_national");
    key("HU", "06 1 234 5678", "+3612345678", "valid_national");
    key("GB", "+44 (0) 7912 345678", "+447912345678", "trunk_zero_dropped");
}

#[test]
fn reasons_have_stable_texts_that_serde_writes_and_reads() {
    let raws = [
        "+380671234567",
        "0671234567",
        "80671234567",
        "00380671234567",
        "810380671234567",
        "380671234567",
        "+3800671234567",
        "067123456",
        "",
        "101",
        "0671234567,0501234567",
        "Olga",
        "0671234567abc",
    ];
    let readings = raws.map(|raw| read(raw, &plan("UA")));
    let reasons: BTreeSet<&str> = readings.iter().map(|one| one.reason().as_str()).collect();
    assert_eq!(reasons.len(), raws.len(), "one reason each: {reasons:?}");
    for reading in readings {
        let json = serde_json::to_value(&reading).expect("json");
        assert_eq!(json["reason"], reading.reason().as_str());
        let back: Reading = serde_json::from_value(json).expect("a reading");
        assert_eq!(back, reading);
    }
}

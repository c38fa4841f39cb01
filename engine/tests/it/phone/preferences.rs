//! Digits that fit more than one number: when one reading is preferred, and when none is.

use tieline_engine::phone::NumberForm;

use super::{check, form, plan, plan_also};

#[test]
fn german_digits_that_fit_twice_are_ambiguous_until_the_form_is_known() {
    let trap = "4915123458244";
    let both = "ambiguous +4915123458244 +494915123458244";
    check(&plan("DE"), &[(trap, both, "ambiguous")]);
    check(
        &form("DE", NumberForm::E164NoPlus),
        &[
            (trap, "key +4915123458244", "missing_plus"),
            ("+4915123458244", "key +4915123458244", "valid_international"),
            ("015123458244", "key +4915123458244", "valid_national"),
            ("380671234567", "key +380671234567", "missing_plus"),
            ("00380671234567", "key +380671234567", "idd_prefix"),
        ],
    );
    check(
        &form("DE", NumberForm::National),
        &[
            (trap, "key +494915123458244", "valid_national"),
            ("+4915123458244", "key +4915123458244", "valid_international"),
            ("015123458244", "key +4915123458244", "valid_national"),
        ],
    );
    check(
        &plan("DE"),
        &[
            ("0151/23458244", "key +4915123458244", "valid_national"),
            ("0151 23458244", "key +4915123458244", "valid_national"),
            ("+49 (0)151 23458244", "key +4915123458244", "trunk_zero_dropped"),
        ],
    );
}

#[test]
fn a_short_national_number_is_not_another_countrys_without_its_plus() {
    // Los Angeles, not Antwerp (+32 3 234 56 78).
    check(&plan("US"), &[("3232345678", "key +13232345678", "valid_national")]);
    // Eleven digits without a zero: a Polish mobile or a line in Marne, undecided.
    check(&plan("DE"), &[("48512345678", "ambiguous +48512345678 +4948512345678", "ambiguous")]);
}

#[test]
fn national_numbers_of_two_home_regions_are_ambiguous_without_a_trunk_prefix() {
    let both = plan_also("UA", &["PL"]);
    check(
        &both,
        &[
            ("512345678", "ambiguous +380512345678 +48512345678", "ambiguous"),
            ("0512345678", "key +380512345678", "valid_national"),
            ("600123456", "key +48600123456", "valid_national"),
            ("48512345678", "key +48512345678", "missing_plus"),
            ("380671234567", "key +380671234567", "missing_plus"),
        ],
    );
    check(
        &plan_also("UA", &["DE"]),
        &[
            ("380671234567", "key +380671234567", "missing_plus"),
            ("0671234567", "key +380671234567", "valid_national"),
            ("015123458244", "key +4915123458244", "valid_national"),
            ("4915123458244", "ambiguous +4915123458244 +494915123458244", "ambiguous"),
        ],
    );
}

#[test]
fn a_number_longer_than_e164_allows_is_kept_as_text() {
    check(&plan("DE"), &[("+4930123456789012", "text +4930123456789012", "not_valid_kept_as_text")]);
}

//! `tieline phone`, as the shell sees it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Output, Stdio},
};

fn phone(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    command.arg("phone").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn fed(args: &[&str], input: &[u8]) -> Output {
    let mut child: Child = phone(args).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn numbers_come_out_in_the_order_they_went_in() {
    let output = fed(&["--region", "UA", "--json"], "067 123-45-67\r\n101\n\nabc\n+48 512 345 678".as_bytes());
    assert_eq!(
        lines(&output),
        [
            r#"{"input":"067 123-45-67","key":"+380671234567","reason":"valid_national"}"#,
            r#"{"input":"101","key":null,"reason":"internal"}"#,
            r#"{"input":"","key":null,"reason":"withheld"}"#,
            r#"{"input":"abc","key":null,"reason":"no_digits"}"#,
            r#"{"input":"+48 512 345 678","key":"+48512345678","reason":"valid_international"}"#,
        ]
    );
}

#[test]
fn numbers_can_be_arguments_and_are_told_as_text() {
    let output = fed(&["--region", "ua", "--", "0671234567", "abc"], b"");
    assert_eq!(lines(&output), ["+380671234567\tvalid_national", "-\tno_digits"]);
}

#[test]
fn regions_and_forms_decide_what_national_digits_mean() {
    let number = "4915123458244";
    let told = |args: &[&str]| lines(&fed(&[args, &["--", number]].concat(), b"")).remove(0);
    assert_eq!(told(&["--region", "DE", "--form", "e164_no_plus"]), "+4915123458244\tmissing_plus");
    assert!(told(&["--region", "DE", "--form", "mixed"]).starts_with("-\tambiguous"));
    let also = lines(&fed(&["--region", "UA", "--also", "PL,DE", "--", "512345678"], b""));
    assert_ne!(also, lines(&fed(&["--region", "UA", "--", "512345678"], b"")));
}

#[test]
fn a_line_without_end_neither_fills_memory_nor_spoils_the_next() {
    let mut input = vec![b'7'; 3_000_000];
    input.extend(b"\n0671234567\n");
    let lines = lines(&fed(&["--region", "UA"], &input));
    assert_eq!(lines, ["-\ttoo_long", "+380671234567\tvalid_national"]);
}

#[test]
fn an_answer_comes_before_the_next_question_is_asked() {
    let mut child = phone(&["--region", "UA"]).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for _ in 0..3 {
        input.write_all(b"0671234567\n").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "+380671234567\tvalid_national\n");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = phone(&["--region", "UA"]).spawn().unwrap();
    drop(child.stdout.take());
    // The program may be gone before everything is written.
    drop(child.stdin.take().unwrap().write_all("0671234567\n".repeat(50_000).as_bytes()));
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_country_there_is_none_of_is_wrong_usage() {
    let output = fed(&["--region", "ZZ"], b"");
    assert_eq!(output.status.code(), Some(64));
}

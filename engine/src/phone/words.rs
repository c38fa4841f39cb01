//! The words that stand in phone fields, in the languages of the market.

/// What sources write when there is no number to show. Lower case, letters and blanks only.
const WITHHELD: [&str; 46] = [
    "anonymous",
    "anonymous caller",
    "unknown",
    "unknown caller",
    "unknown number",
    "restricted",
    "private",
    "private number",
    "private caller",
    "unavailable",
    "not available",
    "withheld",
    "number withheld",
    "blocked",
    "blocked number",
    "hidden",
    "hidden number",
    "no number",
    "no caller id",
    "no callerid",
    "none",
    "null",
    "nil",
    "undefined",
    "na",
    "n a",
    "asterisk",
    "невідомий",
    "невідомий номер",
    "неизвестный",
    "неизвестный номер",
    "неизвестно",
    "анонім",
    "анонімний",
    "анонимный",
    "прихований",
    "прихований номер",
    "скрытый",
    "скрытый номер",
    "номер скрыт",
    "номер приховано",
    "не определен",
    "не визначено",
    "zastrzeżony",
    "nieznany",
    "numer zastrzeżony",
];

/// What stands before an extension; longer spellings first where one begins another.
const EXTENSION: [&str; 31] = [
    "extension",
    "extensión",
    "extensao",
    "extn",
    "ext",
    "xtn",
    "xt",
    "x",
    "х",
    "добавочный",
    "добавочний",
    "доб",
    "додатковий",
    "додат",
    "дод",
    "доп",
    "внутренний",
    "внутрішній",
    "внутр",
    "вн",
    "anexo",
    "interno",
    "int",
    "wewnętrzny",
    "wewn",
    "wew",
    "durchwahl",
    "dw",
    "poste",
    "klappe",
    "#",
];

/// Labels that may be glued to a number: `тел0671234567`.
const LABELS: [&str; 20] = [
    "tel",
    "telephone",
    "phone",
    "mob",
    "mobile",
    "cell",
    "fax",
    "ph",
    "p",
    "t",
    "m",
    "тел",
    "телефон",
    "моб",
    "мобильный",
    "мобільний",
    "факс",
    "номер",
    "т",
    "м",
];

/// Whether a text without digits says that the number is not known.
pub(super) fn is_withheld(text: &str) -> bool {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    words.is_empty() || WITHHELD.contains(&words.join(" ").as_str())
}

/// Whether the letters are a label of a phone field.
pub(super) fn is_label(word: &str) -> bool {
    LABELS.contains(&word)
}

/// What follows an extension word at the start of the text.
pub(super) fn after_extension_word(text: &str) -> Option<&str> {
    EXTENSION.iter().find_map(|word| {
        let rest = text.strip_prefix(word)?;
        let whole = !rest.starts_with(char::is_alphabetic);
        whole.then(|| rest.trim_start_matches(['.', ':', ' ', '-', '=', '#', '№']))
    })
}

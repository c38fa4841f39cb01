//! Comparing people's names the way people do: order, case and a patronymic do not matter.

/// Whether two full names are of one person: all words equal in any order, or the shorter one's words
/// (at least two) all occur in the longer one, which then adds a patronymic (G17).
pub(super) fn same_person(left: &str, right: &str) -> bool {
    let (left, right) = (words(left), words(right));
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    if short.is_empty() || (short.len() == 1 && long.len() > 1) {
        return false;
    }
    let mut left_over = long;
    let all_occur = short.iter().all(|word| {
        let at = left_over.iter().position(|other| other == word);
        at.map(|at| left_over.swap_remove(at)).is_some()
    });
    all_occur && left_over.len() <= 1
}

/// Lower-cased words with the different apostrophes of Ukrainian names made one.
fn words(name: &str) -> Vec<String> {
    let same_apostrophe = |c: char| if matches!(c, '’' | 'ʼ' | '`' | '‘') { '\'' } else { c };
    name.split_whitespace().map(|word| word.chars().map(same_apostrophe).collect::<String>().to_lowercase()).collect()
}

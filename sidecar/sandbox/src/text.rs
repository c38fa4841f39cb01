//! A listing as plain text for a person at a terminal.

use serde_json::{Map, Value};

/// Columns wider than this are cut: a terminal line should stay readable.
const WIDEST: usize = 44;

/// Renders an object of arrays of flat objects as one table per array.
pub(crate) fn render(title: &str, listing: &Value) -> String {
    let mut out = format!("{title}\n");
    let Some(entities) = listing.as_object() else {
        return out;
    };
    for (entity, rows) in entities {
        let Some(rows) = rows.as_array() else {
            continue;
        };
        out.push_str(&format!("\n{entity} ({})\n", rows.len()));
        let rows: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
        table(&mut out, &rows);
    }
    out
}

fn table(out: &mut String, rows: &[&Map<String, Value>]) {
    let columns = columns(rows);
    let mut lines = vec![columns.clone()];
    for row in rows {
        lines.push(columns.iter().map(|column| cell(row.get(column))).collect());
    }
    if rows.is_empty() {
        return;
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| lines.iter().filter_map(|line| line.get(at)).map(|text| text.chars().count()).max().unwrap_or(0))
        .collect();
    for line in lines {
        let mut text = String::from(" ");
        for (value, width) in line.iter().zip(&widths) {
            text.push_str(&format!(" {value:<width$} "));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

/// `id` first, then the others in alphabetical order; columns empty everywhere are left out.
fn columns(rows: &[&Map<String, Value>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        for (name, value) in *row {
            if !cell(Some(value)).is_empty() && !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names.sort_by_key(|name| (name != "id", name.clone()));
    names
}

fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    };
    if text.chars().count() <= WIDEST {
        return text;
    }
    text.chars().take(WIDEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_starts_with_the_id_and_leaves_empty_columns_out() {
        let text = render("zoho", &json!({"Leads": [{"Phone": "+38067", "id": "7", "Email": null}]}));
        assert_eq!(text, "zoho\n\nLeads (1)\n  id  Phone\n  7   +38067\n");
    }
}

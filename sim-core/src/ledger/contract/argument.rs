//! Arguments as people write them: `3600`, `true`, `"a text"`, `[1, 2]` as in JSON; `@Ana` is the number of the account
//! Ana; any other word is a text.

use super::value::Value;

/// An argument from its text; `find` gives an account's index by its name.
///
/// # Errors
/// Who is not there, or what cannot be an argument.
pub fn parse_argument(text: &str, find: impl Fn(&str) -> Option<u32>) -> Result<Value, String> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix('@') {
        let account = find(name).ok_or_else(|| format!("there is no account '{name}'"))?;
        return Ok(i64::from(account).into());
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => Value::from_json(&json).ok_or_else(|| {
            format!("the argument {text}: use a whole number, true, false, text, or a list or record of these")
        }),
        // What begins like a list, record or quoted text is one that is not finished.
        Err(e) if text.starts_with(['[', '{', '"']) => Err(format!("the argument {text}: {e}")),
        Err(_) if text.is_empty() => Err("an argument is empty; write \"\" for an empty text".into()),
        Err(_) => Ok(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_names_texts_and_lists_are_read_and_halves_refused() {
        let find = |name: &str| (name == "Ana").then_some(7);
        let parse = |text: &str| parse_argument(text, find);
        assert_eq!(parse(" 3600 "), Ok(3600.into()));
        assert_eq!(parse("@Ana"), Ok(7.into()));
        assert_eq!(parse("true"), Ok(true.into()));
        assert_eq!(parse("6b4f"), Ok("6b4f".into()));
        assert_eq!(parse("\"12\""), Ok("12".into()));
        assert!(matches!(parse("[1, 2]"), Ok(Value::List(items)) if items.len() == 2));
        for wrong in ["@Bob", "[1", "1.5", "null", "", "[[1]]", "\"a"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

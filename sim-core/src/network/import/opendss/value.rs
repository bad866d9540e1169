//! What the text of a property means: numbers, reverse Polish arithmetic, lists, matrices, words.
//!
//! A number in brackets is arithmetic in reverse Polish notation with the operators of OpenDSS: `(8 1000 /)`.

use super::token::Tokens;

/// Deepest stack of a reverse Polish expression.
const DEEPEST: usize = 64;

/// The number a text stands for; `quoted` ones may be expressions.
pub(super) fn number(text: &str, quoted: bool) -> Result<f64, String> {
    let value = plain(text).map_or_else(|| if quoted { polish(text) } else { Err(expected(text)) }, Ok)?;
    if value.is_finite() { Ok(value) } else { Err(format!("'{}' is not a finite number", short(text))) }
}

fn expected(text: &str) -> String {
    if text.trim().is_empty() {
        "a number is missing here".to_owned()
    } else {
        format!("'{}' is no number; expected one such as 4.16 or (8 1000 /)", short(text))
    }
}

/// At most forty characters of a text, for messages.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 40;
    let mut out: String = text.chars().take(MOST).collect();
    if text.chars().nth(MOST).is_some() {
        out.push_str("...");
    }
    out
}

/// A number written out.
fn plain(text: &str) -> Option<f64> {
    let text = text.trim();
    let signs = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    if text.is_empty() || !text.chars().all(signs) { None } else { text.parse().ok() }
}

/// The value of a reverse Polish expression.
fn polish(text: &str) -> Result<f64, String> {
    let mut stack: Vec<f64> = Vec::new();
    for token in Tokens::list(text) {
        let word = token.value;
        if let Some(x) = plain(word) {
            if stack.len() == DEEPEST {
                return Err(format!("more than {DEEPEST} numbers wait in this expression"));
            }
            stack.push(x);
        } else {
            apply(&word.to_ascii_lowercase(), &mut stack).ok_or_else(|| {
                format!(
                    "'{}' cannot be computed here; expected numbers and then + - * / ^ sqrt sqr and the like",
                    short(word)
                )
            })?;
        }
    }
    match stack.as_slice() {
        [] => Err("a number is missing here".to_owned()),
        [.., last] => Ok(*last),
    }
}

/// Applies an operator to the top of the stack; `None` if there is no such one or too few numbers. Angles in degrees.
fn apply(word: &str, stack: &mut Vec<f64>) -> Option<()> {
    if word == "pi" {
        stack.push(std::f64::consts::PI);
        return Some(());
    }
    let y = stack.pop()?;
    let one = |f: fn(f64) -> f64| Some(f(y));
    let result = match word {
        "sqrt" => one(f64::sqrt),
        "sqr" => Some(y * y),
        "inv" => Some(1.0 / y),
        "ln" => one(libm::log),
        "log10" => one(libm::log10),
        "exp" => one(libm::exp),
        "sin" => Some(libm::sin(y.to_radians())),
        "cos" => Some(libm::cos(y.to_radians())),
        "tan" => Some(libm::tan(y.to_radians())),
        "asin" => Some(libm::asin(y).to_degrees()),
        "acos" => Some(libm::acos(y).to_degrees()),
        "atan" => Some(libm::atan(y).to_degrees()),
        _ => None,
    };
    if let Some(result) = result {
        stack.push(result);
        return Some(());
    }
    if word == "rollup" || word == "rolldn" {
        stack.push(y);
        if word == "rollup" {
            stack.rotate_right(1)
        } else {
            stack.rotate_left(1)
        }
        return Some(());
    }
    let x = stack.pop()?;
    if word == "swap" {
        stack.extend([y, x]);
        return Some(());
    }
    stack.push(match word {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => x / y,
        "^" => libm::pow(x, y),
        "atan2" => libm::atan2(x, y).to_degrees(),
        _ => return None,
    });
    Some(())
}

/// The numbers of a list.
pub(super) fn list(text: &str) -> Result<Vec<f64>, String> {
    Tokens::list(text).map(|t| number(t.value, t.quoted)).collect()
}

/// The words of a list.
pub(super) fn words(text: &str) -> Vec<&str> {
    Tokens::list(text).map(|t| t.value).collect()
}

/// A symmetric matrix of `n` rows, row by row: full, or as a lower triangle whose rows a bar separates.
pub(super) fn matrix(text: &str, n: usize) -> Result<Vec<f64>, String> {
    let rows = text.split('|').map(list).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<Vec<f64>> = rows.into_iter().filter(|r| !r.is_empty()).collect();
    let fits = rows.len() == n && rows.iter().enumerate().all(|(k, r)| r.len() == n || r.len() == k + 1);
    if !fits {
        let found: Vec<String> = rows.iter().take(8).map(|r| r.len().to_string()).collect();
        let found = found.join(", ");
        return Err(format!(
            "a matrix with rows of {found} numbers; expected {n} rows of 1 to {n} numbers (a lower triangle) or of {n}, separated by |"
        ));
    }
    Ok((0..n * n).map(|k| rows[(k / n).max(k % n)][(k / n).min(k % n)]).collect())
}

/// Yes or no.
pub(super) fn flag(text: &str) -> Result<bool, String> {
    match text.trim().as_bytes().first().map(u8::to_ascii_lowercase) {
        Some(b'y' | b't' | b'1') => Ok(true),
        Some(b'n' | b'f' | b'0') => Ok(false),
        _ => Err(format!("'{}'; expected yes or no", short(text))),
    }
}

/// True for a delta, false for a wye.
pub(super) fn is_delta(text: &str) -> Result<bool, String> {
    let text = text.trim().to_ascii_lowercase();
    match text.as_str() {
        "" => Err("expected wye or delta".to_owned()),
        "ll" => Ok(true),
        "ln" => Ok(false),
        t if "delta".starts_with(t) => Ok(true),
        t if "wye".starts_with(t) || t == "y" => Ok(false),
        t => Err(format!("'{}'; expected wye or delta", short(t))),
    }
}

/// Metres of a unit of length, `None` for no unit.
pub(super) fn metres(text: &str) -> Result<Option<f64>, String> {
    let text = text.trim().to_ascii_lowercase();
    let two = text.get(..2).unwrap_or(&text);
    Ok(Some(match two {
        "" | "no" => return Ok(None),
        "mi" => 1609.344,
        "kf" => 304.8,
        "km" => 1000.0,
        "m" | "me" => 1.0,
        "ft" => 0.3048,
        "in" => 0.0254,
        "cm" => 0.01,
        "mm" => 0.001,
        _ => return Err(format!("'{}'; expected mi, kft, km, m, ft, in, cm, mm or none", short(&text))),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_in_reverse_polish() {
        assert_eq!(number("8 1000 /", true), Ok(0.008));
        assert_eq!(number("0.00625 7 * 1 +", true), Ok(1.04375));
        assert_eq!(number(".5", false), Ok(0.5));
        assert_eq!(number("9 sqrt 2 swap -", true), Ok(-1.0));
        assert!(number("8 1000 /", false).is_err());
        assert!(number("1 0 /", true).expect_err("infinite").contains("finite"));
        assert!(number("1e999", false).is_err() && number("inf", false).is_err() && number("", true).is_err());
        assert!(number("1 +", true).is_err());
    }

    #[test]
    fn matrices_full_and_triangular() {
        let want = vec![1.0, 2.0, 2.0, 3.0];
        assert_eq!(matrix("1 | 2 3", 2), Ok(want.clone()));
        assert_eq!(matrix("1 2 | 2 3", 2), Ok(want));
        assert!(matrix("1 | 2 3", 3).expect_err("too small").contains("expected 3 rows"));
        assert!(matrix("", 1).is_err());
    }

    #[test]
    fn words_of_the_language() {
        assert_eq!(
            (is_delta("D"), is_delta("LL"), is_delta("Wye"), is_delta("y")),
            (Ok(true), Ok(true), Ok(false), Ok(false))
        );
        assert_eq!((flag("Yes"), flag("no"), flag("T")), (Ok(true), Ok(false), Ok(true)));
        assert_eq!((metres("mi"), metres("none"), metres("m")), (Ok(Some(1609.344)), Ok(None), Ok(Some(1.0))));
        assert!(metres("furlong").is_err());
    }
}

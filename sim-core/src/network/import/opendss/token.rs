//! The words of a line: `name=value` pairs and values alone.
//!
//! Blanks, tabs and commas separate; an equals sign joins a name to what follows it. A value that begins with a quote
//! or bracket `"` `'` `(` `[` `{` goes to the sign that ends it, whatever stands between. `!` and `//` begin a comment.

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// The name before the equals sign.
    pub(super) name: Option<&'a str>,
    /// The value, without its quotes.
    pub(super) value: &'a str,
    /// It had quotes or brackets.
    pub(super) quoted: bool,
    /// Byte offsets of its name (or value) and of its value within the line.
    pub(super) at: usize,
    /// Of the value.
    pub(super) value_at: usize,
    /// Its bracket is not closed on the line.
    pub(super) unclosed: bool,
}

/// Reads the words of a line one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    line: &'a str,
    at: usize,
    bars: bool,
}

/// One word without its name.
struct Word<'a> {
    text: &'a str,
    quoted: bool,
    at: usize,
    unclosed: bool,
}

impl<'a> Tokens<'a> {
    /// The words of a line of a script.
    pub(super) fn new(line: &'a str) -> Self {
        Self { line, at: 0, bars: false }
    }

    /// The elements of a list, where bars separate too.
    pub(super) fn list(text: &'a str) -> Self {
        Self { line: text, at: 0, bars: true }
    }

    fn rest(&self) -> &'a [u8] {
        &self.line.as_bytes()[self.at..]
    }

    fn comment(&self) -> bool {
        matches!(self.rest(), [b'!', ..] | [b'/', b'/', ..])
    }

    fn blank(&self, byte: u8) -> bool {
        matches!(byte, b' ' | b'\t' | b'\r') || (self.bars && byte == b'|')
    }

    fn skip_blanks(&mut self) {
        while self.rest().first().is_some_and(|b| self.blank(*b)) {
            self.at += 1;
        }
    }

    /// The next word; `None` at a separator (an empty value), a comment or the end.
    fn word(&mut self) -> Option<Word<'a>> {
        self.skip_blanks();
        let start = self.at;
        let first = *self.rest().first()?;
        if self.comment() {
            return None;
        }
        let close = match first {
            b'"' | b'\'' => first,
            b'(' => b')',
            b'[' => b']',
            b'{' => b'}',
            b',' | b'=' => return None,
            _ => {
                while let Some(&b) = self.rest().first()
                    && !(self.blank(b) || b == b',' || b == b'=' || self.comment())
                {
                    self.at += 1;
                }
                let text = &self.line[start..self.at];
                return Some(Word { text, quoted: false, at: start, unclosed: false });
            }
        };
        let inside = start + 1;
        let length = self.line.as_bytes()[inside..].iter().position(|b| *b == close);
        let end = inside + length.unwrap_or(self.line.len() - inside);
        self.at = if length.is_some() { end + 1 } else { end };
        Some(Word { text: &self.line[inside..end], quoted: true, at: start, unclosed: length.is_none() })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        if self.rest().is_empty() || self.comment() {
            return None;
        }
        let start = self.at;
        let empty = Word { text: "", quoted: false, at: start, unclosed: false };
        let first = self.word().unwrap_or(empty);
        self.skip_blanks();
        let mut token = Token {
            name: None,
            value: first.text,
            quoted: first.quoted,
            at: first.at,
            value_at: first.at,
            unclosed: first.unclosed,
        };
        if self.rest().first() == Some(&b'=') {
            self.at += 1;
            let at = self.at;
            let value = self.word().unwrap_or(Word { text: "", quoted: false, at, unclosed: false });
            token = Token {
                name: Some(first.text),
                value: value.text,
                quoted: value.quoted,
                value_at: value.at,
                unclosed: value.unclosed,
                ..token
            };
            self.skip_blanks();
        }
        if self.rest().first() == Some(&b',') {
            self.at += 1;
        }
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(line: &str) -> Vec<(Option<&str>, &str, bool)> {
        Tokens::new(line).map(|t| (t.name, t.value, t.quoted)).collect()
    }

    #[test]
    fn names_values_quotes_and_comments() {
        let got = pairs("New Line.a Bus1=x.1.2, kV = 2.4 %r=(.5 1000 /) conns='wye delta' // rest");
        let want = [
            (None, "New", false),
            (None, "Line.a", false),
            (Some("Bus1"), "x.1.2", false),
            (Some("kV"), "2.4", false),
            (Some("%r"), ".5 1000 /", true),
            (Some("conns"), "wye delta", true),
        ];
        assert_eq!(got, want);
        assert_eq!(
            pairs("~ mvasc3=200000 200000!x"),
            [(None, "~", false), (Some("mvasc3"), "200000", false), (None, "200000", false)]
        );
        assert_eq!(pairs("  ! all of it"), []);
        assert_eq!(pairs("a=, b"), [(Some("a"), "", false), (None, "b", false)]);
        assert_eq!(pairs("=="), [(Some(""), "", false), (Some(""), "", false)]);
        assert!(Tokens::new("a=[1 2").any(|t| t.unclosed));
    }

    #[test]
    fn bars_separate_in_lists_only() {
        let list: Vec<&str> = Tokens::list("1 | 2, 3|(4 5)").map(|t| t.value).collect();
        assert_eq!(list, ["1", "2", "3", "4 5"]);
        assert_eq!(pairs("a|b"), [(None, "a|b", false)]);
    }
}

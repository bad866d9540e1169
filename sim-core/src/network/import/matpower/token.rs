//! The words of a case file: the part of the MATLAB language that case files use.
//!
//! Two things depend on brackets: a line end separates rows within `[]` and `{}`, and a quote after white space there
//! begins a text and is no transposition. A comment runs from `%` or `#` to the end of its line, a block comment from a
//! line `%{` to a line `%}`; `...` continues a line.

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    /// A number.
    Number(f64),
    /// A name.
    Name(&'a str),
    /// A text without its quotes (doubled quotes within stay doubled).
    Text(&'a str),
    /// An operator or bracket: one or two characters.
    Sign(&'static str),
    /// The end of a line.
    Newline,
    /// A character of no meaning here.
    Unknown(char),
    /// A text whose quote is not closed on its line.
    Unclosed,
    /// The end of the file.
    End,
}

/// A word and its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: Kind<'a>,
    /// Where.
    pub(super) at: Place,
    /// Offset of the byte after it.
    pub(super) end: usize,
    /// True after white space (or at the start of a line).
    pub(super) spaced: bool,
}

/// A place in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Line, from 1.
    pub(super) line: u32,
    /// Offset of the line's first byte.
    pub(super) line_start: u32,
    /// Offset of the byte.
    pub(super) offset: u32,
}

const SIGNS: [&str; 32] = [
    "==", "~=", "!=", "<=", ">=", "&&", "||", ".*", "./", ".^", ".'", "=", "<", ">", "&", "|", "+", "-", "*", "/", "^",
    "'", "(", ")", "[", "]", "{", "}", ",", ";", ":", "~",
];

/// Reads words one after the other.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
    /// Open brackets.
    open: Vec<u8>,
    /// True if the last word was an operand, after which a quote transposes.
    operand: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text, at, line: 1, line_start: at, open: Vec::new(), operand: false }
    }

    /// True inside `[]` or `{}`, where white space separates.
    pub(super) fn in_list(&self) -> bool {
        matches!(self.open.last(), Some(b'[' | b'{'))
    }

    /// True if the bracket that was just opened stands inside `[]` or `{}`.
    pub(super) fn in_list_around(&self) -> bool {
        matches!(self.open.iter().rev().nth(1), Some(b'[' | b'{'))
    }

    /// Number of open brackets.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Forgets open brackets: after an error the next statement starts afresh.
    pub(super) fn close_all(&mut self) {
        self.open.clear();
        self.operand = false;
    }

    /// True if white space follows at `offset`.
    pub(super) fn space_at(&self, offset: usize) -> bool {
        self.text.as_bytes().get(offset).is_none_or(u8::is_ascii_whitespace)
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Token<'a> {
        let spaced = self.skip_space();
        let bytes = self.text.as_bytes();
        let start = self.at;
        let at = self.place();
        let Some(&byte) = bytes.get(start) else {
            return Token { kind: Kind::End, at, end: start, spaced };
        };
        let kind = match byte {
            b'\n' => {
                self.at += 1;
                self.line = self.line.saturating_add(1);
                self.line_start = self.at;
                Kind::Newline
            }
            b'0'..=b'9' => self.number(),
            b'.' if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => self.number(),
            b'.' if !matches!(bytes.get(start + 1), Some(b'*' | b'/' | b'^' | b'\'')) => {
                self.at += 1;
                Kind::Sign(".")
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                let rest = &bytes[start..];
                let n = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(rest.len());
                self.at += n;
                Kind::Name(&self.text[start..self.at])
            }
            b'"' => self.quoted(b'"'),
            b'\'' if !self.operand || (spaced && self.in_list()) => self.quoted(b'\''),
            b'!' if bytes.get(start + 1) != Some(&b'=') => {
                self.at += 1;
                Kind::Sign("~")
            }
            _ => self.sign(),
        };
        self.operand = matches!(kind, Kind::Number(_) | Kind::Name(_) | Kind::Text(_))
            || matches!(kind, Kind::Sign(")" | "]" | "}" | "'" | ".'"));
        Token { kind, at, end: self.at, spaced }
    }

    fn place(&self) -> Place {
        Place { line: self.line, line_start: self.line_start as u32, offset: self.at as u32 }
    }

    /// Skips white space, comments and continued line ends; true if there was any.
    fn skip_space(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let mut spaced = self.at == self.line_start;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'%' | b'#' => self.comment(),
                b'.' if bytes[self.at..].starts_with(b"...") => {
                    self.skip_line();
                    if self.at < bytes.len() {
                        self.at += 1;
                        self.line = self.line.saturating_add(1);
                        self.line_start = self.at;
                    }
                }
                _ => return spaced,
            }
            spaced = true;
        }
        true
    }

    fn skip_line(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    }

    /// A comment up to the end of its line, or a block of them.
    fn comment(&mut self) {
        let alone = self.text[self.line_start..self.at].trim().is_empty();
        let line = self.rest_of_line();
        self.skip_line();
        if !alone || !matches!(line.trim_end(), "%{" | "#{") {
            return;
        }
        let mut depth = 1;
        while depth > 0 && self.at < self.text.len() {
            self.at += 1;
            self.line = self.line.saturating_add(1);
            self.line_start = self.at;
            match self.rest_of_line().trim() {
                "%{" | "#{" => depth += 1,
                "%}" | "#}" => depth -= 1,
                _ => {}
            }
            self.skip_line();
        }
    }

    fn rest_of_line(&self) -> &'a str {
        let rest = &self.text[self.at.min(self.text.len())..];
        rest.split('\n').next().unwrap_or(rest)
    }

    fn number(&mut self) -> Kind<'a> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let digits = |mut i: usize| {
            while bytes.get(i).is_some_and(u8::is_ascii_digit) {
                i += 1;
            }
            i
        };
        let mut i = digits(start);
        if bytes.get(i) == Some(&b'.') && !matches!(bytes.get(i + 1), Some(b'*' | b'/' | b'^' | b'\'' | b'.')) {
            i = digits(i + 1);
        }
        let mut d_exponent = false;
        if let Some(b'e' | b'E' | b'd' | b'D') = bytes.get(i) {
            let signed = usize::from(matches!(bytes.get(i + 1), Some(b'+' | b'-')));
            if bytes.get(i + 1 + signed).is_some_and(u8::is_ascii_digit) {
                d_exponent = matches!(bytes[i], b'd' | b'D');
                i = digits(i + 1 + signed);
            }
        }
        self.at = i;
        let word = &self.text[start..i];
        let value = if d_exponent { word.replace(['d', 'D'], "e").parse() } else { word.parse() };
        value.map_or(Kind::Unknown('.'), Kind::Number)
    }

    fn quoted(&mut self, quote: u8) -> Kind<'a> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut i = start;
        loop {
            match bytes.get(i) {
                None | Some(b'\n') => {
                    self.at = i;
                    return Kind::Unclosed;
                }
                Some(b) if *b == quote && bytes.get(i + 1) == Some(&quote) => i += 2,
                Some(b) if *b == quote => {
                    self.at = i + 1;
                    return Kind::Text(&self.text[start..i]);
                }
                Some(_) => i += 1,
            }
        }
    }

    fn sign(&mut self) -> Kind<'a> {
        let rest = &self.text[self.at..];
        let Some(sign) = SIGNS.into_iter().find(|s| rest.starts_with(s)) else {
            let c = rest.chars().next().unwrap_or(' ');
            self.at += c.len_utf8();
            return Kind::Unknown(c);
        };
        self.at += sign.len();
        match sign {
            "(" | "[" | "{" => self.open.push(sign.as_bytes()[0]),
            ")" | "]" | "}" => {
                self.open.pop();
            }
            _ => {}
        }
        Kind::Sign(sign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Kind<'_>> {
        let mut lexer = Lexer::new(text);
        let mut out = Vec::new();
        loop {
            match lexer.next().kind {
                Kind::End => return out,
                kind => out.push(kind),
            }
        }
    }

    #[test]
    fn numbers_texts_comments_and_continued_lines() {
        use Kind::{Name, Newline, Number, Sign, Text};
        assert_eq!(
            words("a = [1 -2.5e3, .5 ... rest\n 1d2]; % end\n'it''s'"),
            [
                Name("a"),
                Sign("="),
                Sign("["),
                Number(1.0),
                Sign("-"),
                Number(2500.0),
                Sign(","),
                Number(0.5),
                Number(100.0),
                Sign("]"),
                Sign(";"),
                Newline,
                Text("it''s"),
            ]
        );
        assert_eq!(words("%{\nx\n%}\ny'"), [Newline, Name("y"), Sign("'")]);
        assert_eq!(words("[a 'b']"), [Sign("["), Name("a"), Text("b"), Sign("]")]);
        assert_eq!(words("1./x"), [Number(1.0), Sign("./"), Name("x")]);
        assert_eq!(words("\u{e9}'"), [Kind::Unknown('\u{e9}'), Kind::Unclosed]);
    }
}

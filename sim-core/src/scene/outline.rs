//! Where things stand in a RON text: a forgiving walk that keeps the place of every field and list item.
//!
//! It reads anything (also what is not valid RON) and never fails: strings, characters and comments are skipped,
//! brackets are paired as far as they go. Places are byte offsets; [`Outline::line_column`] counts from 1.

/// How deep values may nest before the walk stops looking inside.
const MAX_DEPTH: usize = 48;

/// At most this many places are kept, so that a huge file costs no huge memory; errors behind them point at their section.
const MAX_NODES: usize = 400_000;

/// What a place in the text holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Field name in front of the value, with its offset.
    pub(super) name: Option<(String, usize)>,
    /// First byte of the value.
    pub(super) start: usize,
    /// One past its last byte.
    pub(super) end: usize,
    /// True for what stands in square brackets.
    pub(super) list: bool,
    /// Fields of a struct, items of a list.
    pub(super) children: Vec<Node>,
}

impl Node {
    /// First byte of the field: its name if it has one.
    pub(super) fn first(&self) -> usize {
        self.name.as_ref().map_or(self.start, |n| n.1)
    }
    /// The field called `name`.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name.as_ref().is_some_and(|n| n.0 == name))
    }
}

/// The places of a text.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    /// The outermost value.
    pub(super) root: Node,
    /// The innermost bracket that is still open at the end of the text.
    pub(super) unclosed: Option<usize>,
    line_starts: Vec<usize>,
}

impl Outline {
    /// Walks `text`.
    pub(super) fn read(text: &str) -> Self {
        let mut walk = Walk { bytes: text.as_bytes(), at: 0, unclosed: None, nodes: 0 };
        walk.skip_attributes();
        let root = walk.value(None, 0);
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Self { root, unclosed: walk.unclosed, line_starts }
    }

    /// Line and column, both from 1, of a byte offset; the column counts characters.
    pub(super) fn line_column(&self, text: &str, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|s| *s <= offset).max(1);
        let start = self.line_starts[line - 1];
        let column = text.get(start..offset.min(text.len())).map_or(1, |t| t.chars().count() + 1);
        (line, column)
    }

    /// Byte offset of a line and column.
    pub(super) fn offset(&self, text: &str, line: usize, column: usize) -> usize {
        let Some(start) = self.line_starts.get(line.saturating_sub(1)) else { return text.len() };
        let rest = text.get(*start..).unwrap_or("");
        start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(i, _)| i)
    }

    /// Offset of a path such as `lines[3].length_m`; where a field was left out, of what should hold it.
    pub(super) fn find(&self, path: &str) -> usize {
        let mut node = &self.root;
        for step in path.split(['.', '[', ']']).filter(|s| !s.is_empty()) {
            let next = match step.parse::<usize>() {
                Ok(index) => node.children.get(index),
                Err(_) => node.field(step),
            };
            match next {
                Some(n) => node = n,
                None => break,
            }
        }
        // A field is pointed at by its value, an item by its start.
        node.start
    }

    /// The nodes around a byte offset, outermost first.
    pub(super) fn around(&self, offset: usize) -> Vec<&Node> {
        let mut chain = vec![&self.root];
        let mut node = &self.root;
        while let Some(child) = node.children.iter().find(|c| c.first() <= offset && offset <= c.end) {
            chain.push(child);
            node = child;
        }
        chain
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    unclosed: Option<usize>,
    nodes: usize,
}

impl Walk<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_attributes(&mut self) {
        self.skip_space();
        while self.bytes[self.at.min(self.bytes.len())..].starts_with(b"#!") {
            while self.peek().is_some_and(|b| b != b'\n') {
                self.at += 1;
            }
            self.skip_space();
        }
    }

    /// Skips blanks and comments (nested ones too).
    fn skip_space(&mut self) {
        while let Some(b) = self.peek() {
            let next = self.bytes.get(self.at + 1).copied();
            if b.is_ascii_whitespace() {
                self.at += 1;
            } else if b == b'/' && next == Some(b'/') {
                while self.peek().is_some_and(|b| b != b'\n') {
                    self.at += 1;
                }
            } else if b == b'/' && next == Some(b'*') {
                self.skip_block_comment();
            } else {
                break;
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.bytes.len() {
            match &self.bytes[self.at..] {
                [b'/', b'*', ..] => {
                    depth += 1;
                    self.at += 2;
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(b) = self.peek() {
            self.at += if b == b'\\' { 2 } else { 1 };
            if b == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    /// `r"..."`, `r#"..."#`; true if there was one.
    fn skip_raw_string(&mut self) -> bool {
        let hashes = self.bytes[self.at + 1..].iter().take_while(|b| **b == b'#').count();
        if self.bytes.get(self.at + 1 + hashes) != Some(&b'"') {
            return false;
        }
        self.at += hashes + 2;
        while let Some(b) = self.peek() {
            self.at += 1;
            if b == b'"' && self.bytes[self.at..].iter().take_while(|b| **b == b'#').count() >= hashes {
                self.at += hashes;
                break;
            }
        }
        true
    }

    fn word(&mut self) -> &str {
        let start = self.at;
        let in_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'+' | b'-') || b >= 0x80;
        while self.peek().is_some_and(in_word) {
            self.at += 1;
        }
        std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("")
    }

    /// One value, with whatever name stood in front of it.
    fn value(&mut self, name: Option<(String, usize)>, depth: usize) -> Node {
        self.skip_space();
        let start = self.at;
        let mut node = Node { name, start, end: start, list: false, children: Vec::new() };
        while let Some(b) = self.peek() {
            match b {
                b',' | b')' | b']' | b'}' => break,
                b'"' => self.skip_string(),
                b'r' if self.at == start && self.skip_raw_string() => {}
                b'\'' => self.at = (self.at + 3).min(self.bytes.len()),
                b'(' | b'[' | b'{' => {
                    node.list = b == b'[';
                    let open = self.at;
                    self.at += 1;
                    if !self.children(&mut node, depth + 1) {
                        self.unclosed = self.unclosed.or(Some(open));
                    }
                }
                b':' => self.at += 1,
                _ => {
                    let at = self.at;
                    let word = self.word().to_owned();
                    let end = self.at;
                    if word.is_empty() {
                        self.at += 1;
                        continue;
                    }
                    self.skip_space();
                    if self.peek() == Some(b':') && node.name.is_none() && at == start && depth > 0 {
                        self.at += 1;
                        return self.value(Some((word, at)), depth);
                    }
                    node.end = end;
                    continue;
                }
            }
            node.end = self.at;
            self.skip_space();
        }
        node.end = node.end.max(start);
        node
    }

    /// What stands in brackets; false if the text ends before they are closed.
    fn children(&mut self, node: &mut Node, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return true;
        }
        loop {
            self.skip_space();
            match self.peek() {
                None => return false,
                Some(b')' | b']' | b'}') => {
                    self.at += 1;
                    return true;
                }
                Some(b',') => self.at += 1,
                Some(_) => {
                    let before = self.at;
                    let child = self.value(None, depth);
                    self.nodes += 1;
                    if self.nodes <= MAX_NODES {
                        node.children.push(child);
                    }
                    if self.at == before {
                        self.at += 1;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "// ( a comment\n(\n  a: 1, /* b: /* 2 */ [ */\n  list: [\n    (name: \"x)(\", at: (1, -2.5)),\n    \
                        (name: \"y\", kind: Solar(kwp: 5)),\n  ],\n  last: true,\n)\n";

    #[test]
    fn places_are_found() {
        let o = Outline::read(TEXT);
        let place = |path| o.line_column(TEXT, o.find(path));
        assert_eq!(place("a"), (3, 6));
        assert_eq!(place("list[0].name"), (5, 12));
        assert_eq!(place("list[1]"), (6, 5));
        assert_eq!(place("list[1].kind"), (6, 23));
        assert_eq!(place("list[1].kind.kwp"), (6, 34));
        assert_eq!(place("list[1].missing"), (6, 5));
        assert_eq!(place("last"), (8, 9));
    }

    #[test]
    fn nothing_makes_it_fail() {
        for text in ["", "(", ")))", "[[[[", "(a:", "\"", "(a: \"\\", "r#\"", "/*", "'", "(a: b: c)", "#!", "(a: 'é')"]
        {
            let o = Outline::read(text);
            assert!(o.root.end <= text.len(), "{text}");
        }
        Outline::read(&"[".repeat(100_000));
    }
}

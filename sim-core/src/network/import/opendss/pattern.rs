//! The patterns of `batchedit`: a small part of regular expressions, without a case.
//!
//! `.` any character, `[a-z]` and `[^a-z]` sets, `*` `+` `?` repetition of one of these or of a character, `^` and `$`
//! the ends; `\` takes the next character as it is. Matching keeps the set of positions in the pattern that fit so far,
//! so its time is at most length times length.

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pieces: Vec<(Piece, Times)>,
    from_start: bool,
    to_end: bool,
}

#[derive(Clone, Debug)]
enum Piece {
    Any,
    One(char),
    Set { ranges: Vec<(char, char)>, without: bool },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Times {
    Once,
    Maybe,
    Any,
    Some,
}

/// Longest pattern.
const LONGEST: usize = 200;

impl Pattern {
    /// Reads a pattern.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        if text.len() > LONGEST {
            return Err(format!("a pattern of more than {LONGEST} characters"));
        }
        let mut out = Self { pieces: Vec::new(), from_start: false, to_end: false };
        let mut k = 0;
        while let Some(&c) = text.get(k) {
            k += 1;
            let piece = match c {
                '^' if k == 1 => {
                    out.from_start = true;
                    continue;
                }
                '$' if k == text.len() => {
                    out.to_end = true;
                    continue;
                }
                '.' => Piece::Any,
                '[' => set(&text, &mut k)?,
                '\\' => {
                    k += 1;
                    Piece::One(*text.get(k - 1).ok_or("a pattern that ends with \\")?)
                }
                '(' | ')' | '|' | '{' | '}' | '*' | '+' | '?' => {
                    return Err(format!("'{c}' in a pattern; expected letters, . [ ] and * + ? after one of them"));
                }
                c => Piece::One(c),
            };
            let times = match text.get(k) {
                Some('*') => Times::Any,
                Some('+') => Times::Some,
                Some('?') => Times::Maybe,
                _ => Times::Once,
            };
            k += usize::from(times != Times::Once);
            out.pieces.push((piece, times));
        }
        Ok(out)
    }

    /// Whether it fits some part of `text`.
    pub(super) fn fits(&self, text: &str) -> bool {
        let n = self.pieces.len();
        let mut at = vec![false; n + 1];
        at[0] = true;
        self.skip(&mut at);
        if at[n] && !self.to_end {
            return true;
        }
        for c in text.to_lowercase().chars() {
            let mut next = vec![false; n + 1];
            next[0] = !self.from_start;
            for k in 0..n {
                if at[k] && self.pieces[k].0.fits(c) {
                    next[k + 1] = true;
                    next[k] |= matches!(self.pieces[k].1, Times::Any | Times::Some);
                }
            }
            self.skip(&mut next);
            at = next;
            if at[n] && !self.to_end {
                return true;
            }
        }
        at[n]
    }

    /// Pieces that may be absent are passed.
    fn skip(&self, at: &mut [bool]) {
        for (k, (_, times)) in self.pieces.iter().enumerate() {
            at[k + 1] |= at[k] && matches!(times, Times::Any | Times::Maybe);
        }
    }
}

impl Piece {
    fn fits(&self, c: char) -> bool {
        match self {
            Self::Any => true,
            Self::One(x) => *x == c,
            Self::Set { ranges, without } => ranges.iter().any(|(a, b)| (*a..=*b).contains(&c)) != *without,
        }
    }
}

fn set(text: &[char], k: &mut usize) -> Result<Piece, String> {
    let without = text.get(*k) == Some(&'^');
    *k += usize::from(without);
    let mut ranges = Vec::new();
    loop {
        let c = *text.get(*k).ok_or("a set in a pattern without its ]")?;
        *k += 1;
        if c == ']' {
            return Ok(Piece::Set { ranges, without });
        }
        if text.get(*k) == Some(&'-') && text.get(*k + 1).is_some_and(|e| *e != ']') {
            ranges.push((c, text[*k + 1]));
            *k += 2;
        } else {
            ranges.push((c, c));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_of_scripts() {
        let fits = |pattern: &str, text: &str| Pattern::new(pattern).is_ok_and(|p| p.fits(text));
        assert!(fits(".*", "load1") && fits("", "x") && fits("^L[0-9]+$", "l115") && fits("ad1", "Load1"));
        assert!(!fits("^ad1", "load1") && !fits("a$", "ab") && fits("ab?c", "xac") && fits("[^a]z", "bz"));
        assert!(!fits("[^a]z", "az") && fits("a\\.b", "a.b") && !fits("a\\.b", "axb"));
        assert!(Pattern::new("(a|b)").is_err() && Pattern::new("[a").is_err() && Pattern::new("*").is_err());
        assert!(!fits("a*a*a*a*a*a*a*a*b", &"a".repeat(5000)));
    }
}

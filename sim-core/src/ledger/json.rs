//! The one JSON spelling of everything in `chain.jsonl`: fixed order of fields, no spaces, integers without a fraction or
//! leading zeros, bytes as lower-case hexadecimal. The reader accepts exactly what the writer writes, so every byte of a
//! line counts; where it stops, it knows the column, the transaction and the field.

use super::crypto::{Address, Signature};
use super::genesis::{MAX_NAME, is_valid_name};
use crate::digest::{Hash, hex, unhex};
use crate::quantity::{Money, Price, Wh};
use std::fmt::Write;

/// Most entries of a list in a line.
const MAX_LIST: usize = 1_000_000;

/// Where and why reading stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Column in bytes, from 1.
    pub(crate) column: usize,
    /// Place of the transaction in which it lies.
    pub(crate) transaction: Option<usize>,
    /// Path of the field, from the transaction on or from the line.
    pub(crate) field: Option<String>,
    /// What was expected.
    pub(crate) reason: String,
}

#[derive(Clone, Copy, Debug)]
enum Segment {
    Name(&'static str),
    Index(usize),
}

/// Reads a line strictly.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    path: Vec<Segment>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, path: Vec::new() }
    }

    /// Reads one value that fills the whole line.
    pub(crate) fn read_all<T: Canonical>(bytes: &'a [u8]) -> Result<T, Fault> {
        let mut reader = Self::new(bytes);
        let value = T::read(&mut reader)?;
        if reader.at < bytes.len() {
            return Err(reader.fault("the end of the line"));
        }
        Ok(value)
    }

    pub(crate) fn fault(&self, expected: &str) -> Fault {
        let found = match self.bytes.get(self.at) {
            None => "the end of the line".to_owned(),
            Some(b) if b.is_ascii_graphic() => format!("`{}`", char::from(*b)),
            Some(b) => format!("byte 0x{b:02x}"),
        };
        self.fault_because(format!("expected {expected}, found {found}"))
    }

    fn fault_because(&self, reason: String) -> Fault {
        let (mut transaction, mut start) = (None, 0);
        if let [Segment::Name("transactions"), Segment::Index(i), ..] = self.path[..] {
            (transaction, start) = (Some(i), 2);
        }
        let mut field = String::new();
        for segment in &self.path[start..] {
            match segment {
                Segment::Name(name) if field.is_empty() => field.push_str(name),
                Segment::Name(name) => field.extend([".", name]),
                Segment::Index(i) => field.push_str(&format!("[{i}]")),
            }
        }
        if field.is_empty() && transaction.is_some() {
            field.push_str("transaction");
        }
        Fault { column: self.at + 1, transaction, field: (!field.is_empty()).then_some(field), reason }
    }

    pub(crate) fn expect(&mut self, text: &str) -> Result<(), Fault> {
        for b in text.bytes() {
            if self.bytes.get(self.at) != Some(&b) {
                return Err(self.fault(&format!("`{text}`")));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn is_next(&self, text: &str) -> bool {
        self.bytes[self.at..].starts_with(text.as_bytes())
    }

    /// Takes `text` if it comes next.
    pub(crate) fn take(&mut self, text: &str) -> bool {
        let is_next = self.is_next(text);
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    /// Reads `"name":value` after `before`.
    pub(crate) fn field<T: Canonical>(&mut self, before: &str, name: &'static str) -> Result<T, Fault> {
        self.path.push(Segment::Name(name));
        self.expect(before)?;
        self.expect("\"")?;
        self.expect(name)?;
        self.expect("\":")?;
        let value = T::read(self)?;
        self.path.pop();
        Ok(value)
    }

    fn hex<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.expect("\"")?;
        let text = self.bytes.get(self.at..self.at + 2 * N).and_then(|b| std::str::from_utf8(b).ok());
        if let Some(bytes) = text.and_then(unhex::<N>) {
            self.at += 2 * N;
            self.expect("\"")?;
            return Ok(bytes);
        }
        let is_digit = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let digits = self.bytes[self.at..].iter().take(2 * N).take_while(|b| is_digit(b)).count();
        self.at += digits;
        Err(self.fault(&format!("{} lower-case hexadecimal digits", 2 * N)))
    }

    /// Bytes in hexadecimal, at most `most`, that `decode` understands.
    pub(crate) fn packed<T>(&mut self, most: usize, decode: impl FnOnce(&[u8]) -> Option<T>) -> Result<T, Fault> {
        self.expect("\"")?;
        let rest = &self.bytes[self.at..];
        let digits = rest.iter().take(2 * most + 1).take_while(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).count();
        let value = |c: u8| if c <= b'9' { c - b'0' } else { c - b'a' + 10 };
        let bytes: Vec<u8> = rest[..digits].chunks_exact(2).map(|p| value(p[0]) << 4 | value(p[1])).collect();
        let Some(found) = (digits % 2 == 0 && digits <= 2 * most).then(|| decode(&bytes)).flatten() else {
            return Err(self.fault_because(format!("these bytes are no such value; at most {most} are read")));
        };
        self.at += digits;
        self.expect("\"")?;
        Ok(found)
    }

    fn integer(&mut self) -> Result<i128, Fault> {
        let start = self.at;
        let is_negative = self.is_next("-");
        self.at += usize::from(is_negative);
        let digits = self.bytes[self.at..].iter().take(20).take_while(|b| b.is_ascii_digit()).count();
        let value =
            self.bytes[self.at..self.at + digits].iter().fold(0_i128, |value, b| value * 10 + i128::from(b - b'0'));
        let is_spelled = digits > 0 && (digits == 1 || self.bytes[self.at] != b'0') && !(is_negative && value == 0);
        if !is_spelled {
            self.at = if digits == 0 { self.at } else { start };
            return Err(self.fault("an integer without leading zeros"));
        }
        self.at += digits;
        Ok(if is_negative { -value } else { value })
    }

    fn word(&mut self) -> Result<&'a str, Fault> {
        self.expect("\"")?;
        let rest = &self.bytes[self.at..];
        let end = rest.iter().take(4 * MAX_NAME + 1).position(|b| *b == b'"');
        let text = end.and_then(|end| std::str::from_utf8(&rest[..end]).ok()).filter(|text| is_valid_name(text));
        let Some(text) = text else { return Err(self.fault("a name in quotes")) };
        self.at += text.len() + 1;
        Ok(text)
    }
}

/// What has one spelling.
pub(crate) trait Canonical: Sized {
    fn write(&self, out: &mut String);
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault>;
}

/// The line of a value.
pub(crate) fn write_line<T: Canonical>(value: &T) -> String {
    let mut out = String::new();
    value.write(&mut out);
    out
}

macro_rules! integer {
    ($($type:ty),+) => {$(
        impl Canonical for $type {
            fn write(&self, out: &mut String) {
                // Writing to a string cannot fail.
                let _ = write!(out, "{self}");
            }
            fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
                let start = r.at;
                let value = r.integer()?;
                Self::try_from(value).map_err(|_| {
                    r.at = start;
                    r.fault_because(format!("{value} is outside {} to {}", Self::MIN, Self::MAX))
                })
            }
        }
    )+};
}
integer!(u32, u64, i64);

macro_rules! amount {
    ($($type:ident),+) => {$(
        impl Canonical for $type {
            fn write(&self, out: &mut String) { self.0.write(out); }
            fn read(r: &mut Reader<'_>) -> Result<Self, Fault> { Ok(Self(Canonical::read(r)?)) }
        }
    )+};
}
amount!(Wh, Money, Price, Address);

impl Canonical for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        let is_true = r.take("true");
        if is_true || r.take("false") { Ok(is_true) } else { Err(r.fault("`true` or `false`")) }
    }
}

impl Canonical for Hash {
    fn write(&self, out: &mut String) {
        out.extend(["\"", &hex(self), "\""]);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        r.hex()
    }
}

impl Canonical for Signature {
    fn write(&self, out: &mut String) {
        out.extend(["\"", &hex(&self.r), &hex(&self.s), "\""]);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        Ok(Self::from_bytes(&r.hex()?))
    }
}

impl Canonical for String {
    fn write(&self, out: &mut String) {
        out.extend(["\"", self, "\""]);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        r.word().map(str::to_owned)
    }
}

impl<T: Canonical> Canonical for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            None => out.push_str("null"),
            Some(value) => value.write(out),
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        if r.take("null") { Ok(None) } else { T::read(r).map(Some) }
    }
}

impl<T: Canonical> Canonical for Box<T> {
    fn write(&self, out: &mut String) {
        self.as_ref().write(out);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        T::read(r).map(Self::new)
    }
}

impl<T: Canonical> Canonical for Vec<T> {
    fn write(&self, out: &mut String) {
        out.push('[');
        for (i, item) in self.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            item.write(out);
        }
        out.push(']');
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut items = Self::new();
        r.expect("[")?;
        while !(r.is_next("]") || items.len() >= MAX_LIST) {
            r.path.push(Segment::Index(items.len()));
            if !items.is_empty() {
                r.expect(",")?;
            }
            items.push(T::read(r)?);
            r.path.pop();
        }
        r.expect("]")?;
        Ok(items)
    }
}

macro_rules! record {
    ($type:ident { $first:ident $(, $rest:ident)* }) => {
        impl Canonical for $type {
            fn write(&self, out: &mut String) {
                out.push_str(concat!("{\"", stringify!($first), "\":"));
                self.$first.write(out);
                $(
                    out.push_str(concat!(",\"", stringify!($rest), "\":"));
                    self.$rest.write(out);
                )*
                out.push('}');
            }
            fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
                let $first = r.field("{", stringify!($first))?;
                $( let $rest = r.field(",", stringify!($rest))?; )*
                r.expect("}")?;
                Ok(Self { $first $(, $rest)* })
            }
        }
    };
}
pub(crate) use record;

//! Values that cross a contract's border: arguments, results, storage, fields of events.
//!
//! A value is a scalar (yes or no, whole number, text), a list of scalars or a record of named scalars. Nothing nests
//! deeper, so that no sender can make bytes whose reading or dropping reaches the stack. Bytes are written as
//! hexadecimal text. Canonical bytes: postcard through `crypto::encode`.

use super::limits::{MAX_ITEMS, MAX_VALUE_BYTES};
use super::receipt::FailureKind;
use rhai::Dynamic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scalar {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}

/// What a contract takes, gives and keeps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// One thing.
    One(Scalar),
    /// Things in order.
    List(Vec<Scalar>),
    /// Named things.
    Record(BTreeMap<String, Scalar>),
}

/// Why something is no [`Value`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Of another type.
    #[error(
        "{found} cannot be kept or given: use whole numbers, true or false, text, a list of these or a record of these"
    )]
    Type {
        /// What it is.
        found: String,
    },
    /// A list or record within a list or record.
    #[error("a list or record holds {found}; only whole numbers, true or false, and text can stand in it")]
    Nested {
        /// What it holds.
        found: String,
    },
    /// Too long.
    #[error(
        "a value of {bytes} bytes and {items} items; at most {MAX_VALUE_BYTES} bytes and {MAX_ITEMS} items are kept"
    )]
    Size {
        /// Bytes of it.
        bytes: usize,
        /// Items of it.
        items: usize,
    },
}

impl ValueError {
    /// The kind of failure that it is.
    pub(super) fn get_kind(&self) -> FailureKind {
        match self {
            Self::Type { .. } | Self::Nested { .. } => FailureKind::Value,
            Self::Size { .. } => FailureKind::TooLarge,
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::One(Scalar::Int(value))
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::One(Scalar::Bool(value))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::One(Scalar::Text(value.to_owned()))
    }
}

impl Scalar {
    fn get_bytes(&self) -> usize {
        match self {
            Self::Bool(_) => 1,
            Self::Int(_) => 8,
            Self::Text(text) => text.len(),
        }
    }
    fn from_dynamic(value: &Dynamic) -> Option<Self> {
        if let Ok(value) = value.as_int() {
            Some(Self::Int(value))
        } else if let Ok(value) = value.as_bool() {
            Some(Self::Bool(value))
        } else if value.is_string() {
            value.clone().into_string().ok().map(Self::Text)
        } else {
            value.as_char().ok().map(|c| Self::Text(c.to_string()))
        }
    }
    fn to_dynamic(&self) -> Dynamic {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
        }
    }
    fn from_json(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::Bool(value) => Some(Self::Bool(*value)),
            serde_json::Value::Number(value) => value.as_i64().map(Self::Int),
            serde_json::Value::String(value) => Some(Self::Text(value.clone())),
            _ => None,
        }
    }
    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
        }
    }
}

impl Value {
    /// Bytes that gas and limits are counted by: 8 a number, 1 a truth, a text's own, names of fields.
    #[must_use]
    pub fn get_bytes(&self) -> usize {
        match self {
            Self::One(value) => value.get_bytes(),
            Self::List(values) => values.iter().map(|v| v.get_bytes().saturating_add(1)).sum(),
            Self::Record(fields) => fields.iter().map(|(k, v)| k.len().saturating_add(v.get_bytes())).sum(),
        }
    }
    /// Whether it is within the limits of what may cross the border.
    ///
    /// # Errors
    /// Its size.
    pub fn check_size(&self) -> Result<(), ValueError> {
        let items = match self {
            Self::One(_) => 1,
            Self::List(values) => values.len(),
            Self::Record(fields) => fields.len(),
        };
        let bytes = self.get_bytes();
        if items > MAX_ITEMS || bytes > MAX_VALUE_BYTES {
            return Err(ValueError::Size { bytes, items });
        }
        Ok(())
    }
    /// From the interpreter's value; nothing for its `()`.
    ///
    /// # Errors
    /// What cannot be a value.
    pub(super) fn from_dynamic(value: &Dynamic) -> Result<Option<Self>, ValueError> {
        if value.is_unit() {
            return Ok(None);
        }
        let nested = |v: &Dynamic| ValueError::Nested { found: get_type(v).to_owned() };
        let value = if let Some(one) = Scalar::from_dynamic(value) {
            Self::One(one)
        } else if let Ok(list) = value.as_array_ref() {
            Self::List(list.iter().map(|v| Scalar::from_dynamic(v).ok_or_else(|| nested(v))).collect::<Result<_, _>>()?)
        } else if let Ok(map) = value.as_map_ref() {
            let fields =
                map.iter().map(|(k, v)| Scalar::from_dynamic(v).map(|v| (k.to_string(), v)).ok_or_else(|| nested(v)));
            Self::Record(fields.collect::<Result<_, _>>()?)
        } else {
            return Err(ValueError::Type { found: get_type(value).to_owned() });
        };
        value.check_size()?;
        Ok(Some(value))
    }
    /// The interpreter's value.
    pub(super) fn to_dynamic(&self) -> Dynamic {
        match self {
            Self::One(value) => value.to_dynamic(),
            Self::List(values) => Dynamic::from_array(values.iter().map(Scalar::to_dynamic).collect()),
            Self::Record(fields) => {
                Dynamic::from_map(fields.iter().map(|(k, v)| (k.as_str().into(), v.to_dynamic())).collect())
            }
        }
    }
    /// From JSON; `None` for fractions, `null` and what nests deeper.
    #[must_use]
    pub fn from_json(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::Array(values) => {
                values.iter().map(Scalar::from_json).collect::<Option<_>>().map(Self::List)
            }
            serde_json::Value::Object(fields) => {
                let field = |(k, v): (&String, &serde_json::Value)| Some((k.clone(), Scalar::from_json(v)?));
                fields.iter().map(field).collect::<Option<_>>().map(Self::Record)
            }
            one => Scalar::from_json(one).map(Self::One),
        }
    }
    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::One(value) => value.to_json(),
            Self::List(values) => values.iter().map(Scalar::to_json).collect(),
            Self::Record(fields) => {
                serde_json::Value::Object(fields.iter().map(|(k, v)| (k.clone(), v.to_json())).collect())
            }
        }
    }
}

/// A type's name in plain words.
pub(super) fn get_type(value: &Dynamic) -> &'static str {
    if value.is_unit() {
        "nothing"
    } else if value.is_int() {
        "a whole number"
    } else if value.is_bool() {
        "true or false"
    } else if value.is_string() || value.is_char() {
        "text"
    } else if value.is_array() {
        "a list"
    } else if value.is_map() {
        "a record"
    } else {
        "something of another type"
    }
}

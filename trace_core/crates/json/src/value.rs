//! The value tree: borrowed, immutable, cheap to copy.

/// One JSON value. 24 bytes; strings are unescaped UTF-8, numbers keep their literal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written, already proven to be in range.
    Number(&'a str),
    /// A string, unescaped.
    String(&'a str),
    /// An array.
    Array(&'a [Value<'a>]),
    /// An object; no two members share a name.
    Object(&'a Object<'a>),
}

/// An object with its members in the order of the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Object<'a> {
    /// Members in the order of the source; names are unique.
    pub members: &'a [Member<'a>],
    /// The bytes of this object as they came, from `{` to `}`.
    pub source: &'a str,
}

/// One name and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member<'a> {
    /// The name, unescaped.
    pub name: &'a str,
    /// The value.
    pub value: Value<'a>,
}

impl<'a> Object<'a> {
    /// The value of the member `name`. Cost: one comparison a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.members.iter().find(|member| member.name == name).map(|member| member.value)
    }
}

impl<'a> Value<'a> {
    /// The string, if it is one.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub fn as_object(self) -> Option<&'a Object<'a>> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn as_array(self) -> Option<&'a [Value<'a>]> {
        match self {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }
}

//! An event as a tree of names and texts: the model that its XML and its JSON share.

use std::cell::Cell;

use bumpalo::collections::{String as BumpString, Vec as BumpVec};
use json::{Bump, Member, Object, Value};

use super::fault::{Fault, Kind};
use super::order::{EVENT, Place, Says};
use crate::context::Context;
use crate::vocabulary::{
    BIZ_STEP_WORDS, BIZ_TRANSACTION_WORDS, DISPOSITION_WORDS, SOURCE_DEST_WORDS, Words, is_same,
};

/// One element: what it is called, what it says, what it holds.
pub(super) struct Node<'b> {
    pub(super) name: Name<'b>,
    pub(super) text: Text<'b>,
    /// Those that the standard orders first, in its order.
    pub(super) children: &'b mut [Node<'b>],
    pub(super) place: InOrder,
    /// A type and its value, which stay in this order.
    pub(super) is_pair: bool,
    /// It stands in the string already.
    pub(super) is_written: bool,
}

/// Where the standard has an element among its siblings.
#[derive(Clone, Copy)]
pub(super) struct InOrder {
    /// The number of its place; [`u8::MAX`] where it has none.
    pub(super) rank: u8,
    pub(super) place: Option<&'static Place>,
}

/// `local`, or `{namespace}local`; empty for the elements of a list in a list.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Name<'b> {
    pub(super) namespace: Option<&'b str>,
    pub(super) local: &'b str,
}

/// What an element says; the empty text is nothing.
#[derive(Clone, Copy)]
pub(super) enum Text<'b> {
    Raw(&'b str),
    /// A word of a vocabulary, and what makes it a web URI.
    Word(&'static str, &'b str),
}

/// Bytes that namespaces in place of prefixes may add to one event: a short document with a long
/// namespace must not become a pre-hash string without end.
pub(super) const NAMESPACE_BYTES_MAX: usize = 4 << 20;

/// Whether a member is never part of the hash, wherever it stands; `#text` is what the object itself says.
fn is_no_element(name: &str) -> bool {
    matches!(name, "#text" | "rdfs:comment" | "comment")
}

/// Whether a member of the event itself is never part of the hash.
fn is_outside(name: &str) -> bool {
    matches!(name, "recordTime" | "eventID" | "type" | "errorDeclaration" | "@context")
}

/// Of a list whose elements are a type and a value: what the value is called, and the words of the type.
fn pair_list(name: &str) -> Option<(&'static str, &'static Words)> {
    match name {
        "bizTransactionList" => Some(("bizTransaction", &BIZ_TRANSACTION_WORDS)),
        "sourceList" => Some(("source", &SOURCE_DEST_WORDS)),
        "destinationList" => Some(("destination", &SOURCE_DEST_WORDS)),
        _ => None,
    }
}

type Nodes<'b> = BumpVec<'b, Node<'b>>;

/// The elements of an event but those that take no part in the hash.
pub(super) fn children_of_event<'a: 'b, 'b>(
    event: &Object<'b>,
    context: &Context<'a>,
    ignored: &[&str],
    arena: &'b Bump,
) -> Result<&'b mut [Node<'b>], Fault<'b>> {
    let builder = Builder { context, ignored, arena, namespace_bytes: Cell::new(0) };
    let mut children = BumpVec::with_capacity_in(event.members.len(), arena);
    for member in event.members {
        if !is_outside(member.name) {
            builder.member(member.name, member.value, EVENT, &mut children)?;
        }
    }
    Ok(sorted(children))
}

/// The elements of one member of an event, and how long the namespaces in it are together.
pub(super) fn children_of_member<'a: 'b, 'b>(
    member: &Member<'b>,
    context: &Context<'a>,
    ignored: &[&str],
    arena: &'b Bump,
) -> Result<(&'b mut [Node<'b>], usize), Fault<'b>> {
    let builder = Builder { context, ignored, arena, namespace_bytes: Cell::new(0) };
    let mut children = BumpVec::new_in(arena);
    if !is_outside(member.name) {
        builder.member(member.name, member.value, EVENT, &mut children)?;
    }
    Ok((sorted(children), builder.namespace_bytes.get()))
}

/// By the standard's order; what it does not order comes last.
fn sorted(mut nodes: Nodes<'_>) -> &mut [Node<'_>] {
    if !nodes.is_sorted_by_key(|node| node.place.rank) {
        nodes.sort_unstable_by_key(|node| node.place.rank);
    }
    nodes.into_bump_slice_mut()
}

struct Builder<'c, 'a, 'b> {
    context: &'c Context<'a>,
    ignored: &'c [&'c str],
    arena: &'b Bump,
    /// Written in place of prefixes so far.
    namespace_bytes: Cell<usize>,
}

impl<'a: 'b, 'b> Builder<'_, 'a, 'b> {
    /// Appends what one member of an object stands for, in a container with this order.
    fn member(
        &self,
        raw_name: &'b str,
        value: Value<'b>,
        order: &'static [Place],
        out: &mut Nodes<'b>,
    ) -> Result<(), Fault<'b>> {
        if is_no_element(raw_name) || self.ignored.contains(&raw_name) {
            return Ok(());
        }
        if raw_name == "childEPCs" {
            return self.list(Name::plain(raw_name), Name::plain("epc"), value, order, out);
        }
        let name = self.name(raw_name);
        if let Some(element) = name.local.strip_suffix("List") {
            if let Some((id, words)) = pair_list(raw_name) {
                return self.pairs(raw_name, id, words, value, out);
            }
            return self.list(name, Name { local: element, ..name }, value, order, out);
        }
        let elements = elements_of(&value);
        out.reserve(elements.len());
        elements.iter().try_for_each(|element| self.element(name, *element, order, out))
    }

    /// A list, as the element that XML has around its elements.
    fn list(
        &self,
        name: Name<'b>,
        element_name: Name<'b>,
        value: Value<'b>,
        order: &'static [Place],
        out: &mut Nodes<'b>,
    ) -> Result<(), Fault<'b>> {
        self.count(name.namespace, name.local)?;
        let place = InOrder::of(name, order);
        let children = self.elements(element_name, elements_of(&value), place.order())?;
        if !children.is_empty() {
            out.push(Node::new(name, place, Text::Raw(""), children));
        }
        Ok(())
    }

    fn pairs(
        &self,
        list: &'b str,
        id: &'static str,
        words: &'static Words,
        value: Value<'b>,
        out: &mut Nodes<'b>,
    ) -> Result<(), Fault<'b>> {
        let (none, nameless) = (InOrder::NONE, Name::plain(""));
        let elements = elements_of(&value);
        let mut pairs = BumpVec::with_capacity_in(elements.len(), self.arena);
        for element in elements {
            let element = element.as_object().ok_or(Fault { kind: Kind::NoPair, culprit: list })?;
            let value = element.get(id).ok_or(Fault { kind: Kind::NoPair, culprit: element.source })?;
            let mut pair = BumpVec::with_capacity_in(2, self.arena);
            match element.get("type") {
                Some(Value::String(text)) => {
                    pair.push(Node::new(Name::plain("type"), none, self.word(text, words)?, &mut []));
                }
                Some(other) => self.element(Name::plain("type"), other, &[], &mut pair)?,
                None => (),
            }
            self.element(Name::plain(id), value, &[], &mut pair)?;
            let pair = Node::new(nameless, none, Text::Raw(""), pair.into_bump_slice_mut());
            pairs.push(Node { is_pair: true, ..pair });
        }
        if !pairs.is_empty() {
            out.push(Node::new(Name::plain(list), none, Text::Raw(""), pairs.into_bump_slice_mut()));
        }
        Ok(())
    }

    fn elements(
        &self,
        name: Name<'b>,
        values: &[Value<'b>],
        order: &'static [Place],
    ) -> Result<&'b mut [Node<'b>], Fault<'b>> {
        let mut elements = BumpVec::with_capacity_in(values.len(), self.arena);
        for value in values {
            self.element(name, *value, order, &mut elements)?;
        }
        Ok(sorted(elements))
    }

    fn element(
        &self,
        name: Name<'b>,
        value: Value<'b>,
        order: &'static [Place],
        out: &mut Nodes<'b>,
    ) -> Result<(), Fault<'b>> {
        let (mut text, mut children): (_, &'b mut [Node<'b>]) = (Text::Raw(""), &mut []);
        let full_name = name.of_element(true);
        let mut place = InOrder::of(full_name, order);
        match value {
            Value::Object(object) => {
                let mut members = BumpVec::with_capacity_in(object.members.len(), self.arena);
                for member in object.members {
                    self.member(member.name, member.value, place.order(), &mut members)?;
                }
                children = sorted(members);
                if let Some(said) = object.get("#text") {
                    let fault = Fault { kind: Kind::NoText, culprit: object.source };
                    text = Text::Raw(said.as_str().ok_or(fault)?);
                }
            }
            Value::Array(values) => children = self.elements(Name::plain(""), values, &[])?,
            _ => (),
        }
        self.count(name.namespace, name.local)?;
        let name = name.of_element(!children.is_empty());
        if name != full_name {
            place = InOrder::of(name, order);
        }
        if !matches!(value, Value::Object(_) | Value::Array(_)) {
            text = self.scalar(value, place.says(name))?;
        }
        out.push(Node::new(name, place, text, children));
        Ok(())
    }

    /// The text of a scalar, as Python's `str` has it, which the published hashes follow.
    fn scalar(&self, value: Value<'b>, says: &'static Says) -> Result<Text<'b>, Fault<'b>> {
        Ok(Text::Raw(match (value, says) {
            (Value::String(text), Says::Word(words)) => return self.word(text, words),
            (Value::String(text), _) => return self.text(text),
            (Value::Number(literal), _) => literal,
            (Value::Bool(true), Says::Flag) => "true",
            (Value::Bool(false), Says::Flag) => "false",
            (Value::Bool(true), _) => "True",
            (Value::Bool(false), _) => "False",
            _ => "None",
        }))
    }

    /// The web URI of a word of a vocabulary, or any other text. The standard's own prefixes count here
    /// even where the document does not declare them.
    fn word(&self, text: &'b str, words: &'static Words) -> Result<Text<'b>, Fault<'b>> {
        if words.contains(text) {
            return Ok(Text::Word(words.stem, text));
        }
        self.expanded(text, |prefix| self.context.namespace(prefix))
    }

    /// A text, its prefix replaced by the namespace where the document declares the prefix.
    fn text(&self, text: &'b str) -> Result<Text<'b>, Fault<'b>> {
        self.expanded(text, |prefix| self.context.declared(prefix))
    }

    fn expanded(
        &self,
        text: &'b str,
        namespace_of: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Text<'b>, Fault<'b>> {
        let expanded = split_prefix(text).and_then(|(prefix, local)| Some((namespace_of(prefix)?, local)));
        let Some((namespace, local)) = expanded else { return Ok(Text::Raw(text)) };
        self.count(Some(namespace), text)?;
        let mut whole = BumpString::with_capacity_in(namespace.len() + local.len(), self.arena);
        whole.push_str(namespace);
        whole.push_str(local);
        Ok(Text::Raw(whole.into_bump_str()))
    }

    /// Counts a namespace that will be written for a name or text.
    fn count(&self, namespace: Option<&str>, culprit: &'b str) -> Result<(), Fault<'b>> {
        let bytes = self.namespace_bytes.get() + namespace.map_or(0, str::len);
        self.namespace_bytes.set(bytes);
        if bytes > NAMESPACE_BYTES_MAX { Err(Fault { kind: Kind::Namespaces, culprit }) } else { Ok(()) }
    }

    fn name(&self, raw_name: &'b str) -> Name<'b> {
        split_prefix(raw_name)
            .and_then(|(prefix, local)| Some(Name { namespace: Some(self.context.declared(prefix)?), local }))
            .unwrap_or(Name::plain(raw_name))
    }
}

impl<'b> Node<'b> {
    const fn new(name: Name<'b>, place: InOrder, text: Text<'b>, children: &'b mut [Node<'b>]) -> Self {
        Self { name, text, children, place, is_pair: false, is_written: false }
    }
}

impl InOrder {
    const NONE: Self = Self { rank: u8::MAX, place: None };

    pub(super) fn of(name: Name<'_>, order: &'static [Place]) -> Self {
        let is_plain = name.namespace.is_none();
        let found = (0..).zip(order).find(|(_, place)| is_plain && is_same(name.local, place.name));
        found.map_or(Self::NONE, |(rank, place)| Self { rank, place: Some(place) })
    }

    /// The order of what it holds.
    pub(super) fn order(self) -> &'static [Place] {
        self.place.map_or(&[], |place| place.order)
    }

    /// What the text of an element is that has this place and this name.
    fn says(self, name: Name<'_>) -> &'static Says {
        match (self.place, name) {
            (Some(place), _) => &place.says,
            (None, Name { namespace: None, local: "bizStep" }) => &Says::Word(&BIZ_STEP_WORDS),
            (None, Name { namespace: None, local: "disposition" }) => &Says::Word(&DISPOSITION_WORDS),
            _ => &Says::Text,
        }
    }
}

impl<'b> Name<'b> {
    pub(super) const fn plain(local: &'b str) -> Self {
        Self { namespace: None, local }
    }

    /// JSON leaves out or renames what XML calls some elements.
    fn of_element(self, has_children: bool) -> Self {
        match self {
            Self { namespace: Some(_), .. } => self,
            Self { local: "inputEPC" | "outputEPC", .. } => Self::plain("epc"),
            Self { local: "inputQuantity" | "outputQuantity" | "childQuantity", .. } => {
                Self::plain("quantityElement")
            }
            Self { local: "quantity", .. } if has_children => Self::plain("quantityElement"),
            _ => self,
        }
    }

    /// Whether a part of the name, which holds no `}`, stands in it.
    pub(super) fn contains(&self, part: &str) -> bool {
        self.local.contains(part) || self.namespace.is_some_and(|namespace| namespace.contains(part))
    }

    /// Whether it is of a namespace that ends with a slash.
    pub(super) fn is_in_slash_namespace(&self) -> bool {
        match self.namespace {
            Some(namespace) => {
                namespace.ends_with('/') || namespace.contains("/}") || self.local.contains("/}")
            }
            None => self.local.contains('{') && self.local.contains("/}"),
        }
    }

    pub(super) fn write(&self, out: &mut String) {
        if let Some(namespace) = self.namespace {
            out.push('{');
            out.push_str(namespace);
            out.push('}');
        }
        out.push_str(self.local);
    }
}

/// What stands before the first colon and behind it.
fn split_prefix(text: &str) -> Option<(&str, &str)> {
    let colon = text.bytes().position(|byte| byte == b':')?;
    Some((text.get(..colon)?, text.get(colon + 1..)?))
}

fn elements_of<'v, 'a>(value: &'v Value<'a>) -> &'v [Value<'a>] {
    match value {
        Value::Array(elements) => elements,
        scalar => std::slice::from_ref(scalar),
    }
}

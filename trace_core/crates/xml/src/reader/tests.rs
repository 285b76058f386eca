//! The reader beside a parser by others: whatever that one refuses is refused, and what both take reads the same.

use proptest::prelude::*;

use super::{Node, Reader, Said};

type Named = (String, String);

/// An element as a reader sees it: namespace and name, attributes with theirs, text without space around it.
#[derive(Debug, PartialEq)]
struct Seen {
    name: Named,
    attributes: Vec<(Named, String)>,
    text: String,
    children: Vec<Seen>,
}

fn ours(text: &str) -> Result<Seen, &'static str> {
    let read = || {
        let mut reader = Reader::of(text, Said::default())?;
        reader.complete()?;
        let seen = seen(reader.element());
        reader.finish()?;
        Ok(seen)
    };
    read().map_err(|fault: Box<super::Fault>| fault.code)
}

fn seen(node: Node<'_, '_>) -> Seen {
    let attributes = node.attributes().iter().map(|attribute| {
        let namespace = node.uri(attribute.namespace()).to_owned();
        ((namespace, attribute.name().local().to_owned()), attribute.value.to_string())
    });
    Seen {
        name: (node.uri(node.namespace()).to_owned(), node.local().to_owned()),
        attributes: attributes.collect(),
        text: node.text().into_owned(),
        children: node.children().map(seen).collect(),
    }
}

/// What roxmltree sees. `None` where it refuses.
fn theirs(text: &str) -> Option<Seen> {
    fn seen(node: roxmltree::Node<'_, '_>) -> Seen {
        let attributes = node.attributes().map(|attribute| {
            let namespace = attribute.namespace().unwrap_or_default().to_owned();
            ((namespace, attribute.name().to_owned()), attribute.value().to_owned())
        });
        let texts: String =
            node.children().filter(roxmltree::Node::is_text).filter_map(|n| n.text()).collect();
        let namespace = node.tag_name().namespace().unwrap_or_default();
        let own = if crate::names::is_standard(namespace) { "" } else { namespace };
        Seen {
            name: (own.to_owned(), node.tag_name().name().to_owned()),
            attributes: attributes.collect(),
            text: texts.trim().to_owned(),
            children: node.children().filter(roxmltree::Node::is_element).map(seen).collect(),
        }
    }
    roxmltree::Document::parse(text).ok().map(|document| seen(document.root_element()))
}

/// A well-formed text of all that there is, to be changed.
const WHOLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- a - b --><?c d?>
<e:a xmlns:e="http://e/" xmlns="http://d/" f='"&lt;&#233;é' e:f="&quot; g">
 h &amp; &#x69;<b xmlns="" xmlns:e="http://f/" e:j="
	k" xml:lang="de"/><![CDATA[<l>]]&]]> > m]]<!--n--><e:o
  ><p xmlns:q="http://e/" q:r='' ><q:s/>t<é·1 u-.=''></é·1></p></e:o
 >&apos;&gt;</e:a>
<?v w="x"?>
"#;

/// What is put somewhere into it, or in the place of something.
const PIECES: [&str; 44] = [
    "<",
    ">",
    "</",
    "/>",
    "/",
    "=",
    "\"",
    "'",
    "&",
    ";",
    "&#",
    "&#x41;",
    "&#0;",
    "&amp;",
    "&no;",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "--",
    "<?",
    "?>",
    "<?xml version='1.0'?>",
    "<!",
    ":",
    "e:",
    "-",
    "1",
    "é",
    "·",
    "×",
    "\u{1}",
    "\u{fffe}",
    " ",
    "\n",
    "<y/>",
    "<y>",
    "</y>",
    " z='1'",
    " e:z='1'",
    " xmlns:e='http://g/'",
    " xmlns='http://h/'",
    "<z:y/>",
    "<e:y xmlns:e='http://i/'>z</e:y>",
];

/// What roxmltree 0.21 takes though no XML may have it, or reads in another way than XML says; each is refused or read
/// as it should be here, and has a test in `tests/hostile.rs`.
fn is_known(text: &str) -> bool {
    let is_declared_twice = |tag: &str| tag.matches(" xmlns=").count() > 1;
    let declaration =
        text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map(|(inside, _)| inside);
    text.split('<').any(is_declared_twice)
        || text.contains("<?xml") && declaration != Some(r#" version="1.0" encoding="UTF-8""#)
        || text.split("<?").skip(1).any(|rest| {
            let name_ends = |c: char| c.is_whitespace() || c == '?';
            let target = rest.split(name_ends).next().unwrap_or_default();
            target.eq_ignore_ascii_case("xml") || !target.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
        || text.contains("<:")
        || text.contains("</:")
        || text.contains(" :")
        || text.contains(":xmlns")
        || text.contains("xmlns:xmlns")
        || text.contains("=\"\" xmlns:")
        || text.contains("xmlns:e=''")
        || text.contains("xmlns:e=\"\"")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn changed_text_is_refused_or_read_as_others_do(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..6_usize, 0..PIECES.len(), 0..12_usize), 0..4),
    ) {
        let mut text: Vec<char> = WHOLE.chars().collect();
        for (place, kind, piece, length) in changes {
            let from = place.index(text.len().max(1));
            let until = (from + length).min(text.len());
            let piece = PIECES[piece].chars();
            match kind {
                0 => drop(text.drain(from..until)),
                1 => drop(text.splice(from..until, piece)),
                2 => {
                    let again = text[from..until].to_vec();
                    text.splice(from..from, again);
                }
                _ => drop(text.splice(from..from, piece)),
            }
        }
        let text: String = text.into_iter().collect();
        match (ours(&text), theirs(&text)) {
            (Ok(ours), Some(theirs)) => prop_assert!(ours == theirs || is_known(&text), "read otherwise: {}", text),
            (Ok(_), None) => prop_assert!(false, "taken: {}", text),
            (Err(code), Some(_)) => prop_assert!(is_known(&text), "refused as {}: {}", code, text),
            (Err(_), None) => (),
        }
    }
}

#[test]
fn text_of_all_that_there_is_reads_as_others_read_it() {
    let ours = ours(WHOLE).expect("well-formed");
    assert_eq!(Some(&ours), theirs(WHOLE).as_ref());
    assert_eq!(ours.text, "h & i<l>]]& > m]]'>");
    assert_eq!(
        ours.children[0].attributes[0],
        (("http://f/".to_owned(), "j".to_owned()), " \tk".replace('\t', " "))
    );
}

//! The same bytes through parsers of others, which make values of them that can be read.

use std::hint::black_box;

use interleaved::fastest;

/// A parser, and how long it takes for the document at best.
pub(crate) struct Parser {
    pub(crate) name: &'static str,
    pub(crate) seconds: f64,
    parse: fn(&[u8]),
}

impl Parser {
    fn new(name: &'static str, document: &[u8], runs: usize, parse: fn(&[u8])) -> Self {
        let mut parser = Self { name, seconds: 0.0, parse };
        parser.seconds = fastest(runs, || parser.run(document));
        parser
    }

    pub(crate) fn run(&self, document: &[u8]) {
        (self.parse)(document);
    }
}

/// All of them, the fastest one first. simd-json was tried, too, and is left out: it wants to write into what it reads,
/// took 1.04 to 17 times as long as sonic-rs on these documents, and is another twenty crates.
pub(crate) fn json(document: &[u8], runs: usize) -> Vec<Parser> {
    let mut all = vec![
        Parser::new("serde_json", document, runs, |bytes| {
            black_box(serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON"));
        }),
        Parser::new("sonic-rs", document, runs, |bytes| {
            black_box(sonic_rs::from_slice::<sonic_rs::Value>(bytes).expect("JSON"));
        }),
    ];
    all.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    all
}

/// Each tag, attribute and text of XML, without a tree.
pub(crate) fn xml(document: &[u8], runs: usize) -> Parser {
    Parser::new("quick-xml", document, runs, |bytes| {
        let mut reader = quick_xml::Reader::from_reader(bytes);
        loop {
            match reader.read_event().expect("XML") {
                quick_xml::events::Event::Eof => break,
                quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                    tag.attributes().for_each(|attribute| drop(black_box(attribute.expect("an attribute"))));
                }
                event => drop(black_box(event)),
            }
        }
    })
}

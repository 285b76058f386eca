//! Documents are whole, within their limits, and the same for ever.

use serde_json::Value;
use simulate::{DOCUMENT_BYTES_MIN, Limits, Settings, Simulator};

fn whole(settings: Settings) -> Vec<u8> {
    Simulator::new(settings).unwrap().document().flatten().collect()
}

fn event_list(document: &[u8]) -> Vec<Value> {
    let mut document: Value = serde_json::from_slice(document).unwrap();
    assert_eq!(document["type"], "EPCISDocument");
    assert_eq!(document["schemaVersion"], "2.0");
    let Value::Array(events) = document["epcisBody"]["eventList"].take() else {
        panic!("no eventList");
    };
    events
}

/// FNV-1a, 64 bits: enough to see that a byte has changed.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

/// If this fails you have changed what every user of a seed gets: say so in the change log.
#[test]
fn bytes_of_a_seed_stay_the_same_for_ever() {
    assert_eq!(fingerprint(&whole(Settings::new(10_000, 1))), 0x9ACB_B5FA_C855_D030);
    let recall = Settings { recall_items: 2_000, troubled_per_10k: 5_000, ..Settings::new(5_000, 99) };
    assert_eq!(fingerprint(&whole(recall)), 0xCC66_B1C7_DA95_C6F0);
}

#[test]
fn bytes_of_two_seeds_differ_and_share_no_item() {
    let [one, two] = [1, 2].map(|seed| String::from_utf8(whole(Settings::new(1_000, seed))).unwrap());
    let lots = |text: &str| -> std::collections::BTreeSet<String> {
        text.split("lotNumber\":\"").skip(1).map(|rest| rest[..11].to_owned()).collect()
    };
    assert!(lots(&one).len() > 50);
    assert!(lots(&one).is_disjoint(&lots(&two)));
}

#[test]
fn document_of_every_size_has_exactly_so_many_events() {
    for events in [0, 1, 2, 3, 100, 1_000, 100_000] {
        let document = whole(Settings::new(events, 4));
        assert_eq!(event_list(&document).len() as u64, events);
    }
}

#[test]
fn series_within_limits_has_the_events_of_the_one_document() {
    let settings = Settings::new(2_000, 8);
    let expected = event_list(&whole(settings.clone()));
    let all = Limits::default();
    let cases = [
        all,
        Limits { events: 7, ..all },
        Limits { events: 0, ..all },
        Limits { bytes: 0, ..all },
        Limits { bytes: 20_000, ..all },
        Limits { bytes: 20_000, events: 15 },
    ];
    for limits in cases {
        let mut simulator = Simulator::new(settings.clone()).unwrap();
        let mut events = Vec::new();
        let mut fill = Vec::new();
        for document in simulator.documents(limits) {
            assert!(document.len() <= limits.bytes.max(DOCUMENT_BYTES_MIN));
            let of_document = event_list(&document);
            assert!((1..=limits.events.max(1)).contains(&(of_document.len() as u64)));
            fill.push(of_document.len());
            events.extend(of_document);
        }
        assert_eq!(events, expected);
        if limits == (Limits { events: 7, ..all }) {
            assert_eq!(fill.len(), 2_000_usize.div_ceil(7));
        }
    }
    assert_eq!(Simulator::new(Settings::new(0, 1)).unwrap().documents(all).count(), 0);
}

#[test]
fn documents_asked_for_one_by_one_lose_no_event() {
    let expected = event_list(&whole(Settings::new(500, 8)));
    let mut simulator = Simulator::new(Settings::new(500, 8)).unwrap();
    let limits = Limits { bytes: 9_000, ..Limits::default() };
    let mut events = Vec::new();
    for _ in 0..5 {
        events.extend(event_list(&simulator.documents(limits).next().unwrap()));
    }
    let rest: Vec<u8> = simulator.document().flatten().collect();
    events.extend(event_list(&rest));
    assert_eq!(events, expected);
}

#[test]
fn simulator_may_cross_threads() {
    fn assert_crosses<T: Send + Sync + 'static>() {}
    assert_crosses::<Simulator>();
}

#[test]
fn events_are_small_and_never_half_of_the_least_document() {
    let mut simulator = Simulator::new(Settings { recall_items: 5_000, ..Settings::new(20_000, 6) }).unwrap();
    let (mut text, mut total) = (Vec::new(), 0);
    while simulator.next_event(&mut text) {
        assert!(text.len() < DOCUMENT_BYTES_MIN / 2, "{}", text.len());
        total += text.len();
        text.clear();
    }
    assert!((400..1_200).contains(&(total / 20_000)), "{total}");
}

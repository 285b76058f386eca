//! The stories hold together, and what goes wrong in them is what was planted.

mod model;

use std::collections::BTreeSet;

use model::{Findings, events, read};
use serde_json::Value;
use simulate::{Domain, Role, Settings, SettingsError, Simulator, Trouble};

/// Consignments that the one story that is cut off may have on the road.
const CUT_OFF_MAX: usize = 5;

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

fn assert_coherent(found: &Findings) {
    assert_eq!(found.unknown, Vec::<String>::new());
    assert_eq!(found.held_twice, Vec::<String>::new());
}

#[test]
fn stories_without_trouble_show_none() {
    for seed in 0..4 {
        let settings = Settings { troubled_per_10k: 0, ..Settings::new(20_000, seed) };
        let (events, simulator) = events(settings);
        let found = read(&events);
        assert_coherent(&found);
        assert!(found.received.is_subset(&found.shipped));
        assert!(found.shipped.difference(&found.received).count() <= CUT_OFF_MAX);
        assert_eq!(found.mismatched, BTreeSet::new());
        assert_eq!(found.too_warm, BTreeSet::new());
        let troubles = [found.removed_in_vain, found.dispensed_twice, found.errors_declared];
        assert_eq!(troubles, [0; 3]);
        assert!(Trouble::ALL.into_iter().all(|trouble| simulator.troubles(trouble) == 0));
        assert!(simulator.landmarks().iter().all(|landmark| landmark.trouble.is_none()));
    }
}

#[test]
fn returnable_pallets_wear_out_after_few_or_many_trips() {
    let (events, _) = events(Settings::new(60_000, 3));
    let packed = read(&events).packed;
    let trips: Vec<usize> =
        packed.iter().filter(|(name, _)| name.starts_with("/8003/")).map(|(_, n)| *n).collect();
    assert!(trips.iter().all(|trips| (1..=20).contains(trips)), "{trips:?}");
    for (least, most) in [(1, 3), (4, 7), (8, 20)] {
        assert!(trips.iter().any(|trips| (least..=most).contains(trips)), "{least} to {most} of {trips:?}");
    }
}

#[test]
fn stories_with_trouble_show_what_was_planted() {
    for (events_wanted, rate) in [(100_000, 300), (20_000, 10_000)] {
        let settings = Settings { troubled_per_10k: rate, ..Settings::new(events_wanted, 11) };
        let (events, simulator) = events(settings);
        let found = read(&events);
        assert_coherent(&found);
        let planted = |trouble| count(simulator.troubles(trouble));
        // The story that is cut off may show its trouble, but is not counted.
        let about = |found: usize, planted: usize, more: usize| {
            assert!(planted > 0 && (planted..=planted + more).contains(&found), "{found} {planted}");
        };
        about(found.too_warm.len(), planted(Trouble::ColdExcursion), 1);
        let unreceived = found.shipped.difference(&found.received).count();
        about(unreceived, planted(Trouble::NeverReceived), CUT_OFF_MAX);
        let unshipped = found.received.difference(&found.shipped).count();
        about(unshipped, planted(Trouble::NeverShipped), 1);
        about(found.errors_declared, planted(Trouble::ErrorDeclared), 1);
        assert_eq!(found.errors_declared, found.corrected);
        let reused = |(name, times): (&String, &usize)| name.starts_with("/8003/") && *times > 1;
        assert!(found.packed.iter().any(reused));
        about(found.mismatched.len(), planted(Trouble::QuantityMismatch), 1);
        about(found.dispensed_twice, planted(Trouble::DispensedTwice), 1);
        about(found.removed_in_vain, planted(Trouble::NeverInstalled), 1);
    }
}

#[test]
fn event_times_ascend_between_start_and_end() {
    let long = Settings::new(20_000, 5);
    let hurried = Settings { start_s: long.end_s - 86_400, ..long.clone() };
    let small = Settings::new(40, 5);
    for settings in [long, hurried, small] {
        let (start_s, end_s) = (settings.start_s, settings.end_s);
        let (events, _) = events(settings);
        let times: Vec<u64> = events.iter().map(|event| utc_s(&event["eventTime"])).collect();
        assert!(times.is_sorted());
        assert!(start_s <= times[0] && times[times.len() - 1] <= end_s);
        for event in &events {
            assert!(
                event["eventTime"]
                    .as_str()
                    .unwrap()
                    .ends_with(event["eventTimeZoneOffset"].as_str().unwrap())
            );
            for element in event["sensorElementList"].as_array().into_iter().flatten() {
                assert!(utc_s(&element["sensorMetadata"]["time"]) <= utc_s(&event["eventTime"]));
            }
            if event["errorDeclaration"].is_object() {
                assert!(utc_s(&event["errorDeclaration"]["declarationTime"]) <= end_s);
            }
        }
    }
}

/// Seconds since 1970 of `2025-03-09T08:15:22.000+02:00`, counting the days one year at a time.
fn utc_s(time: &Value) -> u64 {
    let text = time.as_str().unwrap();
    let number = |range: std::ops::Range<usize>| text[range].parse::<u64>().unwrap();
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let year = number(0..4);
    let mut days: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum();
    let months = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30];
    days += months.iter().take(usize::try_from(number(5..7)).unwrap() - 1).sum::<u64>() + number(8..10) - 1;
    let local = days * 86_400 + number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
    let zone = number(24..26) * 3_600 + number(27..29) * 60;
    if &text[23..24] == "-" { local + zone } else { local - zone }
}

#[test]
fn a_hundred_events_tell_of_all_domains_in_all_types() {
    for seed in 0..20 {
        let (events, _) = events(Settings::new(100, seed));
        let kinds = [
            ("fish", "cbvmda:catchArea"),
            ("produce", "harvesting"),
            ("medicine", "cbvmda:itemExpirationDate"),
            ("parts", "AssociationEvent"),
        ];
        for (domain, sign) in kinds {
            assert!(events.iter().any(|event| event.to_string().contains(sign)), "{seed}: no {domain}");
        }
        let types: BTreeSet<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
        assert_eq!(types.len(), 5, "{types:?}");
    }
}

#[test]
fn a_thousand_events_show_every_trouble_and_things_to_try() {
    for seed in 0..10 {
        let (_, simulator) = events(Settings::new(1_200, seed));
        for trouble in Trouble::ALL {
            assert!(simulator.landmarks().iter().any(|l| l.trouble == Some(trouble)), "{seed} {trouble:?}");
        }
        for role in [Role::Lot, Role::Pack, Role::Consignment, Role::Assembly] {
            let calm = simulator.landmarks().iter().any(|l| l.role == role && l.trouble.is_none());
            assert!(calm, "{seed} {role:?}");
        }
    }
}

#[test]
fn landmarks_are_items_of_their_stories_in_three_forms() {
    let (events, simulator) = events(Settings::new(3_000, 2));
    let text: String = events.iter().map(Value::to_string).collect();
    for landmark in simulator.landmarks() {
        assert!(text.contains(&landmark.urn) || text.contains(&landmark.digital_link), "{landmark:?}");
        let names =
            [&landmark.urn, &landmark.digital_link].map(|uri| model::name(&Value::from(uri.as_str())));
        assert_eq!(names[0], names[1]);
        let fields = landmark.element_string.replace(['(', ')'], "/");
        assert_eq!(names[0], fields);
    }
    assert!(Domain::ALL.into_iter().all(|d| simulator.landmarks().iter().any(|l| l.domain == d)));
}

#[test]
fn a_large_lot_reaches_as_many_items_as_asked() {
    for items in [1, 20, 21, 10_000] {
        let settings = Settings { recall_items: items, ..Settings::new(10_000, 3) };
        let (events, simulator) = events(settings);
        let found = read(&events);
        assert_coherent(&found);
        let large = simulator.landmarks().iter().find(|l| l.role == Role::LargeLot).unwrap();
        let reached = found.forward[&model::name(&Value::from(large.urn.as_str()))].len();
        let items = count(items.into());
        assert!((items..items + 20).contains(&reached), "{reached}");
    }
}

#[test]
fn the_large_lot_is_named_though_many_others_end_before_it() {
    let month = Settings::new(60_000, 21);
    let month = Settings { start_s: month.end_s - 30 * 86_400, recall_items: 2_000, ..month };
    let (_, simulator) = events(month);
    assert!(simulator.landmarks().iter().any(|l| l.role == Role::LargeLot));
}

#[test]
fn settings_out_of_bounds_are_refused() {
    let good = Settings::new(1_000, 1);
    let refused = |settings| Simulator::new(settings).err();
    assert_eq!(refused(good.clone()), None);
    let many = Settings { events: simulate::EVENTS_MAX + 1, ..good.clone() };
    assert_eq!(refused(many), Some(SettingsError::TooManyEvents));
    let late = Settings { end_s: simulate::END_S_MAX + 1, ..good.clone() };
    assert_eq!(refused(late), Some(SettingsError::Span));
    let backwards = Settings { start_s: good.end_s, ..good.clone() };
    assert_eq!(refused(backwards), Some(SettingsError::Span));
    let far = Settings { start_s: u64::MAX, ..good.clone() };
    assert_eq!(refused(far), Some(SettingsError::Span));
    let troubled = Settings { troubled_per_10k: 10_001, ..good.clone() };
    assert_eq!(refused(troubled), Some(SettingsError::TroubleRate));
    let recall = Settings { recall_items: simulate::RECALL_ITEMS_MAX + 1, ..good.clone() };
    assert_eq!(refused(recall), Some(SettingsError::TooManyRecallItems));
    let Some(SettingsError::TooFewEvents { needed }) =
        refused(Settings { recall_items: 10_000, ..good.clone() })
    else {
        panic!("a thousand events are too few");
    };
    let enough = Settings { recall_items: 10_000, events: needed, ..good };
    assert_eq!(refused(enough), None);
}

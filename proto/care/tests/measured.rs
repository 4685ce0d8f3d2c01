//! What is kept of a value: a number that can have been measured, or why there is none.
//!
//! Not here: what the wire does to a value (`proto`), what a person's home makes of it.

use care::reading::{measured, number};
use proto::unit::NoData;
use proto::up::{Quantity, Value};

fn told(quantity: Quantity, value: Option<f32>, no_data: Option<NoData>) -> Value {
    Value { quantity, value, no_data, age_s: 0 }
}

#[test]
fn no_register_sentinel_and_nothing_that_is_no_number_is_ever_measured() {
    let none =
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 65_535.0, -32_768.0, 1e10, -1e10, 3.4e38];
    for quantity in Quantity::ALL {
        for number in none {
            let value = told(quantity, Some(number), None);
            assert_eq!(measured(&value, 60), Err(NoData::Implausible), "{quantity:?} {number}");
        }
    }
}

#[test]
fn a_rate_at_a_limit_of_its_sensor_is_a_gap_and_one_inside_is_measured() {
    for (quantity, clipped, inside) in [
        (Quantity::Heart, [20.0, 30.0, 200.0, 250.0], [31.0, 199.0]),
        (Quantity::Breath, [3.0, 4.0, 50.0, 60.0], [5.0, 49.0]),
    ] {
        for number in clipped {
            let value = told(quantity, Some(number), None);
            assert_eq!(measured(&value, 60), Err(NoData::Clipped), "{quantity:?} {number}");
        }
        for number in inside {
            assert_eq!(measured(&told(quantity, Some(number), None), 60), Ok(number));
        }
    }
    // Ends of a scale that is whole are values like others.
    for number in [0.0, 100.0] {
        assert_eq!(measured(&told(Quantity::Restless, Some(number), None), 60), Ok(number));
        assert_eq!(measured(&told(Quantity::InBed, Some(number), None), 60), Ok(number));
    }
}

#[test]
fn a_reason_that_was_told_stays_and_a_missing_one_is_a_fault_and_never_an_empty_bed() {
    let off = told(Quantity::Heart, Some(255.0), Some(NoData::Off));
    assert_eq!(number(&off, 60), Err(NoData::Off));
    let still = told(Quantity::Motion, Some(0.0), Some(NoData::Timeout));
    assert_eq!(number(&still, 60), Err(NoData::Timeout), "a zero that nobody measured");
    assert_eq!(
        number(&told(Quantity::Heart, None, Some(NoData::Timeout)), 60),
        Err(NoData::Timeout)
    );
    assert_eq!(number(&told(Quantity::Heart, None, None), 60), Err(NoData::Fault));
}

#[test]
fn what_was_counted_in_a_span_is_of_that_span_however_long_nothing_has_changed() {
    for quantity in [Quantity::Motion, Quantity::Door] {
        let still = Value { age_s: 7_200, ..told(quantity, Some(0.0), None) };
        assert_eq!(measured(&still, 60), Ok(0.0));
    }
}

#[test]
fn a_value_older_than_its_span_is_stale() {
    let old = Value { age_s: 121, ..told(Quantity::Heart, Some(61.0), None) };
    assert_eq!(measured(&old, 60), Err(NoData::Stale));
    assert_eq!(measured(&Value { age_s: 120, ..old }, 60), Ok(61.0));
}

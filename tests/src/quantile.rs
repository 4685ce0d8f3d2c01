//! Quantiles of a list of times, exact: the lists here are short enough to sort.
//!
//! The p-th is the smallest value that at least p per cent of the list do not exceed. Not here:
//! histograms, which blur the tail that matters.

use serde_json::{Value, json};

/// `{p50, p90, p99, max}` in milliseconds of times in microseconds; none where nothing was measured.
pub fn of_us(times: &mut [u64]) -> Value {
    times.sort_unstable();
    let at = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100).max(1) - 1;
        times.get(rank).map(|us| ms(*us))
    };
    json!({ "p50": at(50), "p90": at(90), "p99": at(99), "max": at(100) })
}

/// Milliseconds with three digits after the point.
#[expect(clippy::cast_precision_loss, reason = "microseconds of a run fit 52 bits")]
pub fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_of_the_list() {
        let mut times: Vec<u64> = (1..=100).rev().map(|n| n * 1000).collect();
        let q = of_us(&mut times);
        assert_eq!(q, json!({ "p50": 50.0, "p90": 90.0, "p99": 99.0, "max": 100.0 }));
        assert_eq!(of_us(&mut [7000]), json!({ "p50": 7.0, "p90": 7.0, "p99": 7.0, "max": 7.0 }));
        assert!(of_us(&mut []).get("p50").is_some_and(Value::is_null));
    }
}

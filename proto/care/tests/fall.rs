//! Falls of who wears the device: told within seconds, confirmed by stillness, taken back by getting up.
//!
//! Each case is a short film of acceleration, written as scenes and played at any rate, range and way of wearing.
//! Not here: recordings of people, which the judge reads.

use care::fall::{Fall, Fell, Worn};
use proto::unit::Millis;

/// Seconds of one kind of movement.
#[derive(Clone, Copy)]
enum Scene {
    Stand(f64),
    Walk(f64),
    /// Into a chair, with a bump of so many g.
    SitDown(f64),
    /// Off the ground and down on the feet.
    Jump,
    /// A trip that is caught.
    Stumble,
    /// Down to the floor, with a blow of so many g.
    Fall(f64),
    Lie(f64),
    /// From lying to standing.
    GetUp,
    /// The device alone, from a table.
    Drop,
}

impl Scene {
    fn seconds(self) -> f64 {
        match self {
            Self::Stand(s) | Self::Walk(s) | Self::Lie(s) => s,
            Self::SitDown(_) => 1.5,
            Self::Jump => 1.2,
            Self::Stumble => 1.0,
            Self::Fall(_) => 1.2,
            Self::GetUp => 2.5,
            Self::Drop => 1.0,
        }
    }

    /// Acceleration in g at `t` seconds into the scene; standing is (0, 1, 0), lying is (1, 0, 0.2).
    fn at(self, t: f64) -> [f64; 3] {
        let wave = |hz: f64| (t * hz * std::f64::consts::TAU).sin();
        let bump = |from: f64, width: f64| {
            let x = (t - from) / width;
            if (0.0..1.0).contains(&x) { (x * std::f64::consts::PI).sin() } else { 0.0 }
        };
        match self {
            Self::Stand(_) => [0.01 * wave(0.4), 1.0, 0.01 * wave(0.3)],
            Self::Walk(_) => [0.1 * wave(0.9), 1.0 + 0.25 * wave(1.8), 0.12 * wave(1.8)],
            Self::SitDown(g) => [
                0.1 * bump(0.1, 0.8),
                1.0 - 0.35 * bump(0.2, 0.5) + (g - 1.0) * bump(0.7, 0.12),
                0.0,
            ],
            Self::Jump => {
                let push = 0.9 * bump(0.1, 0.3) + 1.8 * bump(0.75, 0.2);
                [0.0, 1.0 - 0.9 * bump(0.38, 0.38) + push, 0.1 * wave(3.0)]
            }
            Self::Stumble => [
                0.6 * bump(0.2, 0.3) - 0.4 * bump(0.5, 0.2),
                1.0 - 0.3 * bump(0.1, 0.2) + 0.8 * bump(0.35, 0.2),
                0.3 * bump(0.2, 0.4),
            ],
            Self::Fall(g) => {
                let turned = (t / 0.7).clamp(0.0, 1.0) * std::f64::consts::FRAC_PI_2;
                let carried = 1.0 - 0.7 * bump(0.1, 0.6);
                let blow = (g - 1.0) * bump(0.68, 0.09) + 0.8 * bump(0.85, 0.15);
                [
                    turned.sin() * carried + blow * 0.9,
                    turned.cos() * carried + blow * 0.4,
                    0.2 * blow,
                ]
            }
            Self::Lie(_) => [0.98, 0.005 * wave(0.3), 0.2],
            Self::GetUp => {
                let turned = (t / 2.0).clamp(0.0, 1.0) * std::f64::consts::FRAC_PI_2;
                [turned.cos() + 0.1 * wave(1.3), turned.sin() + 0.15 * wave(1.7), 0.1 * wave(0.8)]
            }
            Self::Drop => {
                let on_table = if t < 0.5 { 0.0 } else { 1.0 };
                let blow = 9.0 * bump(0.5, 0.02) + 2.0 * bump(0.6, 0.02);
                if t < 0.1 { [0.0, 1.0, 0.0] } else { [0.1 * blow, 0.2 * blow, on_table + blow] }
            }
        }
    }
}

/// How a film is played.
#[derive(Clone, Copy)]
struct Play {
    worn: Worn,
    rate_hz: u16,
    clip_mg: f64,
    /// Which axis goes where, and its sign.
    turned: [(usize, f64); 3],
    /// Seconds at which samples are lost.
    gap: Option<f64>,
}

const PLAY: Play = Play {
    worn: Worn::Body,
    rate_hz: 50,
    clip_mg: 16_000.0,
    turned: [(0, 1.0), (1, 1.0), (2, 1.0)],
    gap: None,
};

/// What was said, and when, seconds from the start.
fn play(film: &[Scene], how: Play) -> (Vec<(f64, Fell)>, Fall) {
    let mut fall = Fall::new(how.worn, how.rate_hz);
    let (mut said, mut n, mut noise) = (Vec::new(), 0_u32, 1_u32);
    let (mut begin, rate) = (0.0, f64::from(how.rate_hz));
    for scene in film {
        while f64::from(n) / rate < begin + scene.seconds() {
            let t = f64::from(n) / rate;
            if how.gap.is_some_and(|gap| t >= gap && t < gap + 1.0 / rate) {
                fall.gap();
            }
            let felt = scene.at(t - begin);
            let sample = how.turned.map(|(axis, sign)| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = f64::from(noise >> 16) / 65_536.0 * 8.0 - 4.0;
                let mg = (felt[axis] * 1000.0).round() * sign
                    + if how.turned == PLAY.turned { hiss } else { 0.0 };
                #[expect(clippy::cast_possible_truncation, reason = "clamped")]
                let whole = mg.clamp(-how.clip_mg, how.clip_mg).round() as i16;
                whole
            });
            said.extend(fall.push(sample).map(|word| (t, word)));
            n += 1;
        }
        begin += scene.seconds();
    }
    (said, fall)
}

const HARD_FALL: [Scene; 4] =
    [Scene::Walk(6.0), Scene::Stand(1.0), Scene::Fall(5.0), Scene::Lie(20.0)];

fn suspected(said: &[(f64, Fell)]) -> usize {
    said.iter().filter(|(_, word)| matches!(word, Fell::Suspected { .. })).count()
}

#[test]
fn a_hard_fall_is_suspected_in_seconds_and_confirmed_by_stillness_at_any_rate() {
    for rate_hz in [20, 25, 32, 50, 100, 200] {
        let (said, fall) = play(&HARD_FALL, Play { rate_hz, ..PLAY });
        let [(at, Fell::Suspected { ago }), (_, Fell::Confirmed { ago: later })] = said[..] else {
            panic!("{rate_hz} Hz: {said:?}")
        };
        assert!(at < 7.7 + 2.5 && ago <= Millis::new(2100), "{rate_hz} Hz: at {at}, {ago:?}");
        assert!(later >= Millis::secs(5) && later <= Millis::secs(10), "{rate_hz} Hz: {later:?}");
        let why = fall.why();
        assert!(why.descended() && why.struck() && why.turned() && why.lay_still(), "{why:?}");
        assert!(why.turned_deg.abs_diff(90) <= 15 && why.confirmed && why.margin > 0, "{why:?}");
    }
}

#[test]
fn daily_life_is_no_fall() {
    let films: [(&str, &[Scene]); 6] = [
        ("standing", &[Scene::Stand(30.0)]),
        ("walking", &[Scene::Walk(60.0)]),
        ("sitting down", &[Scene::Walk(5.0), Scene::SitDown(1.6), Scene::Stand(10.0)]),
        ("sitting down hard", &[Scene::Walk(5.0), Scene::SitDown(3.0), Scene::Stand(10.0)]),
        ("jumping", &[Scene::Stand(4.0), Scene::Jump, Scene::Jump, Scene::Jump, Scene::Stand(5.0)]),
        ("a stumble that is caught", &[Scene::Walk(6.0), Scene::Stumble, Scene::Walk(6.0)]),
    ];
    for (name, film) in films {
        for rate_hz in [20, 50, 200] {
            let (said, _) = play(film, Play { rate_hz, ..PLAY });
            assert_eq!(said, [], "{name} at {rate_hz} Hz");
        }
    }
}

#[test]
fn who_gets_up_and_walks_takes_it_back() {
    let film = [
        Scene::Walk(6.0),
        Scene::Fall(5.0),
        Scene::Lie(3.0),
        Scene::GetUp,
        Scene::Walk(15.0),
        Scene::Stand(60.0),
    ];
    let (said, fall) = play(&film, PLAY);
    let [(_, Fell::Suspected { .. }), (_, Fell::Recovered { ago })] = said[..] else {
        panic!("{said:?}")
    };
    assert!(ago > Millis::secs(5) && ago < Millis::secs(20), "{ago:?}");
    assert!(!fall.why().confirmed);
}

#[test]
fn who_gets_up_late_takes_it_back_after_it_was_confirmed() {
    let film =
        [Scene::Walk(6.0), Scene::Fall(5.0), Scene::Lie(30.0), Scene::GetUp, Scene::Walk(15.0)];
    let (said, _) = play(&film, PLAY);
    let words: Vec<Fell> = said.into_iter().map(|(_, word)| word).collect();
    assert!(
        matches!(
            words[..],
            [Fell::Suspected { .. }, Fell::Confirmed { .. }, Fell::Recovered { .. }]
        ),
        "{words:?}"
    );
}

#[test]
fn a_second_fall_after_getting_up_is_a_fall_again() {
    let film = [
        Scene::Walk(6.0),
        Scene::Fall(5.0),
        Scene::Lie(4.0),
        Scene::GetUp,
        Scene::Walk(15.0),
        Scene::Fall(5.0),
        Scene::Lie(10.0),
    ];
    let (said, _) = play(&film, PLAY);
    assert_eq!(suspected(&said), 2, "{said:?}");
}

#[test]
fn a_sensor_of_eight_g_tells_the_same_fall() {
    let film = [Scene::Walk(6.0), Scene::Fall(12.0), Scene::Lie(10.0)];
    for clip_mg in [8_000.0, 16_000.0] {
        let (said, _) = play(&film, Play { clip_mg, ..PLAY });
        assert_eq!(suspected(&said), 1, "±{clip_mg} mg: {said:?}");
    }
}

#[test]
fn any_way_of_wearing_it_says_the_same() {
    let plain = Play { turned: [(0, 1.0), (1, 1.0), (2, -1.0)], ..PLAY };
    let (expected, upright) = play(&HARD_FALL, plain);
    assert_eq!(suspected(&expected), 1);
    for turned in [
        [(1, 1.0), (0, -1.0), (2, 1.0)],
        [(2, -1.0), (1, -1.0), (0, 1.0)],
        [(1, -1.0), (2, -1.0), (0, -1.0)],
    ] {
        let (said, fall) = play(&HARD_FALL, Play { turned, ..PLAY });
        assert_eq!(said, expected);
        assert!(fall.why().turned_deg.abs_diff(upright.why().turned_deg) <= 1);
        assert_eq!(fall.why().blow_mg, upright.why().blow_mg);
    }
}

#[test]
fn a_gap_starts_anew_and_says_nothing_of_a_blow_before_it() {
    // The blow is at 7.7 s; it would be looked at at 9.7 s.
    let (said, _) = play(&HARD_FALL, Play { gap: Some(9.0), ..PLAY });
    assert_eq!(said, []);
    // A gap a second before the fall takes nothing from it.
    let (said, _) = play(&HARD_FALL, Play { gap: Some(6.0), ..PLAY });
    assert_eq!(suspected(&said), 1, "{said:?}");
}

#[test]
fn a_pendant_dropped_on_the_table_is_no_fall_of_a_person() {
    for (worn, rate_hz) in
        [(Worn::Body, 20), (Worn::Body, 50), (Worn::Wrist, 50), (Worn::Body, 200)]
    {
        let film = [Scene::Walk(6.0), Scene::Stand(1.0), Scene::Drop, Scene::Stand(10.0)];
        let (said, _) = play(&film, Play { worn, rate_hz, ..PLAY });
        assert_eq!(said, [], "{worn:?} at {rate_hz} Hz");
    }
}

#[test]
fn what_no_sensor_can_say_is_a_gap_and_never_an_alarm() {
    let mut fall = Fall::new(Worn::Body, 50);
    for n in 0..2_000 {
        let broken = if n % 7 == 0 { [32_000, -32_000, 32_000] } else { [0, 1000, 0] };
        assert_eq!(fall.push(broken), None);
    }
}

#[test]
fn a_detector_fits_in_four_kilobytes() {
    assert!(size_of::<Fall>() <= 4096, "{} bytes", size_of::<Fall>());
}

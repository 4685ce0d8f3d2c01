//! The accelerometer's driver over the chip in memory: what is felt arrives once, and what cannot be told is said.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use firmware::accelerometer_model::{AccelerometerModel, NoAnswer};
use firmware::device::{Burst, Sample};
use firmware::sensor::accelerometer::{ADDRESS, Accelerometer, Range, Rate, SILENT_AFTER};
use firmware::sensor::battery::{Battery, Cell};
use firmware::sensor::registers::{OnI2c, OnSpi};
use proto::unit::{Mono, NoData, Percent};

/// The chip on a bus that the test can reach too.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<AccelerometerModel>>);

impl ErrorType for Shared {
    type Error = NoAnswer;
}

impl I2c for Shared {
    fn transaction(&mut self, at: u8, operations: &mut [Operation<'_>]) -> Result<(), NoAnswer> {
        I2c::transaction(&mut *self.0.borrow_mut(), at, operations)
    }
}

struct Wearer {
    chip: Shared,
    driver: Accelerometer<OnI2c<Shared>>,
    now: u64,
    bursts: Vec<Burst>,
    none: Vec<NoData>,
}

impl Wearer {
    fn new(range: Range) -> Self {
        let chip = Shared::default();
        let bus = OnI2c { bus: chip.clone(), address: ADDRESS };
        let driver = Accelerometer::new(bus, range, Rate::Hz50, Mono::from_millis(0));
        Self { chip, driver, now: 0, bursts: vec![], none: vec![] }
    }

    /// Lives for so many samples of the chip, with a look at the driver each 20 ms.
    fn live(&mut self, samples: u64, felt: impl Fn(u64) -> [i16; 3]) {
        for n in 0..samples {
            self.sleep(1, |_| felt(n));
            self.look();
        }
    }

    /// The same without a look.
    fn sleep(&mut self, samples: u64, felt: impl Fn(u64) -> [i16; 3]) {
        for n in 0..samples {
            self.now += 20;
            self.chip.0.borrow_mut().feel(felt(n));
        }
    }

    fn look(&mut self) {
        match self.driver.poll(Mono::from_millis(self.now)) {
            Some(Sample::Acceleration(burst)) => self.bursts.push(burst),
            Some(Sample::NoAcceleration(reason)) => self.none.push(reason),
            Some(other) => panic!("{other:?} from an accelerometer"),
            None => {}
        }
    }

    fn proved(range: Range) -> Self {
        let mut wearer = Self::new(range);
        wearer.live(100, |_| [0, 0, 1000]);
        assert!(!wearer.bursts.is_empty() && wearer.none.is_empty(), "{:?}", wearer.none);
        wearer.bursts.clear();
        wearer
    }

    fn felt(&self) -> Vec<[i16; 3]> {
        self.bursts.iter().flat_map(|burst| burst.samples().to_vec()).collect()
    }
}

#[test]
fn every_sample_arrives_once_in_order_and_in_milli_g() {
    let mut wearer = Wearer::proved(Range::G16);
    let step = |n: u64| [12 * i16::try_from(n % 500).unwrap(), -1200, 996];
    wearer.live(400, step);
    let felt = wearer.felt();
    let first = felt.iter().position(|mg| mg[1] == -1200).unwrap();
    let ours = &felt[first..];
    assert!(ours.len() > 380);
    for (n, mg) in (0..).zip(ours) {
        assert_eq!(*mg, step(n));
    }
    assert!(wearer.bursts.iter().all(|burst| burst.lost() == 0));
}

#[test]
fn a_hard_knock_is_measured_up_to_the_range() {
    for (range, most) in [(Range::G8, 8_188), (Range::G16, 15_996)] {
        let mut wearer = Wearer::proved(range);
        wearer.live(20, |n| if n == 5 { [0, 0, 16_000] } else { [0, 0, 1000] });
        assert_eq!(wearer.felt().iter().map(|mg| mg[2]).max(), Some(most));
    }
}

#[test]
fn the_bus_rests_between_looks() {
    let mut wearer = Wearer::proved(Range::G16);
    let before = wearer.chip.0.borrow().talks;
    wearer.live(800, |_| [0, 0, 1000]);
    let talks = wearer.chip.0.borrow().talks - before;
    assert!(talks <= 300, "{talks} talks for a hundred bursts");
}

#[test]
fn samples_that_were_overwritten_are_told_as_lost() {
    let mut wearer = Wearer::proved(Range::G16);
    wearer.sleep(100, |_| [0, 0, 1000]);
    wearer.live(10, |_| [0, 0, 1000]);
    let lost: u16 = wearer.bursts.iter().map(Burst::lost).sum();
    assert!((60..=80).contains(&lost), "{lost} of 100 told as lost, 32 were there");
    wearer.bursts.clear();
    wearer.live(100, |_| [0, 0, 1000]);
    assert!(wearer.bursts.iter().all(|burst| burst.lost() == 0), "told once");
}

#[test]
fn a_broken_bus_is_a_fault_that_is_tried_again_with_pauses_and_heals() {
    let mut wearer = Wearer::proved(Range::G16);
    wearer.chip.0.borrow_mut().wired = false;
    let before = wearer.chip.0.borrow().talks;
    wearer.live(50 * 120, |_| [0, 0, 1000]);
    assert!(wearer.none.iter().all(|reason| *reason == NoData::Fault));
    assert!((5..=14).contains(&wearer.none.len()), "{} tries in two minutes", wearer.none.len());
    assert!(wearer.chip.0.borrow().talks - before <= 20);
    wearer.chip.0.borrow_mut().wired = true;
    wearer.live(50 * 32, |_| [0, 0, 1000]);
    let lost = wearer.bursts.first().expect("it is back").lost();
    assert!(lost > 50 * 100, "{lost} samples are missing");
}

#[test]
fn a_chip_that_lost_its_power_is_noticed_and_set_up_again() {
    let mut wearer = Wearer::proved(Range::G16);
    wearer.chip.0.borrow_mut().brown_out();
    wearer.live(SILENT_AFTER.get() / 20 + 120, |_| [0, 0, 1000]);
    assert_eq!(wearer.none, [NoData::Timeout]);
    assert!(wearer.bursts.last().is_some_and(|burst| burst.lost() == 0), "it measures again");
}

#[test]
fn another_chip_or_a_stuck_axis_never_gives_a_value() {
    let mut wearer = Wearer::new(Range::G16);
    wearer.chip.0.borrow_mut().stuck = Some((1, 0));
    wearer.live(500, |_| [0, 0, 1000]);
    assert!(wearer.bursts.is_empty() && wearer.none.contains(&NoData::Fault));
    let mut wrong = Wearer::new(Range::G16);
    wrong.driver = Accelerometer::new(
        OnI2c { bus: wrong.chip.clone(), address: ADDRESS + 1 },
        Range::G16,
        Rate::Hz50,
        Mono::from_millis(0),
    );
    wrong.live(100, |_| [0, 0, 1000]);
    assert!(wrong.bursts.is_empty() && !wrong.none.is_empty());
}

#[test]
fn an_axis_that_gets_stuck_in_use_is_found_once_the_wearer_turns() {
    let mut wearer = Wearer::proved(Range::G16);
    wearer.chip.0.borrow_mut().stuck = Some((0, 24));
    wearer.live(50 * 25, |n| if n % 100 < 50 { [0, 0, 1000] } else { [0, 1000, 0] });
    assert!(wearer.none.contains(&NoData::Fault));
    let before = wearer.bursts.len();
    wearer.live(50 * 60, |_| [0, 0, 1000]);
    assert_eq!(wearer.bursts.len(), before, "the push proves that it is stuck");
}

#[test]
fn a_sensor_on_the_table_or_on_a_sleeper_is_no_fault() {
    let mut wearer = Wearer::proved(Range::G16);
    wearer.live(50 * 600, |_| [12, -24, 996]);
    assert!(wearer.none.is_empty());
    wearer.live(50 * 60, |n| if n % 50 < 10 { [0, 0, 0] } else { [12, -24, 996] });
    assert!(wearer.none.is_empty(), "a moment without weight is a jump");
    wearer.live(50 * 3, |_| [0, 0, 12]);
    assert_eq!(wearer.none, [NoData::Fault], "seconds without weight are no jump");
}

#[test]
fn the_same_driver_reads_over_spi() {
    let chip = AccelerometerModel::default();
    let mut driver = Accelerometer::new(OnSpi(chip), Range::G8, Rate::Hz100, Mono::from_millis(0));
    assert_eq!(driver.poll(Mono::from_millis(0)), None);
    assert_eq!(
        driver.poll(driver.due()),
        Some(Sample::NoAcceleration(NoData::Timeout)),
        "the chip was found and set up; time stands still for it"
    );
}

#[test]
fn a_cell_is_read_by_its_curve_and_told_when_it_changes() {
    let percent = |n| Percent::new(n).unwrap();
    for (mv, left) in [(3_300, 100), (3_000, 100), (2_900, 42), (2_740, 18), (2_100, 0), (0, 0)] {
        assert_eq!(Cell::Coin.left(mv), percent(left), "{mv} mV");
    }
    assert_eq!(Cell::LithiumIon.left(4_200), percent(100));
    let mut fallen: Vec<_> = (3_000..4_200).rev().map(|mv| Cell::LithiumIon.left(mv)).collect();
    fallen.dedup();
    assert!(fallen.is_sorted_by(|more, less| more > less), "it only falls");
    let mut battery = Battery::new(Cell::Coin);
    let mut told = vec![];
    for second in 0..7_200u64 {
        // A transmission pulls the voltage down for a moment.
        let mv = if second % 40 == 3 { 2_890 } else { 2_905 };
        told.extend(battery.see(Mono::from_millis(second * 1000), mv));
    }
    assert!((2..=400).contains(&told.len()));
    assert!(told.iter().all(|s| matches!(s, Sample::Battery(left) if left.get() >= 42)));
}

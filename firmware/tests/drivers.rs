//! Drivers over fake pins: levels become samples, the converter is read bit by bit, and silence has a reason.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use firmware::device::Sample;
use firmware::sensor::bed_mat::{BedMat, Calibration, SILENT_AFTER};
use firmware::sensor::button::{Active, HelpButton};
use firmware::sensor::{cord::PullCord, door::DoorContact, pir::MotionSensor};
use proto::unit::{Mono, NoData};

#[derive(Clone, Default)]
struct Pin(Rc<Cell<bool>>);

impl ErrorType for Pin {
    type Error = Infallible;
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.get())
    }
    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.get())
    }
}

/// An HX711: gives the value that was put in, on the clock it is given.
#[derive(Clone, Default)]
struct Converter(Rc<RefCell<Chip>>);

#[derive(Default)]
struct Chip {
    ready: Option<i32>,
    pulses: u32,
    longest_pulses: u32,
}

struct Clock(Converter);
struct Data(Converter);
struct NoDelay;

impl ErrorType for Clock {
    type Error = Infallible;
}
impl ErrorType for Data {
    type Error = Infallible;
}

impl OutputPin for Clock {
    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.0.borrow_mut().pulses += 1;
        Ok(())
    }
    fn set_low(&mut self) -> Result<(), Infallible> {
        let mut chip = self.0.0.borrow_mut();
        if chip.pulses == 25 {
            chip.longest_pulses = chip.pulses;
            (chip.pulses, chip.ready) = (0, None);
        }
        Ok(())
    }
}

impl InputPin for Data {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        let chip = self.0.0.borrow();
        Ok(match (chip.ready, chip.pulses) {
            (None, _) => true,
            (Some(_), 0) => false,
            (Some(counts), pulse) => counts >> (24 - pulse) & 1 == 1,
        })
    }
    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}

fn mat() -> (Converter, BedMat<Data, Clock, NoDelay>) {
    let chip = Converter::default();
    let calibration = Calibration::new(-2_000, 100).unwrap();
    let mat = BedMat::new(Data(chip.clone()), Clock(chip.clone()), NoDelay, calibration, at(0));
    (chip, mat)
}

const fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}

#[test]
fn a_pin_is_told_once_for_each_level_and_at_the_first_look() {
    let pin = Pin::default();
    let mut button = HelpButton::new(pin.clone(), Active::Low);
    assert_eq!(button.poll(), Ok(Some(Sample::Button(true))), "low is pressed");
    assert_eq!(button.poll(), Ok(None));
    pin.0.set(true);
    assert_eq!(button.poll(), Ok(Some(Sample::Button(false))));
    let (mut cord, mut door) =
        (PullCord::new(pin.clone(), Active::High), DoorContact::new(pin.clone(), Active::High));
    assert_eq!(cord.poll(), Ok(Some(Sample::Cord(true))));
    assert_eq!(door.poll(), Ok(Some(Sample::Door(true))));
    let mut motion = MotionSensor::new(pin, Active::High);
    assert_eq!(motion.poll(), Ok(Some(Sample::Motion(true))));
}

#[test]
fn the_converter_is_read_bit_by_bit_with_its_sign() {
    let (chip, mut mat) = mat();
    for (counts, grams) in [(4_000, 60_000), (-2_000, 0), (-2_100, -1_000), (0, 20_000)] {
        chip.0.borrow_mut().ready = Some(counts);
        assert_eq!(mat.poll(at(1)), Some(Sample::Load(grams)));
        assert_eq!(chip.0.borrow().longest_pulses, 25, "channel A, gain 128");
        assert_eq!(mat.poll(at(2)), None, "no new value yet");
    }
}

#[test]
fn a_value_at_the_end_of_the_range_is_none_and_says_so() {
    let (chip, mut mat) = mat();
    for counts in [0x7F_FFFF, -0x80_0000] {
        chip.0.borrow_mut().ready = Some(counts);
        assert_eq!(mat.poll(at(1)), Some(Sample::NoLoad(NoData::Clipped)));
    }
}

#[test]
fn a_silent_converter_is_told_once_and_its_return_too() {
    let (chip, mut mat) = mat();
    assert_eq!(mat.poll(at(SILENT_AFTER.get() - 1)), None);
    assert_eq!(mat.poll(at(SILENT_AFTER.get())), Some(Sample::NoLoad(NoData::Timeout)));
    assert_eq!(mat.poll(at(SILENT_AFTER.get() * 9)), None);
    chip.0.borrow_mut().ready = Some(0);
    assert_eq!(mat.poll(at(5_000)), Some(Sample::Load(20_000)));
    assert!(Calibration::new(0, 0).is_none());
}

#[test]
fn time_that_a_reading_takes_is_no_silence_of_the_converter() {
    let (chip, mut mat) = mat();
    chip.0.borrow_mut().ready = Some(0);
    assert_eq!(mat.poll(at(100)), Some(Sample::Load(20_000)));
    // The reading itself took four tenths of a second.
    let back = at(500);
    assert_eq!(mat.poll(back), None);
    assert_eq!(mat.poll(at(499 + SILENT_AFTER.get())), None);
    let silent = at(500 + SILENT_AFTER.get());
    assert_eq!(mat.poll(silent), Some(Sample::NoLoad(NoData::Timeout)));
}

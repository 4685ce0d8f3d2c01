//! The other end of the board's serial port: what is wired to its pins and buses, and what is seen of it.
//!
//! The words are the table in the board's own `bench.rs`. A *story* is all that the board has shown, sounded and
//! logged since power-up, in order. Not here: the chips themselves (`chip`).

use std::fmt;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch as latest;

use crate::clock::Watch;
use crate::qemu::chip::{Scale, Worn};
use crate::trouble::Outcome;

/// The chips turn this often.
const TURN: Duration = Duration::from_millis(5);
/// A fresh cell.
const BATTERY_MV: u16 = 3000;

/// All that the board has let know since power-up.
#[derive(Debug, Clone, Default)]
pub struct Story(Vec<Line>);

/// One thing that it let know.
#[derive(Debug, Clone)]
pub struct Line {
    /// `light`, `sound` or `log`.
    pub kind: String,
    /// The word, or the text.
    pub text: String,
    /// When, by the board, microseconds since its machine's start.
    pub at_us: u64,
    /// When, by this host, microseconds of the bench's watch.
    pub heard_us: u64,
}

impl Story {
    /// Lines of a kind, oldest first.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &Line> {
        self.0.iter().filter(move |line| line.kind == kind)
    }

    /// Whether the light has shown this word.
    pub fn shown(&self, word: &str) -> bool {
        self.of("light").any(|line| line.text == word)
    }

    /// Whether the buzzer has sounded this word.
    pub fn sounded(&self, word: &str) -> bool {
        self.of("sound").any(|line| line.text == word)
    }

    /// Whether the log says this somewhere.
    pub fn logged(&self, words: &str) -> bool {
        self.of("log").any(|line| line.text.contains(words))
    }

    /// What the light shows now.
    pub fn light(&self) -> &str {
        self.of("light").last().map_or("", |line| &line.text)
    }

    fn add(&mut self, text: &str, heard_us: u64) -> Option<()> {
        let mut words = text.splitn(3, ' ');
        let (kind, second, third) = (words.next()?, words.next()?, words.next()?);
        let (text, at) = if kind == "log" { (third, second) } else { (second, third) };
        let line = Line {
            kind: kind.to_owned(),
            text: text.to_owned(),
            at_us: at.parse().ok()?,
            heard_us,
        };
        self.0.push(line);
        Some(())
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|l| writeln!(f, "{:>10} {} {}", l.at_us, l.kind, l.text))
    }
}

/// The bench of one machine.
pub struct Bench {
    world: Arc<Mutex<World>>,
    story: latest::Receiver<Story>,
    watch: Watch,
}

/// What is wired to the board.
struct World {
    port: UnixStream,
    /// The board has said `hello`; before that nobody would hear.
    powered: bool,
    button: bool,
    cord: bool,
    motion: bool,
    door: bool,
    battery_mv: u16,
    scale: Scale,
    worn: Worn,
}

impl Bench {
    /// Sits down at a serial port.
    pub fn open(port: UnixStream) -> Outcome<Self> {
        port.set_read_timeout(Some(TURN))?;
        let read = port.try_clone()?;
        let world = Arc::new(Mutex::new(World {
            port,
            powered: false,
            button: false,
            cord: false,
            motion: false,
            door: false,
            battery_mv: BATTERY_MV,
            scale: Scale::default(),
            worn: Worn::default(),
        }));
        let (tell, story) = latest::channel(Story::default());
        let watch = Watch::start();
        let wired = Arc::clone(&world);
        std::thread::spawn(move || serve(read, &wired, &tell, watch));
        Ok(Self { world, story, watch })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Presses the help button, or lets it go; gives the time by the bench's watch, microseconds.
    pub fn button(&self, pressed: bool) -> u64 {
        let mut world = self.world();
        world.button = pressed;
        world.level("button", !pressed);
        self.watch.us()
    }

    /// Pulls the cord, or lets it go.
    pub fn cord(&self, pulled: bool) {
        let mut world = self.world();
        world.cord = pulled;
        world.level("cord", pulled);
    }

    /// Somebody moves in front of the sensor, or does not.
    pub fn motion(&self, seen: bool) {
        let mut world = self.world();
        world.motion = seen;
        world.level("pir", seen);
    }

    /// Opens the door, or closes it.
    pub fn door(&self, open: bool) {
        let mut world = self.world();
        world.door = open;
        world.level("door", open);
    }

    /// Puts this on the mat, grams; none cuts the converter's wire.
    pub fn load(&self, grams: Option<i32>) {
        self.world().scale.put(grams);
    }

    /// Moves the wearer: forces along the axes, one a sample time, thousandths of g; the last one stays.
    pub fn feel(&self, forces: &[[i16; 3]]) {
        self.world().worn.feel(forces);
    }

    /// Cuts or mends the bus of the accelerometer.
    pub fn wire(&self, whole: bool) {
        self.world().worn.wire(whole);
    }

    /// Changes the battery's voltage.
    pub fn battery(&self, millivolts: u16) {
        self.world().battery_mv = millivolts;
    }

    /// Asks an image that measures how much it has worked; it logs the answer.
    pub fn count(&self) {
        self.world().say("count\n");
    }

    /// Time by the bench's watch, microseconds.
    pub fn now_us(&self) -> u64 {
        self.watch.us()
    }

    /// The story until now.
    pub fn story(&self) -> Story {
        self.story.borrow().clone()
    }

    /// The story as it goes on.
    pub fn follow(&self) -> latest::Receiver<Story> {
        self.story.clone()
    }
}

impl World {
    fn say(&mut self, line: &str) {
        if !self.powered {
            return;
        }
        // A machine whose power is cut hears nothing; its end is told elsewhere.
        let _ = self.port.write_all(line.as_bytes());
    }

    fn level(&mut self, pin: &str, high: bool) {
        self.say(&format!("pin {pin} {}\n", u8::from(high)));
    }

    /// Answers what the board asks; none if it only tells.
    fn answer(&mut self, line: &str, now_us: u64) -> Option<()> {
        let mut words = line.split(' ');
        match words.next()? {
            "hello" => self.power_up(now_us),
            "out" => {
                if let (Some("mat-clock"), Some(level)) = (words.next(), words.next()) {
                    let data = self.scale.clock(level == "1", now_us);
                    self.level("mat-data", data);
                }
                self.say("ok\n");
            }
            "i2c" => {
                let answer = self.worn.transaction(words, now_us);
                let line = answer.map_or("nack\n".to_owned(), |hex| format!("ok {hex}\n"));
                self.say(&line);
            }
            "adc" => {
                let line = format!("ok {}\n", self.battery_mv);
                self.say(&line);
            }
            _ => return None,
        }
        Some(())
    }

    fn power_up(&mut self, now_us: u64) {
        self.powered = true;
        self.worn.power_up();
        let levels = [
            ("button", !self.button),
            ("cord", self.cord),
            ("pir", self.motion),
            ("door", self.door),
            ("mat-data", self.scale.power_up(now_us)),
        ];
        for (pin, high) in levels {
            self.level(pin, high);
        }
        self.say("ok\n");
    }

    /// Lets the chips do what is due.
    fn turn(&mut self, now_us: u64) {
        if self.scale.becomes_ready(now_us) {
            self.level("mat-data", false);
        }
        self.worn.turn(now_us);
    }
}

/// Serves the board until its port is closed.
fn serve(port: UnixStream, world: &Mutex<World>, tell: &latest::Sender<Story>, watch: Watch) {
    let mut port = BufReader::new(port);
    let mut line = Vec::new();
    loop {
        let end = port.read_until(b'\n', &mut line);
        let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
        match end {
            Ok(0) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                let text = text.trim_end();
                if world.answer(text, watch.us()).is_none() {
                    // What is no line of the table is left out.
                    tell.send_modify(|story| story.add(text, watch.us()).unwrap_or_default());
                }
                line.clear();
            }
            // What has come of a line stays in `line`.
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
        world.turn(watch.us());
    }
}

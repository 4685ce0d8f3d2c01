// What the room hears. Patterns by class, from oscillators; a blocked or muted context is shown, never hidden.
// Any claim stops an emergency's sound at the next event. Space silences, on this console and for 30 s, what
// rings now; whatever comes later is heard at once.
import { t } from "./words.js";
import { every } from "./pulse.js";

const LEVEL = 0.25;
const MUTE_MS = 30000;
const STUCK_MS = 4000;
// [start s, length s, Hz], and the seconds after which the pattern begins again.
const pulses = (from, hz) => [0, 1, 2, 3, 4].map((n) => [from + n * 0.14, 0.09, n % 2 ? hz * 1.25 : hz]);
const PATTERN = {
  emergency: { tones: [...pulses(0, 880), ...pulses(1.0, 880)], every: 3 },
  escalated: { tones: [...pulses(0, 1040), ...pulses(0.8, 1040)], every: 2 },
  important: { tones: [[0, 0.15, 660], [0.25, 0.15, 660], [0.5, 0.15, 660]], every: 10 },
  link: { tones: [[0, 0.3, 700], [0.3, 0.3, 520], [0.6, 0.4, 390]], every: 5 },
  fault: { tones: [[0, 0.4, 440]] },
  hello: { tones: [[0, 0.15, 660], [0.2, 0.25, 880]] },
  glass: { tones: [[0, 0.25, 520], [0.3, 0.25, 660]] },
  taken: { tones: [[0, 0.2, 520], [0.25, 0.2, 520]] },
};

let context = null;
let alarm = null;     // what rings again and again; cut off when it is over
let playing = null;
let about = new Set();
let silenced = new Set();
let mutedAt = 0;
let mutedUntil = 0;
let stop = () => {};
let moved = { time: 0, at: 0 };

function ready() {
  if (!context) {
    context = new AudioContext();
    alarm = context.createGain();
    alarm.gain.value = 0;
    alarm.connect(context.destination);
  }
  return context.state === "running";
}

// Tries to open the sound; works after any click or key on this site.
export async function unlock() {
  if (!ready()) await context.resume().catch(() => {});
  return state();
}

// A context whose clock stands still plays to nobody, whatever it calls itself.
function stuck() {
  const now = performance.now();
  if (context.currentTime !== moved.time || !moved.at) moved = { time: context.currentTime, at: now };
  return now - moved.at > STUCK_MS;
}

const muted = () => performance.now() < mutedUntil;

export function state() {
  if (!context || context.state !== "running" || stuck()) return "blocked";
  return muted() ? "muted" : "on";
}

// For how long without a break it has been silenced by hand.
export const mutedFor = () => (muted() ? performance.now() - mutedAt : 0);
export const stateWord = () => t(`js.sound_${state()}`);

function beep(out, [from, length, hz], level) {
  const tone = context.createOscillator();
  const edge = context.createGain();
  const start = context.currentTime + from + 0.01;
  tone.frequency.value = hz;
  edge.gain.setValueAtTime(0, start);
  edge.gain.linearRampToValueAtTime(level, start + 0.008);
  edge.gain.setValueAtTime(level, start + length - 0.015);
  edge.gain.linearRampToValueAtTime(0, start + length);
  tone.connect(edge).connect(out);
  tone.start(start);
  tone.stop(start + length);
}

const heard = { rounds: 0, by: {}, once: [] };
// For whoever wants to know what was played: rounds of the ringing pattern, also by its name, single tones by name.
export const played = () => heard;

function round() {
  if (!playing || !ready() || muted()) return;
  alarm.gain.value = LEVEL;
  heard.rounds += 1;
  heard.by[playing] = (heard.by[playing] ?? 0) + 1;
  PATTERN[playing].tones.forEach((tone) => beep(alarm, tone, 1));
}

// Rings a class until told otherwise; null = silence at once. `keys`: what it rings for.
export function play(name, keys = []) {
  about = new Set(keys);
  if (muted() && name && keys.some((key) => !silenced.has(key))) mutedUntil = 0;
  else if (name === playing) return;
  stop();
  playing = name;
  if (alarm) alarm.gain.value = 0;
  if (!name) return;
  round();
  stop = every(PATTERN[name].every * 1000, round);
}

// One soft tone, beneath what rings.
export function once(name) {
  if (!ready() || muted()) return;
  heard.once.push(name);
  PATTERN[name].tones.forEach((tone) => beep(context.destination, tone, LEVEL));
}

export function mute() {
  // The key that opens the sound does not silence it.
  if (state() === "blocked") return;
  if (!muted()) mutedAt = performance.now();
  silenced = new Set(about);
  mutedUntil = performance.now() + MUTE_MS;
  if (alarm) alarm.gain.value = 0;
}

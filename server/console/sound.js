// What the room hears. Patterns by class, from oscillators; a blocked or muted context is shown, never hidden.
// Any claim stops an emergency's sound at the next event; Space mutes this console alone for 30 s.
import { t } from "./words.js";

const LEVEL = 0.25;
const MUTE_MS = 30000;
// [start s, length s, Hz], and the seconds after which the pattern begins again (0 = once).
const pulses = (from, hz) => [0, 1, 2, 3, 4].map((n) => [from + n * 0.14, 0.09, n % 2 ? hz * 1.25 : hz]);
const PATTERN = {
  emergency: { tones: [...pulses(0, 880), ...pulses(1.0, 880)], every: 3 },
  escalated: { tones: [...pulses(0, 1040), ...pulses(0.8, 1040)], every: 2 },
  important: { tones: [[0, 0.15, 660], [0.25, 0.15, 660], [0.5, 0.15, 660]], every: 10 },
  link: { tones: [[0, 0.3, 700], [0.3, 0.3, 520], [0.6, 0.4, 390]], every: 5 },
  fault: { tones: [[0, 0.4, 440]], every: 0 },
};

let context = null;
let gain = null;
let playing = null;
let timer = 0;
let mutedUntil = 0;

function ready() {
  if (!context) {
    context = new AudioContext();
    gain = context.createGain();
    gain.gain.value = LEVEL;
    gain.connect(context.destination);
  }
  return context.state === "running";
}

// Tries to open the sound; works after any click or key on this site.
export async function unlock() {
  ready();
  if (context.state !== "running") await context.resume().catch(() => {});
  return state();
}

export function state() {
  if (!context || context.state !== "running") return "blocked";
  return performance.now() < mutedUntil ? "muted" : "on";
}

export const stateWord = () => t(`js.sound_${state()}`);

function beep([from, length, hz]) {
  const tone = context.createOscillator();
  const edge = context.createGain();
  const start = context.currentTime + from + 0.01;
  tone.frequency.value = hz;
  edge.gain.setValueAtTime(0, start);
  edge.gain.linearRampToValueAtTime(1, start + 0.008);
  edge.gain.setValueAtTime(1, start + length - 0.015);
  edge.gain.linearRampToValueAtTime(0, start + length);
  tone.connect(edge).connect(gain);
  tone.start(start);
  tone.stop(start + length);
}

function round() {
  if (!ready() || performance.now() < mutedUntil) return;
  gain.gain.value = LEVEL;
  PATTERN[playing].tones.forEach(beep);
}

// Plays a class until told otherwise; null = silence at once.
export function play(name) {
  if (name === playing) return;
  clearInterval(timer);
  playing = name;
  if (gain) gain.gain.value = name ? LEVEL : 0;
  if (!name) return;
  round();
  if (PATTERN[name].every) timer = setInterval(round, PATTERN[name].every * 1000);
}

// One soft tone, beneath nothing else.
export function once(name) {
  if (!playing && ready()) PATTERN[name].tones.forEach(beep);
}

export function mute() {
  mutedUntil = performance.now() + MUTE_MS;
  if (gain) gain.gain.value = 0;
}

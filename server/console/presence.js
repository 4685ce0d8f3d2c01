// Whether this console is one: it lives, and a ring is heard here. Said to the server every few seconds and at
// once when it changes; said on the screen, large, when the answer is no.
import { shift } from "./shift.js";
import { call } from "./api.js";
import { t } from "./words.js";
import { keep } from "./keep.js";
import { every } from "./pulse.js";
import { speak } from "./speech.js";
import * as sound from "./sound.js";

const LONG_MS = 30000;
const bar = document.getElementById("deaf");
const word = document.getElementById("sound");
const number = keep("tab", () => tab);
const tab = number ?? String(crypto.getRandomValues(new Uint32Array(2)).join("-"));
let before = "";
const heard = new Set();

export const said = () => ({ sound: sound.state(), hidden: document.hidden, muted_ms: Math.round(sound.mutedFor()), tab });

// Does it each time the server has heard something new about this console.
export const afterNews = (does) => heard.add(does);

async function say() {
  if (!shift.lost) await call("POST", "/api/presence", said());
}

// Why a ring would not be heard here, as a word key; null = it would.
function deaf() {
  if (sound.state() === "blocked") return "js.deaf_blocked";
  return sound.mutedFor() > LONG_MS ? "js.deaf_muted" : null;
}

function look() {
  const now = sound.state();
  const reason = deaf();
  if (word.textContent !== sound.stateWord()) word.textContent = sound.stateWord();
  word.dataset.state = now;
  bar.hidden = !reason;
  if (reason) document.getElementById("deaf-text").textContent = t(reason);
  const state = `${now}${reason ?? ""}`;
  if (state === before) return;
  if (before || reason) speak(reason ? t(reason) : sound.stateWord(), Boolean(reason));
  before = state;
  say().then(() => heard.forEach((does) => does()));
}

export function start(everyMs) {
  document.getElementById("deaf-open").addEventListener("click", () => sound.unlock().then(look));
  document.addEventListener("visibilitychange", say);
  every(500, look);
  every(everyMs, say);
  // The context opens a moment after it is asked to: no bar flashes up for that.
  sound.unlock().then(look);
}

// The server's time, as far as this page knows it: the time of day in the zone of the homes, and ages.
//
// A message that was held up on its way tells too early a time, never too late a one: the latest that was told
// counts. The page's own clock stands still while the computer sleeps; its clock on the wall notices that, and
// until the server speaks again a wait rather looks too long than too short. Neither is used for anything else.
import { t } from "./words.js";
import { every } from "./pulse.js";

export const TRUE_WITHIN_MS = 4000;   // an answer that took longer takes no time back
const SLEPT_MS = 4500;
const LOOK_MS = 250;

let slept = 0;                 // what the page's own clock has missed
let ahead = 0;                 // the server's own time minus the page's
let clockAhead = 0;            // its time of day minus its own time
let known = false;
let gap = Date.now() - performance.now();
const onWake = [];

// Milliseconds since the page began, sleep included.
export const page = () => performance.now() + slept;

// The server's own time now, ms; before it has spoken, the page's.
export const now = () => page() + ahead;

// The server's time of day now.
export const wall = () => now() + clockAhead;

// The server has said that its own time was `mono`, and the time of day `at` if it told that too. Only an answer to
// a question just asked can take time back: the server's own has stood still (a reboot), or this page's ran ahead.
export function heard(mono, at, answer = false) {
  const fresh = mono - page();
  if (!known || fresh > ahead || (answer && ahead - fresh > TRUE_WITHIN_MS)) ahead = fresh;
  if (at) clockAhead = at - mono;
  known = true;
}

// Calls `does` when the computer has slept, or may have.
export const wakes = (does) => onWake.push(does);

function look() {
  const jump = Date.now() - performance.now() - gap;
  gap += jump;
  if (jump < SLEPT_MS) return;
  slept += jump;
  onWake.forEach((does) => does(jump));
}
every(LOOK_MS, look);
document.addEventListener("visibilitychange", () => document.hidden || look());

const face = document.getElementById("clock");
// Until the server speaks, the time of day is what it has put into the page.
if (face) clockAhead = Number(face.dataset.nowMs) - page();
const digits = (timeZone) =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone });

function shaped() {
  try {
    const shape = digits(face?.dataset.zone);
    return (wall) => shape.format(wall);
  } catch {
    // A browser that does not know the zone is told how far it is from UTC.
    const shape = digits("UTC");
    return (wall) => shape.format(wall + Number(face.dataset.offsetS) * 1000);
  }
}

// hh:mm:ss of a wall clock, in the zone of the homes.
export const clock = shaped();

function coarse(s) {
  if (s < 60) return t("js.seconds", { n: s });
  if (s < 3600) return t("js.minutes", { n: Math.floor(s / 60) });
  return s < 172800 ? t("js.hours", { n: Math.floor(s / 3600) }) : t("js.days", { n: Math.floor(s / 86400) });
}

// Counts the ages on the page on, from what they were when they came.
export function tickAges() {
  for (const node of document.querySelectorAll("[data-age-s]")) {
    node.dataset.bornMs ??= page() - Number(node.dataset.ageS) * 1000;
    const text = t("js.ago", { age: coarse(Math.max(0, Math.floor((page() - Number(node.dataset.bornMs)) / 1000))) });
    if (node.textContent !== text) node.textContent = text;
  }
}

// A page without a stream counts its clock on from the moment that the server has put into it.
export function run() {
  if (face) heard(0, Number(face.dataset.nowMs));
  const tick = () => {
    if (face) face.textContent = clock(wall());
    tickAges();
  };
  tick();
  every(1000, tick);
}

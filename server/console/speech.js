// What a screen reader says: one sentence a second, emergencies first, none lost.
// Each sentence is a new element, so that the same words twice are heard twice.
import { every } from "./pulse.js";

const SPACE_MS = 1000;
const SHOWN = 4;
const NEWS_MAX = 20;
const regions = { alarm: document.getElementById("alarm"), news: document.getElementById("news") };
const waiting = { alarm: [], news: [] };
let spokenAt = -SPACE_MS;

export function speak(sentence, urgent = false) {
  if (!sentence) return;
  const list = waiting[urgent ? "alarm" : "news"];
  list.push(sentence);
  // In a flood the news of rank are many; the list shows them all.
  if (!urgent && list.length > NEWS_MAX) list.shift();
  next();
}

function next() {
  const name = waiting.alarm.length ? "alarm" : waiting.news.length ? "news" : null;
  if (!name || performance.now() - spokenAt < SPACE_MS) return;
  spokenAt = performance.now();
  const line = document.createElement("p");
  line.textContent = waiting[name].shift();
  regions[name].append(line);
  while (regions[name].childElementCount > SHOWN) regions[name].firstElementChild.remove();
}

every(250, next);

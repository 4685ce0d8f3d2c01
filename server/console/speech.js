// What a screen reader says: one sentence a second, emergencies first. Of a flood it says how many more there are:
// a sentence that comes minutes late is about somebody who has been helped since.
// Each sentence is a new element, so that the same words twice are heard twice.
import { every } from "./pulse.js";
import { t } from "./words.js";

const SPACE_MS = 1000;
const SHOWN = 4;
const WAITING_MAX = 20;
const regions = { alarm: document.getElementById("alarm"), news: document.getElementById("news") };
const waiting = { alarm: [], news: [] };
let spokenAt = -SPACE_MS;
let unsaid = 0;

export function speak(sentence, urgent = false) {
  if (!sentence) return;
  const list = waiting[urgent ? "alarm" : "news"];
  list.push(sentence);
  if (list.length > WAITING_MAX) {
    list.shift();
    if (urgent) unsaid += 1;
  }
  next();
}

function next() {
  const name = waiting.alarm.length ? "alarm" : waiting.news.length ? "news" : null;
  if (!name || performance.now() - spokenAt < SPACE_MS) return;
  spokenAt = performance.now();
  const line = document.createElement("p");
  if (unsaid) line.textContent = t("js.spoken_more", { n: unsaid });
  else line.textContent = waiting[name].shift();
  unsaid = 0;
  regions[name].append(line);
  while (regions[name].childElementCount > SHOWN) regions[name].firstElementChild.remove();
}

every(250, next);

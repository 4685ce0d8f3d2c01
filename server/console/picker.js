// The result picker: a short list beside the script, worked by digit, Enter and Escape.
// It opens by itself after a key, never covers the band or the keys, and gives the focus back. What was typed
// stays as a draft of its question until the server has it: on another card, after Escape, on another page.
import { t } from "./words.js";
import { set, text } from "./dom.js";
import { draftOf, layAside, settled, beforeLeaving } from "./drafts.js";

const box = document.getElementById("picker");
const list = document.getElementById("picker-list");
const field = document.getElementById("picker-text");
const hint = document.getElementById("picker-hint");
const sender = document.getElementById("picker-send");
const row = document.getElementById("picker-option").content.firstElementChild;
let asking = null;
let back = null;

export const isOpen = () => Boolean(asking);

// Asks for a digit, a text or both. question: { name, title, tel, options, field: none|optional|needed, range, hold, onPick }.
// `name`: whose draft it is; `tel`: gives the number to ring; `hold`: a digit marks its line and Enter sends, otherwise the digit sends.
export function ask(question) {
  asking = { field: "none", options: [], hold: false, picked: null, ...question };
  const kept = draftOf(asking.name);
  back = document.activeElement;
  text(document.getElementById("picker-title"), asking.title);
  dial();
  list.replaceChildren(...asking.options.map(option));
  document.getElementById("picker-field").hidden = asking.field === "none";
  field.value = kept?.words ?? asking.value ?? "";
  set(field, "inputmode", asking.range ? "numeric" : "text");
  text(document.getElementById("picker-label"), asking.label ?? t("js.text"));
  text(hint, t(!asking.options.length ? "js.pick_text" : asking.hold || asking.field !== "none" ? "js.pick_enter" : "js.pick_digit"));
  sender.hidden = !asking.hold && asking.field === "none";
  box.hidden = false;
  (asking.options.length ? list : field).focus();
  if (kept?.digit && asking.hold) mark(asking.options.find((one) => one.digit === kept.digit));
}

// Whom to ring, as a number that can be pressed; asked again when the facts of the card have come.
export function dial() {
  const number = asking?.tel?.();
  const link = document.getElementById("picker-tel");
  link.hidden = !number;
  if (!number) return link.removeAttribute("href");
  set(link, "href", `tel:${number.replace(/[^+\d]/g, "")}`);
  text(link, number);
}

function option(choice) {
  const line = row.cloneNode(true);
  text(line.querySelector("kbd"), choice.digit);
  text(line.querySelector("span"), choice.label);
  line.querySelector("button").addEventListener("click", () => byHand(choice));
  return line;
}

// Lays aside what has been typed.
function draft() {
  if (!asking?.name) return;
  const words = field.value.trim();
  if (asking.field === "none" || (!words && !asking.picked) || (words === asking.value && !asking.picked)) settled(asking.name);
  else layAside(asking.name, { words, digit: asking.picked?.digit ?? null });
}

beforeLeaving(draft);

export function close() {
  if (!asking) return;
  draft();
  asking = null;
  box.hidden = true;
  if (back?.isConnected) back.focus();
}

function mark(choice) {
  asking.picked = choice ?? null;
  [...list.querySelectorAll("button")].forEach((b, n) => set(b, "aria-pressed", asking.options[n] === choice));
}

function pick(digit) {
  const choice = asking.options.find((o) => o.digit === digit);
  if (!choice) return;
  mark(choice);
  if (choice.needsText) field.focus();
  else if (!asking.hold) send();
}

// Chosen by a finger, a mouse or Tab: what sends is under the next key.
function byHand(choice) {
  pick(choice.digit);
  if (asking?.picked === choice && !choice.needsText && asking.hold) sender.focus();
}

sender.addEventListener("click", send);
document.getElementById("picker-cancel").addEventListener("click", close);

// What is still missing, as a word key.
function missing(typed) {
  const { picked, options, range } = asking;
  if (options.length && !picked) return "js.pick_first";
  if ((picked?.needsText || asking.field === "needed") && !typed) return "js.text_first";
  const fits = !range || (/^\d+$/.test(typed) && Number(typed) >= range[0] && Number(typed) <= range[1]);
  return fits ? null : "js.range";
}

function send() {
  const { picked, onPick, range } = asking;
  const typed = field.value.trim();
  const lacks = missing(typed);
  if (lacks) {
    text(hint, t(lacks, { from: range?.[0], to: range?.[1] }));
    if (lacks !== "js.pick_first") field.focus();
    return;
  }
  close();
  onPick(picked, typed);
}

// Takes a key while open; says whether it was for the picker. Composing text is never touched.
export function key(event) {
  if (!asking || event.isComposing) return false;
  const within = box.contains(event.target) || event.target === document.body || event.target.matches?.(".row a, .key");
  if (event.key === "Escape") close();
  else if (!within) return false;
  else if (event.key === "Enter" && !event.target.matches?.("#picker button, #picker a")) send();
  else if (/^[0-9]$/.test(event.key) && event.target !== field) pick(event.key);
  else return false;
  event.preventDefault();
  return true;
}

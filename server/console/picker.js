// The result picker: a short list beside the script, worked by digit, Enter and Escape.
// It opens by itself after a key, never covers the band or the keys, and gives the focus back.
import { t } from "./words.js";
import { set, text } from "./queue.js";

const box = document.getElementById("picker");
const list = document.getElementById("picker-list");
const field = document.getElementById("picker-text");
const row = document.getElementById("picker-option").content.firstElementChild;
let asking = null;
let back = null;

export const isOpen = () => Boolean(asking);

// Asks for a digit, a text or both. question: { title, options, field: none|optional|needed, number, hold, onPick }.
// `hold`: a digit marks its line and Enter sends; otherwise the digit sends.
export function ask(question) {
  asking = { field: "none", options: [], hold: false, picked: null, ...question };
  back = document.activeElement;
  text(document.getElementById("picker-title"), asking.title);
  list.replaceChildren(...asking.options.map(option));
  document.getElementById("picker-field").hidden = asking.field === "none";
  field.value = asking.value ?? "";
  set(field, "inputmode", asking.number ? "numeric" : "text");
  text(document.getElementById("picker-label"), asking.label ?? t("js.text"));
  text(document.getElementById("picker-hint"), asking.hold || asking.field !== "none" ? t("js.pick_enter") : t("js.pick_digit"));
  box.hidden = false;
  (asking.options.length ? list : field).focus();
}

function option(choice) {
  const line = row.cloneNode(true);
  text(line.querySelector("kbd"), choice.digit);
  text(line.querySelector("span"), choice.label);
  line.querySelector("button").addEventListener("click", () => pick(choice.digit));
  return line;
}

export function close() {
  if (!asking) return;
  asking = null;
  box.hidden = true;
  if (back?.isConnected) back.focus();
}

function pick(digit) {
  const choice = asking.options.find((o) => o.digit === digit);
  if (!choice) return;
  asking.picked = choice;
  [...list.querySelectorAll("button")].forEach((b, n) => set(b, "aria-pressed", asking.options[n] === choice));
  if (choice.needsText) field.focus();
  else if (!asking.hold) send();
}

function send() {
  const { picked, options, onPick } = asking;
  const typed = field.value.trim();
  const missing = options.length && !picked ? "js.pick_first" : (picked?.needsText || asking.field === "needed") && !typed ? "js.text_first" : null;
  if (missing) {
    text(document.getElementById("picker-hint"), t(missing));
    return;
  }
  close();
  onPick(picked, typed);
}

// Takes a key while open; says whether it was for the picker. Composing text is never touched.
export function key(event) {
  if (!asking || event.isComposing) return false;
  if (event.key === "Escape") close();
  else if (event.key === "Enter" && !event.target.matches?.("#picker button")) send();
  else if (/^[0-9]$/.test(event.key) && event.target !== field) pick(event.key);
  else return false;
  event.preventDefault();
  return true;
}

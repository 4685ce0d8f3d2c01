// Draws the queue: one row an alert, from the page's own template, by attributes and text only.
// A row keeps its element as long as its alert lives, so focus and reading position stay.
import { shift, look, worked, age, handling } from "./shift.js";
import { t, span, coarse } from "./words.js";
import { set, text } from "./dom.js";
import { step, word } from "./wait.js";
import * as fold from "./fold.js";
import { who, what } from "./who.js";

const template = document.getElementById("row").content.firstElementChild;
const lists = { waiting: document.getElementById("waiting"), worked: document.getElementById("worked") };
const rows = new Map();
const folds = new Map();

// Solid red is for what nobody has, and only while that is known.
export const ground = (state) => (!shift.lost && (state === "unclaimed" || state === "interrupted") ? "red" : "");

// What the row says second: kind and how often, which are never cut off; then where, as far as there is room.
function news(view) {
  const parts = [t(`kind.${view.kind}`)];
  if (view.count > 1) parts.push(t("js.repeated", { n: view.count }));
  if (view.late) parts.push(t("js.late"));
  return parts;
}
const places = (view) => (!view.person || view.gateway ? what(view) : [view.device_label].filter(Boolean));
const reason = (view) => [...news(view), ...places(view)].join(t("js.gap"));

// The digits of an alert and the step they have.
export function timer(entry) {
  const { view } = entry;
  if (view.state === "suspended") return { digits: t("js.suspended"), step: "" };
  const ms = view.state === "claimed" ? handling(entry) : age(entry);
  if (view.severity === "fault") return { digits: coarse(ms), step: "" };
  const worth = view.severity === "emergency" ? step(ms) : "";
  return { digits: span(ms), step: view.state === "claimed" ? (worth === 60 ? 60 : 0) : worth };
}

function fill(row, entry) {
  const { view } = entry;
  const { p, state, mark } = look(entry);
  set(row, "data-p", p);
  set(row, "data-state", state);
  set(row, "data-ground", ground(state));
  set(row.querySelector("use"), "href", `#${mark}`);
  const [name, where] = [row.querySelector("[data-who]"), row.querySelector("[data-where]")];
  text(name, p === "f" ? reason(view) : who(view));
  text(where, p === "f" && view.gateway_homes_count ? t("js.homes", { n: view.gateway_homes_count, names: view.gateway_homes.join(" ") }) : view.home_label);
  const owner = state === "overdue" ? t("js.held_by", { name: view.owner?.display ?? "" }) : "";
  text(row.querySelector("[data-why]"), [...news(view), owner].filter(Boolean).join(t("js.gap")));
  text(row.querySelector("[data-device]"), places(view).map((place) => t("js.gap") + place).join(""));
  tick(row, entry);
  const parts = [t(`severity.${view.severity}`), who(view), view.home_label, reason(view), owner || word(entry, state)];
  set(row.querySelector("a"), "aria-label", parts.filter(Boolean).join(t("js.gap")));
  if (view.id === shift.open) set(row, "aria-current", "true");
  else row.removeAttribute("aria-current");
}

function tick(row, entry) {
  const { digits, step } = timer(entry);
  const node = row.querySelector(".timer");
  text(node, digits);
  set(node, "data-step", step);
  text(row.querySelector(".state"), word(entry, row.getAttribute("data-state")));
}

function rowOf(id, onOpen) {
  const known = rows.get(id);
  if (known) return known;
  const row = template.cloneNode(true);
  row.querySelector("a").dataset.id = id;
  row.addEventListener("click", (event) => {
    event.preventDefault();
    onOpen(id);
  });
  rows.set(id, row);
  return row;
}

// The line under the first alert of a cause: how many others there are, and whether they are shown.
function foldOf({ cause, rest, open }, again) {
  const known = folds.get(cause);
  const line = known ?? document.createElement("li");
  const button = line.firstElementChild ?? line.appendChild(document.createElement("button"));
  if (!known) {
    line.className = "fold";
    button.type = "button";
    button.className = "show";
    button.addEventListener("click", () => {
      fold.toggle(cause);
      again();
    });
    folds.set(cause, line);
  }
  set(button, "aria-expanded", open);
  text(button, t(open ? "js.fold_close" : "js.fold_open", { n: rest }));
  return line;
}

// Puts `wanted` rows into `list` in order, moving no element that is already in place.
function arrange(list, wanted) {
  let at = list.firstElementChild;
  for (const row of wanted) {
    if (row === at) at = at.nextElementSibling;
    else list.insertBefore(row, at);
  }
  while (at) {
    const next = at.nextElementSibling;
    at.remove();
    at = next;
  }
}

// Draws all rows; returns the ids that are on the screen now.
export function draw(onOpen) {
  const parts = { waiting: [], worked: [] };
  for (const line of fold.rows()) {
    if (line.cause) {
      parts.waiting.push(foldOf(line, () => draw(onOpen)));
      continue;
    }
    const { entry } = line;
    const row = rowOf(entry.view.id, onOpen);
    fill(row, entry);
    parts[worked(entry) ? "worked" : "waiting"].push(row);
  }
  const focused = document.activeElement?.dataset?.id;
  arrange(lists.waiting, parts.waiting);
  arrange(lists.worked, parts.worked);
  for (const id of rows.keys()) if (!shift.alerts.has(id)) rows.delete(id);
  if (focused && document.activeElement?.dataset?.id !== focused) rows.get(focused)?.querySelector("a").focus();
  document.getElementById("worked-head").hidden = parts.worked.length === 0;
  text(document.getElementById("worked-count"), String(parts.worked.length));
  text(document.getElementById("count"), String(shift.alerts.size));
  document.getElementById("calm").hidden = shift.alerts.size > 0;
}

// Once a second: digits and steps only; a row whose look has changed is drawn anew by the caller.
export function tickRows() {
  let moved = false;
  for (const [id, row] of rows) {
    const entry = shift.alerts.get(id);
    if (!entry) continue;
    tick(row, entry);
    moved ||= look(entry).state !== row.getAttribute("data-state");
  }
  return moved;
}

export const focusRow = (id) => rows.get(id)?.querySelector("a").focus();

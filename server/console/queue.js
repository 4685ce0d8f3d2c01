// Draws the queue: one row an alert, from the page's own template, by attributes and text only.
// A row keeps its element as long as its alert lives, so focus and reading position stay.
import { shift, look, worked, ordered, age, handling } from "./shift.js";
import { t, span, coarse } from "./words.js";

const template = document.getElementById("row").content.firstElementChild;
const lists = { waiting: document.getElementById("waiting"), worked: document.getElementById("worked") };
const rows = new Map();
const STEPS = [60, 30, 15, 0];
const LADDER = { 15: "js.step_15", 30: "js.step_30", 60: "js.step_60", 120: "js.step_60" };

export const set = (node, name, value) => {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
};
export const text = (node, value) => {
  if (node.textContent !== value) node.textContent = value;
};

// Step of a waiting or handling time, as the timers are coloured.
export function step(ms) {
  return STEPS.find((s) => ms >= s * 1000) ?? 0;
}

// Solid red is for what nobody has, and only while that is known.
export const ground = (state) => (!shift.lost && (state === "unclaimed" || state === "interrupted") ? "red" : "");

// What the row says second: kind, how often, where. A count must not be cut off.
export function reason(view) {
  const parts = [t(`kind.${view.kind}`)];
  if (view.count > 1) parts.push(t("js.repeated", { n: view.count }));
  if (view.device_label) parts.push(view.device_label);
  if (view.late) parts.push(t("js.late"));
  return parts.join(t("js.gap"));
}

// The fixed state word, beside every timer.
export function word(entry, state) {
  const { view } = entry;
  if (shift.lost && (state === "unclaimed" || state === "interrupted")) return t("js.before_loss");
  if (state === "interrupted") return t("js.interrupted");
  if (state === "overdue") return t("js.overdue");
  if (state === "unverified") return t("js.unverified");
  if (state === "claimed") return view.owner?.display ?? t("js.claimed");
  // The ladder may run ahead of the timer, when nobody was there to see: that is no overdue wait yet.
  if (state === "unclaimed" && view.step >= 60 && age(entry) < 60000) return t("js.step_60_early");
  if (state === "unclaimed") return t(LADDER[view.step] ?? "js.unclaimed");
  return t(`severity.${view.severity}`);
}

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
  const [who, where] = [row.querySelector("[data-who]"), row.querySelector("[data-where]")];
  text(who, p === "f" ? reason(view) : view.person || t("js.nobody"));
  text(where, view.home_label);
  const owner = state === "overdue" ? t("js.held_by", { name: view.owner?.display ?? "" }) : "";
  text(row.querySelector(".why"), owner ? reason(view) + t("js.gap") + owner : reason(view));
  tick(row, entry);
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
  for (const entry of ordered()) {
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

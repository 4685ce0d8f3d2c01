// Draws the queue: one row an alert, from the page's own template, by attributes and text only.
// A row keeps its element as long as its alert lives, so focus and reading position stay.
import { shift, look, worked, age, handling, mine, moved, reorder } from "./shift.js";
import { t, span, coarse } from "./words.js";
import { set, text } from "./dom.js";
import { step, word } from "./wait.js";
import * as fold from "./fold.js";
import { who, what } from "./who.js";

const template = document.getElementById("row").content.firstElementChild;
const lists = { waiting: document.getElementById("waiting"), worked: document.getElementById("worked") };
// id -> { row, parts, drawn }, of alerts that stand on the page.
const rows = new Map();
// So many rows of a list stand on the page; what is below them is counted at its end.
const ROWS = 200;
const room = { waiting: ROWS, worked: ROWS };
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

// Draws what has changed since this row was drawn last.
function fill(line, entry) {
  const now = look(entry);
  const drawn = { entry, state: now.state, open: entry.view.id === shift.open, lost: shift.lost };
  const same = line.drawn && Object.keys(drawn).every((of) => drawn[of] === line.drawn[of]);
  if (same) return;
  line.drawn = drawn;
  const { row, parts } = line;
  const { view } = entry;
  set(row, "data-p", now.p);
  set(row, "data-state", now.state);
  set(row, "data-ground", ground(now.state));
  set(parts.use, "href", `#${now.mark}`);
  text(parts.name, now.p === "f" ? reason(view) : who(view));
  text(parts.where, now.p === "f" && view.gateway_homes_count ? t("js.homes", { n: view.gateway_homes_count, names: view.gateway_homes.join(" ") }) : view.home_label);
  const owner = now.state === "overdue" ? t("js.held_by", { name: view.owner?.display ?? "" }) : "";
  text(parts.why, [...news(view), owner].filter(Boolean).join(t("js.gap")));
  text(parts.device, places(view).map((place) => t("js.gap") + place).join(""));
  tick(line, entry);
  const words = [t(`severity.${view.severity}`), who(view), view.home_label, reason(view), owner || word(entry, now.state)];
  set(parts.link, "aria-label", words.filter(Boolean).join(t("js.gap")));
  if (drawn.open) set(row, "aria-current", "true");
  else row.removeAttribute("aria-current");
}

function tick({ parts, drawn }, entry) {
  const { digits, step } = timer(entry);
  text(parts.timer, digits);
  set(parts.timer, "data-step", step);
  text(parts.state, word(entry, drawn.state));
}

// What flashes out of sight costs as much as what is seen.
const sight = new IntersectionObserver((seen) => seen.forEach(({ target, isIntersecting }) => set(target, "data-near", isIntersecting)));

function lineOf(id, onOpen) {
  const known = rows.get(id);
  if (known) return known;
  const row = template.cloneNode(true);
  const at = (of) => row.querySelector(of);
  const parts = {
    use: at("use"), link: at("a"), name: at("[data-who]"), where: at("[data-where]"), why: at("[data-why]"),
    device: at("[data-device]"), timer: at(".timer"), state: at(".state"),
  };
  parts.link.dataset.id = id;
  row.addEventListener("click", (event) => {
    event.preventDefault();
    onOpen(id);
  });
  sight.observe(row);
  const line = { row, parts, drawn: null };
  rows.set(id, line);
  return line;
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

// The end of a list that is longer than the page shows: how many more there are, and how many of them nobody has.
const ends = {};
function endOf(name, left, onOpen) {
  const line = (ends[name] ??= Object.assign(document.createElement("li"), { className: "fold more" }));
  const button = line.firstElementChild ?? line.appendChild(document.createElement("button"));
  if (!button.onclick) {
    button.type = "button";
    button.className = "show";
    button.onclick = () => {
      room[name] += ROWS;
      draw(onOpen);
    };
  }
  const urgent = left.filter(({ view }) => view.severity === "emergency" && view.state === "open").length;
  text(button, t(urgent ? "js.more_urgent" : "js.more_rows", { n: left.length, urgent, next: Math.min(ROWS, left.length) }));
  return line;
}

// Draws the rows there is room for, and always the open one and those of this person.
export function draw(onOpen) {
  const parts = { waiting: [], worked: [] };
  const left = { waiting: [], worked: [] };
  const count = { waiting: 0, worked: 0 };
  const drawn = new Set();
  for (const { entry, ...cause } of fold.rows()) {
    const name = entry && worked(entry) ? "worked" : "waiting";
    if (!entry) {
      if (!left[name].length) parts[name].push(foldOf(cause, () => draw(onOpen)));
      continue;
    }
    count[name] += 1;
    const { id } = entry.view;
    if (count[name] > room[name] && id !== shift.open && !mine(entry.view)) {
      left[name].push(entry);
      continue;
    }
    const line = lineOf(id, onOpen);
    fill(line, entry);
    drawn.add(id);
    parts[name].push(line.row);
  }
  for (const name of ["waiting", "worked"]) if (left[name].length) parts[name].push(endOf(name, left[name], onOpen));
  const focused = document.activeElement?.dataset?.id;
  arrange(lists.waiting, parts.waiting);
  arrange(lists.worked, parts.worked);
  for (const [id, { row }] of rows) if (!drawn.has(id)) sight.unobserve(row), rows.delete(id);
  if (focused && document.activeElement?.dataset?.id !== focused) focusRow(focused);
  if (rows.has(wanted)) focusRow(wanted);
  document.getElementById("worked-head").hidden = count.worked === 0;
  text(document.getElementById("worked-count"), String(count.worked));
  text(document.getElementById("count"), String(shift.alerts.size));
  document.getElementById("calm").hidden = shift.alerts.size > 0;
}

// Once a second: digits and steps only; says whether something must be drawn anew.
export function tickRows() {
  let changed = false;
  for (const [id, line] of rows) {
    const entry = shift.alerts.get(id);
    if (!entry) continue;
    tick(line, entry);
    changed ||= look(entry).state !== line.drawn.state;
  }
  if (moved()) reorder(), (changed = true);
  return changed;
}

// Alerts whose row stands on the page.
export const onPage = () => [...rows.keys()].map((id) => shift.alerts.get(id)?.view).filter(Boolean);

// A row that comes with the next drawing gets the focus then.
let wanted = null;
export function focusRow(id) {
  wanted = rows.has(id) ? null : id;
  rows.get(id)?.parts.link.focus();
}

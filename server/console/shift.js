// What this console knows: the alerts, the server's clock, who sits here. No drawing, no network.
//
// An alert's age is the server's count plus the server's own time since then, however late its view arrived and
// whether the computer slept; the clock of the computer is never used for a duration.
import * as time from "./time.js";

export const shift = {
  me: document.body.dataset.me,
  leads: ["supervisor", "admin"].includes(document.body.dataset.role),   // may close and take by right
  alerts: new Map(),      // id -> { view, born, grave, at }
  fences: new Map(),      // id -> fence of a claim of this console's person; nobody else is told it
  shown: new Map(),       // id -> cursor up to which its card was painted here
  cursor: 0,
  open: null,             // id shown in the card
  heardAt: time.page(),   // when the server was last heard, by the page's clock
  onDuty: null,           // people somewhere whose console would be heard, as the server last said
  lost: false,
};

// The queue in its order, made anew when something in it has changed.
let order = null;
export function reorder() {
  order = null;
}

// Takes a view; an older cursor never overwrites a newer one.
export function take(view) {
  const known = shift.alerts.get(view.id);
  if (known && known.view.cursor > view.cursor) return false;
  if (view.state === "closed") {
    shift.alerts.delete(view.id);
    shift.shown.delete(view.id);
    shift.fences.delete(view.id);
  } else shift.alerts.set(view.id, { view, born: view.mono_ms - view.age_ms, grave: GRAVE[view.severity], at: view.band });
  reorder();
  shift.cursor = Math.max(shift.cursor, view.cursor);
  time.heard(view.mono_ms);
  return true;
}

// Replaces everything by what the server says; `fresh`: it has just been asked.
export function replace(queue, fresh) {
  time.heard(queue.mono_ms, queue.now_ms, fresh);
  shift.alerts.clear();
  reorder();
  for (const view of queue.alerts) take(view);
  shift.cursor = queue.cursor;
  shift.onDuty = queue.on_duty;
  if (queue.fences) shift.fences = new Map(Object.entries(queue.fences));
}

// The fence of one's own claim; only its holder knows it.
export const fence = (id) => shift.fences.get(id);

// How long ago the server counted the ages of a view, at least.
export const since = (entry) => Math.max(0, time.now() - entry.view.mono_ms);
export const age = (entry) => entry.view.age_ms + since(entry);
export const handling = (entry) => (entry.view.handling_ms ?? 0) + since(entry);
export const mine = (view) => view.state === "claimed" && view.owner?.id === shift.me;

const NUMBER = { emergency: "1", important: "2", general: "3", fault: "f" };
const DOUBTED = new Set(["unverified", "unreadable"]);

// How an alert looks: priority, state and mark, as the attributes of its row.
export function look(entry) {
  const { view } = entry;
  const p = NUMBER[view.severity];
  const emergency = p === "1";
  const shape = (state) => ({ p, state, mark: p === "1" && state !== "unclaimed" && state !== "interrupted" ? "p1-open" : `p${p}` });
  if (view.state === "claimed") return shape(emergency && overdue(entry) ? "overdue" : "claimed");
  if (view.state === "suspended") return shape("claimed");
  if (!emergency) return shape(p === "f" ? "fault" : "open");
  if (DOUBTED.has(view.kind) || view.trust === "unverified") return shape("unverified");
  return shape(view.interrupted ? "interrupted" : "unclaimed");
}

// Whether its holder is past a timer: the server says when, the page counts on.
export const overdue = (entry) => entry.view.state === "claimed" && since(entry) >= entry.view.overdue_in_ms;

// Section of the queue: the server's, but for a timer that has run out since it spoke.
const OVERDUE = 1;
const UNVERIFIED = 3;
const IN_WORK = 6;
export function place(entry) {
  const { view } = entry;
  if (view.severity !== "emergency" || !overdue(entry)) return view.band;
  return DOUBTED.has(view.kind) ? UNVERIFIED : OVERDUE;
}
export const worked = (entry) => place(entry) >= IN_WORK;

// All alerts in the order of the queue law: section, graver first, older first. The same list until something has
// changed: nobody writes into it.
const GRAVE = { emergency: 0, important: 1, general: 2, fault: 3 };
export function ordered() {
  if (order) return order;
  order = [...shift.alerts.values()];
  for (const entry of order) entry.at = place(entry);
  return order.sort((a, b) => a.at - b.at || a.grave - b.grave || a.born - b.born || (a.view.id < b.view.id ? -1 : 1));
}

// Whether a timer has run out since the order was made.
export function moved() {
  for (const entry of shift.alerts.values()) if (place(entry) !== entry.at) return true;
  return false;
}

// Emergencies that nobody has, doubted ones included: they ring.
export const ringing = () =>
  [...shift.alerts.values()].filter(({ view }) => view.severity === "emergency" && view.state === "open");

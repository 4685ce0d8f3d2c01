// One cause, one line: alerts of equipment that share a cause stand behind the first of them. Calls of people never do.
import { ordered, worked } from "./shift.js";

// So many of one cause are folded at any time if a box is the cause, and in a flood whatever it is.
const MANY = 2;
const BOX = new Set(["gateway_silence", "no_way", "unsteady"]);
const LOST = new Set(["lost", "bus_lost"]);
const unfolded = new Set();
let flood = false;
// What was made of an order last: many ask for it within one frame.
let made = { of: null, rows: [] };

export function inFlood(on) {
  if (on !== flood) made.of = null;
  flood = on;
}

function cause(entry) {
  const { view } = entry;
  if (worked(entry) || view.severity === "emergency") return null;
  const what = view.evidence?.[0]?.what ?? "";
  // Boxes and devices that wait for their fitter are one task, wherever they wait.
  if (what === "not_installed") return what;
  // What many boxes have lost has one cause more often than many, and nothing is to be done at each.
  if (view.kind === "upkeep" && LOST.has(what)) return `upkeep ${what}`;
  if (BOX.has(view.kind) && view.gateway && !view.device) return `gateway ${view.gateway}`;
  if (!flood || view.severity !== "fault") return null;
  return `${view.kind} ${what}`;
}

// Rows from top to bottom: { entry }, and under the first of a cause { cause, rest, open }.
export function rows() {
  if (made.of !== ordered()) made = { of: ordered(), rows: fold() };
  return made.rows;
}

function fold() {
  const causes = new Map();
  for (const entry of ordered()) {
    const key = cause(entry);
    if (key && causes.has(key)) causes.get(key).push(entry);
    else if (key) causes.set(key, [entry]);
  }
  const out = [];
  for (const entry of ordered()) {
    const key = cause(entry);
    const all = causes.get(key) ?? [];
    if (all.length < MANY) {
      out.push({ entry });
      continue;
    }
    if (all[0] !== entry) continue;
    // The box speaks for all behind it, at the place of the gravest.
    const head = all.find(({ view }) => view.kind !== "no_way" && BOX.has(view.kind)) ?? entry;
    const rest = all.filter((other) => other !== head);
    const open = unfolded.has(key);
    out.push({ entry: head }, { cause: key, rest: rest.length, open });
    if (open) out.push(...rest.map((other) => ({ entry: other })));
  }
  return out;
}

export function toggle(key) {
  made.of = null;
  if (!unfolded.delete(key)) unfolded.add(key);
}

// Ids that have a row, in order.
export const visible = () => rows().filter((row) => row.entry).map((row) => row.entry.view.id);

// The line to the server: the stream, its heartbeat, and what to do when it falls silent.
// Silence longer than LOST_MS is a lost link; coming back always compares the whole list.
import { shift, take, replace } from "./shift.js";
import { call, ok } from "./api.js";
import { every, after, pulse } from "./pulse.js";
import * as time from "./time.js";

const LOST_MS = 4500;   // a heartbeat every 2 s: the bar is there 5 s after the last one
const RETRY_MS = 2000;
const WHOLE_MS = 20000; // thousands of alerts over a thin line
const LOOK_MS = 250;

let source = null;
let tries = 0;
let heardAt = performance.now();
let lostAt = 0;
let triedAt = 0;
let loading = false;
let on = {};

function heard() {
  shift.heardAt = time.page();
  heardAt = performance.now();
  if (shift.lost) {
    shift.lost = false;
    on.back(time.page() - lostAt);
  }
  tries = 0;
}

function listen() {
  source?.close();
  source = new EventSource(`/api/stream?after=${shift.cursor}`);
  source.addEventListener("alert", (event) => {
    const view = JSON.parse(event.data);
    const before = shift.alerts.get(view.id)?.view ?? null;
    heard();
    if (take(view)) on.change(view, before);
    pulse();
  });
  source.addEventListener("beat", (event) => {
    const beat = JSON.parse(event.data);
    time.heard(beat.mono_ms, beat.now_ms);
    heard();
    if (beat.on_duty !== undefined) shift.onDuty = beat.on_duty;
    // The server knows more than was told, and nothing comes: read the list.
    const told = shift.cursor;
    if (beat.cursor > told) after(1500, () => shift.cursor === told && load());
    pulse();
  });
  source.addEventListener("open", () => on.glass({ open: [] }));
  source.addEventListener("glass", (event) => on.glass(JSON.parse(event.data)));
  source.addEventListener("resync", load);
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) triedAt = performance.now() - RETRY_MS + 500;
  });
}

// Reads the whole list, then follows the stream from its cursor.
export async function load() {
  if (loading) return;
  loading = true;
  tries += 1;
  triedAt = performance.now();
  const { status, data } = await call("GET", "/api/queue", undefined, WHOLE_MS);
  loading = false;
  if (!ok(status)) return;
  replace(data, performance.now() - triedAt < time.TRUE_WITHIN_MS);
  heard();
  on.list();
  listen();
}

function watch() {
  const silent = performance.now() - heardAt;
  if (silent >= LOST_MS && !shift.lost) {
    shift.lost = true;
    lostAt = shift.heardAt;
    tries = 0;
    on.lost();
  }
  const dead = source?.readyState === EventSource.CLOSED;
  if ((shift.lost || dead) && performance.now() - triedAt >= RETRY_MS) load();
}

export const lostFor = () => time.page() - lostAt;
export const attempt = () => tries;

// Starts the line; resolves when the first list has been asked for. `handlers`: list(), change(view, before), lost(), back(ms), glass(opened).
export function start(handlers) {
  on = handlers;
  every(LOOK_MS, watch);
  // After a sleep nothing that stands here is known to be so.
  time.wakes(load);
  document.addEventListener("visibilitychange", () => document.hidden || watch());
  return load();
}

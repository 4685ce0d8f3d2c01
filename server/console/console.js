// The console's page: joins line, queue, card, keys and sound. State is in shift.js, text in words.js.
//
// An emergency opens by itself when the operator is free; nothing is opened under typing hands.
// "Visible" is told to the server only after the row has been painted.
import { shift, mine, look, ringing, ordered, age, place, worked } from "./shift.js";
import { call } from "./api.js";
import { t, span, ago } from "./words.js";
import * as queue from "./queue.js";
import * as card from "./card.js";
import * as keys from "./keys.js";
import * as undo from "./undo.js";
import * as picker from "./picker.js";
import * as sound from "./sound.js";
import * as link from "./link.js";
import "./watch.js";
import { inFlood, visible } from "./fold.js";
import { who } from "./who.js";
import * as time from "./time.js";

const { set, text } = queue;
const at = (id) => document.getElementById(id);
const FKEYS = { F2: "claim", F3: "call_resident", F4: "call_120", F5: "call_family", F6: "send", F7: "note", F8: "close", F9: "suspend" };
const FLOOD_COUNT = 10;
const FLOOD_MS = 600000;
const told = new Set();
const toTell = [];
let painting = false;
let spokenAt = 0;
let chosen = {};

const typing = () => document.activeElement?.matches("input, textarea, select") ?? false;
const holding = () => [...shift.alerts.values()].some(({ view }) => mine(view));

// What a hand has opened stays open, unless something more urgent comes than was there to see.
function open(id) {
  chosen = { id, top: ordered()[0]?.view.id };
  if (id === shift.open) return;
  picker.close();
  keys.tell("");
  card.show(id);
  paint();
}

// Opens the top emergency for an idle operator; keeps what is being read or worked on.
function offer() {
  const now = shift.alerts.get(shift.open);
  if (shift.open && !now) card.show(null);
  if (typing() || picker.isOpen()) return;
  const top = ordered()[0];
  const free = !shift.alerts.has(shift.open) || (!mine(now.view) && now.view.state !== "open");
  const passed = chosen.id === shift.open && chosen.top === top?.view.id;
  const better = now && top && !passed && place(top) < place(now) && !mine(now.view) && now.view.severity !== "emergency";
  if (top && !worked(top) && (free || better) && !holding()) card.show(top.view.id);
  else if (!shift.open && top) card.show(top.view.id);
}

function ring() {
  if (shift.lost) return sound.play("link");
  const waiting = ringing();
  if (waiting.some((entry) => age(entry) >= 30000)) return sound.play("escalated");
  if (waiting.length) return sound.play("emergency");
  const important = [...shift.alerts.values()].some(({ view }) => view.severity === "important" && view.state === "open" && !told.has(view.id));
  return sound.play(important ? "important" : null);
}

function top() {
  const count = { 1: 0, 2: 0, 3: 0, f: 0 };
  let longest = 0;
  let recent = 0;
  for (const entry of shift.alerts.values()) {
    const { p } = look(entry);
    if (entry.view.state === "open") count[p] += 1;
    if (p === "1" && entry.view.state === "open") longest = Math.max(longest, age(entry));
    if (age(entry) < FLOOD_MS) recent += 1;
  }
  for (const p of ["1", "2", "3", "f"]) text(at(`count-${p}`), p === "1" ? t("js.waiting", { n: count[1] }) : String(count[p]));
  for (const p of ["1", "2", "3", "f"]) at(`count-${p}`).closest(".mark").dataset.any = String(count[p] > 0);
  text(at("longest"), count[1] ? span(longest) : "--:--");
  at("flood").hidden = recent <= FLOOD_COUNT;
  inFlood(recent > FLOOD_COUNT);
  text(at("flood-text"), t("js.flood", { n: recent }));
  const others = ringing().filter(({ view }) => view.id !== shift.open);
  at("others").dataset.any = String(others.length > 0);
  text(at("others-count"), t("js.others", { n: others.length }));
  text(at("others-who"), others[0] ? `${who(others[0].view)} ${others[0].view.home_label}` : "");
  const title = shift.lost ? t("js.title_lost", { s: Math.floor(link.lostFor() / 1000) }) : count[1] ? t("js.title_waiting", { n: count[1] }) : t("js.title");
  if (document.title !== title) document.title = title;
}

function paint() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    offer();
    queue.draw(open);
    card.draw();
    keys.draw();
    top();
    requestAnimationFrame(painted);
  });
}

// The frame with these rows is on the screen: tell the server, a few at a time.
function painted() {
  if (document.hidden) return;
  // What stands folded behind its cause has not been painted.
  for (const id of visible()) {
    if (told.has(id)) continue;
    told.add(id);
    if (!shift.alerts.get(id)?.view.visible) toTell.push(id);
  }
  while (toTell.length && painted.busy < 4) tellOne(toTell.shift());
}
painted.busy = 0;

async function tellOne(id) {
  painted.busy += 1;
  await call("POST", `/api/alerts/${id}/visible`, {});
  painted.busy -= 1;
  if (toTell.length) tellOne(toTell.shift());
}

// One sentence a second at most; emergencies interrupt, the rest waits its turn.
function announce(view) {
  if (performance.now() - spokenAt < 1000) return;
  spokenAt = performance.now();
  const region = view.severity === "emergency" ? "alarm" : "news";
  text(at(region), t("js.spoken", { severity: t(`severity.${view.severity}`), who: who(view), where: view.home_label, why: t(`kind.${view.kind}`) }));
}

function second() {
  text(at("clock"), time.clock(time.wall()));
  text(at("heard"), ago(time.page() - shift.heardAt));
  text(at("sound"), sound.stateWord());
  set(at("sound"), "data-state", sound.state());
  if (queue.tickRows()) paint();
  card.tick();
  time.tickAges();
  if (shift.lost) {
    text(at("link-long"), t("js.lost_for", { s: Math.floor(link.lostFor() / 1000) }));
    text(at("link-try"), t("js.attempt", { n: link.attempt() }));
  }
  top();
  ring();
}

function lost() {
  set(document.documentElement, "data-link", "lost");
  at("link").hidden = false;
  at("back").hidden = true;
  at("fallback-open").replaceChildren(...ordered().filter(({ view }) => view.severity === "emergency").map(({ view }) => {
    const line = document.createElement("li");
    line.textContent = `${who(view)} ${view.home_label}`;
    return line;
  }));
  paint();
  second();
}

function back(ms) {
  document.documentElement.removeAttribute("data-link");
  at("link").hidden = true;
  at("back").hidden = false;
  text(at("back-text"), t("js.back", { s: Math.round(ms / 1000) }));
  setTimeout(() => { at("back").hidden = true; }, 10000);
}

function move(by) {
  const ids = visible();
  const next = by === 0 ? 0 : Math.min(ids.length - 1, Math.max(0, ids.indexOf(shift.open) + by));
  if (!ids.length) return;
  open(ids[next]);
  queue.focusRow(ids[next]);
}

function onKey(event) {
  sound.unlock();
  if (event.isComposing || event.keyCode === 229) return;
  if (FKEYS[event.key] && !event.altKey && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    if (!event.repeat) keys.press(FKEYS[event.key]);
    return;
  }
  if (picker.key(event)) return;
  if (event.key === "Escape" && undo.give(true)) return event.preventDefault();
  if (event.ctrlKey && event.key.toLowerCase() === "k") return event.preventDefault(), location.assign("/homes");
  if (typing() || event.ctrlKey || event.altKey || event.metaKey) return;
  const onControl = event.target.matches?.("a, button");
  const does = {
    Enter: () => onControl ? null : keys.press("claim"),
    " ": () => onControl ? null : sound.mute(),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Home: () => move(0),
    "/": () => keys.press("note"),
    "?": () => at("help").showModal(),
  }[event.key];
  if (!does || (onControl && (event.key === "Enter" || event.key === " "))) return;
  event.preventDefault();
  does();
}

function change(view, before) {
  ring();
  paint();
  if (!before || view.count > before.count) {
    told.delete(view.id);
    announce(view);
    if (view.severity === "fault" && !before) sound.once("fault");
  }
  if (view.id === shift.open) card.refresh();
}

card.onFacts(keys.draw);
keys.start((id, status) => { if (id === shift.open) card.refresh(); if (status === 409) link.load(); });
document.addEventListener("keydown", onKey);
document.addEventListener("pointerdown", () => sound.unlock());
for (const form of document.querySelectorAll("[data-shift]"))
  form.addEventListener("click", async () => { await call("POST", "/api/shift", JSON.parse(form.dataset.shift)); location.reload(); });
at("logout").addEventListener("click", async () => { await call("POST", "/api/logout", {}); location.assign("/login"); });
setInterval(second, 1000);
setInterval(() => shift.lost || keys.renew(), Number(document.body.dataset.renewMs));
setInterval(() => shift.lost || call("POST", "/api/presence", { sound: sound.state() === "on" }), Number(document.body.dataset.presenceMs));
sound.unlock();
link.start({ list: () => { ring(); paint(); if (shift.open) card.refresh(); }, change, lost, back });

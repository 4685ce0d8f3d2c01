// The live part that every page of the desk has: stream, ring, presence, renewal, undo, what waits.
// A page adds what it draws; whatever page somebody reads, a press is heard there and a claim stays alive.
import { shift, ringing, look, age, ordered, mine } from "./shift.js";
import { t, ago } from "./words.js";
import { set, text } from "./dom.js";
import { every, after } from "./pulse.js";
import { keep } from "./keep.js";
import { speak } from "./speech.js";
import { tell, read } from "./say.js";
import { claim, onWritten } from "./write.js";
import { renew, lostOne, sendClose } from "./claims.js";
import * as alarm from "./alarm.js";
import * as fallback from "./fallback.js";
import * as glass from "./glass.js";
import * as find from "./find.js";
import * as leave from "./leave.js";
import * as link from "./link.js";
import * as presence from "./presence.js";
import * as seat from "./seat.js";
import * as sound from "./sound.js";
import * as time from "./time.js";
import * as undo from "./undo.js";
import { who } from "./who.js";

const at = (id) => document.getElementById(id);
const seen = new Set(keep("seen", () => [...seen].slice(-200)) ?? []);
const greeted = keep("greeted", () => true);
const SETTLE_MS = 100;
let page = {};

export const typing = () => document.activeElement?.matches("input, textarea, select") ?? false;

// An important alert rings until a person has looked at it here or somebody has it.
export function seenBy(id) {
  if (id) seen.add(id);
}

function ring() {
  if (shift.lost) return sound.play("link", ["link"]);
  const waiting = ringing();
  const keys = waiting.map(({ view }) => `${view.id}:${view.count}`);
  if (waiting.some((entry) => age(entry) >= 30000)) return sound.play("escalated", keys);
  if (keys.length) return sound.play("emergency", keys);
  const important = [...shift.alerts.values()].filter(({ view }) => view.severity === "important" && view.state === "open" && !seen.has(view.id));
  return sound.play(important.length ? "important" : null, important.map(({ view }) => view.id));
}

function announce(view) {
  const urgent = view.severity === "emergency";
  const sentence = { severity: t(`severity.${view.severity}`), who: who(view), where: view.home_label, why: t(`kind.${view.kind}`) };
  speak(t(view.count > 1 ? "js.spoken_again" : "js.spoken", { ...sentence, n: view.count }), urgent);
}

function change(view, before) {
  if (lostOne(view, before)) sound.once("taken");
  if (view.state !== "closed" && (!before || view.count > before.count)) {
    seen.delete(view.id);
    announce(view);
    if (view.severity === "fault" && !before) sound.once("fault");
  }
  // Whoever has it is heard at once: the ring ends.
  if (view.state !== "open") ring();
  fallback.follow();
  page.change?.(view, before);
  // What a hand is at is drawn at once: its next key goes by it.
  if (view.id === shift.open || mine(view) || (before && mine(before))) settleNow();
  else settle();
}

function paint() {
  alarm.draw();
  page.paint?.();
}

// What the whole queue has to say after a change: the ring, the counters, the rows. Of many changes the first
// is heard and drawn at once, the others together a moment later.
let settledAt = -SETTLE_MS;
let settling = false;
function settle() {
  if (settling) return;
  const wait = settledAt + SETTLE_MS - performance.now();
  if (wait > 0) {
    settling = true;
    return after(wait, settleNow);
  }
  settleNow();
}

function settleNow() {
  settling = false;
  settledAt = performance.now();
  ring();
  paint();
}

// The list as a whole, at the start and after a loss.
function list() {
  at("unheard")?.remove();
  undo.resume();
  ring();
  fallback.follow();
  page.list?.();
  paint();
}

function second() {
  text(at("clock"), time.clock(time.wall()));
  text(at("heard"), ago(time.page() - shift.heardAt));
  time.tickAges();
  if (shift.onDuty !== null) text(at("on-duty"), String(shift.onDuty));
  if (shift.lost) {
    text(at("link-long"), t("js.lost_for", { s: Math.floor(link.lostFor() / 1000) }));
    text(at("link-try"), t("js.attempt", { n: link.attempt() }));
  }
  page.second?.();
  alarm.draw();
  ring();
}

function lost() {
  set(document.documentElement, "data-link", "lost");
  at("link").hidden = false;
  at("back").hidden = true;
  speak(t("js.lost_spoken"), true);
  fallback.show();
  paint();
  second();
}

let away = () => {};

function back(ms) {
  const sentence = t("js.back", { s: Math.round(ms / 1000) });
  document.documentElement.removeAttribute("data-link");
  at("link").hidden = true;
  at("back").hidden = false;
  text(at("back-text"), sentence);
  speak(sentence);
  away();
  const until = performance.now() + 10000;
  away = every(500, () => {
    if (performance.now() < until) return;
    at("back").hidden = true;
    away();
  });
}

// Claims the most urgent one from wherever somebody is, and goes to its card.
async function claimTop() {
  const top = ordered().find((entry) => look(entry).p === "1" && entry.view.state === "open");
  if (shift.lost) return tell(t("js.locked_link"));
  if (!top) return tell(t("js.locked_none"));
  const { done } = await claim(top.view.id);
  if (!done) return;
  shift.open = top.view.id;
  leave.go("/console");
}

function onKey(event) {
  sound.unlock();
  if (page.key) seenBy(shift.open);
  if (event.isComposing || event.keyCode === 229) return;
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey;
  if (event.ctrlKey && event.key.toLowerCase() === "k") return event.preventDefault(), find.open();
  if (event.key === "Escape" && find.isOpen()) return event.preventDefault(), find.close();
  if (plain && page.key?.(event)) return;
  if (event.key === "Escape" && (undo.give(true) || read())) return event.preventDefault();
  if (!plain || event.defaultPrevented) return;
  // Also from a field: that of a search has the focus by itself.
  if (event.key === "F2" && !page.key) return event.preventDefault(), event.repeat || claimTop();
  if (typing()) return;
  const onControl = event.target.matches?.("a:not([data-id]), button, summary");
  if (event.key !== " " || onControl) return;
  event.preventDefault();
  sound.mute();
}

// Starts the live part. `adds`: paint(), change(view, before), list(), second(), key(event), written(id, status).
export async function start(adds) {
  page = adds;
  shift.open = keep("open", () => shift.open);
  onWritten((id, status) => {
    if (status === 409) link.load();
    page.written?.(id, status);
  });
  undo.onSend(sendClose);
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", () => {
    sound.unlock();
    if (page.key) seenBy(shift.open);
  });
  seat.start();
  leave.start();
  alarm.start(claimTop);
  every(1000, second);
  every(Number(document.body.dataset.renewMs), () => shift.lost || renew());
  presence.start(Number(document.body.dataset.presenceMs));
  await link.start({ list, change, lost, back, glass: glass.hear });
  // The tone that the log-in promised: whoever hears it knows that a press will be heard.
  if (!greeted && (await sound.unlock()) === "on") sound.once("hello");
}

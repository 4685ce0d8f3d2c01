// The card of one alert: band, timer and place by attributes and text; the facts below come from the
// server as a finished fragment in the fixed order, so no sentence is put together here.
import { shift, look, age, handling, since } from "./shift.js";
import { timer, ground } from "./queue.js";
import { word, step } from "./wait.js";
import { set, text } from "./dom.js";
import { call, ok } from "./api.js";
import { after } from "./pulse.js";
import { t, span } from "./words.js";
import { follow } from "./now.js";
import { who } from "./who.js";

const card = document.getElementById("card");
const at = (id) => document.getElementById(id);
// Longer names stand in two lines.
const LONG_NAME = 8;
const LONG_PHASE = 12;
const LONG_PLACE = 52;
const AGAIN_MS = 2000;
const entryOpen = () => shift.alerts.get(shift.open);
let asked = 0;
let drawn = () => {};

// `after` is called when the facts of a card have come.
export function onFacts(after) {
  drawn = after;
}

// Shows an alert; null = nothing is open.
export function show(id) {
  shift.open = id;
  draw();
  for (const slot of document.querySelectorAll("[data-slot]")) slot.replaceChildren();
  at("no-facts").hidden = true;
  if (id) refresh();
}

// Whether this alert is the one in the card.
export const shows = (id) => !card.hidden && card.dataset.id === id;

// Band, place and timer from what is known already: no waiting for the network.
export function draw() {
  const entry = entryOpen();
  card.hidden = !entry;
  at("idle").hidden = Boolean(entry);
  if (!entry) return;
  const { view } = entry;
  const { p, state, mark } = look(entry);
  set(card, "data-state", state);
  set(card, "data-p", p);
  set(card, "data-id", view.id);
  set(card.querySelector(".band"), "data-ground", ground(state));
  set(at("band-use"), "href", `#${mark}`);
  text(at("band-word"), t(`severity.${view.severity}`));
  const name = who(view);
  text(at("who-name"), name);
  set(at("who"), "data-long", [...name].length > LONG_NAME);
  text(at("place-short"), view.home_label);
  tick();
}

// Digits and phase words, once a second.
export function tick() {
  const entry = entryOpen();
  if (!entry) return;
  const { view } = entry;
  const { state } = look(entry);
  const waits = view.state === "open";
  const phase = view.state === "claimed" ? t("js.claimed_by", { name: view.owner?.display ?? "" }) : word(entry, state);
  text(at("phase"), phase);
  set(at("phase").parentElement, "data-long", [...phase].length > LONG_PHASE);
  text(at("phase-more"), more(entry, waits));
  const { digits, step: worth } = timer(entry);
  text(at("band-timer"), digits);
  set(at("band-timer"), "data-step", worth);
}

function more(entry, waits) {
  if (shift.lost) return t("js.claim_unknown");
  if (waits) return t("js.not_started");
  if (entry.view.state === "suspended") return t("js.back_in", { span: span(entry.view.suspended_ms - since(entry)) });
  const ms = handling(entry);
  return step(ms) === 60 && look(entry).state === "overdue" ? t("js.overdue") : t("js.waited", { span: span(age(entry) - ms) });
}

// Reads the facts again and puts each part into its slot; a slower answer for another alert is dropped.
// Facts that do not come are said and asked for again.
export async function refresh() {
  const id = shift.open;
  const turn = ++asked;
  const { status, data } = await call("GET", `/console/alerts/${id}`);
  if (turn !== asked || id !== shift.open) return;
  at("no-facts").hidden = ok(status);
  if (!ok(status)) {
    after(AGAIN_MS, () => turn === asked && id === shift.open && refresh());
    return;
  }
  const parts = new DOMParser().parseFromString(data, "text/html");
  for (const part of parts.querySelectorAll("[data-into]")) {
    const slot = document.querySelector(`[data-slot="${part.dataset.into}"]`);
    slot?.replaceChildren(...part.childNodes);
  }
  const place = card.querySelector(".place");
  set(place, "data-long", [...place.querySelector("address").textContent].length > LONG_PLACE);
  // What scrolls in its place is reached by the keyboard too.
  for (const part of card.querySelectorAll('[data-slot="facts"] > section'))
    if (part.scrollHeight > part.clientHeight + 1) set(part, "tabindex", "0");
  drawn();
}

follow(card, () => (shift.open && !card.hidden ? `/console/alerts/${shift.open}/now` : null));

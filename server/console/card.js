// The card of one alert: band, timer and place by attributes and text; the facts below come from the
// server as a finished fragment in the fixed order, so no sentence is put together here.
import { shift, look, age, handling, since } from "./shift.js";
import { set, text, timer, word, step, ground } from "./queue.js";
import { t, span } from "./words.js";
import { who } from "./who.js";

const card = document.getElementById("card");
const at = (id) => document.getElementById(id);
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
  if (id) refresh();
}

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
  text(at("who-name"), who(view));
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
  text(at("phase"), view.state === "claimed" ? t("js.claimed_by", { name: view.owner?.display ?? "" }) : word(entry, state));
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
export async function refresh() {
  const id = shift.open;
  const turn = ++asked;
  const answer = await fetch(`/console/alerts/${id}`, { headers: { "x-hearthline": "1" } }).catch(() => null);
  if (!answer?.ok || turn !== asked || id !== shift.open) return;
  const parts = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts.querySelectorAll("[data-into]")) {
    const slot = document.querySelector(`[data-slot="${part.dataset.into}"]`);
    slot?.replaceChildren(...part.childNodes);
  }
  drawn();
}

// What waits, told on every page: counters, the tab's title, and the line of the most urgent one nobody has.
import { shift, ringing, look, age, ordered } from "./shift.js";
import { t, span } from "./words.js";
import { set, text } from "./dom.js";
import { step, word } from "./wait.js";
import { visible } from "./write.js";
import { inFlood } from "./fold.js";
import { who } from "./who.js";
import * as link from "./link.js";

const at = (id) => document.getElementById(id);
const NAMES = { 1: "emergency", 2: "important", 3: "general", f: "fault" };
const DUE_MS = 15000;
const FLOOD_COUNT = 10;
const FLOOD_MS = 600000;

function count() {
  const count = { 1: 0, 2: 0, 3: 0, f: 0 };
  let longest = 0;
  let recent = 0;
  for (const entry of shift.alerts.values()) {
    const { p } = look(entry);
    if (entry.view.state === "open") count[p] += 1;
    if (p === "1" && entry.view.state === "open") longest = Math.max(longest, age(entry));
    if (age(entry) < FLOOD_MS) recent += 1;
  }
  return { count, longest, recent };
}

// The counters of the console's bar; a screen reader hears what each of them counts.
function counters({ count, longest, recent }) {
  if (!at("count-1")) return;
  for (const p of ["1", "2", "3", "f"]) {
    text(at(`count-${p}`), p === "1" ? t("js.waiting", { n: count[1] }) : String(count[p]));
    const mark = at(`count-${p}`).closest(".mark");
    set(mark, "data-any", count[p] > 0);
    set(mark, "aria-label", t("js.counted", { what: t(`severity.${NAMES[p]}`), n: count[p] }));
  }
  text(at("longest"), count[1] ? span(longest) : "--:--");
  at("flood").hidden = recent <= FLOOD_COUNT;
  inFlood(recent > FLOOD_COUNT);
  text(at("flood-text"), t("js.flood", { n: recent }));
  const others = ringing().filter(({ view }) => view.id !== shift.open);
  set(at("others"), "data-any", others.length > 0);
  text(at("others-count"), t("js.others", { n: others.length }));
  text(at("others-who"), others[0] ? `${who(others[0].view)} ${others[0].view.home_label}` : "");
}

// On other pages the alarm takes the place of the menu; from 15 s on its key is the next step.
function line() {
  const box = at("line");
  if (!box) return;
  const waiting = ordered().filter((entry) => look(entry).p === "1" && entry.view.state === "open");
  const top = waiting[0];
  box.hidden = !top;
  at("menu").hidden = Boolean(top);
  set(document.body, "data-alarm", !top ? "" : age(top) >= DUE_MS ? "due" : "new");
  if (!top) return;
  const { view } = top;
  const ms = age(top);
  text(at("line-who"), `${who(view)} ${view.home_label}`);
  text(at("line-time"), span(ms));
  set(at("line-time"), "data-step", step(ms));
  text(at("line-state"), waiting.length > 1 ? t("js.others", { n: waiting.length - 1 }) : word(top, look(top).state));
  if (!document.hidden && !view.visible) requestAnimationFrame(() => requestAnimationFrame(() => visible(view.id)));
}

function title(waiting) {
  const own = document.body.dataset.title;
  const name = own || t("js.title");
  const words = shift.lost ? t("js.title_lost", { s: Math.floor(link.lostFor() / 1000), name }) : waiting ? t("js.title_waiting", { n: waiting, name }) : name;
  if (document.title !== words) document.title = words;
}

export function draw() {
  const counted = count();
  counters(counted);
  line();
  title(counted.count[1]);
}

export function start(onClaim) {
  at("line-claim")?.addEventListener("click", onClaim);
}

// A close can be taken back for some seconds: until then it is only here, and the claim stays. It goes along
// when its author turns to another page of the desk. A new signal of the same alert takes it back by itself;
// a console that dies leaves it unsent, so the alert returns.
import { shift } from "./shift.js";
import { t } from "./words.js";
import { keep } from "./keep.js";
import { every } from "./pulse.js";
import { tell } from "./say.js";
import { speak } from "./speech.js";
import { who } from "./who.js";

const SPAN_MS = Number(document.body.dataset.undoMs);
// A page takes this long to come at most; a close that is found later than that is not what somebody just did.
const LATE_MS = 10000;
let waiting = null;
let send = () => {};

// Whom a sentence is about: another card may stand above it by then.
export const named = (view) => who(view);
export const isWaiting = (id) => waiting?.id === id;

// `does(id, body, who)` sends a close.
export function onSend(does) {
  send = does;
}

// Holds a close of this alert back.
export function hold(view, body) {
  give(false);
  waiting = { id: view.id, who: named(view), count: view.count, until: performance.now() + SPAN_MS, body };
  speak(t("js.close_soon", { who: waiting.who, s: SPAN_MS / 1000 }));
  tick();
}

// Takes it back, or sends it at once; says whether there was one.
export function give(back) {
  if (!waiting) return false;
  const { id, body, who } = waiting;
  waiting = null;
  if (back) tell(t("js.close_back", { who }));
  else send(id, body, who);
  return true;
}

function tick() {
  if (!waiting) return;
  const now = shift.alerts.get(waiting.id)?.view;
  if (!now || now.count > waiting.count) {
    const { who } = waiting;
    waiting = null;
    return tell(t(now ? "js.close_stopped" : "js.close_late", { who }));
  }
  const left = waiting.until - performance.now();
  if (left <= -LATE_MS) {
    const { who } = waiting;
    waiting = null;
    return tell(t("js.close_lapsed", { who }));
  }
  if (left <= 0) return give(false);
  tell(t("js.close_soon", { who: waiting.who, s: Math.ceil(left / 1000) }), true);
}

// Between two pages there is no clock but the computer's: one that was moved makes no close later than its span.
const packed = () => waiting && { ...waiting, until: Date.now() + waiting.until - performance.now() };
let kept = keep("close", () => packed() ?? kept);

// From the page before; it goes on when the list has come.
export function resume() {
  if (kept && !waiting) waiting = { ...kept, until: performance.now() + Math.min(SPAN_MS, kept.until - Date.now()) };
  kept = null;
  tick();
}

every(250, tick);

// A close can be taken back for some seconds: until then it is only here, and the claim stays.
// A new signal of the same alert takes it back by itself; a console that dies leaves it unsent, so the alert returns.
import { shift } from "./shift.js";
import { t } from "./words.js";

const SPAN_MS = Number(document.body.dataset.undoMs);
let waiting = null;

// Whom a sentence is about: another card may stand above it by then.
export const named = (view) => view.person || view.home_label;
export const isWaiting = (id) => waiting?.id === id;

// Holds a close of this alert back; `send` sends it, `tell` says a sentence.
export function hold(view, send, tell) {
  give(false);
  waiting = { id: view.id, who: named(view), count: view.count, until: performance.now() + SPAN_MS, send, tell };
  tick();
}

// Takes it back, or sends it at once; says whether there was one.
export function give(back) {
  if (!waiting) return false;
  const { send, tell, timer, who } = waiting;
  clearTimeout(timer);
  waiting = null;
  if (back) tell(t("js.close_back", { who }));
  else send();
  return true;
}

function tick() {
  const now = shift.alerts.get(waiting.id)?.view;
  if (!now || now.count > waiting.count) {
    const { tell, who } = waiting;
    waiting = null;
    return tell(t(now ? "js.close_stopped" : "js.close_late", { who }));
  }
  const left = Math.ceil((waiting.until - performance.now()) / 1000);
  if (left <= 0) return give(false);
  waiting.tell(t("js.close_soon", { who: waiting.who, s: left }));
  waiting.timer = setTimeout(tick, 250);
}

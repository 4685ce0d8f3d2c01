// What somebody has opened without an alert in hand: a supervisor hears of it at once, and it stands in the bar
// until one of them has seen it. The oldest stands there, so that nothing changes under a hand; a hand that comes
// just as it does change has not seen what stands there then.
import { call, ok } from "./api.js";
import { t } from "./words.js";
import { set, text } from "./dom.js";
import { tell } from "./say.js";
import { speak } from "./speech.js";
import { after } from "./pulse.js";
import * as sound from "./sound.js";

const STEADY_MS = 500;
const bar = document.getElementById("glass");
const button = document.getElementById("glass-seen");
const known = new Set();
let first = null;
let steady = () => {};

const words = (one) => t("js.glass", { who: `${one.display} ${one.number}`, where: one.label });

// `open`: what nobody has seen, oldest first; what is new of it is heard.
export function hear({ open, more }) {
  if (!bar) return;
  const fresh = open.filter((one) => !known.has(one.id));
  for (const one of fresh) {
    known.add(one.id);
    speak(`${words(one)} ${t("js.glass_why", { why: one.reason })}`, true);
  }
  if (fresh.length) sound.once("glass");
  show(open[0] ?? null);
  const rest = document.getElementById("glass-rest");
  rest.hidden = open.length < 2;
  text(rest, t("js.glass_rest", { n: `${open.length - 1}${more ? "+" : ""}` }));
}

function show(one) {
  const same = one?.id === first?.id;
  first = one;
  bar.hidden = !first;
  if (!first || same) return;
  const link = document.getElementById("glass-who");
  text(link, words(first));
  set(link, "href", `/homes/${first.home}/looks`);
  text(document.getElementById("glass-why"), t("js.glass_why", { why: first.reason }));
  set(button, "aria-disabled", true);
  steady();
  steady = after(STEADY_MS, () => set(button, "aria-disabled", false));
}

async function seen() {
  if (!first || button.getAttribute("aria-disabled") !== "false") return;
  const { status } = await call("POST", `/api/glass/${first.id}/seen`, {});
  // The stream says what is left; one that somebody else has seen meanwhile is seen.
  if (!ok(status) && status !== 404) tell(t("js.not_sent"));
}

button?.addEventListener("click", seen);

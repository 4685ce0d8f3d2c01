// How long somebody has waited, and the word that stands beside it; the same on every page.
import { shift } from "./shift.js";
import { t } from "./words.js";

const STEPS = [60, 30, 15, 0];

// Step of a waiting or handling time, as the timers are coloured.
export function step(ms) {
  return STEPS.find((s) => ms >= s * 1000) ?? 0;
}

// The fixed state word, beside every timer.
export function word(entry, state) {
  const { view } = entry;
  if (shift.lost && (state === "unclaimed" || state === "interrupted")) return t("js.before_loss");
  if (state === "interrupted") return t("js.interrupted");
  if (state === "overdue") return t("js.overdue");
  if (state === "unverified") return t("js.unverified");
  if (state === "claimed") return view.owner?.display ?? t("js.claimed");
  // What a step has come to; that somebody was told is said with a receipt only.
  if (state === "unclaimed") return t(view.told ? `js.told_${view.told}` : "js.unclaimed");
  return t(`severity.${view.severity}`);
}

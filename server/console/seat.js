// How somebody sits here: day or night, language, and the way out.
import { shift, mine } from "./shift.js";
import { call, ok } from "./api.js";
import { t } from "./words.js";
import { tell, warn } from "./say.js";
import { go } from "./leave.js";
import { forget } from "./keep.js";
import * as undo from "./undo.js";

const AGAIN_MS = 10000;
const root = document.documentElement;
let askedAt = -AGAIN_MS;

// The theme changes where it is; nothing is drawn anew.
async function dress(button) {
  const theme = button.value;
  if (shift.lost) return tell(t("js.stay"));
  const { status } = await call("POST", "/api/shift", { theme });
  if (!ok(status)) return tell(t("js.not_sent"));
  root.dataset.theme = theme;
  button.value = theme === "night" ? "day" : "night";
  button.textContent = t(`js.theme_${button.value}`);
}

// Words come from the server: the page comes again, with whatever was begun.
async function speakIn(lang) {
  if (shift.lost) return tell(t("js.stay"));
  const { status } = await call("POST", "/api/shift", { lang });
  if (!ok(status)) return tell(t("js.not_sent"));
  go(location.href);
}

async function leave() {
  if (shift.lost) return tell(t("js.stay"));
  undo.give(false);
  const held = [...shift.alerts.values()].filter(({ view }) => mine(view)).length;
  if (held && performance.now() - askedAt > AGAIN_MS) {
    askedAt = performance.now();
    return warn(t("js.leave_held", { n: held }));
  }
  const { status } = await call("POST", "/api/logout", {});
  if (!ok(status) && status !== 401) return tell(t("js.not_sent"));
  forget();
  location.assign("/login");
}

export function start() {
  const theme = document.getElementById("theme");
  const lang = document.getElementById("lang");
  // Their forms are for a page whose script does not run.
  const does = (button, act) => button.addEventListener("click", (event) => (event.preventDefault(), act()));
  does(theme, () => dress(theme));
  does(lang, () => speakIn(lang.value));
  does(document.getElementById("logout"), leave);
}

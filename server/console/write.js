// What is written into an alert, and what is said of it: done, refused with the reason, or not sent at all.
import { shift } from "./shift.js";
import { call, ok, why, code } from "./api.js";
import { t, ago } from "./words.js";
import { tell, warn } from "./say.js";
import { after } from "./pulse.js";
import * as time from "./time.js";
import * as undo from "./undo.js";

let done = () => {};

// `does(id, status)` hears of every write.
export function onWritten(does) {
  done = does;
}

// What has joined since the author looked, as words: "help button, bedroom, 6 s ago".
function news(list) {
  const now = time.wall();
  const one = (signal) => {
    const parts = [t(`kind.${signal.kind}`), signal.device_label, ago(Math.max(0, now - signal.at_ms))];
    if (signal.late) parts.push(t("js.late"));
    if (signal.trust === "unverified") parts.push(t("js.unverified"));
    return parts.filter(Boolean).join(" ");
  };
  return list.slice(-3).map(one).join(t("js.gap"));
}

function refused(id, status, data) {
  const view = shift.alerts.get(id)?.view;
  if (status === 0) return tell(t("js.not_sent"));
  if (code(data) === "newer") return warn(t("js.newer", { who: view ? undo.named(view) : "", what: news(data.newer ?? []) }));
  tell(data?.owner ? t("js.taken", { name: data.owner.display }) : (why(data) ?? t("js.refused", { status })));
}

// Writes; `words` are said when it is done. Gives { status, data, done }.
export async function write(id, path, body, words) {
  const { status, data } = await call("POST", `/api/alerts/${id}/${path}`, body);
  if (ok(status)) tell(words);
  else refused(id, status, data);
  done(id, status);
  return { status, data, done: ok(status) };
}

// Claims an alert; the fence of it is this console's from then on.
export async function claim(id) {
  const answer = await write(id, "claim", undefined, t("js.claimed_now"));
  if (answer.done) shift.fences.set(id, answer.data.fence);
  return answer;
}

// A supervisor takes it from whoever has it; both are told.
export async function takeOver(id) {
  const answer = await write(id, "take", undefined, t("js.claimed_now"));
  if (answer.done && answer.data?.fence !== undefined) shift.fences.set(id, answer.data.fence);
  return answer;
}

const telling = new Set();
const toTell = [];
let busy = 0;

// The row of this alert has been painted: the server is told, a few at a time, and again if it did not hear.
export function visible(id) {
  if (telling.has(id)) return;
  telling.add(id);
  toTell.push(id);
  tellNext();
}

async function tellNext() {
  if (busy >= 4 || !toTell.length) return;
  const id = toTell.shift();
  busy += 1;
  const { status } = await call("POST", `/api/alerts/${id}/visible`, {});
  busy -= 1;
  telling.delete(id);
  if (status === 0) after(2000, () => shift.alerts.has(id) && visible(id));
  tellNext();
}

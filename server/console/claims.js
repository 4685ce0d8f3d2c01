// The alerts that this person has, on whatever page of the desk: kept alive, and their loss told.
import { shift, mine, fence } from "./shift.js";
import { call } from "./api.js";
import { t } from "./words.js";
import { warn } from "./say.js";
import { write } from "./write.js";
import { settled } from "./drafts.js";
import * as link from "./link.js";
import * as undo from "./undo.js";

// Sends a close whose seconds are over; refused, its words are there again under the same key.
export async function sendClose(id, body, who) {
  const answer = await write(id, "close", body, t("js.closed_now", { who }));
  if (answer.done || answer.status === 404) settled(`${id}:close`);
}

// Keeps the claims of this person alive; a claim whose fence is not known here is asked for.
export async function renew() {
  let unknown = false;
  for (const { view: held } of [...shift.alerts.values()]) {
    if (!mine(held)) continue;
    if (fence(held.id) === undefined) unknown = true;
    else if ((await call("POST", `/api/alerts/${held.id}/renew`, { fence: fence(held.id), cursor: shift.shown.get(held.id) })).status === 409) {
      shift.fences.delete(held.id);
      unknown = true;
    }
  }
  if (unknown) link.load();
}

// What somebody else did to an alert that was this person's.
export function lostOne(view, before) {
  if (!before || !mine(before) || mine(view)) return false;
  const who = undo.named(view);
  const other = view.ended_by;
  if (view.state === "claimed" && view.owner) warn(t("js.taken_from_you", { who, name: view.owner.display }));
  else if (view.state === "closed" && other && other.id !== shift.me) warn(t("js.ended_for_you", { who, name: other.display }));
  else if (view.state === "open") warn(t("js.lapsed", { who }));
  else return false;
  return true;
}

// What the function keys do, when they are locked, and why. Each has a button that is its equal.
// A key that is locked stays where it is and says the reason; letters are never shortcuts (IME).
import { shift, mine } from "./shift.js";
import { call, ok, why } from "./api.js";
import { t } from "./words.js";
import { set, text } from "./queue.js";
import * as picker from "./picker.js";
import * as undo from "./undo.js";

const say = document.getElementById("say");
const bar = document.getElementById("keys");
let after = () => {};

export const tell = (sentence) => text(say, sentence ?? "");
const view = () => shift.alerts.get(shift.open)?.view;
const fence = () => shift.fences.get(shift.open);
// What ends or hides an alert says how far its author was shown it: what joined since is told instead.
const seen = () => ({ fence: fence(), cursor: view().cursor });
const options = (group, digits) => digits.map((digit) => ({ digit, label: t(`${group}.${digit}`), value: digit }));

// Why a key cannot be used now, as a word key; null = it can.
function locked(name) {
  const now = view();
  if (shift.lost) return "js.locked_link";
  if (!now) return "js.locked_none";
  if (name === "claim") {
    if (mine(now)) return "js.locked_mine";
    return now.state === "claimed" ? "js.locked_held" : null;
  }
  if (!mine(now)) return "js.locked_claim";
  return name === "close" && now.actions === 0 ? "js.locked_action" : null;
}

async function post(path, body, done, id = shift.open) {
  const { status, data } = await call("POST", `/api/alerts/${id}/${path}`, body);
  if (ok(status)) tell(done);
  else if (status === 0) tell(t("js.not_sent"));
  else tell(data?.owner ? t("js.taken", { name: data.owner.display }) : (why(data) ?? t("js.refused", { status })));
  after(id, status);
  return { status, data };
}

const act = (kind, result, words, done) =>
  post("actions", { fence: fence(), kind, ...(result && { result }), ...(words && { text: words }) }, done);

const RESULTS = ["connected", "no_answer", "busy", "wrong_number"];
const SENT = ["station", "neighbour", "security", "family"];

function callResult(kind, title) {
  picker.ask({
    title: t(title),
    options: options("result", ["1", "2", "3", "4"]),
    onPick: (choice) => act(kind, RESULTS[choice.value - 1], "", t("js.logged")),
  });
}

const DO = {
  async claim() {
    const id = shift.open;
    const { status, data } = await post("claim", undefined, t("js.claimed_now"));
    if (ok(status)) shift.fences.set(id, data.fence);
  },
  call_resident: () => callResult("call_resident", "js.ask_resident"),
  call_120: () => callResult("call_120", "js.ask_120"),
  call_family: () => callResult("call_family", "js.ask_family"),
  send: () =>
    picker.ask({
      title: t("js.ask_send"),
      options: options("sent", ["1", "2", "3", "4"]),
      onPick: (choice) => act("send", SENT[choice.value - 1], "", t("js.logged")),
    }),
  note: () =>
    picker.ask({ title: t("js.ask_note"), field: "needed", onPick: (_, words) => act("note", "", words, t("js.logged")) }),
  close: () =>
    picker.ask({
      title: t("js.ask_close"),
      options: options("outcome", ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"]).map((o) => ({ ...o, needsText: o.digit === "0" })),
      field: "optional",
      hold: true,
      onPick: (choice, words) => {
        const id = shift.open;
        const body = { ...seen(), outcome: Number(choice.value), ...(words && { text: words }) };
        const who = undo.named(view());
        undo.hold(view(), () => post("close", body, t("js.closed_now", { who }), id), tell);
      },
    }),
  suspend: () =>
    picker.ask({
      title: t("js.ask_suspend"),
      options: options("pause", ["1", "2", "3"]),
      field: "needed",
      number: true,
      value: "10",
      label: t("js.minutes_label"),
      hold: true,
      onPick: (choice, minutes) =>
        post("suspend", { ...seen(), reason: choice.label, minutes: Number(minutes) }, t("js.suspended_now")),
    }),
};

// Does what a key means, or says why not.
export function press(name) {
  const reason = locked(name);
  if (reason) return tell(t(reason, { name: view()?.owner?.display ?? "" }));
  tell("");
  picker.close();
  // Whoever goes on working on an alert has not closed it; another alert's close is sent first.
  undo.give(undo.isWaiting(shift.open));
  return DO[name]();
}

// The one next key: the script's own step, once its facts have come.
function following(now) {
  if (!now || shift.lost) return "";
  if (!mine(now)) return "claim";
  const step = document.querySelector(".script[data-next]")?.dataset.next ?? "claim";
  return step === "claim" ? "call_resident" : step;
}

// Brings the bar up to date: which key is next, which are locked.
export function draw() {
  const now = view();
  const next = following(now);
  for (const button of bar.querySelectorAll("button")) {
    const name = button.dataset.does;
    const reason = locked(name);
    set(button, "aria-disabled", Boolean(reason));
    set(button, "data-next", name === next && !reason);
    set(button, "title", reason ? t(reason, { name: now?.owner?.display ?? "" }) : "");
  }
}

// Keeps the claims of this console alive; a claim that is lost is said.
export async function renew() {
  for (const { view: held } of [...shift.alerts.values()]) {
    const fence = shift.fences.get(held.id);
    if (!mine(held) || fence === undefined) continue;
    const { status } = await call("POST", `/api/alerts/${held.id}/renew`, { fence });
    if (status === 409) shift.fences.delete(held.id);
  }
}

export function start(onDone) {
  after = onDone;
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) press(button.dataset.does);
  });
}

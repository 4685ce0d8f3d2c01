// What the function keys do, when they are locked, and why. Each has a button that is its equal.
// A key that is locked stays where it is and says the reason; letters are never shortcuts (IME).
import { shift, mine, fence } from "./shift.js";
import { code } from "./api.js";
import { t } from "./words.js";
import { set, text } from "./dom.js";
import { tell, warn } from "./say.js";
import { write, claim, takeOver } from "./write.js";
import { settled } from "./drafts.js";
import * as picker from "./picker.js";
import * as undo from "./undo.js";

const bar = document.getElementById("keys");
const view = () => shift.alerts.get(shift.open)?.view;
const options = (group, digits) => digits.map((digit) => ({ digit, label: t(`${group}.${digit}`), value: digit }));
// What its author had seen of an alert when the question was put: what joins under an open list has been read by nobody.
const seen = (id) => ({ cursor: shift.shown.get(id) ?? shift.alerts.get(id)?.view.cursor, count: shift.alerts.get(id)?.view.count });
const others = (now) => now.state === "claimed" && !mine(now);

// Why a key cannot be used now, as a word key; null = it can.
function locked(name) {
  const now = view();
  if (shift.lost) return "js.locked_link";
  if (!now) return "js.locked_none";
  if (name === "claim") {
    if (mine(now)) return "js.locked_mine";
    return others(now) && !shift.leads ? "js.locked_held" : null;
  }
  // By right, without holding it, but not before somebody has done something.
  if (name === "close" && shift.leads && !mine(now)) return now.actions === 0 ? "js.locked_action" : null;
  if (others(now)) return shift.leads ? "js.locked_lead" : "js.locked_other";
  if (!mine(now)) return "js.locked_claim";
  return name === "close" && now.actions === 0 ? "js.locked_action" : null;
}

// Asks about the alert that is open now; what the server did not take is asked again with the words still there.
function ask(name, question, does) {
  const id = shift.open;
  const draft = `${id}:${name}`;
  const onPick = async (choice, words) => {
    const answer = await does(id, choice, words);
    // What is new is read first: the next Enter is not already the answer to it.
    if (!answer || code(answer.data) === "newer") return;
    if (answer.done) return settled(draft);
    if (question.field && shift.open === id && !picker.isOpen() && !locked(name)) DO[name]();
  };
  picker.ask({ ...question, name: draft, onPick });
}

const act = (id, kind, result, words) =>
  write(id, "actions", { fence: fence(id), kind, ...(result && { result }), ...(words && { text: words }) }, t("js.logged"));

const RESULTS = ["connected", "no_answer", "busy", "wrong_number"];
const SENT = ["station", "neighbour", "security", "family"];

function callResult(kind, title, tel, whom) {
  const question = { title, tel, options: options("result", ["1", "2", "3", "4"]) };
  ask(kind, question, (id, choice) => act(id, kind, RESULTS[choice.value - 1], whom));
}

// The contact whose turn it is, as the card says, and the number of one: it may come later than the name.
const nameOf = (line) => line.querySelector(".name").textContent.trim();
const nextContact = () => [...document.querySelectorAll("#card .contacts li[data-next]")].map(nameOf)[0];
const telOf = (whom) => [...document.querySelectorAll("#card .contacts li")].find((line) => nameOf(line) === whom)?.querySelector("a.tel")?.textContent;

// Whether something has joined since the question was put; said, and the question is to be put again.
function joined(id, asked) {
  const now = shift.alerts.get(id)?.view;
  if (!now || now.count <= asked.count) return false;
  warn(t("js.close_stopped", { who: undo.named(now) }));
  return true;
}

// Outcome and words are held back here for some seconds, then go with what the author had seen when asked.
function closing(id, choice, words, asked) {
  const now = shift.alerts.get(id)?.view;
  if (!now || joined(id, asked)) return;
  const body = { outcome: Number(choice.value), cursor: asked.cursor, ...(mine(now) && { fence: fence(id) }), ...(words && { text: words }) };
  undo.hold(now, body);
}

const DO = {
  claim() {
    const now = view();
    if (!others(now)) return claim(shift.open);
    const question = { title: t("js.ask_take", { name: now.owner?.display ?? "" }), options: [{ digit: "1", label: t("js.take"), value: "1" }] };
    return ask("claim", question, (id) => takeOver(id));
  },
  call_resident: () => callResult("call_resident", t("js.ask_resident"), () => document.querySelector("#card a.own-tel")?.textContent),
  call_120: () => callResult("call_120", t("js.ask_120"), () => "120"),
  call_family() {
    const whom = nextContact();
    callResult("call_family", whom ? t("js.ask_contact", { name: whom }) : t("js.ask_family"), () => telOf(whom), whom);
  },
  send: () =>
    ask("send", { title: t("js.ask_send"), options: options("sent", ["1", "2", "3", "4"]) }, (id, choice) => act(id, "send", SENT[choice.value - 1])),
  note: () => ask("note", { title: t("js.ask_note"), field: "needed" }, (id, _, words) => act(id, "note", "", words)),
  close() {
    const outcomes = options("outcome", ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"]).map((o) => ({ ...o, needsText: o.digit === "0" }));
    const holder = others(view()) ? view().owner?.display : null;
    const asked = seen(shift.open);
    ask("close", { title: holder ? t("js.ask_close_held", { name: holder }) : t("js.ask_close"), options: outcomes, field: "optional", hold: true },
      (id, choice, words) => closing(id, choice, words, asked));
  },
  suspend() {
    const asked = seen(shift.open);
    const put = (id, choice, minutes) =>
      write(id, "suspend", { fence: fence(id), cursor: asked.cursor, reason: choice.label, minutes: Number(minutes) }, t("js.suspended_now"));
    ask("suspend", { title: t("js.ask_suspend"), options: options("pause", ["1", "2", "3"]), field: "needed", range: [1, 15], value: "10", label: t("js.minutes_label"), hold: true },
      (id, choice, minutes) => (joined(id, asked) ? undefined : put(id, choice, minutes)));
  },
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
  if (!mine(now)) return others(now) ? "" : "claim";
  const step = document.querySelector(".script[data-next]")?.dataset.next ?? "claim";
  return step === "claim" ? "call_resident" : step;
}

// Brings the bar up to date: which key is next, which are locked, what F2 means here.
export function draw() {
  const now = view();
  const next = following(now);
  for (const button of bar.querySelectorAll("button")) {
    const name = button.dataset.does;
    const reason = locked(name);
    set(button, "aria-disabled", Boolean(reason));
    set(button, "data-next", name === next && !reason);
    set(button, "title", reason ? t(reason, { name: now?.owner?.display ?? "" }) : "");
    if (name === "claim") text(button.querySelector("span"), t(now && others(now) && shift.leads ? "js.take" : "js.claim"));
  }
}

export function start() {
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) press(button.dataset.does);
  });
}

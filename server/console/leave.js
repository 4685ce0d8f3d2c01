// The way from one page of the desk to another. It is tried first: while the server does not answer, nobody
// leaves a page that still shows the last known emergencies for the browser's own error.
import { shift } from "./shift.js";
import { call, ok } from "./api.js";
import { t } from "./words.js";
import { tell } from "./say.js";
import { said } from "./presence.js";

let going = false;

// Turns to another page of this site, if there is one to turn to; says whether.
export async function go(href) {
  if (going) return false;
  if (shift.lost) return stay();
  going = true;
  const { status } = await call("POST", "/api/presence", said());
  if (!ok(status)) {
    going = false;
    return stay();
  }
  location.assign(href);
  return true;
}

// The same for a form: what is typed in it stays where a server does not answer.
async function send(form, button) {
  if (going) return;
  if (shift.lost) return stay();
  going = true;
  const { status } = await call("POST", "/api/presence", said());
  if (!ok(status)) {
    going = false;
    return stay();
  }
  if (button?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value }));
  form.submit();
}

function stay() {
  tell(t("js.stay"));
  return false;
}

function onClick(event) {
  const link = event.target.closest?.("a[href]");
  const other = event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || other || link.target || link.origin !== location.origin || link.getAttribute("href").startsWith("#")) return;
  if (link.hasAttribute("download")) return;
  event.preventDefault();
  go(link.href);
}

// A form goes the same way, whether it asks by its address or writes.
function onSubmit(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  event.preventDefault();
  if (form.method !== "get") return send(form, event.submitter);
  go(`${form.action.split("?")[0]}?${new URLSearchParams(new FormData(form))}`);
}

// The browser's own keys for "again" would leave just as well.
function onKey(event) {
  const again = (event.key === "F5" && !event.defaultPrevented) || (event.ctrlKey && event.key.toLowerCase() === "r");
  if (!again) return;
  event.preventDefault();
  go(location.href);
}

export function start() {
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("keydown", onKey);
  addEventListener("beforeunload", (event) => {
    if (!shift.lost || going) return;
    event.preventDefault();
    event.returnValue = "";
  });
}

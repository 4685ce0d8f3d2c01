// Looking somebody up. It lies over the page it was asked from, so that nobody leaves the desk to look;
// names go in the body of a request, never into an address.
import { shift } from "./shift.js";
import { call, ok } from "./api.js";
import { t } from "./words.js";
import { after } from "./pulse.js";

const REST_MS = 150;
const box = document.getElementById("find");
const line = document.getElementById("find-line").content.firstElementChild;
let back = null;

// Fills `list` with what fits the field, while somebody types. `note` says what there is to say.
export function attach(form, field, list, note) {
  let asked = 0;
  let rest = () => {};
  const fill = async () => {
    const turn = ++asked;
    if (shift.lost) return note(t("js.stay"));
    const { status, data } = await call("POST", "/api/find", { q: field.value });
    if (turn !== asked) return;
    if (!ok(status)) return note(t("js.find_failed"));
    list.replaceChildren(...data.homes.map(row));
    const n = data.homes.length;
    note(n ? t(data.more ? "js.find_more" : "js.find_count", { n }) : t("js.find_none"));
  };
  field.addEventListener("input", () => {
    rest();
    rest = after(REST_MS, fill);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = list.querySelector("a");
    if (first && document.activeElement === field && list.childElementCount === 1) first.click();
    else fill();
  });
  form.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement) + { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (Number.isNaN(at) || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    (links[at] ?? (at < 0 ? field : null))?.focus();
  });
  return fill;
}

function row(home) {
  const one = line.cloneNode(true);
  const link = one.querySelector("a");
  link.href = `/homes/${home.id}`;
  link.querySelector("b").textContent = home.label;
  link.querySelector("[data-person]").textContent = home.person;
  one.querySelector("[data-open]").textContent = home.open ? t("js.find_open", { n: home.open }) : "";
  return one;
}

const field = document.getElementById("find-text");
const say = document.getElementById("find-say");
const fill = attach(document.getElementById("find-form"), field, document.getElementById("find-list"), (words) => { say.textContent = words; });

export const isOpen = () => !box.hidden;

export function open() {
  if (!isOpen()) back = document.activeElement;
  box.hidden = false;
  field.focus();
  field.select();
  fill();
}

export function close() {
  box.hidden = true;
  field.value = "";
  if (back?.isConnected) back.focus();
}

document.getElementById("find-close").addEventListener("click", close);

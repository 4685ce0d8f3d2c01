// The telephone numbers for when the link is lost: read while it holds, shown when it does not.
import { shift } from "./shift.js";
import { call, ok } from "./api.js";
import { after, every } from "./pulse.js";

const REST_MS = 1000;
const AGAIN_MS = 60000;
const boxes = document.querySelectorAll(".fallback");
let known = null;
let resting = false;

async function fetchNumbers() {
  resting = false;
  if (shift.lost) return;
  const { status, data } = await call("GET", "/console/fallback");
  if (ok(status)) known = new DOMParser().parseFromString(data, "text/html");
}

// The open emergencies have changed: their numbers are read again, once for many changes.
export function follow() {
  if (resting) return;
  resting = true;
  after(REST_MS, fetchNumbers);
}

export function show() {
  if (!known) return;
  for (const box of boxes) {
    box.querySelector(".tel").replaceWith(known.querySelector(".tel").cloneNode(true));
    box.querySelector("ol").replaceChildren(...[...known.querySelectorAll("li")].map((line) => line.cloneNode(true)));
  }
}

every(AGAIN_MS, follow);

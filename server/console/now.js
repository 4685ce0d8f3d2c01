// What a page that stays open must not go on saying: parts that hold only now are asked for again and put in their place.
import { shift } from "./shift.js";
import { call, ok } from "./api.js";
import { every } from "./pulse.js";

const EVERY_MS = 10000;

// `place`: what the parts stand in; `path`: gives where they are asked for, null = nothing is open.
export function follow(place, path) {
  every(EVERY_MS, async () => {
    const asked = shift.lost || document.hidden ? null : path();
    if (!asked) return;
    const { status, data } = await call("GET", asked);
    if (!ok(status) || asked !== path()) return;
    for (const part of new DOMParser().parseFromString(data, "text/html").querySelectorAll("[data-now]")) {
      const old = place.querySelector(`[data-now="${part.dataset.now}"]`);
      // What has not changed keeps its focus and its place.
      if (old && old.outerHTML !== part.outerHTML) old.replaceWith(part);
    }
  });
}

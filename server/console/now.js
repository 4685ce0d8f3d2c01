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
      if (old && old.outerHTML !== part.outerHTML) put(old, part);
    }
  });
}

// Puts a part into the place of an old one; whoever stands in it with the keyboard, or has scrolled it, stays there.
function put(old, part) {
  const held = document.activeElement;
  const places = (of) => [...of.querySelectorAll("a, button, [tabindex]")];
  const at = old.contains(held) ? places(old).indexOf(held) : -1;
  const [box, next] = [old, part].map((of) => of.querySelector(".scroll"));
  const left = box?.scrollLeft ?? 0;
  old.replaceWith(part);
  if (next) next.scrollLeft = left;
  if (at < 0) return;
  // A list may have another order: a link is known by where it leads.
  const to = held.getAttribute("href");
  const same = to ? places(part).find((one) => one.getAttribute("href") === to) : places(part)[at];
  same?.focus({ preventScroll: true });
}

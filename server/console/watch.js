// What is wrong with the watch room itself: nobody on duty, no proved way out. The server says it in words.
import { call, ok } from "./api.js";
import { every } from "./pulse.js";
import { afterNews } from "./presence.js";

const EVERY_MS = 5000;
const place = document.getElementById("watch");
const list = document.getElementById("watch-list");

async function look() {
  const { status, data } = await call("GET", "/api/watch");
  // Without an answer the link's own bar speaks; what was said last stays.
  if (!ok(status)) return;
  const words = data.lacks.map(({ text }) => text);
  if (words.join() !== [...list.children].map((line) => line.textContent).join()) {
    list.replaceChildren(...words.map((word) => Object.assign(document.createElement("li"), { textContent: word })));
  }
  place.hidden = words.length === 0;
}

// Before the server has heard of this console it does not count, and nobody is told that it does not.
afterNews(look);
every(EVERY_MS, look);

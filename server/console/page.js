// Pages beside the console: the live part of the desk, a list to search, a chart that begins at its end.
import { run } from "./time.js";

// Where a chart is wider than the glass, what holds now is read first.
for (const box of document.querySelectorAll(".scroll")) box.scrollLeft = box.scrollWidth;

// Without a session, on a page that refuses, there is no desk, only the clock.
if (document.body.dataset.me) {
  const desk = await import("./desk.js");
  const { attach } = await import("./find.js");
  const form = document.getElementById("search");
  if (form) {
    const all = document.getElementById("all");
    const list = document.getElementById("found");
    const say = document.getElementById("found-say");
    const field = form.querySelector("input");
    attach(form, field, list, (words) => {
      const blank = field.value.trim() === "";
      all.hidden = !blank;
      list.hidden = blank;
      say.textContent = blank ? "" : words;
    });
  }
  desk.start({});
} else run();

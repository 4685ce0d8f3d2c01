// Pages beside the console: the live part of the desk, a list to search, a chart that begins at its end.
import { run } from "./time.js";
import { set } from "./dom.js";

// Where a chart is wider than the glass, what holds now is read first; a text of it is read whole or not at all.
for (const chart of document.querySelectorAll(".scroll > svg[role]")) {
  const box = chart.parentElement;
  const names = box.querySelector(".names");
  const texts = [...chart.querySelectorAll("text")];
  const whole = () => {
    const edge = box.getBoundingClientRect();
    const left = names ? names.getBoundingClientRect().right : edge.left;
    const cut = texts.map((text) => {
      const at = text.getBoundingClientRect();
      return (at.left < left - 1 && at.right > left + 1) || (at.left < edge.right - 1 && at.right > edge.right + 1);
    });
    texts.forEach((text, n) => set(text, "visibility", cut[n] ? "hidden" : "visible"));
  };
  box.scrollLeft = box.scrollWidth;
  box.addEventListener("scroll", whole, { passive: true });
  addEventListener("resize", whole);
  whole();
}

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
    const fill = attach(form, field, list, (words) => {
      const blank = field.value.trim() === "";
      all.hidden = !blank;
      list.hidden = blank;
      say.textContent = blank ? "" : words;
    });
    // What was asked while no script ran is asked again, so that it is of now.
    if (field.value.trim()) fill();
  }
  const { follow } = await import("./now.js");
  const home = /^\/homes\/[^/]+$/.exec(location.pathname);
  if (home) follow(document, () => `${location.pathname}/now`);
  // These are asked for as they were, with whatever they were filtered by.
  if (/^\/(faults|closed)$/.test(location.pathname)) follow(document, () => location.pathname + location.search);
  // The list is asked for as a page; whoever searches has another before them.
  const rows = document.querySelector("#all [data-now]");
  if (rows) follow(document, () => (rows.closest("#all").hidden ? null : "/homes"));
  desk.start({});
} else run();

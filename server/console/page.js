// Pages beside the console: the clock of the server, counted on by the page, and shift settings.
import { call } from "./api.js";

const clock = document.getElementById("clock");
const began = performance.now();
const server = Number(document.body.dataset.nowMs);

function tick() {
  const now = new Date(server + performance.now() - began);
  if (clock) clock.textContent = now.toLocaleTimeString("en-GB");
}

tick();
setInterval(tick, 1000);
// Where a chart is wider than the glass, what holds now is read first.
for (const box of document.querySelectorAll(".scroll")) box.scrollLeft = box.scrollWidth;
for (const button of document.querySelectorAll("[data-shift]")) {
  button.addEventListener("click", async () => {
    await call("POST", "/api/shift", JSON.parse(button.dataset.shift));
    location.reload();
  });
}

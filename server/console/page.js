// Pages beside the console: the clock of the server, ages that go on, and shift settings.
import { call } from "./api.js";
import { run } from "./time.js";

run();
// Where a chart is wider than the glass, what holds now is read first.
for (const box of document.querySelectorAll(".scroll")) box.scrollLeft = box.scrollWidth;
for (const button of document.querySelectorAll("[data-shift]")) {
  button.addEventListener("click", async () => {
    await call("POST", "/api/shift", JSON.parse(button.dataset.shift));
    location.reload();
  });
}

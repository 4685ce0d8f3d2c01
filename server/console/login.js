// The login and set-up forms: send, say what went wrong, go on. The click also opens the sound.
// Without this script the forms post by themselves.
import { call, ok, why } from "./api.js";
import { t } from "./words.js";
import { every } from "./pulse.js";
import { unlock } from "./sound.js";
import { run } from "./time.js";

const form = document.querySelector("form");
const say = document.getElementById("say");
run();

for (const show of document.querySelectorAll("[data-show]")) {
  show.hidden = false;
  show.addEventListener("click", () => {
    const field = document.getElementById(show.dataset.show);
    const hidden = field.type === "password";
    field.type = hidden ? "text" : "password";
    show.setAttribute("aria-pressed", String(hidden));
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  unlock();
  say.textContent = t("js.asking");
  const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  if (form.dataset.to !== "/api/login") delete fields.lang;
  const { status, data } = await call("POST", form.dataset.to, fields);
  if (data?.error?.code?.startsWith("second")) {
    const second = document.getElementById("second");
    second.hidden = false;
    second.querySelector("input").focus();
  }
  if (ok(status)) location.assign(form.dataset.then);
  else say.textContent = status === 0 ? t("js.not_sent") : (why(data) ?? t("js.refused", { status }));
});

// Whether the server answers now, not whether it did when the page came.
const server = document.getElementById("server");
async function look() {
  const { status } = await call("HEAD", location.pathname);
  server.textContent = t(status === 0 ? "js.server_off" : "js.server_on");
}
look();
every(5000, look);

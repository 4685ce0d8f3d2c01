// The login and set-up forms: send, say what went wrong, go on. The click also opens the sound.
import { call, ok, why } from "./api.js";
import { t } from "./words.js";
import { unlock } from "./sound.js";

const form = document.querySelector("form");
const say = document.getElementById("say");

for (const show of document.querySelectorAll("[data-show]")) {
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
  const { status, data } = await call("POST", form.dataset.to, { ...fields, ...(form.dataset.lang && { lang: form.dataset.lang }) });
  if (ok(status)) location.assign(form.dataset.then);
  else say.textContent = status === 0 ? t("js.not_sent") : (why(data) ?? t("js.refused", { status }));
});

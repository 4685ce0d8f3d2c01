// Every word that a script shows comes from the locale file, by key. No text of its own is here.
const lang = document.documentElement.lang;
const table = (await import(`./words.${lang}.js`)).default;

// The text of a key with {name} places filled; {name#one|many} is the word for one, or for another number.
export function t(key, fill = {}) {
  const text = table[key] ?? key;
  return text.replace(/\{(\w+)(?:#([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) => {
    const value = String(fill[name] ?? "");
    return one === undefined ? value : value === "1" ? one : many;
  });
}

// mm:ss up to 99:59, then whole hours: a waiting time on a row.
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s >= 6000) return t("js.hours", { n: Math.floor(s / 3600) });
  return `${String(Math.floor(s / 60)).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`;
}

// One coarse unit: the age of a fault.
export function coarse(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60000));
  if (minutes < 1) return t("js.seconds", { n: Math.max(0, Math.floor(ms / 1000)) });
  return minutes < 60 ? t("js.minutes", { n: minutes }) : t("js.hours", { n: Math.floor(minutes / 60) });
}

// "n seconds ago", for link and list.
export const ago = (ms) => t("js.ago", { age: coarse(ms) });

// What must live through a change of page: handed from one page of this tab to the next, and only there.
// It is written as the page goes and taken out as the next one comes, so that a copied tab has none of it.
const NAME = "hearthline.kept";
const keepers = new Map();
const me = document.body.dataset.me;
let over = false;
let found = {};

try {
  const text = sessionStorage.getItem(NAME);
  sessionStorage.removeItem(NAME);
  const kept = text ? JSON.parse(text) : null;
  if (kept?.me === me) found = kept.things;
} catch {
  found = {};
}

// What the page before left under this name, or null; `give` says what is to be left for the next.
export function keep(name, give) {
  keepers.set(name, give);
  return found[name] ?? null;
}

// Whoever logs out leaves nothing.
export function forget() {
  over = true;
}

addEventListener("pagehide", () => {
  if (over) return;
  const things = {};
  for (const [name, give] of keepers) things[name] = give();
  try {
    sessionStorage.setItem(NAME, JSON.stringify({ me, things }));
  } catch {
    over = true;
  }
});

// A page that the browser brings back as it was knows nothing of what the next one did with these things.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  over = true;
  location.reload();
});

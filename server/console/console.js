// The console's page: adds queue, card and keys to the live part of the desk. State is in shift.js.
//
// An emergency opens by itself when the operator is free; nothing is opened under typing hands.
// "Visible" is told to the server only after the row has been painted.
import { shift, mine, ordered, place, worked } from "./shift.js";
import { keep } from "./keep.js";
import { tell, move as moveWords } from "./say.js";
import { visible } from "./write.js";
import { after } from "./pulse.js";
import * as desk from "./desk.js";
import * as queue from "./queue.js";
import * as card from "./card.js";
import * as keys from "./keys.js";
import * as picker from "./picker.js";
import * as sound from "./sound.js";
import "./watch.js";
import * as fold from "./fold.js";

const FKEYS = { F2: "claim", F3: "call_resident", F4: "call_120", F5: "call_family", F6: "send", F7: "note", F8: "close", F9: "suspend" };
const LATE_MS = 300;
let painting = false;
let chosen = keep("chosen", () => chosen) ?? {};

const holding = () => [...shift.alerts.values()].some(({ view }) => mine(view));

// What a hand has opened stays open, unless something more urgent comes than was there to see.
function open(id) {
  chosen = { id, top: ordered()[0]?.view.id };
  desk.seenBy(id);
  if (id === shift.open) return;
  picker.close();
  tell("");
  card.show(id);
  paint();
}

// Opens the top emergency for an idle operator; keeps what is being read or worked on.
function offer() {
  const now = shift.alerts.get(shift.open);
  if (shift.open && !now) {
    card.show(null);
    moveWords();
  }
  if (desk.typing() || picker.isOpen()) return;
  const top = ordered()[0];
  const free = !shift.alerts.has(shift.open) || (!mine(now.view) && now.view.state !== "open");
  const passed = chosen.id === shift.open && chosen.top === top?.view.id;
  const better = now && top && !passed && place(top) < place(now) && !mine(now.view) && now.view.severity !== "emergency";
  if (top && !worked(top) && (free || better) && !holding()) card.show(top.view.id);
  else if (!shift.open && top) card.show(top.view.id);
}

// With the next frame; a computer that has just woken may give none for a while, and what stands there must be so.
function paint() {
  if (painting) return;
  painting = true;
  const frame = requestAnimationFrame(repaint);
  after(LATE_MS, () => painting && (cancelAnimationFrame(frame), repaint()));
}

function repaint() {
  painting = false;
  offer();
  queue.draw(open);
  card.draw();
  keys.draw();
  // What stands folded behind its cause, or below the last row there is room for, has not been painted.
  const cursors = queue.onPage().map(({ id, cursor, visible: told }) => [id, cursor, told]);
  const read = shift.open;
  requestAnimationFrame(() => painted(cursors, read));
}

// The frame with these rows is on the screen: the server is told, and the open card's signals have been seen.
function painted(cursors, read) {
  if (document.hidden) return;
  for (const [id, cursor, told] of cursors) {
    if (id === read) shift.shown.set(id, cursor);
    if (!told) visible(id);
  }
}

function move(by) {
  const ids = fold.visible();
  const next = by === 0 ? 0 : Math.min(ids.length - 1, Math.max(0, ids.indexOf(shift.open) + by));
  if (!ids.length) return;
  open(ids[next]);
  queue.focusRow(ids[next]);
}

// Keys of this page; says whether it took one.
function key(event) {
  if (FKEYS[event.key]) {
    event.preventDefault();
    if (!event.repeat) keys.press(FKEYS[event.key]);
    return true;
  }
  if (picker.key(event)) return true;
  if (desk.typing()) return false;
  // A row that has the focus is the open card's place in the list, no control of its own.
  const row = event.target.dataset?.id;
  const onControl = event.target.matches?.("a, button") && row !== shift.open;
  const does = {
    Enter: () => keys.press("claim"),
    " ": () => sound.mute(),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Home: () => move(0),
    "/": () => keys.press("note"),
    "?": () => document.getElementById("help").showModal(),
  }[event.key];
  if (!does || (event.key === "Enter" && onControl) || (event.key === " " && onControl && !row)) return false;
  event.preventDefault();
  does();
  return true;
}

card.onFacts(() => {
  keys.draw();
  picker.dial();
});
keys.start();
desk.start({
  paint,
  key,
  list() {
    // A line of another page that leads to its alert.
    const asked = location.hash.slice(1);
    if (asked && shift.alerts.has(asked)) {
      history.replaceState(null, "", location.pathname);
      return open(asked);
    }
    return shift.open && shift.alerts.has(shift.open) && (card.shows(shift.open) ? card.refresh() : card.show(shift.open));
  },
  change: (view) => view.id === shift.open && card.refresh(),
  written: (id) => id === shift.open && card.refresh(),
  second() {
    if (queue.tickRows()) paint();
    card.tick();
  },
});

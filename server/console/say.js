// The sentence that answers a hand: beside the script while a card is open, at the foot of the list elsewhere.
// What must not be missed stands in the notice until it is read (Esc) or a minute has passed.
import { after } from "./pulse.js";
import { speak } from "./speech.js";

const LONG_MS = 60000;
const SHORT_MS = 10000;
const notice = document.getElementById("notice");
const beside = document.getElementById("say");
let end = () => {};
let rest = () => {};
let grave = false;

const write = (node, sentence) => {
  if (node && node.textContent !== sentence) node.textContent = sentence;
};
const cardOpen = () => Boolean(beside) && !document.getElementById("card").hidden;

// `quiet`: a sentence that counts down is spoken once by its maker, not at each step.
export function tell(sentence, quiet = false) {
  const words = sentence ?? "";
  write(beside, cardOpen() ? words : "");
  if (!grave) show(cardOpen() ? "" : words, false);
  rest();
  rest = after(SHORT_MS, () => grave || show("", false));
  if (!quiet) speak(words);
}

// The card goes: its sentence stays to be read at the foot of the list.
export const move = () => beside?.textContent && tell(beside.textContent, true);

// Something that somebody else has done to one's own work.
export function warn(sentence) {
  grave = true;
  write(beside, "");
  show(sentence, true);
  speak(sentence, true);
  end();
  end = after(LONG_MS, read);
}

function show(words, due) {
  write(notice, words);
  notice.hidden = !words;
  notice.dataset.state = due ? "due" : "";
}

// Takes the notice away; says whether there was one.
export function read() {
  const was = grave;
  grave = false;
  if (was) show("", false);
  return was;
}

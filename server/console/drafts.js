// What somebody has typed and the server does not have yet, by the question it answers.
import { keep } from "./keep.js";

const MOST = 20;
let gather = () => {};
const drafts = new Map(keep("drafts", () => {
  gather();
  return [...drafts];
}) ?? []);

export const draftOf = (name) => drafts.get(name);

export function layAside(name, draft) {
  drafts.delete(name);
  drafts.set(name, draft);
  if (drafts.size > MOST) drafts.delete(drafts.keys().next().value);
}

// The server has it, or there is nothing to keep.
export const settled = (name) => drafts.delete(name);

// `does` lays aside what is still in a field as the page goes.
export function beforeLeaving(does) {
  gather = does;
}

//! What hands do at a keyboard and what a computer does with a page: texts, held keys, sleep.
//!
//! Nothing here touches an element of a page: keys go to wherever the focus is. Not here: waits and scripts.

use serde_json::{Value, json};

use super::{Browser, key};
use crate::trouble::{Outcome, Trouble};

/// Most presses of Tab on the way to one place.
const TABS: usize = 80;

fn stroke(key: char) -> [Value; 2] {
    let key = key.to_string();
    [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
}

impl Browser {
    /// Types a text key by key, wherever the focus is.
    pub fn keys(&self, text: &str) -> Outcome {
        let strokes: Vec<Value> = text.chars().flat_map(stroke).collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": strokes }] });
        self.call("/actions", &actions).map(|_| ())
    }

    /// Presses a key while another is held.
    pub fn chord(&self, held: char, key: char) -> Outcome {
        let [down, up] = stroke(held);
        let strokes: Vec<Value> =
            std::iter::once(down).chain(stroke(key)).chain(std::iter::once(up)).collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": strokes }] });
        self.call("/actions", &actions).map(|_| ())
    }

    /// Goes by Tab to what matches; says how many presses it took.
    pub fn tab_to(&self, selector: &str) -> Outcome<usize> {
        let there = format!("return document.activeElement.matches({selector:?})");
        for n in 0..TABS {
            if self.script(&there)? == Value::Bool(true) {
                return Ok(n);
            }
            self.press(key::TAB)?;
        }
        Err(Trouble::new(format!("{TABS} presses of Tab do not lead to {selector}")))
    }

    /// The page stands still, as in a computer that sleeps, until it is woken.
    pub fn sleeps(&self, asleep: bool) -> Outcome {
        let state = if asleep { "frozen" } else { "active" };
        self.order("Page.setWebLifecycleState", &json!({ "state": state })).map(|_| ())
    }

    /// What is on the page of what a person must see: whole, in the glass, cut by nothing and covered by nothing.
    /// Gives the selectors of which no element is seen so.
    pub fn out_of_sight(&self, wanted: &[&str]) -> Outcome<Vec<String>> {
        let script = format!("const wanted = {};\n{SEEN}", json!(wanted));
        let found = self.script(&script)?;
        let found = found.as_array().ok_or_else(|| Trouble::new(format!("no list: {found}")))?;
        Ok(found.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
    }
}

const SEEN: &str = "
const seen = (node) => {
  const box = node.getBoundingClientRect();
  if (!box.width || !box.height || !node.textContent.trim()) return false;
  let [top, bottom, left, right] = [0, innerHeight, 0, innerWidth];
  for (let up = node.parentElement; up; up = up.parentElement) {
    if (getComputedStyle(up).overflowY === 'visible' || up === document.body || up === document.documentElement) continue;
    const edge = up.getBoundingClientRect();
    [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
    [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
  }
  if (box.top < top - 1 || box.bottom > bottom + 1 || box.left < left - 1 || box.right > right + 1) return false;
  const over = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
  return Boolean(over) && (node.contains(over) || over.contains(node));
};
return wanted.filter((selector) => ![...document.querySelectorAll(selector)].some(seen));";

// Writes into the page only what is not there yet, so that nothing is drawn or spoken twice.
export const set = (node, name, value) => {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
};
export const text = (node, value) => {
  if (node.textContent !== value) node.textContent = value;
};

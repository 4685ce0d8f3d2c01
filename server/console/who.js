// Whom or what an alert is about, as the title of its row and card: a person, else the box or the device.
import { t } from "./words.js";

// A box stands for all behind it: it wears nobody's name.
const BOXES = new Set(["gateway_silence"]);

export function who(view) {
  if (view.person && !BOXES.has(view.kind)) return view.person;
  const box = [view.gateway_label, view.gateway].filter(Boolean).join(" ");
  if (view.gateway) return t("js.box", { box });
  return view.device_label || view.device || t("js.nobody");
}

// Device and box of an alert: a name where there is one, else the id.
export function what(view) {
  const parts = [];
  if (view.device) parts.push(view.device_label || view.device);
  if (view.gateway) parts.push(view.gateway_label || view.gateway);
  return parts;
}

// One way to speak to the server. Nothing is queued: what was not answered has not happened.
import { after } from "./pulse.js";

const TIMEOUT_MS = 4000;

// Resolves to { status, data }; status 0 = no answer in `patience` ms.
export async function call(method, path, body, patience = TIMEOUT_MS) {
  const end = new AbortController();
  const calm = after(patience, () => end.abort());
  try {
    const answer = await fetch(path, {
      method,
      headers: { "x-hearthline": "1", "accept-language": document.documentElement.lang, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: end.signal,
    });
    if (answer.status === 401 && !path.endsWith("/login")) location.assign("/login");
    const kind = answer.headers.get("content-type") ?? "";
    const data = kind.includes("json") ? await answer.json() : await answer.text();
    return { status: answer.status, data };
  } catch {
    return { status: 0, data: null };
  } finally {
    calm();
  }
}

export const ok = (status) => status >= 200 && status < 300;

// The server's own sentence for an error, and its code, if it gave them.
export const why = (data) => data?.error?.message ?? null;
export const code = (data) => data?.error?.code ?? data?.code ?? null;

// Time that goes on when the page is hidden: a worker's ticks, and the stream's own beats.
// Timers of a hidden page run once a minute; nothing that somebody waits for hangs on them.
const tasks = new Set();

// Does what is due. Called by the worker and by whatever else comes from outside the page.
export function pulse() {
  const now = performance.now();
  for (const task of [...tasks]) {
    if (now < task.due || !tasks.has(task)) continue;
    if (task.once) tasks.delete(task);
    // Counted from when it was due, so that seconds stay seconds; from now after a pause.
    else task.due = now - task.due > task.ms ? now + task.ms : task.due + task.ms;
    run(task.does);
  }
}

// One that fails is seen in the log and keeps none of the others.
function run(does) {
  try {
    does();
  } catch (error) {
    Promise.reject(error);
  }
}

function add(ms, does, once) {
  const task = { ms, does, once, due: performance.now() + ms };
  tasks.add(task);
  return () => tasks.delete(task);
}

// Both give a function that ends it.
export const every = (ms, does) => add(ms, does, false);
export const after = (ms, does) => add(ms, does, true);

try {
  const worker = new Worker(new URL("./tick.js", import.meta.url));
  worker.onmessage = pulse;
  worker.onerror = () => setInterval(pulse, 250);
} catch {
  setInterval(pulse, 250);
}

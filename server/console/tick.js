// A worker that only ticks: its timers go on when the page is behind another one.
setInterval(() => postMessage(0), 250);

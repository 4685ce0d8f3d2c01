// Buttons post, lights follow the stream; nothing else.
const homes = document.getElementById("homes");
const fault = document.getElementById("fault");
const words = {
  help_button: "按钮 button", pull_cord: "拉绳 cord", bed_mat: "床垫 mat", motion: "活动 motion", door: "门 door",
  pendant: "挂坠 pendant",
};

const alarm = document.getElementById("alarm");
const deaf = document.getElementById("deaf");
let sound = null;
let sounding = false;

// A browser lets a page sound only after somebody has touched it.
function listen() {
  sound ??= new AudioContext();
  sound.resume().then(() => { deaf.hidden = !sounding || sound.state === "running"; });
}

function beep() {
  if (!sounding || sound?.state !== "running") return;
  const [tone, volume] = [sound.createOscillator(), sound.createGain()];
  tone.type = "square";
  tone.frequency.value = 980;
  volume.gain.value = 0.15;
  tone.connect(volume).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.35);
}

setInterval(beep, 700);

async function post(path) {
  const answer = await fetch(path, { method: "POST" });
  fault.hidden = answer.ok;
  fault.textContent = answer.ok ? "" : await answer.text();
}

document.addEventListener("click", (event) => {
  listen();
  const button = event.target.closest("button");
  if (button?.dataset.post) post(button.dataset.post);
  if (button?.dataset.act) post(`/home/${button.closest("article").dataset.n}/${button.dataset.act}`);
});

function card(n) {
  const article = document.getElementById("home").content.cloneNode(true).firstElementChild;
  article.dataset.n = n;
  homes.append(article);
  return article;
}

function show(world) {
  document.getElementById("uplink").classList.toggle("off", !world.uplink);
  document.getElementById("gateway").classList.toggle("off", !world.gateway);
  if (sounding !== world.alarm) {
    sounding = world.alarm;
    beep();
  }
  alarm.hidden = !sounding;
  deaf.hidden = !sounding || sound?.state === "running";
  world.homes.forEach((home, n) => {
    const article = homes.children[n] ?? card(n);
    article.querySelector("h2").textContent = `${home.person} ${home.label}`;
    const list = home.devices.map((device) => {
      const item = document.createElement("li");
      const light = document.createElement("span");
      light.className = `light ${device.light}`;
      item.classList.toggle("off", !device.on);
      item.title = device.light;
      item.append(light, `${words[device.role]} ${device.light === "idle" ? "" : device.light}`);
      return item;
    });
    article.querySelector("ul").replaceChildren(...list);
    article.classList.toggle("still", home.still);
    const note = article.querySelector(".note");
    note.hidden = !home.note;
    note.textContent = home.note ?? "";
  });
}

new EventSource("/lights").onmessage = (event) => show(JSON.parse(event.data));

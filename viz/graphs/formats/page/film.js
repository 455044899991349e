"use strict";
(() => {
  const find = id => document.getElementById(id);
  const svg = document.querySelector(".picture svg");
  const data = JSON.parse(find("data").textContent);
  const slider = find("step"), last = data.length - 1;
  const parts = [...document.querySelectorAll("[data-frames]")];
  const save = () => {};  // the address keeps the step alone
  let now = 0, playing = 0;

$modules
  const show = step => {
    now = Math.max(0, Math.min(last, step));
    slider.value = now;
    for (const part of parts) {
      const [first, end] = part.dataset.frames.split(" ").map(Number);
      part.classList.toggle("off", now < first || now > end);
    }
    slider.setAttribute("aria-valuetext", data[now].title);
    find("now").textContent = `${now + 1} of ${last + 1}: ${data[now].title}`;
    find("findings").textContent = data[now].findings;
    find("back").disabled = find("first").disabled = now === 0;
    find("on").disabled = find("last").disabled = now === last;
    try { history.replaceState(null, "", `#step=${now + 1}`); } catch { /* a frame without an address keeps no state */ }
  };
  const stop = () => { clearInterval(playing); playing = 0; find("play").textContent = "▶ play"; };
  const play = () => {
    if (playing) return stop();
    if (now === last) show(0);
    find("play").textContent = "❚❚ pause";
    playing = setInterval(() => { show(now + 1); if (now === last) stop(); }, 500);
  };
  const go = {first: () => show(0), back: () => show(now - 1), on: () => show(now + 1), last: () => show(last)};
  for (const [id, action] of Object.entries(go)) find(id).addEventListener("click", () => { stop(); action(); });
  find("play").addEventListener("click", play);
  find("print").addEventListener("click", () => window.print());
  slider.max = last;
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  keys(walking(go, play, stop));
  show((Number(new URLSearchParams(location.hash.slice(1)).get("step")) || 1) - 1);
})();

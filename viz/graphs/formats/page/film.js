"use strict";
(() => {
  const find = id => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  const slider = find("step"), last = data.length - 1;
  const parts = [...document.querySelectorAll("[data-frames]")];
  let now = 0, playing = 0;
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
  slider.max = last;
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  document.addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, button")) return;
    const action = {ArrowRight: go.on, ArrowLeft: go.back, Home: go.first, End: go.last, " ": play}[event.key];
    if (!action) return;
    if (event.key !== " ") stop();
    action();
    event.preventDefault();
  });
  show(0);
})();

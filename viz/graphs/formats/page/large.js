"use strict";
(() => {
  const svg = document.querySelector(".picture svg");
  const find = id => document.getElementById(id);
  const save = () => {};  // this page has no state of its own

$modules
  // Names appear as one zooms in ------------------------------------------------------------------------------------------
  const LEAST = 6;  // pixels: a name that would be smaller is not drawn
  const size = Number(svg.dataset.size);
  const reveal = () => stage.classList.toggle("far", size*svg.clientWidth/natural.width < LEAST);
  new ResizeObserver(reveal).observe(svg);

  // What is chosen says what it is ----------------------------------------------------------------------------------------
  let chosen = null;
  const choose = group => {
    chosen?.classList.remove("now");
    chosen = group;
    chosen?.classList.add("now");
    find("details").textContent = chosen?.querySelector("title").textContent ?? "";
  };
  svg.addEventListener("click", event => {
    const group = event.target.closest("[data-id]");
    if (group) choose(group);
  });

  // Find a box by its name ------------------------------------------------------------------------------------------------
  const SOME = 200;  // names that are offered
  const boxes = new Map();
  for (const group of svg.querySelectorAll("[data-node]")) boxes.set(group.dataset.node, group);
  find("names").append(...[...boxes.keys()].slice(0, SOME).map(name => new Option(name)));
  find("wanted").addEventListener("change", event => {
    const group = boxes.get(event.target.value.trim());
    event.target.setAttribute("aria-invalid", !group);
    if (!group) { find("details").textContent = `There is no box "${event.target.value.trim()}" in this picture.`; return; }
    choose(group);
    if (scaled()*size < 2*LEAST) zoomTo(2*LEAST/size);
    const frame = stage.getBoundingClientRect(), box = group.getBoundingClientRect();
    stage.scrollBy(box.x + box.width/2 - frame.x - frame.width/2, box.y + box.height/2 - frame.y - frame.height/2);
  });
  find("theme").addEventListener("change", event => { document.documentElement.dataset.theme = event.target.value; });
  keys({});
})();

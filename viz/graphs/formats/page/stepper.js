"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const phone = matchMedia("(max-width: 500px)"), other = document.getElementById("phone");
  if (other && phone.matches) {  // the same on another layout, with the same outlines
    const wide = document.querySelector(".picture svg"), narrow = other.content.querySelector("svg");
    narrow.prepend(wide.querySelector("defs"));
    wide.replaceWith(narrow);
  }
  const svg = document.querySelector(".picture svg");
  const find = id => document.getElementById(id);
  const revived = x => Array.isArray(x) ? x.map(revived) : typeof x === "string" ? Number(x) : x;
  const numbers = {};  // every number of both passes by its key, such as "value n3"; of an array, its entries in a row
  for (const [key, x] of Object.entries(data.numbers)) numbers[key] = revived(x);
  const proofs = {...data.proofs};  // what is proved, by its id: "", or why not of this number
  const values = data.inputs.map(input => revived(input.values));
  const groups = new Map();  // an id, such as n3 or e4, to its element
  for (const element of svg.querySelectorAll("[data-id]")) groups.set(element.dataset.id, element);
  const leaving = new Map();  // a node to the edges by which gradients reach it
  for (const [key, {tail, flows}] of Object.entries(data.edges)) {
    if (flows) leaving.set(tail, [...leaving.get(tail) ?? [], key]);
  }
  let now = 0, seen = 0, chosen = "", playing = 0, untouched = true, restoring = true;

$modules
  const things = [...groups].filter(([id]) => !(id in data.frames)).map(([id, group]) => read(id, group));
  const desc = svg.querySelector("desc"), slider = find("step");

  // One step ----------------------------------------------------------------------------------------------------------
  const show = step => {
    const before = now, last = data.steps.length - 1;
    now = Math.max(0, Math.min(last, step));
    if (now !== before) practice.hinted = false;
    seen = waiting() ? now - 1 : now;
    slider.value = now;
    const moment = data.steps[now], words = waiting() ? question(moment) : sentence(moment);
    find("sentence").dataset.kind = moment.kind;
    find("sentence").textContent = words;
    slider.setAttribute("aria-valuetext", `step ${now + 1} of ${data.steps.length}: ${words}`);
    find("count").textContent = `${now + 1} / ${data.steps.length}`;
    for (const thing of things) follow(thing, moment);
    const about_ = moment.edge || moment.node, current = groups.get(covering(about_) || about_);
    for (const id of Object.keys(data.frames)) groups.get(id).classList.toggle("now", covering(about_) === id);
    desc.textContent = described(things.map(thing => thing.words));
    for (const item of document.querySelectorAll("[data-needs]")) item.hidden = !needed[item.dataset.needs]();
    find("back").disabled = find("first").disabled = now === 0;
    find("on").disabled = find("last").disabled = now === last;
    find("details").textContent = chosen ? about(chosen).join("\n") : "Click a box or an edge.";
    ask();
    if (now !== before && current) bring(current);
    if (now !== before) save();
  };
  const flowing = Object.keys(data.edges).filter(id => data.edges[id].flows);
  const needed = {
    zero: () => flowing.some(zero),
    open: () => flowing.some(open),
    proved: () => Object.keys(proofs).some(proved),
  };
  const stop = () => { clearInterval(playing); playing = 0; find("play").textContent = "▶ play"; };
  const play = () => {
    if (playing) return stop();
    if (now === data.steps.length - 1) show(0);
    find("play").textContent = "❚❚ pause";
    playing = setInterval(() => now === data.steps.length - 1 || waiting() ? stop() : show(now + 1), 1400);
  };

  // Other inputs --------------------------------------------------------------------------------------------------------
  const recompute = () => {
    untouched = values.every((x, i) => x.every((entry, j) => Object.is(entry, revived(data.inputs[i].values[j]))));
    if (untouched) {
      for (const [key, x] of Object.entries(data.numbers)) numbers[key] = revived(x);
      Object.assign(proofs, data.proofs);
    } else {
      const found = program(values.flat());
      let at = 0;
      for (const [key, count] of data.keys) {
        numbers[key] = count ? found.slice(at, at + count) : found[at];
        at += count || 1;
      }
      for (const id of data.open) numbers["open " + id] = found[at++];
      for (const [id, test] of Object.entries(data.checks)) proofs[id] = judged(test);
    }
    for (const thing of things) for (const label of thing.labels) {
      if (label.parts.some(part => part.key in numbers)) reflow(thing, label);
    }
    show(now);
    for (const thing of things) if (thing.runs.proof?.own || thing.runs.zero?.own) {
      for (const label of thing.labels) reflow(thing, label);
    }
    save();
  };
  const fields = i => [...document.querySelectorAll(`[data-input="${i}"]`)];
  const written = i => {  // an input's number or numbers, into its fields
    if (find("rows" + i)) find("rows" + i).value = rowsOf(i);
    for (const field of fields(i)) {
      const x = values[i][Number(field.dataset.entry ?? 0)];
      if (field.type === "range" && Number.isFinite(x)) {  // a slider reaches as far as its number
        field.min = Math.min(field.min, x);
        field.max = Math.max(field.max, x);
      }
      field.value = x;
    }
  };
  const set = (i, x, entry = 0) => {
    if (!Number.isFinite(x)) return written(i);
    values[i][entry] = x;
    written(i);
    recompute();
  };
  const rowsOf = i => {
    const {shape} = data.inputs[i], width = shape.at(-1) ?? 1, lines = [];
    for (let at = 0; at < values[i].length; at += width) lines.push(values[i].slice(at, at + width).join(" "));
    return lines.join("\n");
  };
  const paste = (i, text) => {  // rows of numbers, with anything but numbers between them
    const found = text.replace(/−/g, "-").split(/[\s,;[\]()]+/).filter(Boolean).map(Number), count = values[i].length;
    const bad = found.findIndex(x => !Number.isFinite(x));
    const said = bad >= 0 ? `${text.split(/[\s,;[\]()]+/).filter(Boolean)[bad]} is no number`
      : found.length !== count ? `${found.length} numbers, and ${data.inputs[i].name} has ${count}` : "";
    find("said" + i).textContent = said;
    find("rows" + i).setAttribute("aria-invalid", String(Boolean(said)));
    if (said) return;
    values[i] = found;
    written(i);
    recompute();
  };
  const UNIT = 0.1;  // by which sliders, drags and keys change a number
  const nudge = (i, by) => set(i, Number((values[i][0] + by*UNIT).toPrecision(12)));
  data.inputs.forEach((input, i) => {
    for (const field of fields(i)) {
      if (field.type !== "range") {
        field.addEventListener("change", () => set(i, field.valueAsNumber, Number(field.dataset.entry ?? 0)));
        continue;
      }
      field.addEventListener("input", () => set(i, Number((Math.round(field.valueAsNumber/UNIT)*UNIT).toPrecision(12))));
      field.addEventListener("keydown", event => {
        const by = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1}[event.key];
        if (!by) return;
        nudge(i, by);
        event.preventDefault();
      });
    }
    find("rows" + i)?.addEventListener("change", event => paste(i, event.target.value));
    const group = groups.get(input.id);
    if (!group || input.shape.length) return;
    group.dataset.drag = "true";
    group.addEventListener("pointerdown", event => {
      const start = values[i][0];
      drag(event, x => set(i, Number((start + Math.round(x/4)*UNIT).toPrecision(12))));
      event.preventDefault();
    });
  });
  find("reset")?.addEventListener("click", () => {
    data.inputs.forEach((input, i) => {
      values[i] = revived(input.values);
      written(i);
    });
    recompute();
  });

  // The picture is one stop of Tab; arrow keys inside go to the nearest box or edge that way -------------------------
  const order = [...groups.keys()];
  const focused = id => {
    for (const [key, group] of groups) group.setAttribute("tabindex", key === id ? "0" : "-1");
  };
  const towards = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1]};
  const middle = group => {
    const box = (group.querySelector('[data-role="forward"]') ?? group.querySelector("rect, circle")).getBoundingClientRect();
    return [box.x + box.width/2, box.y + box.height/2];
  };
  const next = (id, [x, y]) => {
    const from = middle(groups.get(id));
    let best = id, least = Infinity;
    for (const [key, group] of groups) {
      const to = middle(group), ahead = (to[0] - from[0])*x + (to[1] - from[1])*y;
      const aside = Math.abs((to[0] - from[0])*y) + Math.abs((to[1] - from[1])*x);
      if (key !== id && !covering(key) && ahead > 1 && ahead + 2*aside < least) [best, least] = [key, ahead + 2*aside];
    }
    return best;
  };
  const describe = id => {
    if (id in data.frames) toggle(id);
    chosen = id;
    show(now);
  };
  for (const [id, group] of groups) {
    group.setAttribute("role", "button");
    group.addEventListener("click", () => describe(id));
    group.addEventListener("focus", () => { focused(id); bring(group); });
    group.addEventListener("keydown", event => {
      const i = data.inputs.findIndex(input => input.id === id && !input.shape.length), way = towards[event.key];
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "Enter" || event.key === " ") describe(id);
      else if (event.shiftKey && way && way[1] && i >= 0) nudge(i, -way[1]);
      else if (way) groups.get(next(id, way)).focus();
      else return;
      event.preventDefault();
    });
  }
  focused(order.find(id => id[0] === "n"));

  // Controls ------------------------------------------------------------------------------------------------------------
  const go = {first: () => show(0), back: () => show(now - 1), on: () => show(now + 1),
    last: () => show(data.steps.length - 1)};
  for (const [id, action] of Object.entries(go)) find(id).addEventListener("click", () => { stop(); action(); });
  find("play").addEventListener("click", play);
  find("print").addEventListener("click", () => window.print());
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  find("theme").addEventListener("change", event => {
    document.documentElement.dataset.theme = event.target.value;
    save();
  });
  find("detail").addEventListener("change", event => { svg.setAttribute("class", event.target.value); });
  keys(walking(go, play, stop));

  // A link that keeps the state: step, inputs that were changed, theme, zoom, practice, frames ----------------------------
  let saving = 0;
  const save = () => {  // a moment later: browsers slow down pages that write often
    if (restoring) return;
    clearTimeout(saving);
    saving = setTimeout(keep, 200);
  };
  const keep = () => {
    const state = new URLSearchParams({step: now + 1});
    data.inputs.forEach((input, i) => {
      const now_ = values[i].join(","), first = revived(input.values).join(",");
      if (now_ !== first) state.set(input.id, now_);
    });
    if (find("theme").value !== data.theme) state.set("theme", find("theme").value);
    if (zoom) state.set("zoom", zoom.toFixed(3));
    if (practice.on) state.set("practice", "on");
    if ([...closed].sort().join(".") !== data.closed.join(".")) state.set("closed", [...closed].sort().join("."));
    try { history.replaceState(null, "", "#" + state); } catch { /* a frame without an address keeps no state */ }
  };
  const restore = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    restoring = true;
    data.inputs.forEach((input, i) => {
      const found = state.get(input.id)?.split(",").map(text => text ? Number(text) : NaN);
      values[i] = found?.length === values[i].length && found.every(Number.isFinite) ? found : revived(input.values);
      written(i);
    });
    const theme = state.get("theme") ?? data.theme;
    if ([...find("theme").options].some(option => option.value === theme)) {
      find("theme").value = document.documentElement.dataset.theme = theme;
    }
    zoom = Number(state.get("zoom")) || 0;
    closed.clear();
    for (const id of state.get("closed")?.split(".") ?? data.closed) if (id in data.frames) closed.add(id);
    arrange();
    restart(state.get("practice") === "on");
    resize();
    if (data.inputs.length) recompute();
    show((Number(state.get("step") ?? location.hash.slice(1)) || 1) - 1);
    restoring = false;
  };
  addEventListener("hashchange", restore);
  if (other) phone.addEventListener("change", () => { keep(); location.reload(); });
  slider.max = data.steps.length - 1;
  restore();
})();

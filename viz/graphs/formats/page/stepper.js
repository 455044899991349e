"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const svg = document.querySelector(".picture svg");
  const find = id => document.getElementById(id);
  const slider = find("step"), sentence = find("sentence"), details = find("details");
  const numbers = data.numbers;  // every value, gradient and local derivative by its key, such as "value n3"
  const values = data.inputs.map(input => input.value);
  const groups = new Map();  // an id, such as n3 or e4, to its element
  for (const element of svg.querySelectorAll("[data-id]")) groups.set(element.dataset.id, element);
  let now = 0, chosen = "", playing = 0;

  // Numbers as the picture writes them: three significant digits ------------------------------------------------------
  const cut = text => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  const fixed = (x, places) => {  // as Python rounds: what lies exactly between goes to the even digit
    const text = x.toFixed(places);
    const half = x.toFixed(Math.min(places + 1, 100));
    if (Number(half) !== x || !half.endsWith("5")) return text;
    const down = half.slice(0, -1).replace(/\.$/, "");
    return Number(down[down.length - 1]) % 2 ? text : down;
  };
  const parts = x => {  // [what stands on the line, the exponent]
    if (Number.isNaN(x)) return ["NaN", ""];
    const sign = x < 0 ? "−" : "", size = Math.abs(x);
    if (size === Infinity) return [sign + "∞", ""];
    if (Number.isInteger(x) && size < 1e6) return [sign + size, ""];
    const [mantissa, exponent] = size.toExponential(2).split("e");
    const power = Number(exponent);
    if (power >= -4 && power < 6) return [sign + cut(fixed(size, Math.max(2 - power, 0))), ""];
    return [sign + cut(mantissa) + "×10", String(power).replace("-", "−")];
  };
  const raised = text => [...text].map(c => "⁰¹²³⁴⁵⁶⁷⁸⁹"["0123456789".indexOf(c)] ?? "⁻").join("");
  const spelled = (x, inside) => {
    if (typeof x === "string") return x;  // an array, written by the maker of the page
    const [line, power] = parts(x), text = line + raised(power);
    return inside && text.startsWith("−") ? `(${text})` : text;
  };

  const SVG = "http://www.w3.org/2000/svg";
  const redraw = (group, x) => {  // the glyphs of one number; returns how much wider it is now
    const first = group.querySelector("use");
    if (!first || typeof x !== "number") return 0;
    if (!group.dataset.place) {
      const [size, , , , left, base] = first.getAttribute("transform").match(/-?[\d.]+(?:e-?\d+)?/g).map(Number);
      group.dataset.place = [size, left, base, Number(group.dataset.width)].join(" ");
    }
    const [size, left, base, room] = group.dataset.place.split(" ").map(Number);
    const mark = group.dataset.number[0];  // "(" for a number that has brackets when negative, "+" for one with its sign
    let [line, power] = parts(mark === "+" ? Math.abs(x) : x);
    if (mark === "+") line = ` ${x < 0 ? "−" : "+"} ` + line;
    const [open, close] = mark === "(" && line.startsWith("−") ? ["(", ")"] : ["", ""];
    const glyphs = [...[...open + line].map(c => [c, 1, 0]), ...[...power].map(c => [c, 0.72, 0.38]),
      ...[...close].map(c => [c, 1, 0])];
    let at = left;
    group.replaceChildren(...glyphs.map(([c, scale, lift]) => {
      const use = document.createElementNS(SVG, "use"), s = size*scale;
      if (c !== " ") use.setAttribute("href", "#g" + c.codePointAt(0).toString(16));
      use.setAttribute("transform", `matrix(${s} 0 0 ${s} ${at} ${base - lift*size*1000})`);
      at += (data.advance[c] ?? 0)*s;
      return use;
    }));
    return at - left - room;
  };
  const rooms = new Map();  // a line of words to its middle and the width that it may have
  const reflow = label => {  // numbers of other widths move what follows them, and the line keeps its middle
    if (!rooms.has(label)) {
      const box = label.getBBox(), frame = label.parentNode.querySelector(":scope > rect, :scope > circle");
      const room = frame && label.parentNode.dataset.node !== undefined ? frame.getBBox().width - 6 : box.width + 24;
      rooms.set(label, [box.x + box.width/2, box.width, room]);
    }
    let shift = 0, tag = null;  // a tag is as wide as what stands on it
    for (const part of label.querySelectorAll("g[data-role] > *")) {
      part.style.translate = shift ? `${shift}px` : "";
      if (part.dataset.role === "tag") {
        tag = part;
        tag.dataset.room ??= tag.getAttribute("width");
        tag.setAttribute("width", tag.dataset.room);
      }
      const key = part.dataset.number?.replace(/^[(+]/, "");
      if (!(key in numbers)) continue;
      const wider = redraw(part, numbers[key]);
      if (tag?.parentNode === part.parentNode) tag.setAttribute("width", Number(tag.getAttribute("width")) + wider);
      shift += wider;
    }
    const [middle, width, room] = rooms.get(label);
    const scale = Math.min(1, room/(width + shift));
    label.setAttribute("transform", `translate(${middle} 0) scale(${scale} 1) translate(${-middle - shift/2} 0)`);
  };

  // One step ------------------------------------------------------------------------------------------------------------
  const show = step => {
    now = Math.max(0, Math.min(data.steps.length - 1, step));
    slider.value = now;
    const {kind, node, edge, parts: words} = data.steps[now];
    sentence.dataset.kind = kind;
    sentence.textContent = words.map(p => typeof p === "string" ? p : spelled(numbers[p[0]], p[1])).join("");
    slider.setAttribute("aria-valuetext", `step ${now + 1} of ${data.steps.length}: ${sentence.textContent}`);
    find("count").textContent = `${now + 1} / ${data.steps.length}`;
    for (const [id, group] of groups) {
      const later = key => now < (data.since[key] ?? Infinity);
      const hide = (selector, hidden) => {
        for (const part of group.querySelectorAll(selector)) part.classList.toggle("later", hidden);
      };
      group.classList.toggle("now", edge ? id === edge : id === node);
      if (id[0] === "n") {
        hide('[data-label="value"]', later("value " + id));
        hide('[data-label="gradient"], [data-label="badge"]', later("gradient " + id));
      } else hide('[data-role="backward"], [data-label]', later("edge " + id));
    }
    find("back").disabled = find("first").disabled = now === 0;
    find("on").disabled = find("last").disabled = now === data.steps.length - 1;
    if (chosen) describe(chosen);
  };
  const stop = () => { clearInterval(playing); playing = 0; find("play").textContent = "▶ play"; };
  const play = () => {
    if (playing) return stop();
    if (now === data.steps.length - 1) show(0);
    find("play").textContent = "❚❚ pause";
    playing = setInterval(() => now === data.steps.length - 1 ? stop() : show(now + 1), 1400);
  };

  // Other inputs --------------------------------------------------------------------------------------------------------
  const recompute = () => {
    program(values).forEach((x, i) => { numbers[data.keys[i]] = x; });
    svg.querySelectorAll("[data-label]").forEach(reflow);
    for (const [id, group] of groups) {
      const flow = numbers["downstream " + id];
      if (typeof flow === "number") group.dataset.zero = String(flow === 0);
    }
    show(now);
  };
  const set = (i, x) => {
    if (!Number.isFinite(x)) return;
    values[i] = x;
    numbers["value " + data.inputs[i].id] = x;
    find("number" + i).value = find("range" + i).value = x;
    recompute();
  };
  data.inputs.forEach((input, i) => {
    find("number" + i).addEventListener("change", event => set(i, event.target.valueAsNumber));
    find("range" + i).addEventListener("input", event => set(i, event.target.valueAsNumber));
    const group = groups.get(input.id);
    if (!group) return;
    group.dataset.drag = "true";
    group.addEventListener("pointerdown", event => {
      const from = event.clientX, start = values[i], unit = Number(find("range" + i).step);
      const move = e => set(i, Number((start + Math.round((e.clientX - from)/4)*unit).toPrecision(12)));
      const end = () => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", end);
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", end);
      event.preventDefault();
      group.focus();
    });
  });
  find("reset")?.addEventListener("click", () => data.inputs.forEach((input, i) => set(i, input.value)));

  // What a node or an edge is -------------------------------------------------------------------------------------------
  const MOST = 24;
  const paths = id => {  // every way from the root back to a node, as lists of edges; without recursion
    const found = [], waiting = [[id, []]];
    while (waiting.length && found.length <= MOST) {
      const [at, way] = waiting.pop();
      if (at === data.root) found.push(way);
      else for (const [key, edge] of Object.entries(data.edges)) {
        if (edge.flows && edge.tail === at) waiting.push([edge.head, [key, ...way]]);
      }
    }
    return found;
  };
  const computed = key => now >= (data.since[key] ?? Infinity);
  const pathLines = id => {
    const ways = paths(id);
    if (!ways.length) return [];
    const lines = ways.slice(0, MOST).map(way => {
      const names = [data.nodes[data.root].name, ...way.map(key => data.nodes[data.edges[key].tail].name)];
      const locals = way.map(key => numbers["local " + key]);
      const told = way.length && locals.every((x, i) => typeof x === "number" && computed("edge " + way[i]));
      const product = locals.reduce((x, y) => x*y, 1);
      const factors = locals.map((x, i) => spelled(x, i > 0)).join(" · ");
      return `  ${names.join(" ← ")}` + (told ? `:  ${locals.length > 1 ? factors + " = " : ""}${spelled(product)}` : "");
    });
    const more = ways.length > MOST ? ["  and more"] : [];
    return [`paths from ${data.nodes[data.root].name}: ${ways.length > MOST ? "over " + MOST : ways.length}`, ...lines,
      ...more];
  };
  const describe = id => {
    chosen = id;
    const lines = [];
    if (id[0] === "n") {
      const node = data.nodes[id], root = data.nodes[data.root].name;
      lines.push(node.formula, ...node.facts);
      if (computed("value " + id) && "value " + id in numbers) {
        lines.push(`value: ${spelled(numbers["value " + id])}`);
      } else lines.push("value: not computed yet");
      if (computed("gradient " + id) && "gradient " + id in numbers) {
        lines.push(`∂${root}/∂${node.name} = ${spelled(numbers["gradient " + id])}`);
      } else if (data.flows) lines.push(`∂${root}/∂${node.name}: not computed${
        "gradient " + id in data.since ? " yet" : ""}`);
      lines.push(...pathLines(id));
    } else {
      const edge = data.edges[id];
      lines.push(`edge ${data.nodes[edge.tail].name} → ${data.nodes[edge.head].name}`, ...edge.facts);
      if (edge.flows && computed("edge " + id)) {
        for (const what of ["local", "downstream"]) {
          if (typeof numbers[`${what} ${id}`] === "number") lines.push(`${what}: ${spelled(numbers[`${what} ${id}`])}`);
        }
      } else lines.push(edge.flows ? "gradient: not computed yet" : "no gradient flows here");
    }
    details.textContent = lines.join("\n");
  };
  for (const [id, group] of groups) {
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", group.querySelector("title")?.textContent.split("\n")[0] ?? id);
    group.addEventListener("click", () => describe(id));
    group.addEventListener("keydown", event => {
      const i = data.inputs.findIndex(input => input.id === id);
      if (event.key === "Enter" || event.key === " ") describe(id);
      else if (i >= 0 && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        const unit = Number(find("range" + i).step)*(event.key === "ArrowUp" ? 1 : -1);
        set(i, Number((values[i] + unit).toPrecision(12)));
      } else return;
      event.preventDefault();
    });
  }

  // Controls ------------------------------------------------------------------------------------------------------------
  const go = {first: () => show(0), back: () => show(now - 1), on: () => show(now + 1),
    last: () => show(data.steps.length - 1)};
  for (const [id, action] of Object.entries(go)) find(id).addEventListener("click", () => { stop(); action(); });
  find("play").addEventListener("click", play);
  find("print").addEventListener("click", () => window.print());
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  find("theme").addEventListener("change", event => { document.documentElement.dataset.theme = event.target.value; });
  find("detail").addEventListener("change", event => { svg.setAttribute("class", event.target.value); });
  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input, select, button, textarea")) return;
    const keys = {ArrowRight: go.on, ArrowLeft: go.back, Home: go.first, End: go.last, " ": play};
    const action = keys[event.key];
    if (!action) return;
    if (event.key !== " ") stop();
    action();
    event.preventDefault();
  });
  slider.max = data.steps.length - 1;
  show(Number(location.hash.slice(1)) || 0);
})();

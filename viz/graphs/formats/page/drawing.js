// The picture follows: glyphs of numbers, marks, badges, titles; what comes later is hidden ----------------------------
const SVG = "http://www.w3.org/2000/svg";
const made = (name, attributes) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};
const ink = (list, left, base, size) => {  // glyphs side by side; and where they end
  let at = left;
  const drawn = list.map(([c, scale, lift]) => {
    const s = size*scale, use = made("use", {transform: `matrix(${s} 0 0 ${s} ${at} ${base - lift*size*1000})`});
    if (c !== " ") use.setAttribute("href", "#g" + c.codePointAt(0).toString(16));
    at += (data.advance[c] ?? 0)*s;
    return use;
  });
  return [drawn, at];
};
const matrix = (cells, columns, left, base, size) => {  // entries in columns, each centred, as the picture has them
  const wide = cell => cell.reduce((sum, [c, scale]) => sum + (data.advance[c] ?? 0)*size*scale, 0), [line, gap] = data.grid;
  const widths = Array.from({length: columns}, (_, j) => Math.max(...cells.filter((_, i) => i % columns === j).map(wide)));
  const uses = [], em = 1000*size;
  let at = left;
  cells.forEach((cell, i) => {
    const j = i % columns, y = base + Math.floor(i/columns)*line*em;
    if (j === 0) at = left;
    uses.push(...ink(cell, at + (widths[j] - wide(cell))/2, y, size)[0]);
    at += widths[j] + gap*em;
  });
  return [uses, at - gap*em];
};
const placed = use => use.getAttribute("transform").match(/-?[\d.]+(?:e-?\d+)?/g).map(Number);

// Each box and edge with its parts, looked up once
const read = (id, group) => {
  const all = selector => [...group.querySelectorAll(selector)];
  const labels = all("[data-label]").map(element => ({element, kind: element.dataset.label, rooms: null,
    parts: [...element.querySelectorAll("g[data-role] > *")].map(part => {
      const mark = part.dataset.number?.match(/^[(+]/)?.[0] ?? "";
      const key = part.dataset.number?.slice(mark.length) ?? "";
      const tag = part.dataset.role === "tag" ? Number(part.getAttribute("width")) : 0;  // as wide as what stands on it
      return {part, mark, key, tag, text: key in numbers ? mark + drawn(key) : null, grown: 0};
    })}));
  const runs = {};  // the marks after words: a proof's, and that of 0·∞
  for (const {element, kind} of labels) {
    if (kind === "local" || kind === "gradient") runs.proof = {label: element, words: "✓", fill: "var(--proof)"};
    if (kind === "backward") runs.zero = {label: element, words: " (0·∞)", fill: "var(--text)"};
  }
  for (const [role, run] of Object.entries(runs)) {
    run.group = run.label.querySelector(`g[data-role="${role}"]`);
    run.shown = Boolean(run.group);
  }
  return {id, group, labels, runs, title: group.querySelector("title"), back: all('[data-role="backward"]'),
    native: all('rect[data-role="badge"], [data-label="badge"]'), shape: group.querySelector("rect, circle"),
    infinite: infinite("value " + id) || infinite("gradient " + id)};
};

const redraw = entry => {  // the glyphs of one number; how much wider it is now than it was drawn
  const x = numbers[entry.key], text = entry.mark + drawn(entry.key), columns = data.grids[entry.key];
  if (entry.text === text || x.text) return entry.grown;
  if (!entry.place) {
    const first = entry.part.querySelector("use");
    if (!first) return 0;
    const [size, , , , at, base] = placed(first);
    const left = columns ? Math.min(...[...entry.part.querySelectorAll("use")].map(use => placed(use)[4])) : at;
    entry.place = [left, base, size, Number(entry.part.dataset.width)];
  }
  const [left, base, size, room] = entry.place;
  const [uses, end] = columns ? matrix(x.map(one => glyphs(one, "")), columns, left, base, size)
    : ink(glyphs(x, entry.mark), left, base, size);
  entry.part.replaceChildren(...uses);
  entry.text = text;
  return entry.grown = end - left - room;
};
const reflow = (thing, label) => {  // numbers of other widths move what follows them, and the line keeps its middle
  if (!label.rooms) {
    const box = label.element.getBBox(), frame = thing.shape && thing.id[0] === "n" ? thing.shape.getBBox() : null;
    label.rooms = [box.x + box.width/2, box.width, frame ? frame.width - 6 : box.width + 24];
  }
  let shift = 0, tag = null;
  for (const entry of label.parts) {
    if (entry.shift !== shift) entry.part.style.translate = shift ? `${shift}px` : "";
    entry.shift = shift;
    if (entry.tag) [tag, entry.wide] = [entry, entry.tag];
    if (!(entry.key in numbers)) continue;
    const grown = redraw(entry);
    shift += grown;
    if (tag?.part.parentNode === entry.part.parentNode) tag.part.setAttribute("width", tag.wide += grown);
  }
  for (const run of Object.values(thing.runs)) {
    if (run.label === label.element && run.own) {
      run.own.style.translate = `${shift}px`;
      if (run.shown) shift += run.width;
    }
  }
  const [middle, width, room] = label.rooms, scale = Math.min(1, room/(width + shift));
  const transform = `translate(${middle} 0) scale(${scale} 1) translate(${-middle - shift/2} 0)`;
  if (label.transform !== transform) label.element.setAttribute("transform", label.transform = transform);
};
const run = (thing, role, shown) => {  // a mark after words, made when it is first needed
  const mark = thing.runs[role];
  if (!mark || mark.shown === shown) return;
  if (!mark.group) {
    const uses = [...mark.label.querySelectorAll("use")], [size, , , , at, base] = placed(uses.at(-1));
    const last = uses.at(-1).getAttribute("href"), c = String.fromCodePoint(parseInt(last.slice(2), 16));
    const left = at + (data.advance[c] ?? 600)*size + 2, [drawn, end] = ink([...mark.words].map(c => [c, 1, 0]), left,
      base, placed(uses[0])[0]);
    mark.group = mark.own = made("g", {"data-role": role, fill: mark.fill});
    mark.group.append(...drawn);
    mark.width = end - left + 2;
    mark.label.append(mark.group);
  }
  mark.shown = shown;
  mark.group.classList.toggle("without", !shown);
};
const plate = (thing, words) => {  // what is not finite in a box, on its lower border where no room was left for it
  const found = thing.id in data.findings, ended = untouched && seen === data.steps.length - 1;
  const native = thing.native.length > 0 && (found && !thing.infinite ? ended : words === thing.infinite);
  for (const part of thing.native) part.classList.toggle("later", !native);
  const own = words && !(native && words === thing.infinite) ? words : "";
  if ((thing.plate?.words ?? "") === own) return;
  thing.plate?.parts.forEach(part => part.remove());
  thing.plate = null;
  if (!own) return;
  const size = 0.011, box = thing.shape.getBBox(), list = [...own].map(c => [c, 1, 0]);
  const [, width] = ink(list, 0, 0, size), left = box.x + (box.width - width)/2, base = box.y + box.height + 4;
  const words_ = made("g", {"data-label": "badge", fill: "var(--background)"});
  words_.append(...ink(list, left, base, size)[0]);
  const back = made("rect", {x: left - 4, y: base - 11, width: width + 8, height: 15, rx: 4, fill: "var(--text)",
    "data-role": "badge"});
  thing.plate = {words: own, parts: [back, words_]};
  thing.group.append(back, words_);
};
const flag = (element, name, on) => {
  if (on) element.dataset[name] = "true"; else delete element.dataset[name];
};

// One box or edge at this step
const follow = (thing, moment) => {
  const {id, group} = thing, words = title(id);
  if (thing.words !== words) {
    thing.title.textContent = [thing.words = words, ...id[0] === "e" && known("edge " + id) ? jacobian(id) : []].join("\n");
    group.setAttribute("aria-label", label(words));
  }
  group.classList.toggle("now", moment.edge ? id === moment.edge : id === moment.node);
  if (id[0] === "n") {
    const value = known("value " + id), gradient = known("gradient " + id);
    for (const {element, kind} of thing.labels) {
      if (kind === "value" || kind === "gradient") element.classList.toggle("later", !(kind === "value" ? value : gradient));
    }
    plate(thing, badge(id));
  } else {
    const there = known("edge " + id);
    for (const part of thing.back) part.classList.toggle("later", !there);
    for (const {element, kind} of thing.labels) {
      element.classList.toggle("later", kind === "value" ? !known("value " + data.edges[id].tail) : !there);
    }
    flag(group, "zero", data.edges[id].flows && zero(id));
    flag(group, "indeterminate", open(id));
  }
  flag(group, "proved", id[0] === "e" && proved(id));
  run(thing, "proof", proved(id));
  run(thing, "zero", open(id));
};

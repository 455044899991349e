// Frames: a click closes one to a box that says what it is, and opens it again. Nothing else moves ---------------------
const within = new Map();  // a box or a frame to the frame that it stands in
for (const [id, frame] of Object.entries(data.frames)) {
  for (const box of frame.boxes) within.set(box, id);
  if (frame.parent) within.set(id, frame.parent);
}
const closed = new Set();
const covering = id => {  // the closed frame that stands for a box, an edge or a frame; the outermost of several
  if (id in data.edges) {
    const [tail, head] = [data.edges[id].tail, data.edges[id].head].map(covering);
    return tail === head ? tail : "";
  }
  let found = "";
  for (let at = within.get(id); at; at = within.get(at)) if (closed.has(at)) found = at;
  return found;
};
const inFrame = id => [...within.keys()].filter(box => {
  let at = within.get(box);
  while (at && at !== id) at = within.get(at);
  return at === id && box in data.nodes;
}).length;
const facts = id => [data.frames[id].title, ...data.frames[id].facts];
const framed = id => [...facts(id), `${inFrame(id)} boxes; a click or Enter ${closed.has(id) ? "opens" : "closes"} it`];
const cover = (id, group) => {  // the words of a closed frame, in its middle
  const {x, y, width, height} = group.querySelector("rect").getBBox(), lines = facts(id);
  const largest = Math.max(15, Math.min(width/8, height/(1.35*(1 + 0.75*(lines.length - 1)) + 0.6)));  // they fill it
  const sizes = lines.map((_, i) => largest*(i ? 0.75 : 1));
  const words = made("g", {"data-label": "closed"});
  let base = y + (height - sizes.reduce((sum, size) => sum + 1.35*size, 0))/2;
  group.append(words);
  lines.forEach((line, i) => {
    const text = made("text", {x: x + width/2, y: base + sizes[i], "text-anchor": "middle", "font-size": sizes[i],
      fill: i ? "var(--faint)" : "var(--text)"});
    text.textContent = line;
    words.append(text);
    if (text.getComputedTextLength() > width - 12) text.setAttribute("textLength", width - 12);
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    base += 1.35*sizes[i];
  });
};
const arrange = () => {
  const ids = Object.keys(data.frames);
  for (const id of ids.toReversed()) {  // an open one stands below all that is in it, a closed one above
    const group = groups.get(id), shut = closed.has(id);
    group.classList.toggle("closed", shut);
    group.setAttribute("aria-expanded", String(!shut));
    group.querySelector('[data-label="closed"]')?.remove();
    if (shut) group.parentNode.append(group); else group.parentNode.prepend(group);
    if (shut && !covering(id)) cover(id, group);
  }
  for (const [id, group] of groups) group.classList.toggle("within", covering(id) !== "");
};
const toggle = id => {
  if (!closed.delete(id)) closed.add(id);
  arrange();
  save();
};
for (const [id, frame] of Object.entries(data.frames)) {
  const group = groups.get(id), title = group.querySelector('[data-label="title"]').getBBox();
  group.setAttribute("aria-label", frame.name);
  group.append(made("rect", {x: title.x - 4, y: title.y - 4, width: title.width + 8, height: title.height + 8, fill: "none",
    "pointer-events": "all", "data-role": "handle"}));
}

// What is known at a step, and what is said of it: every sentence, title and name in the page is made here, from the
// templates that the picture's own words were made from -----------------------------------------------------------------
const known = key => key === "" || seen >= (data.since[key] ?? Infinity);
const array = x => Array.isArray(x) ? x : [x];
const infinite = key => {  // such as "NaN in the value", or "2 ∞ in the gradient" of an array
  if (!(key in numbers)) return "";
  if (numbers[key].text) return numbers[key].infinite;
  const all = array(numbers[key]), [what] = key.split(" ");
  for (const [name, test] of [["NaN", Number.isNaN], ["∞", x => Math.abs(x) === Infinity]]) {
    const count = all.filter(test).length;
    if (count) return `${all.length > 1 ? `${count} ` : ""}${name} in the ${what}`;
  }
  return "";
};
const badge = id => {  // what is not finite in a box, as far as it is known
  const [value, gradient] = ["value " + id, "gradient " + id].map(key => known(key) ? infinite(key) : "");
  return value || gradient;
};
const proved = id => id in proofs && proofs[id] === "" && known(id[0] === "n" ? "gradient " + id : "edge " + id);
const open = id => numbers["open " + id] === true && known("edge " + id);
const zero = id => !open(id) && known("edge " + id) && "downstream " + id in numbers
  && array(numbers["downstream " + id]).every(x => x === 0);
const place = ([key, inside]) => {  // what stands at a place of a template
  const [what, ...rest] = key.split(" "), id = rest.join(" ");
  if (what === "proof") return proofs[id] ? `, no proof of this number: ${proofs[id]}` : ", proved by SymPy";
  if (what === "open") return numbers[key] ? `\n${data.words.open}` : "";
  if (what === "infinite") {
    return id.startsWith("gradient") && infinite(id.replace("gradient", "value")) ? "" : infinite(id);
  }
  return spelled(numbers[key], inside);
};
const fill = words => words.map(part => typeof part === "string" ? part : place(part)).join("");
const title = id => {
  const lines = data.titles[id].filter(line => known(line.since)).map(line => fill(line.parts)).filter(Boolean);
  if (untouched && id in data.findings && seen === data.steps.length - 1) lines.push(...data.findings[id]);
  return lines.length ? lines.join("\n") : data.edges[id].name;
};
const label = words => words.split("\n").join("; ");  // of a title, in a line
const described = titles => data.words.before + titles.map(label).join(". ") + ".";
const sentence = moment => fill(moment.parts);

// What a proof gives for the numbers that are shown: "" where it gives them, else what it does instead ----------------
const NO_VALUE = "has no value here";
const elsewhere = (f, shown, at, scale) => {
  if (!f) return "is none that this page can compute";
  if (!at.every(Number.isFinite)) return NO_VALUE;
  const value = f(...at);
  if (!Number.isFinite(value)) {
    const near = [1 - 1e-6, 1 + 1e-6].flatMap(by => at.map((x, i) => f(...at.with(i, x ? x*by : by - 1))));
    return near.some(Number.isFinite) || !Number.isFinite(shown) ? NO_VALUE : "is too large for this page";
  }
  if (Number.isFinite(shown)) {
    const distance = Math.abs(shown - value), allowed = data.close*Math.abs(value) + data.lost*scale;
    const moved = () => at.reduce((sum, x, i) => {
      const found = f(...at.with(i, x*(1 + 1e-14)));
      return sum + (Number.isFinite(found) ? 10*Math.abs(found - value) : 0);
    }, 0);
    if (distance <= allowed || distance <= allowed + moved()) return "";
  }
  return `gives ${decimal(value)} here`;
};
const judged = ({shown, terms, tests}) => {
  const largest = Math.max(0, ...terms.flatMap(key => array(numbers[key])).map(Math.abs));
  for (const [which, element, places] of tests) {
    const at = places.map(([key, i]) => array(numbers[key])[i]);
    const why = elsewhere(formulas[which], array(numbers[shown])[element], at, Number.isFinite(largest) ? largest : 0);
    if (why) return `the proved formula ${why}`;
  }
  return "";
};

// What is said of a box or an edge beside its title --------------------------------------------------------------------
const MOST = 24;
const paths = id => {  // every way from the root back to a node, as lists of edges; without recursion
  const found = [], waiting = [[id, []]];
  while (waiting.length && found.length <= MOST) {
    const [at, way] = waiting.pop();
    if (at === data.root) found.push(way);
    else for (const key of leaving.get(at) ?? []) waiting.push([data.edges[key].head, [key, ...way]]);
  }
  return found;
};
const pathLines = id => {
  const ways = data.whole ? paths(id) : [], root = data.rootName;  // of a part, not all ways are known
  if (!ways.length) return [];
  const lines = ways.slice(0, MOST).map(way => {
    const names = [root, ...way.map(key => data.nodes[data.edges[key].tail].name)];
    const locals = way.map(key => numbers["local " + key]);
    const told = way.length && locals.every((x, i) => typeof x === "number" && known("edge " + way[i]));
    const named = `  ${names.join(" ← ")}`;
    if (!told) return named;  // some are not computed yet, or are maps of arrays
    const product = spelled(locals.reduce((x, y) => x*y, 1));
    return `${named}:  ${locals.length > 1 ? `${locals.map((x, i) => spelled(x, i > 0)).join(" · ")} = ` : ""}${product}`;
  });
  return [`paths from ${root}: ${ways.length > MOST ? "over " + MOST : ways.length}`, ...lines,
    ...ways.length > MOST ? ["  and more"] : []];
};
const jacobian = id => {
  const rows = data.rows["jacobian " + id], all = numbers["jacobian " + id];
  if (!all) return [];
  const row = i => all.slice(i*all.length/rows, (i + 1)*all.length/rows);
  return ["local Jacobian:", ...Array.from({length: rows}, (_, i) => "  " + row(i).map(x => spelled(x)).join("  "))];
};
const about = id => {
  if (id in data.frames) return framed(id);
  if (id[0] === "n") {
    const node = data.nodes[id], [heading, ...rest] = title(id).split("\n"), lines = [heading, ...node.facts, ...rest];
    if (!known("value " + id)) lines.push("value: not computed yet");
    if (data.flows && !known("gradient " + id)) {
      const never = "gradient " + id in data.since ? " yet" : "";
      lines.push(`∂${data.rootName}/∂${node.name}: not computed${never}`);
    }
    return [...lines, ...pathLines(id)];
  }
  const edge = data.edges[id], first = `edge ${data.nodes[edge.tail].name} → ${data.nodes[edge.head].name}`;
  if (!edge.flows) return [first, "no gradient flows here"];
  return known("edge " + id) ? [first, ...title(id).split("\n"), ...jacobian(id)] : [first, "gradient: not computed yet"];
};

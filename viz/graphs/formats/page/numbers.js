// Numbers as the picture writes them: three significant digits; an array by its first entries -------------------------
const cut = text => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
const fixed = (x, places) => {  // as Python rounds: what lies exactly between goes to the even digit
  const text = x.toFixed(places);
  const half = x.toFixed(Math.min(places + 1, 100));
  if (Number(half) !== x || !half.endsWith("5")) return text;
  const down = half.slice(0, -1).replace(/\.$/, "");
  return Number(down[down.length - 1]) % 2 ? text : down;
};
const exponential = x => {  // the same for a number with an exponent
  const [mantissa, exponent] = x.toExponential(2).split("e"), [half, same] = x.toExponential(3).split("e");
  if (Number(x.toExponential(3)) !== x || !half.endsWith("5") || same !== exponent) return [mantissa, Number(exponent)];
  const down = half.slice(0, -1);
  return [Number(down[down.length - 1]) % 2 ? mantissa : down, Number(exponent)];
};
const parts = x => {  // [what stands on the line, the exponent]
  if (Number.isNaN(x)) return ["NaN", ""];
  const sign = x < 0 ? "−" : "", size = Math.abs(x);
  if (size === Infinity) return [sign + "∞", ""];
  if (Number.isInteger(x) && size < 1e6) return [sign + size, ""];
  const [mantissa, power] = exponential(size);
  if (power >= -4 && power < 6) return [sign + cut(fixed(size, Math.max(2 - power, 0))), ""];
  return [sign + cut(mantissa) + "×10", String(power).replace("-", "−")];
};
const raised = text => [...text].map(c => "⁰¹²³⁴⁵⁶⁷⁸⁹"["0123456789".indexOf(c)] ?? "⁻").join("");
const entries = (x, write) => {  // pieces of an array's text: brackets, commas, and its first entries by `write`
  const few = x.slice(0, x.length <= 3 ? 3 : 2);
  return ["[", ...few.flatMap((entry, i) => [...i ? [", "] : [], write(entry)]), x.length > few.length ? ", …]" : "]"];
};
const spelled = (x, inside) => {
  if (Array.isArray(x)) return entries(x, entry => spelled(entry)).join("");
  if (typeof x !== "number") return x.text;  // an array with too many entries for a page
  const [line, power] = parts(x), text = line + raised(power);
  return inside && text.startsWith("−") ? `(${text})` : text;
};
const decimal = x => {  // six significant digits, as reports write them
  const text = Number(x.toPrecision(6)), power = Math.floor(Math.log10(Math.abs(text)));
  if (text === 0 || power >= -4 && power < 6) return String(text);
  const [mantissa, exponent] = text.toExponential().split("e");
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
};
const glyphs = (x, mark) => {  // a number's glyphs: [character, scale, how high it stands]
  const plain = text => [...text].map(c => [c, 1, 0]);
  if (Array.isArray(x)) {
    return entries(x, entry => entry).flatMap(p => typeof p === "string" ? plain(p) : glyphs(p, ""));
  }
  const [line, power] = parts(mark === "+" ? Math.abs(x) : x);
  const brackets = mark === "(" && line.startsWith("−");
  const written = mark === "+" ? ` ${x < 0 ? "−" : "+"} ` + line : line;
  return [...plain(brackets ? "(" + written : written), ...[...power].map(c => [c, 0.78, 0.38]),
    ...plain(brackets ? ")" : "")];
};
const drawn = key => {  // what tells whether a number has to be drawn again: all entries of a matrix
  const x = numbers[key];
  return key in data.grids && Array.isArray(x) ? x.map(entry => spelled(entry)).join(" ") : spelled(x);
};

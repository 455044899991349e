// Numbers as the picture writes them: to its significant digits; an array by its first entries -------------------------
const cut = text => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
// Rounded as Python does: what lies exactly between two goes to the even digit, of what is less than a digit beyond it
// nothing is lost. toFixed and toExponential are exact but for that, which goes up.
const MORE = [12, 40];  // digits: where the first show no half, none is made of the others, which take long
const even = (text, write) => {  // `write` gives the number with more digits
  let longer = "";
  for (const more of MORE) {
    longer = write(more);
    const half = longer.slice(text.replace(/e.*/, "").length).replace(/^\.|e.*/g, "");
    if (!/^50*$/.test(half)) return text;
  }
  const last = /(\d)\.?$/, down = longer.slice(0, text.replace(/e.*/, "").length).replace(/\.$/, "");
  return Number(down.match(last)[1]) % 2 ? text : down + (text.match(/e.*/)?.[0] ?? "");
};
const fixed = (x, places) => even(x.toFixed(places), more => x.toFixed(places + more));
const exponential = x => {  // [mantissa, exponent]
  const first = data.digits - 1, write = more => x.toExponential(first + more);
  const [mantissa, exponent] = even(x.toExponential(first), write).split("e");
  return [mantissa, Number(exponent)];
};
const parts = x => {  // [what stands on the line, the exponent]
  if (Number.isNaN(x)) return ["NaN", ""];
  const sign = x < 0 ? "−" : "", size = Math.abs(x);
  if (size === Infinity) return [sign + "∞", ""];
  if (Number.isInteger(x) && size < 1e6) return [sign + size, ""];
  const [mantissa, power] = exponential(size);
  if (power >= -4 && power < 6) return [sign + cut(fixed(size, Math.max(data.digits - 1 - power, 0))), ""];
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
  const [mantissa, exponent] = even(x.toExponential(5), more => x.toExponential(5 + more)).split("e"), power = Number(exponent);
  if (power >= -4 && power < 6) return cut(fixed(x, 5 - power));
  return `${cut(mantissa)}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
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

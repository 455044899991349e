// Practice: the reader says the number before it is shown. A hint costs half -------------------------------------------
const practice = {on: false, answered: new Set(), right: 0, asked: 0, hinted: false};
const asking = moment => {  // the place of the number that a step asks for, or nothing
  const last = moment.parts.at(-1);
  return moment.kind !== "given" && Array.isArray(last) && typeof numbers[last[0]] === "number" ? last : null;
};
const waiting = () => practice.on && !practice.answered.has(now) && asking(data.steps[now]) !== null;
const question = moment => {  // its sentence up to the numbers, or with a hint up to the last one
  const first = practice.hinted ? moment.parts.length - 1 : moment.parts.findIndex(Array.isArray);
  const before = fill(moment.parts.slice(0, first)).replace(/[\s=(]*$/, "");
  return `${before} = ?`;
};
const number = text => {  // what a reader may write: 0.5, 0,5, 1/2, −2, 1.2e-3, 1.2×10^-3
  const plain = text.trim().replace(/[−–]/g, "-").replace(",", ".").replace(/\s*[×x*]\s*10\s*\^?\s*/, "e");
  const signed = plain.replace("∞", "Infinity"), quotient = signed.match(/^([^/]+)\/([^/]+)$/);
  if (quotient) return Number(quotient[1])/Number(quotient[2]);
  return signed === "" || !/^(NaN|-?Infinity|[-+\d.e]+)$/i.test(signed) ? null : Number(signed);
};
const agrees = (said, x) => {  // to the digits that the page shows
  if (Object.is(said, x) || spelled(said) === spelled(x)) return true;
  return Math.abs(said - x) <= 0.5*10**(Math.floor(Math.log10(Math.abs(x))) - 2);
};
const score = () => {
  find("score").textContent = practice.asked ? `${practice.right} of ${practice.asked}` : "";
};
const ask = () => {  // the form of a step that asks, and none where nothing is asked
  const on = waiting();
  find("answering").hidden = !on;
  if (on) find("answer").value = "";
};
const reply = words => { find("reply").textContent = words; };
const answer = text => {
  const said = number(text), [key] = asking(data.steps[now]), x = numbers[key];
  if (said === null || said !== said && !/nan/i.test(text)) return reply("Write a number, such as −0.5 or 1/2.");
  const right = agrees(said, x);
  practice.asked += 1;
  practice.right += right ? practice.hinted ? 0.5 : 1 : 0;
  practice.answered.add(now);
  practice.hinted = false;
  score();
  reply(right ? "Right." : `No: it is ${spelled(x)}.`);
  show(now);
};
const restart = on => {
  Object.assign(practice, {on, right: 0, asked: 0, hinted: false, answered: new Set()});
  find("practice").checked = on;
  reply("");
  score();
};
find("answering").addEventListener("submit", event => {
  event.preventDefault();
  answer(find("answer").value);
});
find("hint").addEventListener("click", () => {
  practice.hinted = true;
  show(now);
  find("answer").focus();
});
find("practice").addEventListener("change", event => {
  restart(event.target.checked);
  show(event.target.checked ? 0 : now);
  save();
});

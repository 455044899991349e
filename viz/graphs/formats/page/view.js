// Zoom, pan, and the current box in view -------------------------------------------------------------------------------
const stage = document.querySelector(".picture");
const natural = {width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height};
const SMALLEST = 0.5, READABLE = 0.72;  // a picture that would be smaller than the first begins in the second size
let zoom = 0;  // 0: as large as there is room for
const narrow = matchMedia("(max-width: 800px)");  // where the picture is as high as it needs, up to half the window
const room = () => {
  const style = getComputedStyle(stage), height = narrow.matches ? parseFloat(style.maxHeight) : stage.clientHeight;
  return [stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
    height - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)];
};
const fitting = () => Math.min(room()[0]/natural.width, room()[1]/natural.height, 2);
const scaled = () => {
  if (zoom) return zoom;
  const fit = fitting();
  if ("whole" in stage.dataset) return fit;
  if (narrow.matches) return Math.max(fit, READABLE);
  return fit >= SMALLEST ? fit : Math.max(fit, Math.min(READABLE, room()[1]/natural.height));
};
const resize = () => {
  svg.style.width = `${natural.width*scaled()}px`;
  svg.style.height = `${natural.height*scaled()}px`;
};
const zoomTo = (wanted, x, y) => {  // keeping what is at (x, y) of the window where it is
  const frame = stage.getBoundingClientRect(), box = svg.getBoundingClientRect();
  const [at, down] = [x ?? frame.x + frame.width/2, y ?? frame.y + frame.height/2];
  const [left, top] = [(at - box.x)/box.width, (down - box.y)/box.height];
  zoom = wanted && Math.min(8, Math.max(Math.min(0.1, fitting()), wanted));
  resize();
  const grown = svg.getBoundingClientRect();
  stage.scrollLeft += grown.x + left*grown.width - at;
  stage.scrollTop += grown.y + top*grown.height - down;
  save();
};
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const bring = group => {  // into view, when the picture is larger than its window
  const frame = stage.getBoundingClientRect(), box = group.getBoundingClientRect(), edge = 24;
  const beyond = (from, to, first, last) => from < first + edge ? from - first - edge : to > last - edge
    ? Math.min(to - last + edge, from - first - edge) : 0;
  const left = beyond(box.left, box.right, frame.left, frame.right);
  const top = beyond(box.top, box.bottom, frame.top, frame.bottom);
  if (left || top) stage.scrollBy({left, top, behavior: calm.matches ? "instant" : "smooth"});
};
stage.addEventListener("wheel", event => {
  if (event.shiftKey) return;
  event.preventDefault();
  zoomTo(scaled()*Math.exp(-event.deltaY*(event.ctrlKey ? 0.01 : 0.0015)), event.clientX, event.clientY);
}, {passive: false});
let pinch = null;
const apart = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
stage.addEventListener("touchmove", event => {
  if (event.touches.length !== 2) return;
  event.preventDefault();
  const [a, b] = event.touches, distance = apart(event.touches);
  pinch ??= [distance, scaled()];
  zoomTo(pinch[1]*distance/pinch[0], (a.clientX + b.clientX)/2, (a.clientY + b.clientY)/2);
}, {passive: false});
for (const ended of ["touchend", "touchcancel"]) stage.addEventListener(ended, () => { pinch = null; });
const drag = (event, moved) => {  // until the pointer is released
  const move = e => moved(e.clientX - event.clientX, e.clientY - event.clientY);
  const end = () => {
    for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener);
  };
  const listeners = {pointermove: move, pointerup: end, pointercancel: end};
  for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener);
};
stage.addEventListener("pointerdown", event => {
  if (event.pointerType !== "mouse" || event.button || event.target.closest("[data-drag]")) return;
  const from = [stage.scrollLeft, stage.scrollTop];
  drag(event, (x, y) => stage.scrollTo(from[0] - x, from[1] - y));
});
stage.addEventListener("mousedown", event => event.preventDefault());  // a click moves no focus: keys go on stepping
find("closer").addEventListener("click", () => zoomTo(scaled()*1.25));
find("farther").addEventListener("click", () => zoomTo(scaled()/1.25));
find("fit").addEventListener("click", () => zoomTo(zoom === 0 || zoom !== fitting() ? fitting() : 0));
new ResizeObserver(resize).observe(stage);

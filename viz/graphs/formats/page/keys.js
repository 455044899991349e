// Keys, wherever the focus is: in a field they are the field's, and space is a button's own ----------------------------
const keys = actions => document.addEventListener("keydown", event => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  const action = {...zooming, ...actions}[event.key];
  if (!action || event.key === " " && event.target.closest("button, input")) return;
  action();
  event.preventDefault();
});
const zooming = {"+": () => zoomTo(scaled()*1.25), "-": () => zoomTo(scaled()/1.25), "0": () => zoomTo("whole" in stage.dataset ? 0 : fitting())};
const walking = (go, play, stop) => {  // the keys that step
  const then = action => () => { stop(); action(); };
  return {ArrowRight: then(go.on), ArrowLeft: then(go.back), PageDown: then(go.on), PageUp: then(go.back),
    Home: then(go.first), End: then(go.last), " ": play};
};

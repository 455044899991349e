"""What a page says: its words, names, glyphs, marks and fields, at one step or at every one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from viz.graphs.picture import Picture

SAID = """() => {
  const gone = e => e.closest('[hidden], .later, .without, script, style, option, defs');
  const spelled = e => [...e.querySelectorAll('use')].map(u => u.getAttribute('href'))
    .map(h => h ? String.fromCodePoint(parseInt(h.slice(2), 16)) : '').join('');
  const said = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement, words = walker.currentNode.textContent;
    if (words.trim() && !gone(at)) said.push(`${at.closest('[data-id]')?.dataset.id ?? at.id} ${at.tagName}: ${words}`);
  }
  for (const e of document.querySelectorAll('[aria-label], [aria-valuetext], [alt], [title], [placeholder]')) {
    if (!gone(e)) for (const name of ['aria-label', 'aria-valuetext', 'alt', 'title', 'placeholder']) {
      if (e.hasAttribute(name)) said.push(`${name} of ${e.id || e.dataset.id || e.tagName}: ${e.getAttribute(name)}`);
    }
  }
  for (const group of document.querySelectorAll('[data-id]')) {
    const runs = e => [...e.querySelectorAll('g[data-role]')].filter(e => !gone(e)).map(spelled).join('') || spelled(e);
    const labels = [...group.querySelectorAll('[data-label]')].filter(e => !gone(e))
      .reduce((all, e) => ({...all, [e.dataset.label]: (all[e.dataset.label] ?? '') + runs(e)}), {});
    const flags = ['zero', 'proved', 'indeterminate'].map(name => group.dataset[name] ?? '');
    const words = Object.entries(labels).map(([kind, line]) => `${kind} ${line}`).sort().join(' | ');
    said.push(`${group.dataset.id} is drawn: ${words} ${flags} ${group.classList.contains('now')}`);
  }
  for (const e of document.querySelectorAll('input:not(#step), textarea')) {
    if (!gone(e)) said.push(`field ${e.id || e.getAttribute('aria-label')}: ${e.value}`);
  }
  return said;
}"""
AT_EVERY_STEP = f"""() => {{
  const said = {SAID}, slider = document.getElementById('step'), all = [];
  const groups = [...document.querySelectorAll('[data-id]')];
  const about = group => group.dispatchEvent(new MouseEvent('click'));
  for (let i = 0; i <= Number(slider.max); i++) {{
    slider.value = i;
    slider.dispatchEvent(new Event('input'));
    about(groups[i % groups.length]);
    all.push(said());
  }}
  for (const group of groups) {{
    about(group);
    all.push([document.getElementById('details').textContent]);
  }}
  return all;
}}"""
SET = """([i, entries]) => {
  const change = (field, x) => { field.value = x; field.dispatchEvent(new Event('change')); };
  const rows = document.getElementById('rows' + i);
  if (rows) return change(rows, entries.join(' '));
  const fields = [...document.querySelectorAll(`input[type=number][data-input="${i}"]`)];
  fields.forEach((field, j) => change(field, entries[j]));
}"""
DATA = re.compile(r'(?<=<script type="application/json" id="data">).*?(?=</script>)', re.S)


def open_in(page: Any, picture: Picture, folder: Path, state: str = "") -> None:
    """Open the page of a picture in a browser."""
    picture.save(folder / "page.html")
    page.evaluate("for (let i = setTimeout(() => 0); i; i--) clearTimeout(i)")  # one that is there writes its link late
    page.goto("about:blank")
    page.goto((folder / "page.html").as_uri() + state)


def serious(page: Any) -> list[Any]:
    """What axe-core finds wrong in a page, with its place. Skips the test without axe-core."""
    reason = "axe-core is not installed: pip install axe-playwright-python"
    pytest.importorskip("axe_playwright_python", reason=reason)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 15
    return [(v["impact"], v["id"], v["nodes"][0]["html"]) for v in found["violations"]]


def known(page: Any) -> Any:
    """The record that a page has of its graph."""
    return json.loads(page.evaluate("document.getElementById('data').textContent"))


def change(page: Any, values: Mapping[str, Any]) -> None:
    """Write other inputs into the fields of a page, as a reader does; arrays by their entries in a row."""
    names = [i["name"] for i in known(page)["inputs"]]
    for name, value in values.items():
        page.evaluate(SET, [names.index(name), list(value) if hasattr(value, "__len__") else [value]])


def drawn(picture: Picture) -> dict[str, tuple[str, list[str], list[str]]]:
    """What a picture itself says of each box and edge: its title, the glyphs of its labels, and its flags."""
    svg = ElementTree.fromstring(picture.svg())
    name = "{http://www.w3.org/2000/svg}"
    found = {}
    for group in svg.iter(f"{name}g"):
        if "data-id" not in group.attrib:
            continue
        labels = [e for e in group.iter(f"{name}g") if "data-label" in e.attrib]
        glyphs = [[chr(int(u.attrib["href"][2:], 16)) for u in label.iter(f"{name}use")] for label in labels]
        lines: dict[str, str] = {}  # by what they say; long ones are broken where the picture has room
        for label, run in zip(labels, glyphs, strict=True):
            lines[label.attrib["data-label"]] = lines.get(label.attrib["data-label"], "") + "".join(run)
        words = sorted(f"{kind} {line}" for kind, line in lines.items())
        flags = [group.attrib.get(f"data-{flag}", "") for flag in ("zero", "proved", "indeterminate")]
        title = group.find(f"{name}title")
        assert title is not None
        found[group.attrib["data-id"]] = title.text or "", words, flags
    return found

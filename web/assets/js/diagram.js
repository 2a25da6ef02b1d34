// Draws a BPMN file and paints where the case stands. Comes in: an element with data-diagram (address of the XML)
// and data-state (JSON: done, flows, waiting, incidents). The bpmn.io watermark stays visible: its licence asks so.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import '../css/diagram.css';

const READABLE = 0.7;

function badge(text, className) {
  const element = document.createElement('div');
  element.className = className;
  element.textContent = text;
  return element;
}

// A flow was taken when both its ends were reached and, after a choice, when the history says so.
function taken(known, state) {
  const reached = new Set([...(state.done ?? []), ...Object.keys(state.waiting ?? {}), ...Object.keys(state.incidents ?? {})]);
  const done = new Set(state.done ?? []);
  const chosen = new Set(state.flows ?? []);
  return known
    .filter((element) => element.waypoints && element.source && element.target)
    .filter(({ id, source, target }) => {
      if (!done.has(source.id) || !reached.has(target.id)) return false;
      return chosen.has(id) || !/(Exclusive|Inclusive|EventBased)Gateway$/.test(source.type);
    })
    .map((element) => element.id);
}

function paint(viewer, state) {
  const canvas = viewer.get('canvas');
  const overlays = viewer.get('overlays');
  const known = viewer.get('elementRegistry');
  const mark = (ids, marker) => ids.filter((id) => known.get(id)).forEach((id) => canvas.addMarker(id, marker));
  mark(state.done ?? [], 'at-done');
  mark(taken(known, state), 'at-taken');
  mark(Object.keys(state.waiting ?? {}), 'at-now');
  mark(Object.keys(state.incidents ?? {}), 'at-incident');
  for (const [id, count] of Object.entries(state.waiting ?? {})) {
    if (known.get(id)) overlays.add(id, { position: { top: -12, left: -12 }, html: badge(String(count), 'badge-now') });
  }
  for (const id of Object.keys(state.incidents ?? {})) {
    if (known.get(id)) overlays.add(id, { position: { top: -12, right: 12 }, html: badge('!', 'badge-incident') });
  }
}

// A long process fitted into a page cannot be read: then look at where the case is, at a size that can.
function look(viewer, state) {
  const canvas = viewer.get('canvas');
  canvas.zoom('fit-viewport', 'auto');
  if (canvas.zoom() >= READABLE) return;
  const here = [...Object.keys(state.incidents ?? {}), ...Object.keys(state.waiting ?? {})]
    .map((id) => viewer.get('elementRegistry').get(id))
    .find(Boolean);
  const { inner, outer } = canvas.viewbox();
  const [width, height] = [outer.width / READABLE, outer.height / READABLE];
  const x = here ? here.x + here.width / 2 - width / 2 : inner.x - 20;
  const middle = inner.y + inner.height / 2 - height / 2;
  const wanted = here ? here.y + here.height / 2 - height / 2 : middle;
  const [top, bottom] = [inner.y - 20, inner.y + inner.height + 20 - height];
  const y = top > bottom ? middle : Math.min(Math.max(wanted, top), bottom);
  canvas.viewbox({ x: Math.max(inner.x - 20, x), y, width, height });
}

export async function draw(place) {
  const response = await fetch(place.dataset.diagram);
  if (!response.ok) {
    place.hidden = true; // the outline beside it says the same in words
    return;
  }
  const viewer = new NavigatedViewer({ container: place, moddleExtensions: { zeebe } });
  await viewer.importXML(await response.text());
  const state = JSON.parse(place.dataset.state || '{}');
  paint(viewer, state);
  look(viewer, state);
  place.dataset.drawn = 'true';
}

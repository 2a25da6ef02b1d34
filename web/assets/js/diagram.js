// Draws a BPMN file and paints where the case stands. Comes in: an element with data-diagram (address of the XML)
// and data-state (JSON: done, taken, waiting, incidents). The bpmn.io watermark stays visible: its licence asks so.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import '../css/diagram.css';

function badge(text, className) {
  const element = document.createElement('div');
  element.className = className;
  element.textContent = text;
  return element;
}

function paint(viewer, state) {
  const canvas = viewer.get('canvas');
  const overlays = viewer.get('overlays');
  const known = viewer.get('elementRegistry');
  const mark = (ids, marker) => ids.filter((id) => known.get(id)).forEach((id) => canvas.addMarker(id, marker));
  mark(state.done ?? [], 'at-done');
  mark(state.taken ?? [], 'at-taken');
  mark(Object.keys(state.waiting ?? {}), 'at-now');
  mark(Object.keys(state.incidents ?? {}), 'at-incident');
  for (const [id, count] of Object.entries(state.waiting ?? {})) {
    if (known.get(id)) overlays.add(id, { position: { top: -12, left: -12 }, html: badge(String(count), 'badge-now') });
  }
  for (const id of Object.keys(state.incidents ?? {})) {
    if (known.get(id)) overlays.add(id, { position: { top: -12, right: 12 }, html: badge('!', 'badge-incident') });
  }
}

export async function draw(place) {
  const response = await fetch(place.dataset.diagram);
  if (!response.ok) {
    place.hidden = true; // the outline beside it says the same in words
    return;
  }
  const viewer = new NavigatedViewer({ container: place, moddleExtensions: { zeebe } });
  await viewer.importXML(await response.text());
  paint(viewer, JSON.parse(place.dataset.state || '{}'));
  viewer.get('canvas').zoom('fit-viewport', 'auto');
  place.dataset.drawn = 'true';
}

// Evaluates what stands in standard input with @bpmn-io/feelin, the FEEL of form-js, and writes one line of JSON.
// In: {module, now (milliseconds), cases: [{text, kind, variables}]}. Out: a list of canonical values, see corpus.py. Next: corpus.py.
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';

const { module, now, cases } = JSON.parse(fs.readFileSync(0, 'utf8'));
Date.now = () => now; // both sides must mean the same instant
const feelin = await import(pathToFileURL(module));

// Luxon's objects are known by what they can do: a date is a moment at midnight in feelin 6.
function canonical(value) {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? { number: value } : { strange: String(value) };
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'function') return { function: true };
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value.toUTC === 'function') {
    return value.isValid ? { moment: value.toUTC().toISO({ suppressMilliseconds: true }) } : { strange: 'moment' };
  }
  if (typeof value.shiftTo === 'function') {
    const months = value.shiftTo('months', 'seconds');
    return value.isValid ? { months: months.months, seconds: months.seconds } : { strange: 'duration' };
  }
  if (value.constructor !== Object) {
    return 'start included' in value ? { range: true } : { function: true };
  }
  return { context: Object.fromEntries(Object.entries(value).map(([name, item]) => [name, canonical(item)])) };
}

function evaluate({ text, kind, variables }) {
  try {
    const run = kind === 'unary-tests' ? feelin.unaryTest : feelin.evaluate;
    return canonical(run(text, variables).value);
  } catch (error) {
    return { error: error.name === 'SyntaxError' || /^(Incomplete|Statement|Unrecognized)/.test(error.message) ? 'syntax' : 'failed' };
  }
}

process.stdout.write(JSON.stringify(cases.map(evaluate)));

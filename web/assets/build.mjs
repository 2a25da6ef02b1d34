// Bundles the browser sources. In: css/, js/ and the pinned packages. Out: OUT with hashed names,
// manifest.json (name in a template → file) and THIRD-PARTY.txt (licence of every package that is really in).
// It never downloads: `npm ci` comes first. Next: ../static.py reads the manifest.
import * as esbuild from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';

const target = path.resolve(import.meta.dirname, process.argv[2] ?? '../static/dist');
// Built beside the old files and put in their place at the end: a running house never misses its manifest.
const out = path.resolve(import.meta.dirname, 'node_modules/.dist');
process.chdir(import.meta.dirname);
fs.rmSync(out, { recursive: true, force: true });

const result = await esbuild.build({
  entryPoints: ['js/app.js', 'js/diagram.js'],
  outdir: out,
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  metafile: true,
  legalComments: 'none',
  loader: { '.woff': 'file', '.woff2': 'file', '.ttf': 'empty', '.eot': 'empty', '.svg': 'file' },
  logLevel: 'warning',
});

const manifest = {};
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  const name = path.relative(out, path.resolve(file));
  if (output.entryPoint) {
    const entry = path.basename(output.entryPoint, '.js');
    manifest[`${entry}.js`] = name;
    if (output.cssBundle) manifest[`${entry}.css`] = path.relative(out, path.resolve(output.cssBundle));
  }
  if (name.startsWith('public-sans-latin-wght-normal')) manifest['font.woff2'] = name;
}

function write(name, text) {
  const { name: stem, ext } = path.parse(name);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase();
  manifest[name] = `${stem}-${hash}${ext}`;
  fs.writeFileSync(path.join(out, manifest[name]), text);
}

const icons = fs.readFileSync('icons.txt', 'utf8').split('\n').filter(Boolean);
const symbols = icons.map((icon) => {
  const svg = fs.readFileSync(`node_modules/lucide-static/icons/${icon}.svg`, 'utf8');
  const inner = svg.replace(/^[\s\S]*?<svg[\s\S]*?>/, '').replace('</svg>', '').replace(/\s+/g, ' ').trim();
  return `<symbol id="${icon}" viewBox="0 0 24 24">${inner}</symbol>`;
});
write('icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`);
write('favicon.svg', fs.readFileSync('favicon.svg', 'utf8'));

const packages = new Set(['node_modules/lucide-static']);
for (const input of Object.keys(result.metafile.inputs)) {
  const found = input.match(/^(node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  if (found) packages.add(found[1]);
}
const notices = [...packages].sort().map((directory) => {
  const about = JSON.parse(fs.readFileSync(`${directory}/package.json`, 'utf8'));
  const licence = fs.readdirSync(directory).find((file) => /^licen[cs]e/i.test(file));
  const text = licence ? fs.readFileSync(`${directory}/${licence}`, 'utf8') : 'The package ships no licence file.';
  return `${about.name} ${about.version} (${about.license ?? 'see below'})\n\n${text.trim()}\n`;
});
fs.writeFileSync(path.join(out, 'THIRD-PARTY.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
fs.writeFileSync(path.join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
fs.rmSync(target, { recursive: true, force: true });
fs.mkdirSync(path.dirname(target), { recursive: true });
fs.renameSync(out, target);
console.log(`browser assets: ${Object.keys(manifest).length} entries, ${packages.size} packages`);

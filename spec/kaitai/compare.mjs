// Compares the Kaitai Struct definitions with the reference, field by field, over a corpus of savepoints.
//
//   node compare.mjs MODULES REGISTRY VECTORS EXPLAINED [DEFINITIONS]
//
// MODULES      a directory with the package.json of this one, installed
// REGISTRY     JSON: the layouts, choices and snapshot classes of the registry
// VECTORS      a directory of savepoints
// EXPLAINED    for each of their files, VECTORS/a/b, what `savepoint explain --format json` says of it, in EXPLAINED/a/b
// DEFINITIONS  the directory of the .ksy files; that of this program, if absent
//
// Every field that the reference names has to be a field of the same place, length, layout, name and value here. Where a
// definition keeps as bytes what the reference divides, the bytes have to be exactly those of some fields of the reference, and
// the place has to be in BLOBS. Exits with 1 if anything differs, and prints counts.

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [modules, registryFile, vectors, explained, definitions = path.dirname(fileURLToPath(import.meta.url))] = process.argv.slice(2);
const need = createRequire(path.join(path.resolve(modules), 'package.json'));
const compiler = need('kaitai-struct-compiler');
const yaml = need('js-yaml');
const KaitaiStream = need('kaitai-struct/KaitaiStream');
// The run time of version 0.11 is off by 2^32 for some negative numbers of 64 bits.
KaitaiStream.prototype.readS8be = function readS8be() {
  const bytes = this.readBytes(8);
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0));
};
const registry = JSON.parse(fs.readFileSync(registryFile, 'utf8'));

// What stays bytes here, and why.
const BLOBS = {
  'foreign-body.body': 'nothing in the bytes says where the body of a class that Flink does not ship ends',
  'key-value-key.parts': 'serializers say where key, namespace and user key end',
  'timer-key.parts': 'serializers say where key and namespace end',
  'keyed-entry.value': 'serializers say what a value consists of',
  'plain-partitions.data': 'the handle says where partitions start, and serializers where they end',
};
// Layouts that no definition has: what is in values and partitions, raw state, native formats, and what stands behind the end.
const ABSENT = [
  'list-element', 'map-value', 'ttl-value', 'list-partition', 'broadcast-map', 'broadcast-entry', 'raw-keyed-stream', 'raw-section',
  'raw-timers', 'raw-timer-service', 'raw-timer', 'raw-operator-stream', 'raw-partition', 'native-stream', 'trailing-bytes',
];
// Types of definitions that stand for a layout of another name.
const ALIASES = {
  'flink-savepoint-metadata': 'metadata-file',
  'flink-savepoint-keyed': 'keyed-stream',
  'flink-savepoint-operator': 'operator-stream',
  'flink-java-object-stream': 'java-object-stream',
};
// Fields that a definition keeps together under one name.
const TAILS = { 'key-value-key': 'parts', 'timer-key': 'parts' };
// Types that are one field, as in the reference.
const ATOMS = new Set(['utf', 'class-name', 'flink-string']);
// Fields that take no bytes and only hold what later fields need.
const HELPERS = new Set(['java-class.search', 'java-class.node', 'java-object-stream.no_class']);

const used = new Set(); // entries of BLOBS and ABSENT that occur

const dashed = (id) => id.replace(/_/g, '-');
const camel = (id) => id.replace(/_+([a-z0-9])/g, (_, c) => c.toUpperCase()).replace(/_+$/, '');
const problems = [];
const counts = { files: 0, fields: 0, blobs: 0, inBlobs: 0, types: 0, choices: 0, classes: 0, skipped: 0, inline: 0 };
const problem = (text) => {
  problems.push(text);
  if (problems.length <= 20) console.error(text);
};

// ---------------------------------------------------------------------------------------------------------- definitions

const read = (name) => yaml.load(fs.readFileSync(path.join(definitions, `${name}.ksy`), 'utf8'));
const importer = { importYaml: (name) => Promise.resolve(read(path.basename(name))) };
const types = new Map(); // by the name of the class in JavaScript
const code = {};
const loaded = {};
const NAMES = fs.readdirSync(definitions).filter((n) => n.endsWith('.ksy')).map((n) => n.slice(0, -4)).sort();
for (const name of NAMES) {
  const spec = read(name);
  const add = (id, type) => {
    const layout = ALIASES[dashed(id)] ?? dashed(id);
    const fields = (type.seq ?? []).map((f) => ({ js: camel(f.id), name: f['-orig-id'] ?? f.id, spec: f }));
    const js = camel(`_${id}`);
    const known = types.get(js);
    if (known && JSON.stringify(known.fields) !== JSON.stringify(fields)) problem(`${name}.ksy: two types are named ${id} and differ`);
    types.set(js, { layout, fields, js });
  };
  add(spec.meta.id, spec);
  for (const [id, type] of Object.entries(spec.types ?? {})) add(id, type);
  for (const [file, text] of Object.entries(await compiler.compile('javascript', spec, importer, true))) code[file.replace(/\.js$/, '')] = text;
  // The definitions compile to other languages, too.
  for (const language of ['python', 'go', 'cpp_stl', 'java']) await compiler.compile(language, spec, importer, false);
}
const load = (name) => {
  if (!loaded[name]) {
    const exports = (loaded[name] = {});
    const inner = (wanted) => (wanted.startsWith('./') ? load(wanted.slice(2)) : need(wanted));
    new Function('exports', 'require', 'module', code[name])(exports, inner, { exports });
  }
  return loaded[name];
};
const Metadata = load('FlinkSavepointMetadata').FlinkSavepointMetadata;
const Keyed = load('FlinkSavepointKeyed').FlinkSavepointKeyed;
const Operator = load('FlinkSavepointOperator').FlinkSavepointOperator;
const parse = (Type, bytes, ...params) => {
  const io = new KaitaiStream(bytes);
  const object = new Type(io, null, null, ...params);
  object._read();
  if (!io.isEof()) throw new Error(`${io.size - io.pos} bytes are left over at ${io.pos}`);
  return object;
};

// ------------------------------------------------------------------------------------------------------------- registry

const described = new Set();
for (const { layout, fields } of types.values()) {
  if (registry.layouts[layout]) {
    described.add(layout);
    counts.types += 1;
    const wanted = [...new Set(registry.layouts[layout])];
    const found = fields.map((f) => f.name).filter((n) => !HELPERS.has(`${layout}.${n}`));
    const tail = TAILS[layout];
    if (tail) wanted.splice(found.indexOf(tail), Infinity, tail);
    if (wanted.join() !== found.join()) problem(`${layout}: fields are ${found.join(', ')}; the registry has ${wanted.join(', ')}`);
  } else if (registry.choices[layout]) {
    described.add(layout);
    counts.choices += 1;
    const { selector, values } = registry.choices[layout];
    const { name, spec } = fields[0];
    if (name !== selector) problem(`${layout}: starts with ${name}, not with ${selector}`);
    const allowed = spec.valid['any-of'].length;
    if (allowed !== new Set(values).size) problem(`${layout}: knows ${allowed} values of ${selector}; the registry has ${values.join(', ')}`);
  }
}
const absent = (layout) => ABSENT.includes(layout) && used.add(layout);
for (const layout of [...Object.keys(registry.layouts), ...Object.keys(registry.choices)]) {
  if (!described.has(layout) && layout !== 'snapshot-body' && !absent(layout)) problem(`${layout}: no definition has it`);
}
{
  const versioned = types.get('VersionedSnapshot').fields.find((f) => f.name === 'body').spec.type.cases;
  const bodyOf = (name) => /^\w+/.exec(versioned[`"${name}"`] ?? versioned._)[0];
  for (const { class: name, kind, known } of registry.classes) {
    counts.classes += 1;
    const body = bodyOf(name.split(/[.$]/).pop());
    // What the reference does not know may be read here: classes are told by their simple names.
    const fits = kind === 'legacy' || (!known && body === 'foreign_body') ? body === 'foreign_body'
      : kind === 'simple' ? body === 'simple_body'
      : kind === 'generic' ? body === 'generic_body'
      : !['foreign_body', 'simple_body', 'generic_body'].includes(body);
    if (!fits) problem(`${name}: of kind ${kind}${known ? '' : ', not known'}, and read as ${body}`);
  }
}

// --------------------------------------------------------------------------------------------------------------- fields

// What is inside of a field: fields of the definition that are divided no further, in the order of the file.
function* leaves(object, inline) {
  const { layout, fields } = types.get(object.constructor.name);
  for (const { js, name, spec } of fields) {
    const debug = object._debug[js];
    if (debug === undefined || HELPERS.has(`${layout}.${name}`)) continue;
    const value = object[js];
    const repeated = Array.isArray(value);
    for (let i = 0; i < (repeated ? value.length : 1); i += 1) {
      const one = repeated ? value[i] : value;
      const place = repeated ? debug.arr[i] : debug;
      const type = types.get(one?.constructor?.name);
      if (type && !ATOMS.has(type.layout)) {
        yield* leaves(one, inline);
        continue;
      }
      const start = place.ioOffset + place.start;
      const end = place.ioOffset + place.end;
      const inside = inline?.get(`${start}`);
      if (inside && layout === 'byte-stream-handle' && name === 'data') {
        counts.inline += 1;
        yield* leaves(inside, null);
        continue;
      }
      // A primitive value of an object is a field of the object for the reference.
      if (layout.startsWith('java-value-')) yield { start, end, layout: 'java-object', name: 'values', value: one, spec };
      else yield { start, end, layout, name, value: one, spec };
    }
  }
}

const number = (hex, type) => {
  const little = type.endsWith('le');
  const bytes = Buffer.from(hex, 'hex');
  const text = (little ? bytes.reverse() : bytes).toString('hex');
  const value = BigInt(`0x${text}`);
  return type.startsWith('i') ? BigInt.asIntN(text.length * 4, value) : value;
};

// What differs between a field here and one of the reference that is at the same place; undefined if nothing does.
function difference(here, there) {
  if (here.name !== there.field) return `field ${here.name}`;
  const { layout } = here;
  if (layout !== there.layout) return `layout ${here.layout}`;
  const { value } = here;
  if (typeof value === 'number') {
    if (/^f|^value/.test(there.type)) return undefined;
    const type = there.type === 'bool' ? 'u8' : there.type;
    const wanted = /^[iu]\d+(le)?$/.test(type) ? number(there.bytes, type) : number(there.bytes, here.spec.type?.[0] === 's' ? 'i' : 'u');
    if (Number(wanted) !== value) return `value ${value}`;
    // What the reference prints: flags in hex, timestamps with their sign flipped back.
    const plain = /^-?\d+$/.test(there.value) && !['timer-key', 'java-class-descriptor'].includes(layout);
    if (plain && Number(there.value) !== value) return `value ${value}`;
    return undefined;
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex') === there.bytes ? undefined : 'bytes';
  const type = types.get(value?.constructor?.name)?.layout;
  if (type === 'utf' || type === 'class-name') {
    const text = type === 'utf' ? value.text : value.name.packages.map((p) => p.classes.join('$')).join('.');
    // Only for text of which both encodings are the same, and that needs no escapes.
    if (/^[\x20-\x7e]*$/.test(text) && !/["\\]/.test(text) && `"${text}"` !== there.value) return `value "${text}"`;
    return value.length === there.length - 2 ? undefined : `a length of ${value.length}`;
  }
  if (type === 'flink-string') {
    const text = String.fromCharCode(...value.units.map((u) => u.value));
    return JSON.stringify(text) === there.value || text === there.value || JSON.parse(there.value) === text ? undefined : `value "${text}"`;
  }
  return `a value of ${type ?? typeof value}`;
}

const at = (there) => (there ? `${there.offset}+${there.length} ${there.layout}.${there.field} = ${there.value} (${there.path})` : 'the end');

function compare(file, object, lines, inline) {
  counts.files += 1;
  const order = (a, b) => a - b;
  const reference = lines.filter((l) => l.kind === 'field' && !l.opened && l.length > 0).sort((a, b) => order(a.offset, b.offset));
  const own = [...leaves(object, inline)].filter((l) => l.end > l.start).sort((a, b) => order(a.start, b.start));
  let next = 0;
  for (const here of own) {
    const there = reference[next];
    const place = `${here.start}+${here.end - here.start} ${here.layout}.${here.name}`;
    const blob = BLOBS[`${here.layout}.${here.name}`];
    const same = there && there.offset === here.start && there.length === here.end - here.start;
    if (same && (!blob || (there.field === here.name && there.layout === here.layout))) {
      next += 1;
      counts.fields += 1;
      const differs = difference(here, there);
      if (differs) return problem(`${file}: here ${place} with ${differs}; the reference has ${at(there)}`);
      continue;
    }
    if (!blob) return problem(`${file}: here ${place}; the reference has ${at(there)}`);
    let position = here.start;
    while (position < here.end) {
      const inside = reference[next];
      if (!inside || inside.offset !== position) return problem(`${file}: here ${place}, bytes up to ${here.end}; at ${position} the reference has ${at(inside)}`);
      position += inside.length;
      counts.inBlobs += 1;
      next += 1;
    }
    if (position !== here.end) return problem(`${file}: here ${place} ends at ${here.end}; a field of the reference ends at ${position}`);
    counts.blobs += 1;
    used.add(`${here.layout}.${here.name}`);
  }
  if (next !== reference.length) problem(`${file}: here is no field of ${at(reference[next])}`);
  return undefined;
}

// --------------------------------------------------------------------------------------------------------------- corpus

const fresh = (file) => new Uint8Array(fs.readFileSync(file));
const linesOf = (file) => fs.readFileSync(path.join(explained, file), 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l));

// Layout B, or A if it alone fits: "Layouts A and B" of the chapter on handles, for files that are well-formed.
function metadataOf(bytes) {
  try {
    return parse(Metadata, bytes, false);
  } catch (error) {
    try {
      return parse(Metadata, bytes, true);
    } catch {
      throw error;
    }
  }
}

// The streams of managed state: which handle leads to each, and how it is read; nothing for native formats, which have no
// definition.
function* streams(metadata) {
  for (const operator of metadata.operators ?? []) {
    for (const { state } of operator.subtasks ?? []) {
      if (!state) continue;
      if (state.managedKeyed.type === 7) {
        const { delegate, keyGroups } = state.managedKeyed.body;
        const offsets = keyGroups.offsets.filter((o) => o !== 0);
        const end = offsets.length ? Math.min(...offsets) : -1;
        yield { delegate, read: (bytes) => parse(Keyed, bytes, operator.maxParallelism, end) };
      }
      if (state.managedKeyed.type === 11) yield { delegate: state.managedKeyed.body.metaState };
      if (state.managedKeyed.type === 12) yield { delegate: state.managedKeyed.body.delegate };
      if (state.hasManagedOperator !== 0) {
        const { delegate, states } = state.managedOperator.body;
        const offsets = states.flatMap((s) => s.offsets);
        yield { delegate, read: (bytes) => parse(Operator, bytes, offsets.length ? Math.min(...offsets) - (bytes[3] >= 6 && bytes[4] ? 10 : 0) : -1) };
      }
    }
  }
}

for (const vector of fs.readdirSync(vectors).sort()) {
  const directory = path.join(vectors, vector);
  const guarded = (file, what) => {
    try {
      return what();
    } catch (error) {
      return problem(`${vector}/${file}: ${error.message}`);
    }
  };
  const readers = new Map();
  const metadata = guarded('_metadata', () => metadataOf(fresh(path.join(directory, '_metadata'))));
  if (!metadata) continue;
  guarded('_metadata', () => {
    const lines = linesOf(`${vector}/_metadata`);
    const inline = new Map();
    for (const { delegate, read: reader } of streams(metadata)) {
      if (delegate.type === 6) readers.set(delegate.body.relativePath.text, reader);
      if (delegate.type !== 1 || !reader || !lines.some((l) => l.path.includes('.data.stream'))) continue;
      const { ioOffset, start } = delegate.body._debug.data;
      inline.set(`${ioOffset + start}`, reader(delegate.body.data));
    }
    compare(`${vector}/_metadata`, metadata, lines, inline);
  });
  for (const file of fs.readdirSync(directory).sort()) {
    if (file === '_metadata') continue;
    const reader = readers.get(file);
    const lines = linesOf(`${vector}/${file}`);
    if (['keyed-stream', 'operator-stream'].includes(lines[0]?.layout) !== readers.has(file)) problem(`${vector}/${file}: a ${lines[0]?.layout}, and ${readers.has(file) ? 'a' : 'no'} handle of managed state`);
    if (reader) guarded(file, () => compare(`${vector}/${file}`, reader(fresh(path.join(directory, file))), lines, null));
    else counts.skipped += 1;
  }
}

for (const [what, unused] of [['BLOBS', Object.keys(BLOBS).filter((b) => !used.has(b))], ['ABSENT', ABSENT.filter((a) => !used.has(a))]]) {
  if (unused.length) problem(`${what} has what does not occur: ${unused.join(', ')}`);
}
if (problems.length > 20) console.error(`and ${problems.length - 20} more`);
console.log(JSON.stringify(counts));
process.exit(problems.length ? 1 : 0);

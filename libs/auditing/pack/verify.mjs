#!/usr/bin/env node
// Checks an evidence pack of a Deal Ledger offline, with nothing but Node 20 or later:
//
//   node verify.mjs [--vkey <the key, name+id+base64, or a file with it>]
//
// Give the key of the ledger as it came to you by another way; without it, the one in the pack is
// believed, and whoever made the pack could have made that too.
//
// Exit code 0: OK. 1: NOT OK. 2: it was asked wrongly. 3: INCOMPLETE, nothing is wrong but not all could be checked.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const faults = [];
const unchecked = [];

/** Notes what is wrong with a file, and goes on: all that is wrong is to be told. */
function check(isRight, file, message) {
  if (!isRight) faults.push(`${file}: ${message}`);
  return isRight;
}

function attempt(file, work) {
  try {
    return work();
  } catch (error) {
    faults.push(`${file}: cannot be read (${error.message})`);
    return undefined;
  }
}

const bytesOf = (file) => readFileSync(join(FOLDER, file));
const textOf = (file) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesOf(file));
const linesOf = (file) =>
  textOf(file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const base64 = (text) => Buffer.from(text, 'base64');

// 1. The files are those that were packed: MANIFEST is remade of what lies here.

function checkManifest() {
  const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name)
        .slice(FOLDER.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((file) => file !== 'MANIFEST' && file !== 'MANIFEST.sig');
  const here = new Map(files.map((file) => [file, sha256(bytesOf(file)).toString('hex')]));
  const text = textOf('MANIFEST');
  const listed = new Map(text.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]));
  for (const [file, hash] of here)
    if (check(listed.has(file), file, 'MANIFEST does not list it'))
      check(listed.get(file) === hash, file, `its SHA-256 is ${hash}, MANIFEST says ${listed.get(file)}`);
  for (const file of listed.keys())
    if (file !== '') check(here.has(file), file, 'MANIFEST lists it, and it is not here');
  const remade = [...here].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, hash]) => `${hash}  ${file}\n`);
  check(text === remade.join(''), 'MANIFEST', 'it is not the list of the files that lie here');
  console.log(`verify.mjs has SHA-256 ${here.get('verify.mjs')}: compare it with that of a copy that you trust`);
  return files;
}

// 2. The checkpoint is signed by the key of the ledger (C2SP signed-note and tlog-checkpoint).

function readKey(text) {
  const [, name, id, rest] = /^([^+\n]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  if (rest === undefined) throw new Error('a key is <name>+<id>+<base64>');
  const typed = base64(rest);
  if (typed.length !== 33 || typed[0] !== 1) throw new Error('it is no Ed25519 key for notes');
  if (sha256(`${name}\n`, typed).toString('hex', 0, 4) !== id) throw new Error('its id is not that of its key');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: typed.subarray(1).toString('base64url') };
  return { name, id, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
}

/** The text of a signed note, if the key has signed it. */
function readNote(file, key) {
  const note = textOf(file);
  const end = note.lastIndexOf('\n\n') + 1;
  const text = note.slice(0, end);
  const signatures = note
    .slice(end + 1)
    .split('\n')
    .map((line) => /^— (\S+) (\S+)$/.exec(line))
    .filter((match) => match !== null && match[1] === key.name && base64(match[2]).toString('hex', 0, 4) === key.id);
  const isSigned = signatures.some((match) =>
    verify(null, Buffer.from(text), key.publicKey, base64(match[2]).subarray(4)),
  );
  check(isSigned, file, `it is not signed by ${key.name}+${key.id}`);
  return { note, text };
}

/** What is said here of figures, postings and streams is the ledger's own statement: it has signed the list of the files. */
function checkStatement(key) {
  const { note, text } = readNote('MANIFEST.sig', key);
  const stated = `deal-ledger evidence pack\n${sha256(bytesOf('MANIFEST')).toString('hex')}\n`;
  if (!check(text === stated, 'MANIFEST', 'it is not the list that the ledger has signed')) return;
  const line = note.slice(text.length + 1, -1);
  const remade = `${stated}\n${line.replace(/\S+$/, (signature) => base64(signature).toString('base64'))}\n`;
  check(note === remade, 'MANIFEST.sig', 'it is more than the signature of that list');
}

function readCheckpoint(key) {
  const { note, text } = readNote('checkpoint', key);
  const [origin, size, root] = text.split('\n');
  return { note, origin, size: Number(size), root: base64(root) };
}

// 3. Every record is in the tree that the checkpoint is the head of (RFC 6962, C2SP tlog-proof).

function field(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes === null ? 0xffffffff : bytes.length);
  return bytes === null ? length : Buffer.concat([length, bytes]);
}

function leafHashOf(record) {
  const number = (value, signed) => {
    const bytes = Buffer.alloc(8);
    if (signed) bytes.writeBigInt64BE(BigInt(value));
    else bytes.writeBigUInt64BE(BigInt(value));
    return bytes;
  };
  const fields = [number(record.position, false), number(record.timeMs, true), record.key, record.value];
  for (const [name, value] of record.headers) fields.push(Buffer.from(name), value);
  return sha256(Buffer.of(0), ...fields.map(field));
}

/** RFC 9162, section 2.1.3.2. */
function isIncluded({ index, hash, proof }, { size, root }) {
  if (!(index < size)) return false;
  let [fn, sn, r] = [BigInt(index), BigInt(size) - 1n, hash];
  for (const p of proof) {
    if (sn === 0n) return false;
    if (fn % 2n === 1n || fn === sn) {
      r = sha256(Buffer.of(1), p, r);
      while (fn % 2n === 0n && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else r = sha256(Buffer.of(1), r, p);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && r.equals(root);
}

function checkRecords(checkpoint, files) {
  const records = new Map();
  for (const line of linesOf('records.ndjson')) {
    const bytes = (text) => (text === null ? null : base64(text));
    const headers = line.headers.map(([name, value]) => [name, base64(value)]);
    const record = { ...line, key: bytes(line.key), value: bytes(line.value), headers };
    records.set(record.position, record);
    const file = `proofs/${record.position}.tlog-proof`;
    attempt(file, () => {
      const text = textOf(file);
      const end = text.indexOf('\n\n');
      const [header, index, ...proof] = text.slice(0, end).split('\n');
      check(header === 'c2sp.org/tlog-proof@v1', file, 'it is no tlog-proof');
      check(index === `index ${record.position}`, file, `it is of ${index}, not of position ${record.position}`);
      check(text.slice(end + 2) === checkpoint.note, file, 'it is for another checkpoint than that of the pack');
      const claim = { index: record.position, hash: leafHashOf(record), proof: proof.map(base64) };
      check(
        isIncluded(claim, checkpoint),
        'records.ndjson',
        `the record at position ${record.position} is not in the tree of ${checkpoint.size} leaves, by ${file}`,
      );
    });
  }
  const proofs = files.filter((file) => file.startsWith('proofs/'));
  check(proofs.length === records.size, 'records.ndjson', `${records.size} records and ${proofs.length} proofs`);
  console.log(`${records.size} records are held against the checkpoint of ${checkpoint.size} leaves`);
  return records;
}

// 4. Every event stands in its record, byte for byte.

/** The objects of a JSON array as the text that they stand there with. */
function elementsOf(text) {
  const elements = [];
  let [depth, start, inText] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (inText) {
      if (sign === '\\') at += 1;
      else if (sign === '"') inText = false;
    } else if (sign === '"') inText = true;
    else if (sign === '{' || sign === '[') {
      if (depth === 1) start = at;
      depth += 1;
    } else if (sign === '}' || sign === ']') {
      depth -= 1;
      if (depth === 1) elements.push(text.slice(start, at + 1));
    }
  }
  return elements;
}

const placeOf = ({ position, ordinal }) => `${position}/${ordinal}`;

function checkEvents(records) {
  const events = new Map();
  for (const listed of linesOf('events.ndjson')) {
    const place = placeOf(listed);
    const text = elementsOf(records.get(listed.position)?.value?.toString() ?? '')[listed.ordinal];
    check(
      text === listed.event,
      'events.ndjson',
      `event ${listed.eventId} is not what stands in its record at ${place}`,
    );
    const event = JSON.parse(listed.event);
    const said = [event.id, event.subject, event.type, Number(event.sequence)];
    const told = [listed.eventId, listed.stream, listed.type, listed.version];
    check(
      said.join('\n') === told.join('\n'),
      'events.ndjson',
      `event ${listed.eventId} at ${place} is listed as another`,
    );
    events.set(place, listed);
  }
  console.log(`${events.size} events are held against their records`);
  return events;
}

// 5. The figure is made of postings, and these of events.

const SCALE = 40;

/** A decimal as a whole number of units of 10^-40. */
function exact(text) {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined || fraction.length > SCALE) throw new Error(`${text} is no decimal`);
  return BigInt(`${sign}${whole}${fraction.padEnd(SCALE, '0')}`);
}

function checkFigure(events) {
  const figure = JSON.parse(textOf('figure.json'));
  const postings = JSON.parse(textOf('postings.json'));
  for (const posting of postings) {
    const event = events.get(placeOf(posting));
    const name = `the posting ${posting.measure} of ${posting.subject}`;
    check(
      posting.unit !== null || posting.amount === '1' || posting.amount === '-1',
      'postings.json',
      `${name} has no unit, and its amount is ${posting.amount}`,
    );
    if (!check(event !== undefined, 'postings.json', `${name} names no event of the pack`)) continue;
    const isItsOwn =
      event.eventId === posting.eventId && event.stream === posting.stream && event.type === posting.type;
    check(isItsOwn, 'postings.json', `${name} names ${posting.eventId}, at its place stands ${event.eventId}`);
  }
  const { report, column, row, value, madeOf, asked } = figure;
  for (const { position } of events.values())
    check(position <= asked.asOf, 'events.ndjson', `position ${position} was not known as of ${asked.asOf}`);
  check(JSON.stringify(row[column]) === JSON.stringify(value), 'figure.json', `the figure is not that of its row`);
  console.log(
    `${report}, ${figure.key}, ${column}: ${JSON.stringify(value)}, as of position ${asked.asOf}, for ${asked.effectiveOn}`,
  );
  if (madeOf === null) {
    unchecked.push(
      `the figure is no plain sum: a formula of the report makes it of its ${postings.length} postings, with rates, weights, days or words`,
    );
    return;
  }
  const parts = madeOf.map(({ measure, sign }) => {
    const amounts = postings.filter((posting) => posting.measure === measure && posting.unit !== null);
    return { measure, sign, sum: amounts.reduce((sum, { amount }) => sum + exact(amount), 0n), count: amounts.length };
  });
  const total = parts.reduce((sum, part) => sum + (part.sign === '-' ? -part.sum : part.sum), 0n);
  check(total === exact(value), 'figure.json', `the figure is ${value}, its postings add up to something else`);
  console.log(
    `it is the sum of ${parts.map(({ measure, sign, count }) => `${sign} ${count} of ${measure}`).join(', ')}`,
  );
}

function checkStream(events) {
  const { stream, position, version } = JSON.parse(textOf('stream.json'));
  const own = [...events.values()].filter((event) => event.stream === stream && event.position <= position);
  const versions = own.map((event) => event.version).sort((a, b) => a - b);
  const isWhole = versions.length === version && versions.every((each, index) => each === index + 1);
  check(isWhole, 'stream.json', `${stream} has ${version} versions, the events have ${versions.join(', ')}`);
  console.log(`${stream}: ${version} events, as of position ${position}`);
}

/** The key of the command line, or of the file that it names. */
function keyGiven(given) {
  try {
    return readKey((existsSync(given) ? readFileSync(given, 'utf8') : given).trim());
  } catch (error) {
    console.error(`--vkey is no key of a ledger, nor a file with one: ${error.message}`);
    process.exit(2);
  }
}

function main() {
  const [option, given, ...more] = process.argv.slice(2);
  if (
    (option !== undefined && option !== '--vkey') ||
    (option === '--vkey' && given === undefined) ||
    more.length > 0
  ) {
    console.error('node verify.mjs [--vkey <the key, name+id+base64, or a file with it>]');
    process.exit(2);
  }
  const files = attempt('MANIFEST', checkManifest) ?? [];
  if (given === undefined)
    console.log(
      'WARNING: no --vkey was given. The key in the pack is believed; compare it with what you have of the ledger.',
    );
  const packed = attempt('vkey', () => readKey(textOf('vkey').trim()));
  const key = given === undefined ? packed : keyGiven(given);
  if (key !== undefined) {
    attempt('MANIFEST.sig', () => checkStatement(key));
    const checkpoint = attempt('checkpoint', () => readCheckpoint(key));
    const records = checkpoint && attempt('records.ndjson', () => checkRecords(checkpoint, files));
    const events = records && attempt('events.ndjson', () => checkEvents(records));
    if (events && files.includes('figure.json')) attempt('figure.json', () => checkFigure(events));
    else if (events) attempt('stream.json', () => checkStream(events));
  }
  for (const fault of faults) console.log(`NOT OK ${fault}`);
  for (const part of unchecked) console.log(`NOT CHECKED ${part}`);
  const verdict = faults.length > 0 ? ['NOT OK', 1] : unchecked.length > 0 ? ['INCOMPLETE', 3] : ['OK', 0];
  console.log(verdict[0]);
  process.exitCode = verdict[1];
}

main();

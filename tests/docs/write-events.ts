import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { EVENTS_FILE, eventsDocument } from './events';

const before = existsSync(EVENTS_FILE) ? readFileSync(EVENTS_FILE, 'utf8') : '';
const document = eventsDocument();

if (before === document) console.log('docs/EVENTS.md is as the schemas are.');
else if (process.argv.includes('--check')) {
  console.error('docs/EVENTS.md is not as the schemas are; run npm run docs.');
  process.exitCode = 1;
} else {
  writeFileSync(EVENTS_FILE, document);
  console.log('Wrote docs/EVENTS.md.');
}

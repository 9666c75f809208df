import { readFileSync } from 'node:fs';
import { catalogue, parseEvent, VOCABULARY } from '@deal-ledger/domain';
import { EVENTS_FILE, eventsDocument, examples } from '../docs/events';
import { undescribedIn, jsonSchemaOf } from '../docs/fields';

const document = readFileSync(EVENTS_FILE, 'utf8');

describe('docs/EVENTS.md', () => {
  it('is what the schemas say', () => {
    if (document !== eventsDocument()) throw new Error('docs/EVENTS.md is not as the schemas are; run npm run docs.');
  });

  it('says of every field what it means', () => {
    const silent = [...document.matchAll(/^\| `[^`]+` \| .* \| (?:required|optional)[^|]* \| +\|$/gm)].map(
      ([row]) => row,
    );
    expect(silent).toEqual([]);
    expect(document.match(/^\| `[^`]+` \| .* \| (?:required|optional)[^|]* \| \S/gm)?.length).toBeGreaterThan(250);
  });

  it('rests on schemas that say so too, down to the last field of a value', () => {
    for (const { name, schema } of VOCABULARY) expect([name, undescribedIn(jsonSchemaOf(schema))]).toEqual([name, []]);
  });

  it('has every type of every kind, each with an example that may be posted', () => {
    const shown = examples();
    for (const { events } of Object.values(catalogue)) {
      for (const type of Object.keys(events)) {
        const example = shown.get(type);
        expect(document).toContain(`\n### ${type}\n`);
        expect([type, example && parseEvent(example.kind, example.event)]).toMatchObject([type, { ok: true }]);
      }
    }
  });
});

import { readFileSync } from 'node:fs';
import { catalogue, parseEvent } from '@deal-ledger/domain';
import { EVENTS_FILE, eventsDocument, examples } from '../docs/events';

const document = readFileSync(EVENTS_FILE, 'utf8');

describe('docs/EVENTS.md', () => {
  it('is what the schemas say', () => {
    if (document !== eventsDocument()) throw new Error('docs/EVENTS.md is not as the schemas are; run npm run docs.');
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

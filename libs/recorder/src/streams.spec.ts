import { catalogue, effectiveOf, type LedgerEvent } from '@deal-ledger/domain';
import type { JudgedFact } from '@deal-ledger/ledger';
import { Streams } from './streams';

/** A kind of which the second version says with its unit what the first gave in megawatts. */
const gauge = {
  events: { Read: { schemaVersion: 2, upcast: { 1: (mw: string) => ({ unit: 'MW', value: mw }) } } },
  evolve: (before: unknown[] = [], { data }: LedgerEvent) => [...before, data],
};

const factOf = (type: string, version: number, schemaVersion: number, data: unknown): JudgedFact => {
  const effective = effectiveOf('2026-01-05');
  const event = { id: `e${version}`, stream: 'gauge/g', version, type, schemaVersion, effective, action: 'new', data };
  return {
    position: version,
    commit: { id: `w/${version}`, streams: ['gauge/g'], events: [event] },
  } as unknown as JudgedFact;
};

describe('streams', () => {
  beforeAll(() => Object.assign(catalogue, { gauge }));
  afterAll(() => Reflect.deleteProperty(catalogue, 'gauge'));

  it('are folded from events of an earlier shape in the present one, and past those of a later one', () => {
    const streams = new Streams();
    streams.apply(factOf('Read', 1, 1, '10'));
    streams.apply(factOf('Read', 2, 3, { joules: '1' }));
    streams.apply(factOf('Calibrated', 3, 1, {}));
    streams.apply(factOf('Read', 4, 2, { unit: 'GW', value: '1' }));
    expect(streams.get('gauge/g')).toMatchObject({
      version: 4,
      state: [
        { unit: 'MW', value: '10' },
        { unit: 'GW', value: '1' },
      ],
    });
    expect(streams.unknownEvents).toBe(2);
  });
});

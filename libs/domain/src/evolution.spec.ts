import { z } from 'zod';
import { catalogue } from './catalogue';
import { correct } from './correction';
import type { LedgerEvent } from './event';
import { History } from './history';
import type { EventOf, EventTypes, StreamKind } from './kind';
import { effectiveOf } from './calendar';
import { current, fold } from './rules';
import { CONTROLLER } from './testing';

const gaugeEvents = {
  Read: {
    class: 'F',
    schemaVersion: 3,
    summary: 'A gauge was read.',
    refusals: [],
    data: z.strictObject({ power: z.strictObject({ unit: z.string(), value: z.string() }), by: z.string().nullable() }),
    upcast: {
      // First a number of megawatts, then text with its unit, at last with who read it.
      1: ({ megawatts }: { megawatts: number }) => ({ power: { unit: 'MW', value: String(megawatts) } }),
      2: (data: { power: object }) => ({ ...data, by: null }),
    },
  },
} as const satisfies EventTypes;

type GaugeEvent = EventOf<typeof gaugeEvents>;

const gauge: StreamKind<string[], GaugeEvent> = {
  name: 'gauge',
  route: 'gauges',
  events: gaugeEvents,
  opening: ['Read'],
  reopening: ['Read'],
  refuse: () => undefined,
  evolve: (state = [], { data: { power, by } }) => [...state, `${power.value} ${power.unit} by ${by ?? 'nobody'}`],
};

const read = (version: number, schemaVersion: number, data: unknown, more: Partial<LedgerEvent> = {}) =>
  ({
    id: `e${version}`,
    stream: 'gauge/g',
    version,
    type: 'Read',
    schemaVersion,
    effective: effectiveOf('2026-01-01'),
    action: 'new',
    actor: { id: 'engineer' },
    sources: [],
    data,
    ...more,
  }) as GaugeEvent;

const MW = { unit: 'MW', value: '20' };
const recorded = [
  read(1, 1, { megawatts: 10 }),
  read(2, 2, { power: MW }),
  read(3, 3, { power: MW, by: 'ada' }),
] as const;

describe('what was recorded in an earlier shape', () => {
  it('is folded in the present one', () =>
    expect(fold(gauge, recorded)).toEqual(['10 MW by nobody', '20 MW by nobody', '20 MW by ada']));

  it('parses in the present one, and says so', () => {
    for (const event of recorded) {
      expect(current(gauge, event)?.schemaVersion).toBe(3);
      expect(gaugeEvents.Read.data.safeParse(current(gauge, event)?.data).success).toBe(true);
    }
  });

  it('stays as it was recorded', () => {
    const [oldest, , newest] = recorded;
    current(gauge, oldest);
    expect([oldest.schemaVersion, oldest.data]).toEqual([1, { megawatts: 10 }]);
    expect(current(gauge, newest)).toBe(newest);
  });

  it('may be corrected, and stands beside a correction in the present shape', () => {
    const fix = read(4, 3, { power: MW, by: 'grace' }, { action: 'correct', corrects: 'e2', reason: 'a name' });
    const context = { today: '2026-12-31', position: 4, exists: () => true, peek: () => undefined };
    const corrected = correct(
      gauge as unknown as StreamKind,
      new History<LedgerEvent>(recorded),
      [{ ...fix, approvedBy: CONTROLLER }],
      { ...context, state: () => undefined },
    );
    expect(corrected).toMatchObject({ ok: true, state: ['10 MW by nobody', '20 MW by grace', '20 MW by ada'] });
  });
});

describe('what is not known here', () => {
  it.each([
    ['of a later version', read(4, 4, { joules: '1' })],
    ['of a version that there never was', read(4, 0, {})],
    ['of another type', { ...read(4, 1, {}), type: 'Calibrated' } as unknown as GaugeEvent],
    ['of a type that every object has', { ...read(4, 1, {}), type: 'constructor' } as unknown as GaugeEvent],
  ])('an event %s, is passed over', (_, event) => {
    expect(current(gauge, event)).toBeUndefined();
    expect(fold(gauge, [...recorded, event])).toHaveLength(3);
  });

  it('and a shape that nothing leads on from, is a fault of the catalogue', () => {
    const broken = { events: { Read: { ...gaugeEvents.Read, upcast: { 1: gaugeEvents.Read.upcast[1] } } } };
    expect(() => current(broken, recorded[0])).toThrow('nothing makes version 3 of a Read of version 2');
  });
});

describe('the catalogue', () => {
  it('leads on from every version of every type that there was', () => {
    for (const { events } of Object.values(catalogue)) {
      for (const [type, { schemaVersion, upcast = {} }] of Object.entries(events)) {
        const earlier = Array.from({ length: schemaVersion - 1 }, (_, index) => String(index + 1));
        expect([type, Object.keys(upcast)]).toEqual([type, earlier]);
      }
    }
  });
});

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync, appendFileSync, readFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  catalogue,
  current,
  effectiveOf,
  Scenario,
  VOCABULARY,
  type Draft,
  type LedgerEvent,
  type StreamKind,
} from '@deal-ledger/domain';
import { z } from 'zod';
import { compareWithSums, readSamples, SAMPLES, SUMS, type Sample, type SampleFile } from '../docs/samples';
import { ROOT } from '../harness/root';

const files = readSamples();
const types = Object.values(catalogue).flatMap((kind) =>
  Object.entries(kind.events).map(([type, eventType]) => ({ kind, type, eventType })),
);

const kindOf = ({ kind, path }: SampleFile): StreamKind => {
  const found = catalogue[kind];
  if (found === undefined) throw new Error(`${path} is of a kind that there is no more`);
  return found;
};

const recorded = ({ type }: SampleFile, { stream, effective, schemaVersion, data }: Sample): LedgerEvent => {
  const days = effectiveOf(effective);
  if (days === undefined) throw new Error(`no date: ${effective}`);
  const common = { id: 'sample', version: 1, action: 'new', actor: { id: 'local' }, sources: [] } as const;
  return { ...common, stream, type, effective: days, schemaVersion, data };
};

const each = files.flatMap((file) =>
  Object.entries(file.samples).map(([name, sample]) => ({ title: `${file.path}, ${name}`, file, sample })),
);

describe('the samples of what was ever recorded', () => {
  it.each(types)('show $kind.name $type in every version, the present one included', ({ kind, type, eventType }) => {
    const versions = files.filter((file) => file.kind === kind.name && file.type === type);
    expect([...new Set(versions.map(({ schemaVersion }) => schemaVersion))].sort((a, b) => a - b)).toEqual(
      Array.from({ length: eventType.schemaVersion }, (_, index) => index + 1),
    );
  });

  it.each(each)('are read: $title', ({ file, sample }) => {
    expect(sample.schemaVersion).toBe(file.schemaVersion);
    const event = current(kindOf(file), recorded(file, sample));
    const parsed = kindOf(file).events[file.type]?.data.safeParse(event?.data);
    expect(parsed).toMatchObject({ success: true, data: event?.data });
  });

  it('are folded, stream by stream, in the order in which the catalogue has their types', () => {
    for (const kind of Object.values(catalogue)) {
      const streams = new Map<string, unknown>();
      const ofKind = each.filter(({ file }) => file.kind === kind.name);
      const order = Object.keys(kind.events);
      ofKind.sort((a, b) => order.indexOf(a.file.type) - order.indexOf(b.file.type));
      for (const { file, sample } of ofKind) {
        const event = current(kind, recorded(file, sample)) as LedgerEvent;
        streams.set(sample.stream, kind.evolve(streams.get(sample.stream), event));
      }
      expect(streams.size).toBeGreaterThan(0);
    }
  });

  it('could all be recorded today, in one ledger', () => {
    const scenario = new Scenario();
    let waiting = types.flatMap(({ kind, type, eventType }) =>
      each
        .filter(({ file }) => file.kind === kind.name && file.type === type)
        .filter(({ file }) => file.schemaVersion === eventType.schemaVersion)
        .map(({ sample: { schemaVersion: _, ...sample } }): Draft => {
          const sources = eventType.needsNoSource === true ? { sources: [] } : {};
          return { type, ...sample, ...sources };
        }),
    );
    // What refers to something that is not there yet is posted again after it.
    for (let before = Infinity; waiting.length > 0 && waiting.length < before;) {
      before = waiting.length;
      waiting = waiting.filter((draft) => scenario.when(draft).refusals.length > 0);
    }
    const why = waiting.map((draft) => `${draft.type} on ${draft.stream}: ${scenario.when(draft).message}`);
    expect(why).toEqual([]);
  });

  it.each(types)(
    'give every field of a $type once, leave out what may be, and choose all that can be chosen',
    ({ kind, type, eventType }) => {
      const data = each
        .filter(({ file }) => file.kind === kind.name && file.type === type)
        .filter(({ file }) => file.schemaVersion === eventType.schemaVersion)
        .map(({ sample }) => sample.data);
      const schema = z.toJSONSchema(eventType.data, { io: 'input' }) as JsonSchema;
      expect(unseen(schema, data, '')).toEqual([]);
    },
  );

  it('schedule a leg by every method', () => {
    const legs = each.filter(({ file }) => file.type === 'LegAdded').map(({ sample }) => sample.data);
    const methods = legs.flatMap((leg) => (leg as { schedule?: { method: string } | null }).schedule?.method ?? []);
    const { oneOf } = z.toJSONSchema(VOCABULARY.find(({ name }) => name === 'schedule')?.schema as z.ZodType);
    expect(new Set(methods)).toEqual(new Set(oneOf?.map((one) => (one as JsonSchema).properties?.['method']?.const)));
  });
});

describe('a sample', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'samples-'));
    cpSync(SAMPLES, folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is what it was when it was added, and is still there (after adding one: npm run samples)', () =>
    expect(compareWithSums()).toEqual({ tampered: [], missing: [] }));

  it('is missed when it is changed or removed, or when its sum is', () => {
    appendFileSync(join(folder, 'deal/DealOpened.v1.json'), ' ');
    rmSync(join(folder, 'pool/PoolDefined.v1.json'));
    expect(compareWithSums(folder).tampered).toEqual(['deal/DealOpened.v1.json', 'pool/PoolDefined.v1.json']);
    const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8').split('\n');
    writeFileSync(
      join(folder, 'SHA256SUMS'),
      sums.filter((line) => !line.endsWith('site/SiteAnnounced.v1.json')).join('\n'),
    );
    expect(compareWithSums(folder).missing).toEqual(['site/SiteAnnounced.v1.json']);
  });

  it('is new when it has no sum', () => {
    writeFileSync(join(folder, 'deal/DealOpened.v2.json'), '{}');
    expect(compareWithSums(folder)).toEqual({ tampered: [], missing: ['deal/DealOpened.v2.json'] });
  });

  it('never changed in any commit, together with its sum or not', () => {
    // A copy of the sources alone has no history to ask.
    if (!existsSync(join(ROOT, '.git'))) return;
    const path = relative(ROOT, SUMS);
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
    const lost = (diff: string): string[] => diff.split('\n').filter((line) => /^-[0-9a-f]{64} /.test(line));
    expect(lost(git('log', '-p', '--format=', '--', path))).toEqual([]);
    expect(lost(git('diff', 'HEAD', '--', path))).toEqual([]);
  });
});

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly type?: string;
}

const shapeOf = (schema: object): string =>
  JSON.stringify(schema, (key, value: unknown) => (['description', '$schema'].includes(key) ? undefined : value));
const VALUES = new Set(VOCABULARY.map(({ schema }) => shapeOf(z.toJSONSchema(schema, { io: 'input' }))));

/** What of a schema no value shows. */
function unseen(schema: JsonSchema, values: readonly unknown[], path: string): string[] {
  if (VALUES.has(shapeOf(schema))) return [];
  const [only, ...more] = (schema.anyOf ?? []).filter(({ type }) => type !== 'null');
  if (only !== undefined && more.length === 0)
    return unseen(
      only,
      values.filter((value) => value !== null),
      path,
    );
  const notChosen = (schema.enum ?? []).filter((choice) => !values.includes(choice) && !path.endsWith('.bound'));
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    const given = values.filter((value): value is Record<string, unknown> => Object.hasOwn(value as object, name));
    const optional = schema.required?.includes(name) !== true;
    return [
      ...(given.length === 0 ? [`${at} is never given`] : []),
      ...(optional && given.length === values.length ? [`${at} is never left out`] : []),
      ...unseen(
        field,
        given.map((value) => value[name]),
        at,
      ),
    ];
  });
  const items = schema.items === undefined ? [] : unseen(schema.items, values.flat(), `${path}[]`);
  return [...notChosen.map((choice) => `${path} is never ${String(choice)}`), ...fields, ...items];
}

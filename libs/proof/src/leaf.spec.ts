import fc from 'fast-check';
import { leafOf, type StoredRecord } from './leaf';

const record: StoredRecord = {
  position: 258,
  timeMs: 1_700_000_000_123,
  key: Buffer.from('deal/a'),
  value: Buffer.from('[]'),
  headers: [
    ['n', Buffer.from('7')],
    ['ü', Buffer.alloc(0)],
  ],
};

describe('the leaf of a record', () => {
  it('has these bytes for ever', () => {
    const fields = [
      ['00000008', '0000000000000102'],
      ['00000008', '0000018bcfe5687b'],
      ['00000006', Buffer.from('deal/a').toString('hex')],
      ['00000002', '5b5d'],
      ['00000001', '6e'],
      ['00000001', '37'],
      ['00000002', 'c3bc'],
      ['00000000', ''],
    ];
    expect(leafOf(record).toString('hex')).toBe(fields.flat().join(''));
  });

  it('tells a key or value that is null from an empty one', () => {
    const nothing = { position: 0, timeMs: -1, key: null, value: Buffer.alloc(0), headers: [] };
    expect(leafOf(nothing).toString('hex')).toBe(
      ['00000008', '0000000000000000', '00000008', 'ffffffffffffffff', 'ffffffff', '00000000'].join(''),
    );
    expect(leafOf({ ...nothing, key: Buffer.alloc(0), value: null })).not.toEqual(leafOf(nothing));
  });

  it('holds positions and times beyond 32 bits', () => {
    expect(leafOf({ ...record, position: 2 ** 53 - 1 }).subarray(4, 12)).toEqual(
      Buffer.from('001fffffffffffff', 'hex'),
    );
  });

  it.each<[string, Partial<StoredRecord>]>([
    ['position', { position: 259 }],
    ['append time', { timeMs: record.timeMs + 1 }],
    ['key', { key: Buffer.from('deal/b') }],
    ['value', { value: Buffer.from('[ ]') }],
    ['order of headers', { headers: record.headers.toReversed() }],
    ['number of headers', { headers: record.headers.slice(1) }],
    ['name of a header', { headers: [['m', Buffer.from('7')], ...record.headers.slice(1)] }],
    ['value of a header', { headers: [['n', Buffer.from('8')], ...record.headers.slice(1)] }],
    ['border between key and value', { key: Buffer.from('deal/a['), value: Buffer.from(']') }],
  ])('changes with the %s', (_, change) => {
    expect(leafOf({ ...record, ...change })).not.toEqual(leafOf(record));
  });
});

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

describe(`any record (seed ${seed})`, () => {
  const bytes = fc.uint8Array({ maxLength: 6 }).map((array) => Buffer.from(array));
  const anyRecord = fc.record({
    position: fc.maxSafeInteger().map(Math.abs),
    timeMs: fc.maxSafeInteger(),
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 3 }), bytes), { maxLength: 4 }),
  });

  it('can be read back from its leaf, so that no two have the same', () =>
    fc.assert(
      fc.property(anyRecord, (given) => {
        expect(recordOf(leafOf(given))).toEqual(given);
      }),
      { seed, numRuns: 1000 },
    ));
});

/** Reads a leaf as its description says. */
function recordOf(leaf: Buffer): StoredRecord {
  const fields: (Buffer | null)[] = [];
  for (let at = 0; at < leaf.length;) {
    const length = leaf.readUInt32BE(at);
    at += 4;
    if (length === 0xffffffff) {
      fields.push(null);
      continue;
    }
    fields.push(leaf.subarray(at, at + length));
    at += length;
  }
  const [position, time, key = null, value = null, ...headers] = fields;
  return {
    position: Number(position!.readBigUInt64BE()),
    timeMs: Number(time!.readBigInt64BE()),
    key,
    value,
    headers: Array.from({ length: headers.length / 2 }, (_, at) => [headers[at * 2]!.toString(), headers[at * 2 + 1]!]),
  };
}

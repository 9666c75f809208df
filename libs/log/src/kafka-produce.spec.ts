import { CompressionTypes } from 'kafkajs';
import { crc32c } from './crc32c';
import { produceBody } from './kafka-produce';
import type { NewRecord } from './log';

interface ByTheLibrary {
  encode(): Promise<{ readonly buffer: Buffer }>;
}
// Not among what it offers; it is what the bytes are held against.
const request = jest.requireActual<(plan: object) => ByTheLibrary>('kafkajs/src/protocol/requests/produce/v7/request');

const NOW_MS = Date.parse('2026-04-01T09:00:00.123Z');
const TOPIC = 'ledger';

async function byTheLibrary(records: readonly NewRecord[]): Promise<Buffer> {
  const messages = records.map((record) => ({ ...record, timestamp: String(NOW_MS) }));
  const { buffer } = await request({
    topicData: [{ topic: TOPIC, partitions: [{ partition: 0, firstSequence: 0, messages }] }],
    acks: -1,
    timeout: 4_000,
    compression: CompressionTypes.None,
  }).encode();
  return buffer;
}
const ours = (records: readonly NewRecord[]): Buffer =>
  produceBody(records, { topic: TOPIC, ackTimeoutMs: 4_000, nowMs: NOW_MS });

const record = (key: string, size: number, headers: Record<string, string> = {}): NewRecord => ({
  key,
  value: Buffer.alloc(size, 'ledger'),
  headers,
});

describe('the body of a produce request', () => {
  it.each<[string, readonly NewRecord[]]>([
    ['one record', [record('deal/a', 10, { writer: 'w', n: '1' })]],
    ['a record without anything', [record('', 0)]],
    ['texts in any script', [record('deal/세일-交易-🚀', 300, { heads: '{"party/إنفيديا":null}' })]],
    ['sizes at which a length takes one more byte', [63, 64, 8_191, 8_192, 262_144].map((size) => record('k', size))],
    ['more records than one byte can count', Array.from({ length: 200 }, (_, n) => record(`k/${n}`, n))],
  ])('is that of the client library, byte for byte: %s', async (_, records) => {
    expect(ours(records).equals(await byTheLibrary(records))).toBe(true);
  });
});

describe('the CRC-32C', () => {
  it('is that of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283');
    expect(crc32c(Buffer.alloc(32)).toString(16)).toBe('8a9136aa');
    expect(crc32c(Buffer.alloc(32, 0xff)).toString(16)).toBe('62a8ab43');
  });

  it('begins where it is told to', () => {
    expect(crc32c(Buffer.from('xx123456789'), 2)).toBe(crc32c(Buffer.from('123456789')));
  });
});

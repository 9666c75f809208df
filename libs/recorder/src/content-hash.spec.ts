import { kindOf, parseEvent } from '@deal-ledger/domain';
import { contentHash } from './content-hash';
import type { ProposedEvent } from './decision';

function posted(stream: string, input: object): ProposedEvent {
  const parsed = parseEvent(kindOf(stream) as NonNullable<ReturnType<typeof kindOf>>, input);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusals));
  return { ...parsed.event, stream };
}

const REGISTERED = {
  id: 'reg-1',
  type: 'PartyRegistered',
  effective: '2025-10-0X',
  sources: [{ sourceId: 's1', locator: 'p. 3', attribution: 'official', confidence: 'high' }],
  onBehalfOf: { id: 'desk', role: 'analyst' },
  correlationId: 'c1',
  reason: 'First "seen"',
  data: { partyId: 'nvidia', name: '엔비디아', aliases: ['nvidia'] },
};
const CANCELLED = {
  type: 'PartyRegistered',
  effective: '2025-10-05',
  action: 'cancel',
  corrects: 'reg-1',
  reason: 'Never was',
  approvedBy: { id: 'second' },
  sources: [{ sourceId: 's1', attribution: 'official', confidence: 'high' }],
};

describe('the fingerprint of what was posted', () => {
  // They stand in ledgers: with another one, a request that is sent again would be refused as another.
  it.each([
    ['zxxgGftRWZE6DQ_27hg8FE', REGISTERED],
    ['dBe4kZoX0lYUnHrHmlI2BE', CANCELLED],
  ])('stays what it was: %s', (fingerprint, input) =>
    expect(contentHash(posted('party/nvidia', input))).toBe(fingerprint),
  );

  it('is another when anything but the id is another', () => {
    const hashes = [
      REGISTERED,
      { ...REGISTERED, effective: '2025-10-05' },
      { ...REGISTERED, reason: 'Seen' },
      { ...REGISTERED, correlationId: 'c2' },
      { ...REGISTERED, data: { ...REGISTERED.data, name: 'NVIDIA' } },
    ].map((input) => contentHash(posted('party/nvidia', input)));
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(contentHash(posted('party/nvidia', { ...REGISTERED, id: 'reg-2' }))).toBe(hashes[0]);
  });
});

import { effectiveOf, kindOf, parseEvent, type PostedEvent } from '@deal-ledger/domain';
import type { JudgedFact } from '@deal-ledger/ledger';
import { decide, type Verdict } from './decision';
import { passKey } from './keys';
import { Lanes } from './lanes';
import { Streams } from './streams';

const TODAY = '2026-01-05';
const by = {
  actor: { id: 'local' },
  effective: effectiveOf(TODAY) as NonNullable<ReturnType<typeof effectiveOf>>,
  sources: [],
};

/** A ledger in which each key was taken by `party/nvidia` under the name that is given. */
const ledgerWith = (...keys: string[]): Lanes => {
  const streams = new Streams();
  for (const [index, key] of keys.entries()) {
    const events = [passKey(key, 'party/nvidia', { id: `key-${index}`, version: 1 }, by)];
    streams.apply({
      position: index + 1,
      commit: { id: `w/${index}`, streams: [key], events },
    } as unknown as JudgedFact);
  }
  return new Lanes(
    streams,
    () => 0,
    () => undefined,
  );
};

const register = (view: Lanes, partyId: string, alias: string): Verdict => {
  const stream = `party/${partyId}`;
  const parsed = parseEvent(kindOf(stream) as NonNullable<ReturnType<typeof kindOf>>, {
    type: 'PartyRegistered',
    effective: TODAY,
    sources: [{ sourceId: 'wsj', attribution: 'named', confidence: 'high' }],
    data: { partyId, name: partyId, aliases: [alias] },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusals));
  const known = {
    get: (name: string) => (name === 'source/wsj' ? SOURCE : view.get(name)),
    keyStream: view.keyStream.bind(view),
  };
  const events = [{ ...(parsed.event as PostedEvent), stream }];
  const request = { events, actor: by.actor };
  return decide({
    request,
    view: known,
    histories: new Map(),
    position: 0,
    nowMs: Date.parse(TODAY),
    newId: () => 'new',
  });
};
const SOURCE = { head: 's/1', version: 1, state: {}, settled: true };

describe('a key taken when names were compared more narrowly', () => {
  it.each([['Nvidia'], ['Nvi\u200bdia'], ['NVI\u00adDIA']])('is still taken: %j', (alias) =>
    expect(register(ledgerWith('alias/nvi\u200bdia'), 'other', alias)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'PARTY_ALIAS_TAKEN', details: { owner: 'party/nvidia' } },
    }),
  );

  it('is relied on by the name it has in the log', () => {
    const verdict = register(ledgerWith('alias/nvi\u200bdia'), 'nvidia', 'Nvidia');
    expect(verdict.kind === 'accepted' && [...verdict.decision.heads]).toContainEqual(['alias/nvi\u200bdia', 'w/0']);
  });

  it('stands behind one that was taken under the name of today', () => {
    const verdict = register(ledgerWith('alias/nvi\u200bdia', 'alias/nvidia'), 'nvidia', 'Nvidia');
    expect(verdict.kind === 'accepted' && [...verdict.decision.heads]).toContainEqual(['alias/nvidia', 'w/1']);
  });
});

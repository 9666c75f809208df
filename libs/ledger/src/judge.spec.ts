import { GENESIS_STREAM, type Commit } from './commit';
import { Judge, LedgerForked, type JudgedRecord } from './judge';
import { draftRecord, stored, type DraftCommit } from './testing';

const GENESIS: DraftCommit = {
  writer: '00000000-genesis'.replace(/[^0-9a-f-]/g, '0'),
  n: 1,
  heads: { [GENESIS_STREAM]: null },
  writes: [`${GENESIS_STREAM}@1`],
};
const A = 'aaaaaaaa-aaaa';
const B = 'bbbbbbbb-bbbb';
const TRANCHE = 'funding/tranche';
const OTHER = 'funding/other';

const call = (writer: string, n: number, head: string | null, version: number, stream = TRANCHE): DraftCommit => ({
  writer,
  n,
  heads: { [stream]: head },
  writes: [`${stream}@${version}`],
});

function history(commits: readonly DraftCommit[], judge = new Judge()): string[] {
  return [GENESIS, ...commits]
    .map((commit, position) => summary(judge.judge(stored(draftRecord(commit), position))))
    .slice(1);
}
const summary = (judged: JudgedRecord): string => (judged.verdict === 'void' ? judged.reason : judged.verdict);

/** Half of the rule is a version number in place of the head's identity. */
class VersionOnlyJudge extends Judge {
  protected override headsAreThose(commit: Commit): boolean {
    return commit.events.every(({ stream, version }) => version === (this.head(stream)?.version ?? 0) + 1);
  }
}
/** The other half is missing: a writer's numbers are not looked at. */
class HeadOnlyJudge extends Judge {
  protected override numberIsNew(): boolean {
    return true;
  }
}

describe('the rule that tells facts from void commits', () => {
  it('makes a fact of a commit whose heads are those it was decided on', () => {
    expect(history([call(A, 1, null, 1), call(B, 1, `${A}/1`, 2), call(A, 2, `${B}/1`, 3)])).toEqual([
      'fact',
      'fact',
      'fact',
    ]);
  });

  it('voids the second of two commits decided on one head', () => {
    expect(history([call(A, 1, null, 1), call(B, 1, null, 1)])).toEqual(['fact', 'HEAD']);
  });

  it('voids a retry that stands in the log twice', () => {
    expect(history([call(A, 1, null, 1), call(A, 1, null, 1)])).toEqual(['fact', 'WRITER_NUMBER']);
  });

  it('voids a commit when a stream that it only relied on has moved', () => {
    const relying: DraftCommit = {
      writer: A,
      n: 1,
      heads: { [TRANCHE]: null, [OTHER]: null },
      writes: [`${TRANCHE}@1`],
    };
    expect(history([call(B, 1, null, 1, OTHER), relying])).toEqual(['fact', 'HEAD']);
  });

  it('judges a commit of several streams as a whole', () => {
    const both: DraftCommit = {
      writer: A,
      n: 1,
      heads: { [TRANCHE]: null, [OTHER]: null },
      writes: [`${TRANCHE}@1`, `${OTHER}@1`],
    };
    expect(history([call(B, 1, null, 1, OTHER), both, call(A, 2, null, 1)])).toEqual(['fact', 'HEAD', 'fact']);
  });

  it('counts the number of a void commit', () => {
    expect(history([call(B, 1, null, 1), call(A, 5, null, 1), call(A, 4, `${B}/1`, 2)])).toEqual([
      'fact',
      'HEAD',
      'WRITER_NUMBER',
    ]);
  });

  it('voids versions that do not follow', () => {
    expect(history([call(A, 1, null, 2)])).toEqual(['SEQUENCE']);
  });

  it('says of a void commit what it met: the number, the heads and the version that were there', () => {
    const judge = new Judge();
    const judged = [
      GENESIS,
      call(A, 3, null, 1),
      call(B, 1, null, 1),
      call(A, 3, null, 1),
      call(B, 2, `${A}/3`, 4),
    ].map((commit, position) => judge.judge(stored(draftRecord(commit), position)));
    const late = { stream: TRANCHE, expected: null, found: `${A}/3`, version: 1 };
    expect(judged.slice(2)).toMatchObject([
      { reason: 'HEAD', met: { number: 0, heads: [late], sequence: { event: 0, next: 2 } } },
      { reason: 'WRITER_NUMBER', met: { number: 3, heads: [late] } },
      { reason: 'SEQUENCE', met: { number: 1, heads: [], sequence: { event: 0, next: 2 } } },
    ]);
  });
});

describe('a version number alone is not enough', () => {
  // A decides two calls, the second on top of the first; B's call comes before both.
  const pipelinedBehindAStranger = [call(B, 1, null, 1), call(A, 1, null, 1), call(A, 2, `${A}/1`, 2)];

  it('lets a pipelined second commit fit behind a stranger’s first', () => {
    expect(history(pipelinedBehindAStranger, new VersionOnlyJudge())).toEqual(['fact', 'HEAD', 'fact']);
  });
  it('which the head’s identity prevents', () => {
    expect(history(pipelinedBehindAStranger)).toEqual(['fact', 'HEAD', 'HEAD']);
  });
});

describe('the head’s identity alone is not enough', () => {
  // A's first call is delayed. A's second, of another stream, comes back, so A tells the caller of
  // the first that it was not recorded. Then it arrives.
  const delayedDuplicate = [call(A, 2, null, 1, OTHER), call(A, 1, null, 1)];

  it('lets a delayed commit become a fact after its caller was told otherwise', () => {
    expect(history(delayedDuplicate, new HeadOnlyJudge())).toEqual(['fact', 'fact']);
  });
  it('which the writer’s number prevents', () => {
    expect(history(delayedDuplicate)).toEqual(['fact', 'WRITER_NUMBER']);
  });
});

describe('the log as a whole', () => {
  it('skips foreign bytes and goes on', () => {
    const judge = new Judge();
    judge.judge(stored(draftRecord(GENESIS), 0));
    const foreign = { position: 1, timeMs: 0, key: null, value: Buffer.from([0xff, 0xfe]), headers: [] };
    expect(judge.judge(foreign)).toMatchObject({ verdict: 'foreign', reason: 'content-type is not that of a commit' });
    expect(summary(judge.judge(stored(draftRecord(call(A, 1, null, 1)), 2)))).toBe('fact');
  });

  it('refuses a log that does not begin as a ledger does', () => {
    expect(() => new Judge().judge(stored(draftRecord(call(A, 1, null, 1)), 0))).toThrow(LedgerForked);
  });

  it('refuses a position that is not the next', () => {
    const judge = new Judge();
    judge.judge(stored(draftRecord(GENESIS), 0));
    expect(() => judge.judge(stored(draftRecord(call(A, 1, null, 1)), 2))).toThrow(/came where 1 was due/);
  });

  it('never lets the time of recording run backwards', () => {
    const judge = new Judge();
    judge.judge(stored(draftRecord(GENESIS), 0, 2_000));
    expect(judge.judge(stored(draftRecord(call(A, 1, null, 1)), 1, 1_000))).toMatchObject({
      recordedAt: '1970-01-01T00:00:02.000Z',
      appendedAtMs: 1_000,
    });
  });

  it('goes on from a checkpoint as if it had never stopped', () => {
    const first = new Judge();
    first.judge(stored(draftRecord(GENESIS), 0));
    first.judge(stored(draftRecord(call(A, 3, null, 1)), 1));
    const again = new Judge({ ...first.checkpoint(), writers: [[A, 3]], heads: [[TRANCHE, `${A}/3`, 1]] });
    expect(summary(again.judge(stored(draftRecord(call(A, 3, `${A}/3`, 2)), 2)))).toBe('WRITER_NUMBER');
    expect(summary(again.judge(stored(draftRecord(call(A, 4, `${A}/3`, 2)), 3)))).toBe('fact');
  });
});

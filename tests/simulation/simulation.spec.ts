import { Judge, type Commit } from '@deal-ledger/ledger';
import type { RecorderOptions } from '@deal-ledger/recorder';
import { simulate, type SimulationReport } from './simulate';

jest.setTimeout(180_000);

const FIXED_SEEDS = 150;
const FRESH_SEEDS = 50;

class VersionOnlyJudge extends Judge {
  protected override headsAreThose(commit: Commit): boolean {
    return commit.events.every(({ stream, version }) => version === (this.head(stream)?.version ?? 0) + 1);
  }
}
class HeadOnlyJudge extends Judge {
  protected override numberIsNew(): boolean {
    return true;
  }
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

async function histories(seeds: readonly number[]): Promise<SimulationReport[]> {
  const reports: SimulationReport[] = [];
  for (const seed of seeds) reports.push(await simulate({ seed }));
  return reports;
}
/** The first of these histories that such a rule does not keep. */
async function firstWrong(
  seeds: readonly number[],
  newJudge: NonNullable<RecorderOptions['newJudge']>,
): Promise<SimulationReport | undefined> {
  for (const seed of seeds) {
    const report = await simulate({ seed, newJudge });
    if (report.violations.length > 0) return report;
  }
  return undefined;
}
const wrong = (reports: readonly SimulationReport[]): object[] =>
  reports.filter(({ violations }) => violations.length > 0).map(({ seed, violations }) => ({ seed, violations }));

describe('the ledger in a bad network, under a seed', () => {
  it(`keeps what it answered in ${FIXED_SEEDS} histories`, async () => {
    const reports = await histories(range(1, FIXED_SEEDS));
    expect(wrong(reports)).toEqual([]);
    const injected = reports.map((report) => report.injected);
    for (const fault of ['loseRecord', 'loseAcknowledgement', 'duplicate', 'late'] as const)
      expect(injected.reduce((sum, each) => sum + each[fault], 0)).toBeGreaterThan(FIXED_SEEDS);
    expect(reports.reduce((sum, { crashes }) => sum + crashes, 0)).toBeGreaterThan(FIXED_SEEDS / 2);
    expect(reports.reduce((sum, { corrections }) => sum + corrections, 0)).toBeGreaterThan(5 * FIXED_SEEDS);
    expect(reports.reduce((sum, { voids }) => sum + voids, 0)).toBeGreaterThan(FIXED_SEEDS);
  });

  it(`keeps what it answered in ${FRESH_SEEDS} histories that nobody has seen`, async () => {
    const first = Math.floor(Math.random() * 1_000_000_000);
    console.info(`fresh seeds: ${first} to ${first + FRESH_SEEDS - 1}`);
    expect(wrong(await histories(range(first, FRESH_SEEDS)))).toEqual([]);
  });

  it('tells the same history again under the same seed', async () => {
    expect(await simulate({ seed: 7 })).toEqual(await simulate({ seed: 7 }));
  });

  it('is not kept by a rule with a version number in place of the head’s identity', async () => {
    expect(await firstWrong(range(1, FIXED_SEEDS), (decode) => new VersionOnlyJudge(undefined, decode))).toBeDefined();
  });

  it('is not kept by a rule that does not look at the writer’s number', async () => {
    expect(await firstWrong(range(1, FIXED_SEEDS), (decode) => new HeadOnlyJudge(undefined, decode))).toBeDefined();
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryLog } from '@deal-ledger/log';
import { capacityBalance, commitmentLines, forecastVersions, fundingPosition, spendForecast, spendOutlook, supplierCommitments } from '@deal-ledger/reports';
import { TestWriter, type PostedLine } from './testing';
import { describeWithPostgres } from '../../../tests/harness';
import { TestProjection } from './testing-projection';

/** Position 0 is the ledger's own first commit, so that event n of the article stands at position n. */
const ARTICLE = 58;

describeWithPostgres('the article, as known after its last event', (url) => {
  const log = new MemoryLog();
  let finance: TestProjection;
  let supply: TestProjection;

  beforeAll(async () => {
    const writer = new TestWriter(log);
    await writer.begin();
    for (const line of readFileSync(join(__dirname, '../../../apps/standalone/data/article.jsonl'), 'utf8').trim().split('\n')) {
      await writer.post(...(JSON.parse(line) as { events: PostedLine[] }).events);
    }
    finance = await TestProjection.start(log, spendForecast, { connectionString: url });
    supply = await TestProjection.start(log, supplierCommitments, { connectionString: url });
  });
  afterAll(async () => {
    await finance.stop();
    await supply.stop();
  });
  it('prints', async () => {
    for (const [p, d] of [[supply, commitmentLines],[finance, spendOutlook],[finance, forecastVersions],[finance, fundingPosition],[supply, capacityBalance]] as const) {
      const a = await p.read(d, { asOf: String(ARTICLE), effectiveOn: '2025-10-05', ...(d===spendOutlook?{fill:'true'}:{}) });
      process.stderr.write(a.rows.map((r) => JSON.stringify(Object.fromEntries(Object.entries(r).filter(([, v]) => v !== null && !(Array.isArray(v) && v.length === 0))))).join('\n') + '\n' + JSON.stringify(a.meta) + '\n\n');
    }
  });
});

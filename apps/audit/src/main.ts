import { AuditingModule, AUDITING_SETTINGS, RefusalsModule, signingOf, TreeModule } from '@deal-ledger/auditing';
import { openLog, refusalsTopicOf } from '@deal-ledger/log';
import { serveProjection, type Sources } from '@deal-ledger/projection';
import { audit } from '@deal-ledger/reports';
import { logPlaceOf, type Settings } from '@deal-ledger/service';
import type { DynamicModule } from '@nestjs/common';

serveProjection(audit, {
  settings: AUDITING_SETTINGS,
  meanings: {
    DATA_DIR: 'Folder of the key that checkpoints are signed with, unless CHECKPOINT_KEY_FILE names its file.',
  },
  modules: [AuditingModule.of, (sources, settings) => TreeModule.of({ ...sources, ...signingOf(settings) }), refused],
});

async function refused({ connectionString, released }: Sources, settings: Settings): Promise<DynamicModule> {
  const place = logPlaceOf(audit.name, settings);
  const refusals = await openLog({ ...place, topic: refusalsTopicOf(place.topic) });
  return RefusalsModule.of({
    connectionString,
    events: audit.schema,
    refusals,
    released: async () => {
      await refusals.close();
      await released();
    },
  });
}

import { AuditingModule, AUDITING_SETTINGS, signingOf, TreeModule } from '@deal-ledger/auditing';
import { serveProjection } from '@deal-ledger/projection';
import { audit } from '@deal-ledger/reports';

serveProjection(audit, {
  settings: AUDITING_SETTINGS,
  meanings: {
    DATA_DIR: 'Folder of the key that checkpoints are signed with, unless CHECKPOINT_KEY_FILE names its file.',
  },
  modules: [AuditingModule.of, (sources, settings) => TreeModule.of({ ...sources, ...signingOf(settings) })],
});

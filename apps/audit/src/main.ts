import { AuditingModule } from '@deal-ledger/auditing';
import { serveProjection } from '@deal-ledger/projection';
import { audit } from '@deal-ledger/reports';

serveProjection(audit, [AuditingModule.of]);

import { serveProjection } from '@deal-ledger/projection';
import { supplierCommitments } from '@deal-ledger/reports';

serveProjection(supplierCommitments);

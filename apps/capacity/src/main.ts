import { pool, reservation, site } from '@deal-ledger/domain';
import { serveRecorder } from '@deal-ledger/recorder';

serveRecorder({ name: 'capacity', kinds: [pool, reservation, site] });

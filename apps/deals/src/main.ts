import { deal, engagement, party, reference, source } from '@deal-ledger/domain';
import { serveRecorder } from '@deal-ledger/recorder';

serveRecorder({ name: 'deals', kinds: [party, source, reference, engagement, deal] });

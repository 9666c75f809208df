import { forecast, funding } from '@deal-ledger/domain';
import { serveRecorder } from '@deal-ledger/recorder';

serveRecorder({ name: 'funding', kinds: [funding, forecast] });

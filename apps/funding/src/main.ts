import { forecast, funding, reportRun } from '@deal-ledger/domain';
import { serveRecorder } from '@deal-ledger/recorder';

serveRecorder({ name: 'funding', kinds: [funding, forecast, reportRun] });

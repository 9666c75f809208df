import { serveProjection } from '@deal-ledger/projection';
import { spendForecast } from '@deal-ledger/reports';

serveProjection(spendForecast);

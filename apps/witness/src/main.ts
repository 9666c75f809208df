import { runMain, settingsOrExit, startService } from '@deal-ledger/service';
import { NAME, witnessService } from './service';
import { MEANINGS, WITNESS_SETTINGS } from './settings';

const settings = settingsOrExit(NAME, WITNESS_SETTINGS, MEANINGS);
runMain(NAME, async () => startService(await witnessService(settings)));

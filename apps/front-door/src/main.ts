import { runMain, settingsOrExit, startService } from '@deal-ledger/service';
import { frontDoor } from './front-door';
import { MEANINGS, UPSTREAM_SETTINGS, upstreamsOf } from './settings';

const settings = settingsOrExit('front-door', UPSTREAM_SETTINGS, MEANINGS);

runMain('front-door', () => startService(frontDoor(settings, upstreamsOf(settings))));

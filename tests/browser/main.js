/** Runs the browser tests; with an argument, those whose name has it. */

import { closeAll, keepLast } from './support/browser.js';
import { stopWorld } from './support/meeting.js';
import { runAll } from './support/tests.js';
import './units.test.js';
import './pretend.test.js';
import './look.test.js';
import './calls.test.js';
import './people.test.js';
import './bad.test.js';
import './phones.test.js';

const ok = await runAll(process.argv[2] ?? '', keepLast);
await closeAll();
await stopWorld();
process.exit(ok ? 0 : 1);

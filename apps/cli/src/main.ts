import { Command, CommanderError, Option } from 'commander';
import { addBackup } from './backup';
import { EXIT, EXIT_TABLE, Failure } from './failure';
import { addHistory } from './history';
import { addImport } from './import';
import { addPack } from './pack';
import { addPost } from './post';
import { addProof } from './proof';
import { addReplay } from './replay';
import { addReport } from './report';
import { addRestore } from './restore';
import { addVerify } from './verify';

/** A command each; its file says all about it. */
const COMMANDS: readonly ((program: Command) => void)[] = [
  addPost,
  addImport,
  addHistory,
  addReplay,
  addReport,
  addProof,
  addPack,
  addVerify,
  addBackup,
  addRestore,
];

const EXAMPLES = `Examples:
  ledger post events.json --dry-run
  ledger import history.ndjson
  ledger history --stream deal/nvda-openai
  ledger replay --out ledger.ndjson
  ledger replay --as-of 58 --report commitment-lines
  ledger report commitment-lines --as-of 58 --provider nvidia
  ledger proof --event evt-0035 --key deal-ledger.vkey
  ledger verify --key deal-ledger.vkey
  ledger backup ledger.backup

${EXIT_TABLE}`;

/** `ledger`: the ledger from a shell. Results go to standard output, everything else to standard error. */
const program = new Command('ledger')
  .description('Posts to a ledger, reads it, and checks it.')
  .addOption(new Option('--url <url>', 'where the ledger listens').env('LEDGER_URL').default('http://127.0.0.1:3000'))
  .option('--json', 'results and failures as JSON, for programs')
  .showHelpAfterError('See --help.')
  .addHelpText('after', `\n${EXAMPLES}`)
  .exitOverride();
for (const add of COMMANDS) add(program);

function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    // It has said what is wrong, or shown what it was asked for.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return;
  }
  const { exitCode, members } = error instanceof Failure ? error : new Failure(EXIT.unavailable, '');
  const message = error instanceof Error ? error.message : String(error);
  const asJson = program.opts<{ json?: boolean }>().json === true;
  process.stderr.write(
    asJson ? `${JSON.stringify({ error: { message, exitCode, ...members } })}\n` : `ledger: ${message}\n`,
  );
  process.exitCode = exitCode;
}

// Whoever read the results has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.done);
});

program.parseAsync().catch(fail);

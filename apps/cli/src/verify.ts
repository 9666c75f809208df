import { verifyLedger, type Finding, type VerifyReport } from '@deal-ledger/auditing';
import type { Command } from 'commander';
import { EXIT } from './failure';
import { grouped, printLine, type Global } from './output';
import { progressOf, type Progress } from './progress';
import { checkpointsIn, count, KEY_OPTION, keyOf, openStores, placeSettings, STORES_HELP } from './stores';

interface Options extends Global {
  readonly key?: string;
  readonly checkpoint: readonly string[];
  readonly sample?: string;
  readonly wait: string;
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description(
      'Checks the whole ledger: reads the raw log, decides every fact again, makes every row of the tables and the tree anew and compares.',
    )
    .option(...KEY_OPTION)
    .option(
      '--checkpoint <file>',
      'a signed checkpoint that was kept elsewhere; may be given several times',
      (file: string, files: readonly string[]) => [...files, file],
      [],
    )
    .option('--sample <n>', 'compare the rows of one position in n only; then it is never OK')
    .option('--wait <seconds>', 'how long to wait for projections and the tree to come to the end of the log', '30')
    .addHelpText(
      'after',
      `${STORES_HELP}\n\nExamples:\n  ledger verify\n  ledger verify --key auditor/ledger.vkey --checkpoint auditor/2026-10.checkpoint --json`,
    )
    .action((_: unknown, command: Command) => verify(command.optsWithGlobals()));
}

async function verify(options: Options): Promise<void> {
  const settings = placeSettings();
  const sample = options.sample === undefined ? undefined : count(options.sample, '--sample');
  const waitMs = count(options.wait, '--wait') * 1_000;
  const checkpoints = checkpointsIn(options.checkpoint);
  const stores = await openStores(settings);
  let progress: Progress | undefined;
  try {
    const report = await verifyLedger({
      log: stores.log,
      databaseUrl: stores.databaseUrl,
      key: await keyOf(options.key, settings, stores.log),
      checkpoints,
      waitMs,
      ...(sample === undefined ? {} : { sample }),
      progress: (position, end) => {
        progress ??= progressOf('verifying', end, 'records');
        progress.reached(position);
      },
    });
    progress?.stop();
    await printLine(options.json === true ? JSON.stringify(report) : textOf(report));
    process.exitCode = EXITS[report.verdict];
  } finally {
    progress?.stop();
    await stores.close();
  }
}

const EXITS = { OK: EXIT.done, 'NOT OK': EXIT.refused, INCOMPLETE: EXIT.incomplete } as const;

function textOf(report: VerifyReport): string {
  const { verdict, ledgerId, end, checked, unchecked, findings, findingCount, seconds, peakMemoryMib } = report;
  const width = Math.max(0, ...Object.values(checked).map((number) => grouped(String(number)).length));
  return [
    `${verdict}: ledger ${ledgerId ?? 'none'}, its first ${grouped(String(end))} records`,
    ...Object.entries(checked).map(([what, number]) => `  ${grouped(String(number)).padStart(width)} ${what}`),
    ...(unchecked.length > 0 ? ['not checked:'] : []),
    ...unchecked.map(({ part, why }) => `  ${part}: ${why}`),
    ...(findingCount > 0
      ? [`found, ${findingCount} in all${findingCount > findings.length ? ', the first:' : ':'}`]
      : []),
    ...findings.flatMap(linesOf),
    `${seconds} s, at most ${peakMemoryMib} MiB`,
  ].join('\n');
}

function linesOf({ part, position, row, expected, found, message }: Finding): string[] {
  const place = [
    ...(position === undefined ? [] : [`position ${position}`]),
    ...(row?.column === undefined ? [] : [`column ${row.column}`]),
  ];
  return [
    `  ${part}${place.length > 0 ? ` at ${place.join(', ')}` : ''}: ${message}`,
    ...(expected === undefined ? [] : [`    must be ${expected}`]),
    ...(found === undefined ? [] : [`    is      ${found}`]),
  ];
}

import { verifyLedger, type Finding, type VerifyReport } from '@deal-ledger/auditing';
import { EXIT } from './failure';
import { grouped, printLine } from './output';
import { progressOf, type Progress } from './progress';
import { checkpointsIn, count, keyOf, openStores, placeSettings } from './stores';
import type { VerifyCommand } from './verify';

export async function verify(options: VerifyCommand): Promise<void> {
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

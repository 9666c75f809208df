import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../harness/root';

/** What a run of `ledger` came to. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command, as it was built, against the ledger at `url`; what it reads comes from `input`. */
export function ledger(url: string, args: readonly string[], input = ''): Promise<Ran> {
  return run({ LEDGER_URL: url }, args, input);
}

/** Runs the command on the stores that the settings name. */
export function ledgerOn(settings: Readonly<Record<string, string>>, args: readonly string[]): Promise<Ran> {
  return run({ KAFKA_BROKERS: '', DATABASE_URL: '', ...settings }, args, '');
}

async function run(settings: Readonly<Record<string, string>>, args: readonly string[], input: string): Promise<Ran> {
  const child = spawn(process.execPath, [join(ROOT, 'apps/cli/bin/ledger.js'), ...args], {
    env: { ...process.env, ...settings },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined).end(input);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

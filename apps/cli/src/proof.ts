import { existsSync, readFileSync } from 'node:fs';
import {
  hashOfLeaf,
  openCheckpoint,
  parseVerifierKey,
  verifyConsistency,
  verifyInclusion,
  type Checkpoint,
  type VerifierKey,
} from '@deal-ledger/proof';
import type { Command } from 'commander';
import { EXIT, Failure } from './failure';
import { keep, printLine, say, type Global } from './output';
import { addressOf, ask, askJson } from './service';

interface Options extends Global {
  readonly position?: string;
  readonly event?: string;
  readonly stream?: string;
  readonly since?: string;
  readonly key?: string;
  readonly out?: string;
}

interface Inclusion {
  readonly position: number;
  readonly size: number;
  readonly root: string;
  readonly leafHash: string;
  readonly leaf: string;
  readonly proof: readonly string[];
  readonly checkpoint: string | null;
}

interface Consistency {
  readonly proof: readonly string[];
}

export function addProof(program: Command): void {
  program
    .command('proof')
    .description(
      'Proves that a record is in the ledger that was signed, or that nothing was altered since a checkpoint.',
    )
    .option('--position <position>', 'of the record')
    .option('--event <id>', 'of an event in the record')
    .option('--stream <kind/id>', 'of that event, which is faster')
    .option('--since <file>', 'a checkpoint that was kept: everything it signed must still be there, unaltered')
    .option('--key <vkey>', 'the key of the ledger, or a file with it, as it was handed to you')
    .option(
      '--out <file>',
      'keeps the proof of a record (C2SP tlog-proof), or the present checkpoint, there; alone, the first checkpoint',
    )
    .addHelpText(
      'after',
      '\nProofs are checked here, with nothing believed but the key: get it by another way than from the service.\nIt ends with 1 when a proof does not hold.\n\nExamples:\n  ledger proof --key ledger.vkey --out first-audit.checkpoint\n  ledger proof --event evt-0035 --stream deal/nvda-openai --key ledger.vkey --out evt-0035.tlog-proof\n  ledger proof --since last-audit.checkpoint --key ledger.vkey --out this-audit.checkpoint',
    )
    .action((_: unknown, command: Command) => proof(command.optsWithGlobals()));
}

async function proof(options: Options): Promise<void> {
  const { position, event, since, out } = options;
  const asked = [position, event, since].filter((each) => each !== undefined).length;
  if (asked > 1 || (asked === 0 && out === undefined))
    throw new Failure(EXIT.usage, 'exactly one of --position, --event and --since says what is to be proved.');
  const key = await keyOf(options);
  if (asked === 0) return firstCheckpoint(options, key);
  await (since === undefined ? inclusion(options, key) : consistency(options, since, key));
}

/** The key that is trusted; without one the service's own, which proves less. */
async function keyOf({ url, key: named }: Options): Promise<VerifierKey> {
  let text = named;
  if (text === undefined) {
    say(
      'The key is the one that the service hands out itself: give yours with --key, to be sure whose ledger this is.',
    );
    text = await (await ask(addressOf(url, '/v1/audit/vkey'))).text();
  } else if (existsSync(text)) text = readFileSync(text, 'utf8');
  try {
    return parseVerifierKey(text.trim());
  } catch (error) {
    throw new Failure(EXIT.usage, `--key is no key of a ledger, nor a file with one: ${(error as Error).message}`);
  }
}

/** Keeps the present checkpoint, for who has none yet to go on from. */
async function firstCheckpoint({ url, json, out = '' }: Options, key: VerifierKey): Promise<void> {
  const note = await (await ask(addressOf(url, '/v1/audit/checkpoint'))).text();
  const { size, root } = opened(note, key, 'the present checkpoint');
  keep(out, note);
  const result = { file: out, size, root: root.toString('base64'), signedBy: key.name };
  await printLine(
    json === true
      ? JSON.stringify(result)
      : `kept in ${out}: the ledger of ${size} records that ${key.name} signed\n  root ${result.root}`,
  );
}

async function inclusion({ url, json, position, event, stream, out }: Options, key: VerifierKey): Promise<void> {
  const query = { position, eventId: event, stream };
  const found = await askJson<Inclusion>(addressOf(url, '/v1/audit/proofs/inclusion', { ...query, format: 'json' }));
  const signed = opened(found.checkpoint ?? '', key, 'the checkpoint of the proof');
  const leaf = hashOfLeaf(bytesIn(found.leaf));
  const holds =
    signed.size === found.size &&
    verifyInclusion({
      leafHash: leaf,
      index: found.position,
      size: signed.size,
      root: signed.root,
      proof: found.proof.map(bytesIn),
    });
  if (!holds)
    throw doesNotHold(
      `the proof does not show that position ${found.position} is in the ledger of ${signed.size} records that ${key.name} signed.`,
    );
  if (out !== undefined) {
    const at = { position: String(found.position), size: String(found.size), format: 'tlog-proof' };
    keep(out, await (await ask(addressOf(url, '/v1/audit/proofs/inclusion', at))).text());
  }
  const result = {
    proved: true,
    position: found.position,
    size: signed.size,
    leafHash: leaf.toString('base64'),
    root: signed.root.toString('base64'),
    signedBy: key.name,
  };
  await printLine(
    json === true
      ? JSON.stringify(result)
      : `proved: position ${result.position} is in the ledger of ${result.size} records that ${key.name} signed\n  leaf ${result.leafHash}\n  root ${result.root}`,
  );
}

async function consistency({ url, json, out }: Options, file: string, key: VerifierKey): Promise<void> {
  let kept: string;
  try {
    kept = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(EXIT.usage, `${file} cannot be read: ${(error as Error).message}`);
  }
  const old = opened(kept, key, file);
  const note = await (await ask(addressOf(url, '/v1/audit/checkpoint'))).text();
  const now = opened(note, key, 'the present checkpoint');
  if (now.size < old.size)
    throw doesNotHold(
      `the ledger had ${old.size} records when ${file} was signed, and now it has ${now.size}: its tail is gone.`,
    );
  const query = { from: String(old.size), to: String(now.size) };
  const found = await askJson<Consistency>(addressOf(url, '/v1/audit/proofs/consistency', query));
  const claim = { oldSize: old.size, oldRoot: old.root, newSize: now.size, newRoot: now.root };
  if (!verifyConsistency({ ...claim, proof: found.proof.map(bytesIn) }))
    throw doesNotHold(
      `the ledger of ${now.size} records does not begin with the ${old.size} that ${file} signed: some of them were altered.`,
    );
  if (out !== undefined) keep(out, note);
  const result = { proved: true, from: old.size, to: now.size, root: now.root.toString('base64'), signedBy: key.name };
  await printLine(
    json === true
      ? JSON.stringify(result)
      : `proved: the ledger of ${now.size} records that ${key.name} signed begins with all ${old.size} that ${file} signed, unaltered\n  root ${result.root}`,
  );
}

function opened(note: string, key: VerifierKey, what: string): Checkpoint {
  const result = openCheckpoint(note, { origin: key.name, keys: [key] });
  if (result.ok) return result.checkpoint;
  throw new Failure(EXIT.refused, `${what} is not one that ${key.name} signed (${result.problem}).`, {
    code: result.problem,
  });
}

const doesNotHold = (message: string): Failure => new Failure(EXIT.refused, message, { code: 'PROOF_WRONG' });

const bytesIn = (base64: string): Buffer => Buffer.from(base64, 'base64');

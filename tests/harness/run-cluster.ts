import { Command, InvalidArgumentError } from 'commander';
import { psqlCommand } from '@deal-ledger/log';
import { startCluster } from './cluster';

/** `npm run cluster`: the whole ledger as separate processes, for people without Docker. */
const command = new Command('cluster')
  .description(
    'Starts a local Kafka (needs Java, and Maven the first time) and PostgreSQL, and every service as a process of its own. Its data goes when it stops.',
  )
  .option('--port <port>', 'port of the front door', portOf, 3000)
  .action(run);

async function run({ port }: { port: number }): Promise<void> {
  const cluster = await startCluster({ port, progress: (line) => console.log(`… ${line}`) });
  console.log(`\nDeal Ledger is ready at ${cluster.url}\n`);
  for (const [name, { url }] of cluster.services) console.log(`  ${name.padEnd(22)} ${url}`);
  console.log(
    `  ${'Kafka'.padEnd(22)} ${cluster.kafka.brokers.join(',')}\n  ${'PostgreSQL'.padEnd(22)} ${new URL(cluster.postgres.url).host}\n`,
  );
  const { url, passwordFile } = cluster.postgres;
  if (passwordFile !== undefined) console.log(`  SQL                    ${psqlCommand(url, passwordFile)}`);
  console.log(
    `  documentation          ${cluster.url}/docs\n  fill it                npm run demo -- --url ${cluster.url}\n\nCtrl-C stops everything and deletes its data.`,
  );
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    console.log('\nstopping');
    cluster.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`not everything could be stopped: ${String(error)}`);
        process.exit(1);
      },
    );
  };
  // Not once: a library that sees no other listener would end the process at the next signal.
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('a port is a number from 1 to 65535');
  return port;
}

command.parseAsync().catch((error: unknown) => {
  console.error(`The cluster could not be started: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});

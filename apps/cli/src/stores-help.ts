/** How the commands that work on what is stored find it, as `--help` says it. */
export const STORES_HELP = `
Works on what is stored, whether services run or not. It is found as they find it, by the settings KAFKA_BROKERS,
KAFKA_FLUSH_EVERY_MESSAGE, LEDGER_TOPIC and DATABASE_URL, or without that in DATA_DIR (.data), where npm start has it.`;

export const KEY_OPTION = [
  '--key <vkey>',
  'the public key that checkpoints must be signed with, or a file with it; by default that of the key in DATA_DIR',
] as const;

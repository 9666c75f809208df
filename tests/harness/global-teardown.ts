/** Stops what the setup started, and says in one line what could not be run and why. */
export default async function teardown(): Promise<void> {
  const shared = globalThis.sharedByAllSuites;
  await Promise.all((shared?.running ?? []).map((server) => server.stop()));
  for (const line of shared?.leftOut ?? []) process.stderr.write(`\n${line}\n`);
}

/** The command that connects to a database whose password lies in a file. It is not in the command, which may be shown. */
export function psqlCommand(url: string, passwordFile: string): string {
  const { hostname, port, username, pathname } = new URL(url);
  const file = /^[\w./-]+$/.test(passwordFile) ? passwordFile : `'${passwordFile.replaceAll("'", "'\\''")}'`;
  return `PGPASSWORD=$(cat ${file}) psql -h ${hostname} -p ${port} -U ${username} ${pathname.slice(1)}`;
}

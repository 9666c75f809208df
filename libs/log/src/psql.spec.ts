import { psqlCommand } from './psql';

describe('how to connect to the database', () => {
  const url = 'postgres://ledger:hunter2@127.0.0.1:43363/postgres';

  it('is said with everything but the password, which stays in its file', () => {
    expect(psqlCommand(url, '/home/ann/.data/postgres.password')).toBe(
      'PGPASSWORD=$(cat /home/ann/.data/postgres.password) psql -h 127.0.0.1 -p 43363 -U ledger postgres',
    );
  });

  it('is right in a shell wherever the file lies', () => {
    expect(psqlCommand(url, "/home/ann's data/postgres.password")).toContain(
      "$(cat '/home/ann'\\''s data/postgres.password')",
    );
  });
});

/** What the command ends with, for scripts. */
export const EXIT = {
  done: 0,
  refused: 1,
  usage: 2,
  unavailable: 3,
  incomplete: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What {@link EXIT} says, as `--help` shows it. */
export const EXIT_TABLE = `Exit codes:
  0    done, and all is as it should be
  1    the ledger refused it, or what was compared or checked is not as it should be
  2    the command is not as it should be: its options, its files, its values
  3    no service answers, or it cannot now: the same command may succeed later
  4    nothing was found, and not everything was checked
  130  stopped by Ctrl-C`;

/** Why the command cannot be done, in one sentence with what to do about it. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** For programs, beside the message. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

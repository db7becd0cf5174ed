/** Exit codes, as docs/cli.md lists them. */
export const EXIT = {
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  /** EX_CONFIG of sysexits.h. */
  config: 78,
};

/** A command ends with one line on stderr and this exit code. */
export class CommandFailure extends Error {
  constructor(message, exitCode = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

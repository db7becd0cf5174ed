/** Signals that ask the process to end. */
export type EndSignal = 'SIGTERM' | 'SIGINT';

const SIGNAL_NUMBERS: Readonly<Record<EndSignal, number>> = { SIGINT: 2, SIGTERM: 15 };

/**
 * Handles SIGTERM and SIGINT from the first moment of the process, because the kernel does not deliver them to
 * process 1 of a container without a handler. Until `remember` is called, a signal ends the process at once. From
 * then on the first signal waits for `deliver`, because a start in progress cannot be ended in order; the second
 * signal ends the process at once.
 */
export class EndSignals {
  private receiver: ((name: EndSignal) => void) | null = null;
  private isRemembering = false;
  private pending: EndSignal | null = null;

  constructor(private readonly exit: (code: number) => void) {}

  /** @param on registers a listener for a signal */
  listen(on: (name: EndSignal, listener: () => void) => void): void {
    for (const name of ['SIGTERM', 'SIGINT'] satisfies EndSignal[]) {
      on(name, () => this.receive(name));
    }
  }

  remember(): void {
    this.isRemembering = true;
  }

  deliver(receiver: (name: EndSignal) => void): void {
    this.receiver = receiver;
    if (this.pending !== null) receiver(this.pending);
  }

  private receive(name: EndSignal): void {
    if (this.receiver !== null) this.receiver(name);
    else if (this.isRemembering && this.pending === null) this.pending = name;
    else this.exit(exitCodeOf(name));
  }
}

/** The exit code by which a shell reports that a signal ended a program. */
export function exitCodeOf(name: EndSignal): number {
  return 128 + SIGNAL_NUMBERS[name];
}

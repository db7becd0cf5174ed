/** Signals that ask for an end. */
export type EndSignal = 'SIGTERM' | 'SIGINT';

const SIGNAL_NUMBERS: Readonly<Record<EndSignal, number>> = { SIGINT: 2, SIGTERM: 15 };

/**
 * Signals that ask for an end, from the first moment of the process on: without a handler the kernel keeps them from process 1 of
 * a container. Until `remember` there is nothing to end but the process. From then on the first one waits for `deliver`, because
 * what is half begun cannot be ended in order; the second one does not.
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

/** As a shell tells it of a program that a signal has ended. */
export function exitCodeOf(name: EndSignal): number {
  return 128 + SIGNAL_NUMBERS[name];
}

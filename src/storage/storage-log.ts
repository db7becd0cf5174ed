import { Logger } from '@nestjs/common';

type Level = 'error' | 'warn' | 'log';

/**
 * Logs lines about files. Files are read while the application is being assembled, when there is no logger yet. Lines
 * from that time are logged by `open`.
 */
export class StorageLog {
  private pending: (() => void)[] | null = [];
  private readonly messages: string[] = [];

  constructor(private readonly logger: Pick<Logger, Level> = new Logger('Storage')) {}

  /** Lines that were not logged yet, for a start that fails. */
  get unlogged(): readonly string[] {
    return this.pending === null ? [] : this.messages;
  }

  write(level: Level, facts: object, message: string): void {
    const logLine = (): void => this.logger[level](facts, message);
    if (this.pending === null) {
      logLine();
      return;
    }
    this.pending.push(logLine);
    this.messages.push(message);
  }

  open(): void {
    const { pending } = this;
    this.pending = null;
    for (const logLine of pending ?? []) logLine();
  }
}

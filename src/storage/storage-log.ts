import { Logger } from '@nestjs/common';

type Level = 'error' | 'warn' | 'log';

/**
 * Log lines about files. Files are read while the application is being assembled, when there is no logger yet;
 * lines from before `open` are logged then.
 */
export class StorageLog {
  private unsaid: (() => void)[] | null = [];
  private readonly messages: string[] = [];

  constructor(private readonly logger: Pick<Logger, Level> = new Logger('Storage')) {}

  /** Lines that were not logged yet, for a start that fails. */
  get unheard(): readonly string[] {
    return this.unsaid === null ? [] : this.messages;
  }

  say(level: Level, facts: object, message: string): void {
    const write = (): void => this.logger[level](facts, message);
    if (this.unsaid === null) {
      write();
      return;
    }
    this.unsaid.push(write);
    this.messages.push(message);
  }

  open(): void {
    const { unsaid } = this;
    this.unsaid = null;
    for (const write of unsaid ?? []) write();
  }
}

import type { PinoLogger } from 'nestjs-pino';

/** A logger that keeps what it is told: the level and the words of each line. */
export class RecordedLog {
  readonly lines: string[] = [];

  /** The part of the logger that sessions use. */
  asLogger(): PinoLogger {
    const at =
      (level: string) =>
      (_facts: unknown, words?: string): void => {
        this.lines.push(`${level}: ${words ?? ''}`);
      };
    const log = {
      setContext: (): void => undefined,
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
    };
    return log as unknown as PinoLogger;
  }
}

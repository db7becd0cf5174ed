import { PinoLogger } from 'nestjs-pino';

/** A logger that keeps the level and the message of each line. */
export class RecordedLog extends PinoLogger {
  readonly lines: string[] = [];

  constructor() {
    super({ pinoHttp: { level: 'silent' } });
  }

  override debug(_fields: unknown, message = ''): void {
    this.lines.push(`debug: ${message}`);
  }

  override info(_fields: unknown, message = ''): void {
    this.lines.push(`info: ${message}`);
  }

  override warn(_fields: unknown, message = ''): void {
    this.lines.push(`warn: ${message}`);
  }

  override error(_fields: unknown, message = ''): void {
    this.lines.push(`error: ${message}`);
  }
}

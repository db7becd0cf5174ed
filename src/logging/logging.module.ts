import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule, PinoLogger } from 'nestjs-pino';
import { LiveConfig } from '../config';
import { LogOutput } from './log-output';
import { type LogConfig, loggerOptions } from './log-stream';
import { ProgramLogger } from './program-logger';

/** The log of the whole program. It has no middleware, so that requests cost nothing extra. */
@Module({})
export class LoggingModule {
  constructor(settings: LiveConfig, pino: PinoLogger) {
    settings.onChange(['logLevel'], () => {
      pino.logger.level = settings.values.logLevel;
    });
  }

  static forRoot(config: LogConfig, output: LogOutput): DynamicModule {
    const pino = LoggerModule.forRoot({ pinoHttp: loggerOptions(config, output), forRoutes: [] });
    return {
      module: LoggingModule,
      global: true,
      imports: [pino],
      providers: [ProgramLogger, { provide: LogOutput, useValue: output }],
      exports: [pino, ProgramLogger, LogOutput],
    };
  }
}

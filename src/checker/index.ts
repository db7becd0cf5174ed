export { ChecksController } from './http/checks.controller';
export { CheckerModule } from './checker.module';

export { CheckerModule } from './checker.module';

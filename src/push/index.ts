export { PushHub } from './push-hub';
export { PushModule } from './push.module';

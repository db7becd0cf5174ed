export { GuideModule } from './guide.module';
export { type GuideProgram, GuidePrograms } from './guide-programs';
export { GuideSources } from './guide-sources';

export { GuideModule } from './guide.module';
export { type GuideProgram, GuidePrograms } from './guide-programs';
export { GuideSources } from './guide-sources';
export { sendGuide, sendGuideFile } from './http/guide-answer';
export { type RenderedGuide, RenderedGuides } from './rendered-guides';

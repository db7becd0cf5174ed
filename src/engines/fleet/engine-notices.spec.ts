import { Logger } from '@nestjs/common';
import { EngineNotices } from './engine-notices';
import { anObservedEngine, ScriptedRuntime } from './scripted-runtime.spec-support';

describe('engines that outlive a process', () => {
  let runtime: ScriptedRuntime;
  let warn: jest.SpyInstance;

  beforeEach(() => {
    runtime = new ScriptedRuntime();
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    jest.spyOn(Logger.prototype, 'debug').mockImplementation();
  });
  afterEach(() => jest.restoreAllMocks());

  const notices = (enginesOnShutdown: 'keep' | 'remove' = 'keep'): EngineNotices =>
    new EngineNotices(runtime, { enginesOnShutdown });

  it('are reported at the end, with the command that removes them', () => {
    const engines = [anObservedEngine({ id: 'a' }), anObservedEngine({ id: 'b', phase: 'paused' })];
    const ended = anObservedEngine({ id: 'c', phase: 'ended' });
    expect(notices().farewell([...engines, ended])).toBe(
      '2 engines keep running; set ENGINES_ON_SHUTDOWN=remove to remove them at the end, or remove them now with: remove them',
    );
    expect(notices().farewell(engines.slice(1))).toMatch(
      /^1 engine keeps running; .* remove it now/,
    );
    expect(notices().farewell([ended])).toBeNull();
    expect(notices().farewell(null)).toBe(
      'engines of this installation, if there are any, keep running; remove them with: remove them',
    );
    expect(notices('remove').farewell(engines)).toBeNull();
    runtime.removal = null;
    expect(notices().farewell(engines)).toBeNull();
  });

  it('of other installations are reported once, with the command that removes them', async () => {
    runtime.foreign = [
      { count: 3, areRunning: true, removal: 'docker rm one' },
      { count: 1, areRunning: false, removal: 'docker rm two' },
    ];
    const once = notices();
    runtime.refuse('foreignEngines', 'docker_unavailable');
    await once.warnAboutForeignEngines();
    expect(warn).not.toHaveBeenCalled();
    runtime.refuse('foreignEngines', null);
    await once.warnAboutForeignEngines();
    await once.warnAboutForeignEngines();
    expect(warn.mock.calls.flat()).toEqual([
      '3 engines of another installation run here (it may be in use); remove them with: docker rm one',
      '1 engine of another installation is left here (it may be in use); remove it with: docker rm two',
    ]);
  });
});

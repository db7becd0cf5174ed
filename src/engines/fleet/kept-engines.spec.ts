import { Logger } from '@nestjs/common';
import { KeptEngines } from './kept-engines';
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

  const kept = (enginesOnShutdown: 'keep' | 'remove' = 'keep'): KeptEngines =>
    new KeptEngines(runtime, { enginesOnShutdown });

  it('are told at the end, with what removes them', () => {
    const engines = [anObservedEngine({ id: 'a' }), anObservedEngine({ id: 'b', phase: 'paused' })];
    const ended = anObservedEngine({ id: 'c', phase: 'ended' });
    expect(kept().farewell([...engines, ended])).toBe(
      '2 engines keep running; set ENGINES_ON_SHUTDOWN=remove to remove them at the end, or remove them now with: remove them',
    );
    expect(kept().farewell(engines.slice(1))).toMatch(/^1 engine keeps running; .* remove it now/);
    expect(kept().farewell([ended])).toBeNull();
    expect(kept().farewell(null)).toBe(
      'engines of this installation, if there are any, keep running; remove them with: remove them',
    );
    expect(kept('remove').farewell(engines)).toBeNull();
    runtime.removal = null;
    expect(kept().farewell(engines)).toBeNull();
  });

  it('of other installations are told once, with what removes them', async () => {
    runtime.foreign = [
      { count: 3, areRunning: true, removal: 'docker rm one' },
      { count: 1, areRunning: false, removal: 'docker rm two' },
    ];
    const told = kept();
    runtime.refuse('foreignEngines', 'docker_unavailable');
    await told.tellForeign();
    expect(warn).not.toHaveBeenCalled();
    runtime.refuse('foreignEngines', null);
    await told.tellForeign();
    await told.tellForeign();
    expect(warn.mock.calls.flat()).toEqual([
      '3 engines of another installation run here (it may be in use); remove them with: docker rm one',
      '1 engine of another installation is left here (it may be in use); remove it with: docker rm two',
    ]);
  });
});

import { Logger } from '@nestjs/common';
import { loadConfig } from '../../../config';
import { DockerRuntime } from './docker-runtime';
import { ToyDaemon } from './toy-daemon.spec-support';

describe('DockerRuntime', () => {
  let daemon: ToyDaemon;
  let runtime: DockerRuntime;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    daemon = await ToyDaemon.open();
  });
  afterEach(async () => {
    await runtime.close();
    await daemon.close();
  });

  const open = (instance = '0123456789abcdef'): DockerRuntime => {
    const config = loadConfig({ DOCKER_HOST: daemon.dockerHost, ENGINE_REACH: 'container' });
    runtime = new DockerRuntime(config, instance, { publish: () => undefined });
    return runtime;
  };

  const make = async (key: string): Promise<void> => {
    await runtime.list();
    await runtime.provision({ key, vpnSlot: null }, new AbortController().signal);
  };

  it.each([
    ['arm64', 'aceserve', 'jopsis/aceserve:latest'],
    ['amd64', 'acestream-http-proxy', 'ghcr.io/martinbjeldbak/acestream-http-proxy:latest'],
  ])('on %s creates engines of %s', async (arch, profile, image) => {
    daemon.arch = arch;
    daemon.images.add(image);
    open();
    await make('0123456789ab');
    expect(runtime.profile).toBe(profile);
    expect(runtime.image).toMatchObject({ reference: image, state: 'present' });
    expect([...daemon.containers.values()].map(({ options }) => options.Image)).toEqual([image]);
    expect(await runtime.list()).toEqual([
      expect.objectContaining({ specHash: runtime.specHash, phase: 'running' }),
    ]);
  });

  it('lists the engines of other installations by their labels, without changing them', async () => {
    daemon.images.add('ghcr.io/martinbjeldbak/acestream-http-proxy:latest');
    open('fedcba9876543210');
    await make('0123456789ab');
    await make('0123456789ac');
    await runtime.close();
    open();
    await make('0123456789ad');
    expect(await runtime.foreignEngines()).toEqual([
      {
        count: 2,
        areRunning: true,
        removal: expect.stringMatching(
          /--filter label=dev\.acefleet\.instance=fedcba9876543210\)$/,
        ),
      },
    ]);
    expect(daemon.containers.size).toBe(3);
  });
});

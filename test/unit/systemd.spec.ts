import { SETTINGS } from '../../src/config/app-config';
import { readText } from './repository';

const UNIT = readText('packaging/acefleet.service');

/** Values of a directive, in order. */
function valuesOf(directive: string): string[] {
  return [...UNIT.matchAll(new RegExp(`^${directive}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

/** The value of a setting in docker-compose.yml. */
function composeValue(key: string): string | undefined {
  return new RegExp(`^ *${key}: (.*)$`, 'm').exec(readText('docker-compose.yml'))?.[1];
}

describe('packaging/acefleet.service', () => {
  it('consists of sections, directives and comments', () => {
    const others = UNIT.split('\n').filter((line) => !/^(?:#.*|\[\w+\]|[A-Z]\w+=.*|)$/.test(line));
    expect(others).toEqual([]);
    expect(UNIT.match(/^\[\w+\]$/gm)).toEqual(['[Unit]', '[Service]', '[Install]']);
  });

  it('has the limits of docker-compose.yml', () => {
    expect(valuesOf('TimeoutStopSec')).toEqual([composeValue('stop_grace_period')]);
    expect(valuesOf('LimitNOFILE')).toEqual([composeValue('nofile')]);
  });

  it('runs the program that the image runs', () => {
    const [, words = ''] = /^CMD (\[.*\])$/m.exec(readText('Dockerfile')) ?? [];
    expect(valuesOf('ExecStart')).toEqual([(JSON.parse(words) as string[]).join(' ')]);
  });

  it('keeps the data in the folder that systemd creates, and sets nothing else that exists', () => {
    const set = valuesOf('Environment').map((line) => line.split('=') as [string, string]);
    expect(set).toContainEqual(['DATA_DIR', `/var/lib/${valuesOf('StateDirectory')[0] ?? ''}`]);
    const names: string[] = Object.values(SETTINGS).map(({ variable }) => variable);
    expect(set.map(([name]) => name).filter((name) => names.includes(name))).toEqual(['DATA_DIR']);
  });

  it('starts again after a crash, not after invalid settings', () => {
    const [, invalid = ''] = /^const EXIT_CONFIG = (\d+);$/m.exec(readText('src/main.ts')) ?? [];
    expect(valuesOf('Restart')).toEqual(['on-failure']);
    expect(valuesOf('RestartPreventExitStatus')).toEqual([invalid]);
  });

  it('allows what Node.js and the product need', () => {
    // Node.js compiles JavaScript to machine code at run time.
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
    // The socket of Docker, viewers and engines, and the list of network interfaces.
    const families = valuesOf('RestrictAddressFamilies').join(' ').split(' ').sort();
    expect(families).toEqual(['AF_INET', 'AF_INET6', 'AF_NETLINK', 'AF_UNIX']);
    // Simulated engines are child processes, which must outlive the streams of acefleet.
    expect(valuesOf('KillMode')).toEqual(['mixed']);
  });
});

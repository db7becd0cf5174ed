import { type AppConfig, type ConfigField, SETTINGS } from './app-config';

/** The name under which the operator set a setting; its own variable if it is not set. */
export type NameOf = (field: ConfigField) => string;

/** Values that are valid alone but not together. */
export interface Contradiction {
  readonly fields: readonly ConfigField[];
  /** One line: setting, value and allowed values. */
  readonly line: string;
}

export function findContradictions(config: AppConfig, nameOf: NameOf): Contradiction[] {
  const found: Contradiction[] = [];
  const add = (fields: readonly ConfigField[], line: string): void => {
    found.push({ fields, line });
  };
  if (config.engineDriver === 'static' && config.engineAddresses.length === 0) {
    const { variable, type } = SETTINGS.engineAddresses;
    add(
      ['engineDriver', 'engineAddresses'],
      `${variable}="" is not valid with ENGINE_DRIVER=static: allowed is ${type.allowed}`,
    );
  }
  if (config.engineDriver !== 'docker' && config.vpnContainers.length > 0) {
    const names = config.vpnContainers.map(({ name }) => name).join(',');
    add(
      ['engineDriver', 'vpnContainers'],
      `${nameOf('vpnContainers')}=${JSON.stringify(names)} is not valid with ENGINE_DRIVER=${config.engineDriver}: allowed is none, because only engines of ENGINE_DRIVER=docker can join the network of a container`,
    );
  }
  for (const { name, ports } of config.vpnContainers) {
    const { from, to } = ports ?? config.portRangeHost;
    if (config.vpnControlPort < from || config.vpnControlPort > to) continue;
    add(
      ['vpnControlPort', 'vpnContainers', 'portRangeHost'],
      `${nameOf('vpnControlPort')}=${config.vpnControlPort} is not valid: allowed is a port outside of ${from}-${to}, which is for engines behind ${name}`,
    );
  }
  const usesContainers = config.engineDriver !== 'static' && config.engineDriver !== 'simulator';
  if (usesContainers && config.engineProfile === 'generic' && config.engineImage === null) {
    const { variable, type } = SETTINGS.engineImage;
    add(
      ['engineDriver', 'engineProfile', 'engineImage'],
      `${variable}="" is not valid with ENGINE_PROFILE=generic: allowed is ${type.allowed}`,
    );
  }
  if (config.maxReplicas < config.minReplicas) {
    add(
      ['maxReplicas', 'minReplicas'],
      `${nameOf('maxReplicas')}=${config.maxReplicas} is not valid: allowed is at least ${nameOf('minReplicas')}, which is ${config.minReplicas}`,
    );
  }
  if (config.engineRetryMaxMs < config.engineRetryBaseMs) {
    add(
      ['engineRetryMaxMs', 'engineRetryBaseMs'],
      `${nameOf('engineRetryMaxMs')}=${config.engineRetryMaxMs}ms is not valid: allowed is at least ${nameOf('engineRetryBaseMs')}, which is ${config.engineRetryBaseMs}ms`,
    );
  }
  if (config.proxyRetryMaxMs < config.proxyRetryBaseMs) {
    add(
      ['proxyRetryMaxMs', 'proxyRetryBaseMs'],
      `${nameOf('proxyRetryMaxMs')}=${config.proxyRetryMaxMs}ms is not valid: allowed is at least ${nameOf('proxyRetryBaseMs')}, which is ${config.proxyRetryBaseMs}ms`,
    );
  }
  return found;
}

/** Finds settings that have no effect because of other settings. One line each. */
export function findIdle({ engineDriver, engineAddresses }: AppConfig, nameOf: NameOf): string[] {
  const areUsed = engineDriver === 'auto' || engineDriver === 'static';
  if (areUsed || engineAddresses.length === 0) return [];
  return [
    `${nameOf('engineAddresses')} is ignored with ENGINE_DRIVER=${engineDriver}: it needs ENGINE_DRIVER=static`,
  ];
}

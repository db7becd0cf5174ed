import { type OpenAPIObject } from '@nestjs/swagger';
import { eachOperation, type Operation } from './app.openapi-document';
import { API_PREFIX } from './http';

/** What the operations of a controller act on, where its name does not say it. */
const NOUNS: Readonly<Record<string, string>> = {
  EngineOperations: 'Engines',
  Imports: 'ChannelImports',
  Orchestrator: 'Fleet',
  Sessions: 'ProxySessions',
};

/** Words of handlers that stand for one verb in all names. */
const VERBS: Readonly<Record<string, string>> = {
  one: 'get',
  show: 'get',
  change: 'update',
  edit: 'update',
};

/** Names where the rule gives a poor one, by controller and handler. */
const NAMES: Readonly<Record<string, string>> = {
  'AceStatus.status': 'getAceStatus',
  'BrowserSessions.current': 'getCurrentBrowserSession',
  'BrowserSessions.createLink': 'createSignInLink',
  'Checks.checkAll': 'checkChannels',
  'Checks.show': 'getChecks',
  'Checks.showRun': 'getCheckRun',
  'Checks.stop': 'stopCheckRun',
  'EngineOperations.stats': 'getEngineUsage',
  'Events.cleanup': 'removeOldEvents',
  'Events.export': 'exportEvents',
  'Events.stats': 'countEvents',
  'Fleet.byLabel': 'listEnginesByLabel',
  'FleetHealth.reset': 'resetCircuitBreaker',
  'FleetHealth.status': 'getFleetHealth',
  'Guide.getPacked': 'getPackedGuide',
  'Health.live': 'checkLiveness',
  'Health.ready': 'checkReadiness',
  'History.listChannels': 'listChannelHistory',
  'History.listStreams': 'listStreamHistory',
  'History.showSeries': 'getHistorySeries',
  'Hls.playlist': 'watchHls',
  'Imports.importOnce': 'importChannels',
  'Metrics.text': 'getMetrics',
  'Preflight.check': 'checkContent',
  'Provisioning.acestream': 'provisionEngine',
  'Provisioning.image': 'provisionEngineByImage',
  'Push.follow': 'followEvents',
  'Sessions.clients': 'listSessionClients',
  'Sessions.kick': 'kickSessionClient',
  'Sessions.status': 'getProxyStatus',
  'Settings.change': 'updateSettings',
  'Settings.export': 'exportSettings',
  'Settings.import': 'importSettings',
  'Stream.get': 'watchContent',
  'StreamReports.ended': 'reportStreamEnded',
  'StreamReports.started': 'reportStreamStarted',
  'Tuner.discover': 'getTuner',
  'Tuner.scan': 'scanChannels',
  'TunerStream.get': 'watchTunerChannel',
  'Xtream.get': 'getXtreamAccount',
  'Xtream.post': 'postXtreamAccount',
  'XtreamStream.get': 'watchXtreamChannel',
};

interface Handler {
  readonly controller: string;
  readonly method: string;
  /** Which of the addresses of the handler this is; 0 is the canonical one. */
  readonly address: number;
}

/**
 * Gives operations names that generated clients can use for their functions: a verb and what it acts on, such as
 * `listEngines`. Another address of the same handler has the suffix `_alias`, and its description says what it
 * repeats. Throws if two handlers get the same name.
 */
export function nameOperations(document: OpenAPIObject): void {
  const canonical = new Map<string, string>();
  const names = new Map<string, string>();
  eachOperation(document, (operation, verb, path) => {
    const { controller, method, address } = readHandler(operation);
    const key = `${controller}.${method}`;
    if (address === 0) canonical.set(key, `${verb.toUpperCase()} ${path}`);
    const name =
      (NAMES[key] ?? nameByRule(controller, method, verb)) + '_alias'.repeat(Math.min(address, 1));
    const id = address > 1 ? `${name}${address}` : name;
    if (names.has(id)) {
      throw new Error(`${key} and ${names.get(id)} are both named ${id}: add one of them to NAMES`);
    }
    names.set(id, key);
    operation.operationId = id;
    if (address > 0) describeAlias(operation, canonical.get(key) ?? API_PREFIX);
  });
  const handlers = new Set(names.values());
  const unused = Object.keys(NAMES).filter((key) => !handlers.has(key));
  if (unused.length > 0) throw new Error(`NAMES has no handler for ${unused.join(', ')}`);
}

/** Reads what the generator has written: the class, the method, and in brackets the number of the address. */
function readHandler(operation: Operation): Handler {
  const [, controller = '', method = '', address = '0'] =
    /^(\w+?)(?:Controller)?_(\w+?)(?:\[(\d+)\])?$/.exec(operation.operationId ?? '') ?? [];
  return { controller, method, address: Number(address) };
}

/**
 * `list` of engines is `listEngines`, `remove` is `removeEngine`. A GET handler is otherwise named after what it
 * shows: `logs` is `getEngineLogs`. A handler of several words has a whole name already: `collectGarbage`.
 */
function nameByRule(controller: string, method: string, httpMethod: string): string {
  const nouns = NOUNS[controller] ?? controller;
  const noun = nouns.replace(/(?<![su])s$/, '');
  const verb = VERBS[method] ?? method;
  if (verb === 'list') return `list${nouns}`;
  if (httpMethod === 'get' && verb !== 'get') return `get${noun}${capitalise(verb)}`;
  return /[A-Z]/.test(verb) ? verb : `${verb}${noun}`;
}

function capitalise(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function describeAlias(operation: Operation, canonical: string): void {
  const note = `The same as \`${canonical}\`.`;
  operation.description = [operation.description ?? '', note]
    .filter((text) => text !== '')
    .join(' ');
}

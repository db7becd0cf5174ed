/**
 * The modules that each module may import. A module is a folder of src/; its index.ts is its public interface. An
 * import that is not listed here is forbidden, so that a new module has to declare its imports.
 */
const MODULES = {
  kernel: [],
  config: ['kernel'],
  storage: ['kernel'],
  outbound: ['kernel', 'config'],
  logging: ['kernel', 'config'],
  http: ['kernel', 'config', 'logging'],
  access: ['kernel', 'config', 'storage', 'http'],
  tracing: ['kernel', 'config'],
  metrics: ['kernel', 'config', 'access', 'http'],
  coordination: ['kernel', 'config', 'storage'],
  ace: ['kernel', 'config', 'storage'],
  events: ['kernel', 'config', 'storage', 'coordination', 'access', 'http'],
  engines: [
    'kernel',
    'config',
    'storage',
    'ace',
    'events',
    'coordination',
    'outbound',
    'access',
    'metrics',
    'http',
  ],
  channels: ['kernel', 'config', 'storage', 'access', 'http', 'coordination', 'outbound'],
  guide: ['kernel', 'config', 'storage', 'outbound', 'coordination', 'channels', 'access', 'http'],
  settings: ['kernel', 'config', 'storage', 'access', 'http', 'events'],
  playlists: [
    'kernel',
    'config',
    'storage',
    'outbound',
    'engines',
    'channels',
    'guide',
    'access',
    'http',
  ],
  proxy: [
    'kernel',
    'config',
    'ace',
    'engines',
    'channels',
    'events',
    'coordination',
    'storage',
    'access',
    'metrics',
    'tracing',
    'http',
  ],
  checker: [
    'kernel',
    'config',
    'coordination',
    'engines',
    'channels',
    'proxy',
    'events',
    'metrics',
    'http',
  ],
  history: [
    'kernel',
    'config',
    'storage',
    'coordination',
    'engines',
    'channels',
    'events',
    'proxy',
    'access',
    'http',
  ],
  push: ['kernel', 'config', 'engines', 'proxy', 'checker', 'events', 'access', 'http'],
  health: [
    'kernel',
    'config',
    'storage',
    'coordination',
    'engines',
    'proxy',
    'access',
    'metrics',
    'http',
    'events',
  ],
};

/** Modules of src/engines/drivers. A runtime may import code that runtimes share, but no other runtime. */
const DRIVERS = {
  'docker-client': [],
  containers: ['docker-client'],
  docker: ['containers', 'docker-client'],
  swarm: ['containers', 'docker-client'],
  simulator: [],
};

/** Modules of src/engines, and the modules that each may import. */
const ENGINES = {
  registry: [],
  reports: ['registry'],
  selection: ['registry'],
  external: ['registry'],
  health: ['registry'],
  drivers: ['registry'],
  vpn: ['registry', 'selection', 'health', 'drivers'],
  fleet: ['registry', 'drivers', 'vpn'],
  scheduling: ['registry', 'selection', 'drivers', 'vpn', 'fleet'],
  http: ['registry', 'external', 'selection', 'drivers', 'vpn', 'fleet', 'scheduling'],
};

/** Modules of src/proxy, from the packets to the requests. Modules call the ones before them and get events back. */
const PROXY = {
  mpegts: ['buffer'],
  buffer: ['mpegts'],
  upstream: ['mpegts', 'buffer'],
  viewers: ['mpegts', 'buffer', 'upstream'],
  streams: ['viewers'],
  live: ['mpegts', 'buffer', 'upstream', 'viewers', 'streams'],
  files: ['upstream', 'viewers', 'streams', 'live'],
  hls: ['mpegts', 'buffer', 'upstream', 'viewers', 'streams', 'live'],
  preflight: ['streams', 'live', 'files'],
  http: ['mpegts', 'viewers', 'streams', 'live', 'files', 'hls', 'preflight'],
};

/** Pure modules: decisions and packet processing, as functions of data that are tested by tables and properties. */
const PURE = [
  {
    name: 'mpegts',
    path: '^src/proxy/mpegts/',
    imports: '^src/(kernel|proxy/mpegts|proxy/buffer)/',
  },
  {
    name: 'buffer',
    path: '^src/proxy/buffer/',
    imports: '^src/(kernel|proxy/mpegts|proxy/buffer)/',
  },
  {
    name: 'hls',
    path: '^src/proxy/hls/(timeline|unit-reader|segment|segment-cutter|programme-date|playlist)\\.ts$',
    imports:
      '^src/(kernel|proxy/mpegts|proxy/hls/(timeline|unit-reader|segment|segment-cutter|programme-date|playlist)\\.ts)',
  },
  {
    name: 'selection-criteria',
    path: '^src/engines/selection/(candidate|criteria|filters|ranking)\\.ts$',
    imports: '^src/(kernel/|engines/(selection/|engines-config\\.ts|registry/engine\\.types\\.ts))',
  },
  {
    name: 'next-step',
    path: '^src/proxy/live/sources/(next-step|outcomes|failover-limit|source-loss)\\.ts$',
    imports:
      '^src/(kernel/|ace/|engines/index\\.ts|proxy/(mpegts|streams|upstream)/index\\.ts|proxy/live/sources/(next-step|outcomes|source-policy)\\.ts)',
  },
  {
    name: 'source-ranking',
    path: '^src/channels/source-ranking\\.ts$',
    imports: '^src/kernel/',
  },
  {
    name: 'history-series',
    path: '^src/history/(metric|series|sample-buffer)\\.ts$',
    imports: '^src/(kernel/|storage/index\\.ts|history/(metric|series)\\.ts)',
  },
  {
    name: 'fleet-decisions',
    path: '^src/engines/fleet/(engine-disposition|fleet-plan|replacement-plan|scaling-decision|circuit-breaker)\\.ts$',
    imports: '^src/(kernel/|engines/(fleet/|registry/engine\\.types\\.ts))',
  },
];

const SPEC = '\\.spec\\.ts$';
const DOING_IO =
  '^(node:)?(http|http2|https|net|tls|dgram|dns|fs|child_process|cluster|worker_threads|timers)(/|$)';

const topModuleRules = Object.entries(MODULES).map(([module, imports]) => ({
  name: `module-${module}`,
  comment: `src/${module} may import ${imports.length > 0 ? imports.join(', ') : 'no other module'}.`,
  severity: 'error',
  from: { path: `^src/${module}/` },
  to: { path: '^src/', pathNot: `^src/(${[module, ...imports].join('|')})/` },
}));

const driverRules = Object.entries(DRIVERS).map(([driver, imports]) => ({
  name: `driver-${driver}`,
  comment: `src/engines/drivers/${driver} may import ${imports.length > 0 ? imports.join(', ') : 'no other module'} of the drivers.`,
  severity: 'error',
  from: { path: `^src/engines/drivers/${driver}/` },
  to: {
    path: '^src/engines/drivers/[^/]+/',
    pathNot: `^src/engines/drivers/(${[driver, ...imports].join('|')})/`,
  },
}));

const moduleRules = (folder, modules) =>
  Object.entries(modules).map(([module, imports]) => ({
    name: `${folder}-${module}`,
    comment: `src/${folder}/${module} may import ${imports.length > 0 ? imports.join(', ') : 'no other module'} of src/${folder}.`,
    severity: 'error',
    from: { path: `^src/${folder}/${module}/`, pathNot: '\\.spec(-support)?\\.ts$' },
    to: {
      path: `^src/${folder}/[^/]+/`,
      pathNot: `^src/${folder}/(${[module, ...imports].join('|')})/`,
    },
  }));

const pureRules = PURE.flatMap(({ name, path, imports }) => [
  {
    name: `pure-${name}-modules`,
    comment: 'Pure modules import the kernel and each other, but nothing with side effects.',
    severity: 'error',
    from: { path },
    to: { path: '^src/', pathNot: imports },
  },
  {
    name: `pure-${name}-io`,
    comment:
      'Pure modules do no I/O and own no timers. Packages such as frameworks and loggers would bring both.',
    severity: 'error',
    from: { path, pathNot: SPEC },
    to: { path: [DOING_IO, '(^|/)node_modules/'] },
  },
]);

module.exports = {
  forbidden: [
    ...topModuleRules,
    ...driverRules,
    ...moduleRules('engines', ENGINES),
    ...moduleRules('proxy', PROXY),
    ...pureRules,
    {
      name: 'module-unlisted',
      comment: 'A new module needs an entry in MODULES that lists its imports.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${Object.keys(MODULES).join('|')})/` },
      to: { path: '^src/' },
    },
    {
      name: 'index-only',
      comment:
        'Other modules import only the index.ts of a module, so that its other files can change. The kernel has no index.ts; each of its files is public.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/[^/]+/',
        pathNot: [
          '^src/$1/',
          '^src/[^/]+/index\\.ts$',
          '^src/kernel/',
          '^src/[^/]+/testing/.*\\.spec-support\\.ts$',
        ],
      },
    },
    {
      name: 'proxy-index-only',
      comment:
        'Modules of the proxy import only the index.ts of each other, so that their other files can change.',
      severity: 'error',
      from: { path: '^src/proxy/([^/]+)/', pathNot: '\\.spec(-support)?\\.ts$' },
      to: {
        path: '^src/proxy/[^/]+/',
        pathNot: ['^src/proxy/$1/', '^src/proxy/[^/]+/index\\.ts$', '\\.spec-support\\.ts$'],
      },
    },
    {
      name: 'docker-client-index-only',
      comment:
        'Other modules import only the index.ts of the Docker client, so that its other files can change.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engines/drivers/docker-client/' },
      to: {
        path: '^src/engines/drivers/docker-client/',
        pathNot: ['/docker-client/index\\.ts$', '\\.spec-support\\.ts$'],
      },
    },
    {
      name: 'drivers-through-their-loader',
      comment:
        'An import from another file would load the code of every driver at every start. Types may be imported.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/engines/drivers/(docker-client|docker|swarm|simulator|containers)/',
          '\\.loader\\.ts$',
          '^src/engines/vpn/docker-vpn-containers\\.ts$',
          '\\.spec(-support)?\\.ts$',
        ],
      },
      to: {
        path: '^src/engines/drivers/(docker-client|docker|swarm|simulator)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'redis-in-one-folder',
      comment:
        'Only this folder may load Redis packages, and only if REDIS_URL is set. It handles the failures of Redis for all other modules.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/coordination/redis/' },
      to: { path: '(^|/)node_modules/(ioredis|bullmq|@nestjs/bullmq)/' },
    },
    {
      name: 'redis-through-its-loader',
      comment: 'An import from another file would load the code of Redis at every start.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/coordination/redis/', '^src/coordination/redis\\.loader\\.ts$'],
      },
      to: { path: '^src/coordination/redis/' },
    },
    {
      name: 'opentelemetry-through-its-loader',
      comment:
        'Only this folder may load OpenTelemetry packages, and only if OTEL_EXPORTER_OTLP_ENDPOINT is set.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/tracing/otlp/', '^src/tracing/otlp\\.loader\\.ts$', SPEC],
      },
      to: { path: ['(^|/)node_modules/@opentelemetry/', '^src/tracing/otlp/'] },
    },
    {
      name: 'database-in-one-folder',
      comment:
        'Only this folder may load the database packages. All other modules use its classes.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/storage/' },
      to: { path: '(^|/)node_modules/(libsql|kysely)/' },
    },
    {
      name: 'index-only-from-the-top',
      comment:
        'The files that assemble the application import only Nest modules and index.ts files.',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$', pathNot: SPEC },
      to: {
        path: '^src/[^/]+/',
        pathNot: ['^src/[^/]+/index\\.ts$', '^src/[^/]+/[^/]+\\.module\\.ts$', '^src/kernel/'],
      },
    },
    {
      name: 'top-is-not-imported',
      comment: 'Only the files that assemble the application may import each other.',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'kernel-without-packages',
      comment: 'The kernel uses no framework, no package and no I/O.',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: SPEC },
      to: { path: [DOING_IO, '(^|/)node_modules/'] },
    },
    {
      name: 'no-cycles',
      comment: 'A file in a cycle cannot be understood, tested or replaced alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'product-stands-alone',
      comment: 'The product compiles without its tests, its benchmark and the simulator.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(simulator|bench|test|scripts)/' },
    },
    {
      name: 'simulator-stands-alone',
      comment:
        'The simulator is a separate program without packages, so that it runs where the product is not installed.',
      severity: 'error',
      from: { path: '^simulator/', pathNot: SPEC },
      to: { path: ['^(src|bench|test)/', '(^|/)node_modules/'] },
    },
    {
      name: 'bench-stands-alone',
      comment:
        'The benchmark shares no code with the product, because it could not detect a fault in shared code.',
      severity: 'error',
      from: { path: '^bench/', pathNot: SPEC },
      to: { path: ['^(src|simulator|test)/', '(^|/)node_modules/'] },
    },
    {
      name: 'production-dependencies',
      comment:
        'The product must run after an install without development packages. Builds leave out Swagger.',
      severity: 'error',
      from: { path: '^src/', pathNot: SPEC },
      to: {
        path: '(^|/)node_modules/',
        pathNot: '(^|/)node_modules/@nestjs/swagger/',
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'declared-dependencies',
      comment:
        'A package that is installed only as a dependency of another package may disappear with the next release of that package.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      comment: 'An import that cannot be resolved fails at start.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default'],
    },
  },
};

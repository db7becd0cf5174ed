/**
 * Who may import whom. A room is a folder of src/; its face is its index.ts. What is not listed here is
 * not allowed, so that a new room has to say what it needs.
 */
const ROOMS = {
  kernel: [],
  config: ['kernel'],
  storage: ['kernel'],
  logging: ['kernel', 'config'],
  http: ['kernel', 'config', 'logging'],
  access: ['kernel', 'config', 'storage', 'http'],
  metrics: ['kernel', 'config', 'access', 'http'],
  coordination: ['kernel', 'config', 'storage'],
  ace: ['kernel', 'config', 'storage'],
  events: ['kernel', 'config', 'access', 'http'],
  engines: ['kernel', 'config', 'storage', 'ace', 'events', 'access', 'metrics', 'http'],
  channels: ['kernel', 'config', 'storage', 'http'],
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
    'http',
  ],
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

/** Rooms of src/engines/drivers: a runtime knows the parts that it shares with others, and no other runtime. */
const DRIVERS = {
  'docker-client': [],
  containers: ['docker-client'],
  docker: ['containers', 'docker-client'],
  swarm: ['containers', 'docker-client'],
  simulator: [],
};

/** Modules of src/engines, and the other ones that each may import. */
const ENGINES = {
  registry: [],
  selection: ['registry'],
  health: ['registry'],
  drivers: ['registry'],
  vpn: ['registry', 'selection', 'health', 'drivers'],
  fleet: ['registry', 'drivers', 'vpn'],
  scheduling: ['registry', 'selection', 'drivers', 'vpn', 'fleet'],
  http: ['registry', 'selection', 'drivers', 'vpn', 'fleet', 'scheduling'],
};

/** Modules of src/proxy, from the packets up to the requests: control flows down, facts flow up. */
const PROXY = {
  mpegts: ['buffer'],
  buffer: ['mpegts'],
  upstream: ['mpegts', 'buffer'],
  viewers: ['mpegts', 'buffer', 'upstream'],
  streams: ['viewers'],
  live: ['mpegts', 'buffer', 'upstream', 'viewers', 'streams'],
  files: ['viewers', 'streams', 'live'],
  hls: ['mpegts', 'buffer', 'upstream', 'viewers', 'streams', 'live'],
  preflight: ['streams', 'live', 'files'],
  http: ['mpegts', 'viewers', 'streams', 'live', 'files', 'hls', 'preflight'],
};

/** Decisions and packet work: functions of data, tested by tables and properties. */
const PURE = [
  { name: 'mpegts', path: '^src/proxy/mpegts/', sees: '^src/(kernel|proxy/mpegts|proxy/buffer)/' },
  { name: 'buffer', path: '^src/proxy/buffer/', sees: '^src/(kernel|proxy/mpegts|proxy/buffer)/' },
  {
    name: 'hls',
    path: '^src/proxy/hls/(media-unit|timeline|unit-reader|segment|segment-cutter|programme-date|playlist)\\.ts$',
    sees: '^src/(kernel|proxy/mpegts|proxy/hls/(media-unit|timeline|unit-reader|segment|segment-cutter|programme-date|playlist)\\.ts)',
  },
  {
    name: 'scores',
    path: '^src/engines/selection/scores\\.ts$',
    sees: '^src/(kernel/|engines/(selection/|registry/engine\\.types\\.ts))',
  },
  {
    name: 'source-ranking',
    path: '^src/channels/source-ranking\\.ts$',
    sees: '^src/kernel/',
  },
  {
    name: 'fleet-decisions',
    path: '^src/engines/fleet/(engine-disposition|fleet-plan|replacement-plan|scaling-decision|circuit-breaker)\\.ts$',
    sees: '^src/(kernel/|engines/(fleet/|registry/engine\\.types\\.ts))',
  },
];

const SPEC = '\\.spec\\.ts$';
const DOING_IO =
  '^(node:)?(http|http2|https|net|tls|dgram|dns|fs|child_process|cluster|worker_threads|timers)(/|$)';

const roomRules = Object.entries(ROOMS).map(([room, sees]) => ({
  name: `room-${room}`,
  comment: `src/${room} may import ${sees.length > 0 ? sees.join(', ') : 'no other room'}.`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...sees].join('|')})/` },
}));

const driverRules = Object.entries(DRIVERS).map(([driver, sees]) => ({
  name: `driver-${driver}`,
  comment: `src/engines/drivers/${driver} may import ${sees.length > 0 ? sees.join(', ') : 'no other room'} of the drivers.`,
  severity: 'error',
  from: { path: `^src/engines/drivers/${driver}/` },
  to: {
    path: '^src/engines/drivers/[^/]+/',
    pathNot: `^src/engines/drivers/(${[driver, ...sees].join('|')})/`,
  },
}));

const moduleRules = (folder, modules) =>
  Object.entries(modules).map(([module, sees]) => ({
    name: `${folder}-${module}`,
    comment: `src/${folder}/${module} may import ${sees.length > 0 ? sees.join(', ') : 'no other module'} of src/${folder}.`,
    severity: 'error',
    from: { path: `^src/${folder}/${module}/`, pathNot: '\\.spec(-support)?\\.ts$' },
    to: {
      path: `^src/${folder}/[^/]+/`,
      pathNot: `^src/${folder}/(${[module, ...sees].join('|')})/`,
    },
  }));

const pureRules = PURE.flatMap(({ name, path, sees }) => [
  {
    name: `pure-${name}-rooms`,
    comment: 'Pure rooms know the kernel and one another, nothing that has effects.',
    severity: 'error',
    from: { path },
    to: { path: '^src/', pathNot: sees },
  },
  {
    name: `pure-${name}-io`,
    comment:
      'Pure rooms do no I/O and own no timers; packages (frameworks, loggers) would bring both.',
    severity: 'error',
    from: { path, pathNot: SPEC },
    to: { path: [DOING_IO, '(^|/)node_modules/'] },
  },
]);

module.exports = {
  forbidden: [
    ...roomRules,
    ...driverRules,
    ...moduleRules('engines', ENGINES),
    ...moduleRules('proxy', PROXY),
    ...pureRules,
    {
      name: 'room-unlisted',
      comment: 'A new room states in ROOMS what it may import.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${Object.keys(ROOMS).join('|')})/` },
      to: { path: '^src/' },
    },
    {
      name: 'faces-only',
      comment:
        'A room is seen through its index.ts, so that its inside can change. The kernel has no face: each of its files is one.',
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
      name: 'docker-client-face',
      comment: 'The Docker client is used through its index.ts, so that its inside can change.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engines/drivers/docker-client/' },
      to: {
        path: '^src/engines/drivers/docker-client/',
        pathNot: ['/docker-client/index\\.ts$', '\\.spec-support\\.ts$'],
      },
    },
    {
      name: 'drivers-by-their-loader',
      comment:
        'An import from elsewhere would load the code of every driver at every start. Types may be imported.',
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
        'Only this folder is loaded with REDIS_URL alone, and it hides the faults of Redis from everybody else.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/coordination/redis/' },
      to: { path: '(^|/)node_modules/(ioredis|bullmq|@nestjs/bullmq)/' },
    },
    {
      name: 'redis-by-its-loader',
      comment: 'An import from elsewhere would load the code of Redis at every start.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/coordination/redis/', '^src/coordination/redis\\.loader\\.ts$'],
      },
      to: { path: '^src/coordination/redis/' },
    },
    {
      name: 'faces-only-from-the-top',
      comment: 'The files that put the house together see modules and faces, no insides.',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$', pathNot: SPEC },
      to: {
        path: '^src/[^/]+/',
        pathNot: ['^src/[^/]+/index\\.ts$', '^src/[^/]+/[^/]+\\.module\\.ts$', '^src/kernel/'],
      },
    },
    {
      name: 'top-is-not-imported',
      comment: 'The files that put the house together are seen by one another only.',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'kernel-without-packages',
      comment: 'The kernel is pure and ours: no framework, no I/O.',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: SPEC },
      to: { path: [DOING_IO, '(^|/)node_modules/'] },
    },
    {
      name: 'no-cycles',
      comment: 'Whoever is in a cycle cannot be understood, tested or replaced alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'product-stands-alone',
      comment:
        'The product needs neither its tests, nor its benchmark, nor the simulator to compile.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(simulator|bench|test|scripts)/' },
    },
    {
      name: 'simulator-stands-alone',
      comment:
        'The simulator is a program of its own, without packages: it runs where the product is not.',
      severity: 'error',
      from: { path: '^simulator/', pathNot: SPEC },
      to: { path: ['^(src|bench|test)/', '(^|/)node_modules/'] },
    },
    {
      name: 'bench-stands-alone',
      comment:
        'What measures the product shares no code with it: a fault of both would be seen by neither.',
      severity: 'error',
      from: { path: '^bench/', pathNot: SPEC },
      to: { path: ['^(src|simulator|test)/', '(^|/)node_modules/'] },
    },
    {
      name: 'production-dependencies',
      comment:
        'What runs in production must be there after an install without development packages. Builds leave out Swagger.',
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
        "A package that is only there because another one needs it may go with that one's next release.",
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere fails at start.',
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

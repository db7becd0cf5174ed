const { randomUUID } = require('node:crypto');

// `npm test` sets it for what it starts; also without that another run can tell that this one is using images.
process.env.ACEFLEET_TEST_RUN ??= randomUUID();

/** Tests against a real Docker Engine. One file at a time: they share a daemon, and they promise deadlines. */
module.exports = {
  ...require('./jest.base.cjs'),
  displayName: 'docker',
  roots: ['<rootDir>/test/docker'],
  testMatch: ['**/*.docker-spec.ts'],
  // A deadline of last resort, for a machine with much else to do: the end-to-end tests run beside these. It also holds for
  // what ends a test, where containers, a product and a Docker Engine may have to go one after the other.
  testTimeout: 180000,
  maxWorkers: 1,
  // In a process of its own, which is the only thing that this limit is for.
  workerIdleMemoryLimit: '4GB',
};

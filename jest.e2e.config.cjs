/** End-to-end tests: the built program and the engine simulator as child processes, real sockets. */
module.exports = {
  ...require('./jest.base.cjs'),
  displayName: 'e2e',
  // The client is an ES module, which names the files that it imports as they are after its build.
  moduleNameMapper: { '^\\./operations\\.js$': '<rootDir>/clients/typescript/src/operations.ts' },
  roots: ['<rootDir>/test/e2e'],
  testMatch: ['**/*.e2e-spec.ts'],
  // A deadline of last resort, for a machine with much else to do: tests beside each other wait for their starts.
  testTimeout: 120000,
  // Three files at a time: each runs several programs, and mostly waits for the deadlines that they promise.
  maxWorkers: 3,
  // Of those tests of a file that run beside each other.
  maxConcurrency: 3,
  // In a process of its own, which is the only thing that this limit is for.
  workerIdleMemoryLimit: '4GB',
};

/** Unit and property tests: beside the source, without services. Those of Redis start a redis-server of their own. */
module.exports = {
  ...require('./jest.base.cjs'),
  displayName: 'unit',
  roots: ['<rootDir>/src', '<rootDir>/bench', '<rootDir>/simulator/src', '<rootDir>/test/unit'],
  testMatch: ['**/*.spec.ts'],
  setupFiles: ['<rootDir>/test/unit/property-seed.cjs'],
  // A thread of its own would need the compiled program.
  moduleNameMapper: {
    '/database-thread$': '<rootDir>/src/storage/testing/same-thread.spec-support.ts',
    '/guide-thread$': '<rootDir>/src/guide/testing/same-thread.spec-support.ts',
  },
  // A deadline of last resort: all cores are busy, and what is waited for inside has deadlines of its own.
  testTimeout: 60000,
  // In a run of all tests nothing else runs beside these.
  maxWorkers: '100%',
};
